package rsm

import (
	"fmt"
	"reflect"

	"6.824/labgob"
)

// snapshot is what a snapshot holds: the machine's state and the sessions, which belong
// together.
type snapshot[Result any] struct {
	Sessions []session[Result]
	Machine  []byte
}

// entryOverhead is about what a command takes in raft's state besides the operation.
const entryOverhead = 64

// compact takes a snapshot when the log has grown by half of the limit since the last, unless that is still under way; s.mu is
// held. Growth is counted here, from the entries applied, and not read off raft's state: that changes while others run, and all
// that a run does must be a function of its events. The state is captured now and encoded elsewhere, so the service goes on; raft
// then writes it, once.
func (s *Server[Op, Result]) compact() {
	if s.config.MaxRaftState <= 0 || s.grown < s.config.MaxRaftState/2 || s.saving {
		return
	}
	s.grown, s.saving = 0, true
	index, encode, all := s.applied, s.machine.Capture(), s.sessions.all()
	go func() {
		if b, err := encodeSnapshot(all, encode); err == nil {
			s.rf.Snapshot(index, b)
		} else { // the log grows on, but nothing is lost
			s.config.Logger.Error("no snapshot", "server", s.config.Me, "index", index, "err", err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.saving = false
	}()
}

func encodeSnapshot[Result any](all []session[Result], encode func() ([]byte, error)) ([]byte, error) {
	var machine []byte
	err := guard(func() (err error) {
		machine, err = encode()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("rsm: encoding the machine's state: %w", err)
	}
	codec, err := labgob.CodecFor(reflect.TypeFor[snapshot[Result]]())
	if err != nil {
		return nil, fmt.Errorf("rsm: results can't be encoded: %w", err)
	}
	const sessionSize = 64 // about, if its result is small
	return codec.Append(make([]byte, 0, len(machine)+sessionSize*(len(all)+1)), snapshot[Result]{all, machine})
}

// restore replaces the state by a snapshot's; s.mu is held.
func (s *Server[Op, Result]) restore(b []byte) error {
	var snap snapshot[Result]
	codec, err := labgob.CodecFor(reflect.TypeFor[snapshot[Result]]())
	if err != nil {
		return err
	}
	if err := codec.Decode(b, &snap); err != nil {
		return err
	}
	s.sessions = newSessions[Result](s.config.MaxSessions)
	for _, one := range snap.Sessions {
		if one.ID <= 0 || s.sessions.byID[one.ID] != nil {
			return fmt.Errorf("session %d is there twice, or can't be", one.ID)
		}
		s.sessions.open(one)
	}
	return s.machine.Restore(snap.Machine)
}
