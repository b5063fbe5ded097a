package rafttest

import (
	"fmt"
	"reflect"
	"slices"

	"6.824/labrpc/labtest"
)

// Ability is something that not every Raft can do. A scenario that needs it is skipped for those that can't.
type Ability string

// The abilities. The first four are seen from an implementation's methods, the others it must be said to have, with [Can].
const (
	Snapshots    Ability = "snapshots"     // it is a Snapshotter
	Reads        Ability = "reads"         // it is a Reader
	Transfers    Ability = "transfers"     // it is a Transferrer
	FailingDisks Ability = "failing disks" // it is a Failer

	// Machines: it lives on its Node, as with raft.WithHost. It stands still while that is paused, its timers go by that one's clock, and no
	// mutex that others may want is held while it waits for its disk.
	Machines Ability = "machines"
	// PreVotes: a server that was cut off does not disturb the others when it is back, and a leader that reaches no majority
	// steps down (Ongaro's dissertation, §9.6 and §6.2).
	PreVotes Ability = "pre-votes"
)

// Option says something about an implementation.
type Option func(*implementation, *labtest.Suite)

// Can says that the implementation has these abilities, beyond those that its methods show.
func Can(abilities ...Ability) Option {
	return func(im *implementation, _ *labtest.Suite) {
		for _, a := range abilities {
			im.can[a] = true
		}
	}
}

// Seeds makes every scenario run this many seeds by default.
func Seeds(n int) Option {
	return func(im *implementation, _ *labtest.Suite) { im.fewSeeds = n }
}

// MayLeak lets goroutines go that are still blocked long after Kill, as those of many course solutions are.
func MayLeak() Option {
	return func(_ *implementation, s *labtest.Suite) { s.MayLeak = true }
}

// MayDiffer gives up that one seed has one history: for implementations that draw random numbers from elsewhere than [Peer.Rand]. A
// failure may then not come back.
func MayDiffer() Option {
	return func(_ *implementation, s *labtest.Suite) { s.MayDiffer = true }
}

// abilitiesOf are the abilities that the methods of R show.
func abilitiesOf[R Raft]() map[Ability]bool {
	r := reflect.TypeFor[R]()
	return map[Ability]bool{
		Snapshots:    r.Implements(reflect.TypeFor[Snapshotter]()),
		Reads:        r.Implements(reflect.TypeFor[Reader]()),
		Transfers:    r.Implements(reflect.TypeFor[Transferrer]()),
		FailingDisks: r.Implements(reflect.TypeFor[Failer]()),
	}
}

// lacks says why a scenario can't be tried, "" if it can.
func (im implementation) lacks(needs []Ability) string {
	i := slices.IndexFunc(needs, func(a Ability) bool { return !im.can[a] })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("this needs the ability %q of the implementation: see rafttest.Ability", needs[i])
}
