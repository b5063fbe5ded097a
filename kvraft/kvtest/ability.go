package kvtest

import (
	"context"
	"fmt"
	"slices"

	"6.824/kvraft"
	"6.824/labrpc/labtest"
)

// Ability is something that not every service can do. A scenario that needs it is skipped for those that can't.
type Ability string

// The abilities.
const (
	// Clients: there is a richer API, told by [WithClient].
	Clients Ability = "clients"
	// Expiry: a server keeps at most Peer.MaxSessions clients in mind.
	Expiry Ability = "expiry"
	// Machines: a server lives on its Node. It stands still while that is paused, its timers go by that one's clock, and no mutex that
	// others may want is held while it waits for its disk.
	Machines Ability = "machines"
)

// Client is a client of the store that returns when its context ends, and has more operations. Errors are those of kvraft, by
// errors.Is: ErrNotFound, ErrVersion, ErrTooLarge, and ErrMaybe for a write that may have been executed, or may yet be. Any other error
// of a write says that it was not executed and will not be.
type Client interface {
	kvraft.Conditional
	Put(ctx context.Context, key, value string) (version int64, err error)
	Append(ctx context.Context, key, value string) (version int64, err error)
	Scan(ctx context.Context, prefix, from string, limit int) ([]kvraft.Pair, error)
}

// Option says something about an implementation.
type Option func(*implementation, *labtest.Suite)

// WithClient says that there is a richer API.
func WithClient[C Client](client func(Dialer) C) Option {
	return func(im *implementation, _ *labtest.Suite) {
		im.client = func(d Dialer) Client { return client(d) }
		im.can[Clients] = true
	}
}

// Can says that the implementation has these abilities.
func Can(abilities ...Ability) Option {
	return func(im *implementation, _ *labtest.Suite) {
		for _, a := range abilities {
			im.can[a] = true
		}
	}
}

// Seeds makes every scenario run at most this many seeds by default.
func Seeds(n int) Option {
	return func(im *implementation, _ *labtest.Suite) { im.fewSeeds = n }
}

// MayLeak lets goroutines go that are still blocked long after Kill, as those of many course solutions are.
func MayLeak() Option {
	return func(_ *implementation, s *labtest.Suite) { s.MayLeak = true }
}

// MayDiffer gives up that one seed has one history: for implementations that draw random numbers from elsewhere than [Peer.Rand] and
// Dialer.Rand. A failure may then not come back.
func MayDiffer() Option {
	return func(_ *implementation, s *labtest.Suite) { s.MayDiffer = true }
}

// lacks says why a scenario can't be tried, "" if it can.
func (im implementation) lacks(needs []Ability) string {
	i := slices.IndexFunc(needs, func(a Ability) bool { return !im.can[a] })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("this needs the ability %q of the implementation: see kvtest.Ability", needs[i])
}
