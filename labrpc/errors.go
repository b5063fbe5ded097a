package labrpc

import (
	"errors"
	"fmt"
	"log/slog"
)

// Why a call failed. The errors of [ClientEnd.Do] and [ClientEnd.Go] wrap one of these.
var (
	ErrLost      = errors.New("no reply")          // the network lost the request or the reply, or the server is gone
	ErrClosed    = errors.New("network is closed") // Cleanup was called
	ErrNoService = errors.New("no such service")   // the server has no service of that name
	ErrNoMethod  = errors.New("no such method")    // the service has no method of that name that can be called
	ErrBadType   = errors.New("wrong type")        // arguments or reply can't be encoded or decoded, or are nil, or reply is no pointer
	ErrPanic     = errors.New("handler panicked")  // the handler panicked, or ended its goroutine
)

// A CallError says which call failed, and why.
type CallError struct {
	End    string // the name of the end
	From   string // the caller: the name given to Dial, or "end#k" for the k-th end of MakeEnd
	To     string // the server; empty if the end was not connected
	Method string // as in "Raft.AppendEntries"
	Err    error  // wraps one of the errors above
}

func (e *CallError) Error() string {
	from := e.From
	if e.End != e.From {
		from = fmt.Sprintf("%s (%s)", e.From, e.End)
	}
	to := e.To
	if to == "" {
		to = "nobody"
	}
	return fmt.Sprintf("labrpc: %s of %s by %s: %v", e.Method, to, from, e.Err)
}

func (e *CallError) Unwrap() error { return e.Err }

// complain logs a mistake of the program, each once per network.
func (n *Network) complain(err error, more ...any) {
	text := err.Error()
	n.mu.Lock()
	told := n.complaints[text]
	if !told && len(n.complaints) < maxComplaints {
		n.complaints[text] = true
	}
	told = told || len(n.complaints) >= maxComplaints
	n.mu.Unlock()
	if !told {
		slog.Error(text, more...)
	}
}

// maxComplaints bounds the log of a network whose program makes a new mistake with each call.
const maxComplaints = 100
