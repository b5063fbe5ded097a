package clerk

import (
	"errors"
	"log/slog"

	"6.824/labrpc"
)

// Complain logs an error that the course's API has no way to return. That the network was closed is no news:
// whoever did that has no use for an answer.
func Complain(err error, what string, about ...any) {
	if err != nil && !errors.Is(err, labrpc.ErrClosed) {
		slog.Error(what, append(about, "err", err)...)
	}
}
