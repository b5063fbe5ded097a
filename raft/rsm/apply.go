package rsm

import (
	"errors"
	"fmt"
	"runtime/debug"

	"6.824/raft"
)

// applyAll applies what raft delivers, in order, until raft stops.
func (s *Server[Op, Result]) applyAll() {
	for {
		select {
		case m, ok := <-s.applyCh:
			if !ok {
				s.fail(ErrStopped)
				return
			}
			s.config.Gate()
			if err := s.applyOne(m); err != nil {
				s.config.Logger.Error("replica stops", "server", s.config.Me, "err", err)
				s.fail(err)
				s.rf.Kill()
				return
			}
		case <-s.stopped:
			return
		}
	}
}

// applyOne applies one message of raft. An error means that this replica's state can't be
// trusted any more.
func (s *Server[Op, Result]) applyOne(m raft.ApplyMsg) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case m.SnapshotValid:
		if m.SnapshotIndex <= s.applied {
			return nil
		}
		err := guard(func() error { return s.restore(m.Snapshot) })
		if err != nil {
			return fmt.Errorf("rsm: snapshot at index %d: %w", m.SnapshotIndex, err)
		}
		s.grown = 0
		s.advance(m.SnapshotIndex)
	case m.CommandValid:
		if m.CommandIndex <= s.applied {
			return nil
		}
		if err := s.execute(m); err != nil {
			return err
		}
		s.advance(m.CommandIndex)
		s.compact()
	}
	return nil
}

// execute applies the command of an entry and answers whoever waits for that entry.
func (s *Server[Op, Result]) execute(m raft.ApplyMsg) error {
	var out outcome[Result]
	var request Request
	if m.Command != nil { // nil is an entry that raft made for itself
		c, ok := m.Command.(command)
		if !ok {
			return fmt.Errorf("rsm: entry %d is a %T, which nobody here has put there", m.CommandIndex, m.Command)
		}
		request = Request{c.Session, c.Seq}
		s.grown += len(c.Op) + entryOverhead
		if c.Session == 0 {
			out.session = int64(m.CommandIndex)
			s.sessions.open(session[Result]{ID: out.session})
		} else {
			op, err := decodeOp[Op](c.Op)
			if err != nil {
				return fmt.Errorf("rsm: entry %d, request %+v: %w", m.CommandIndex, request, err)
			}
			var failed error
			once := s.sessions.do
			if c.Session == noSession {
				once = always[Result]
			}
			out.result, out.err = once(request, func() Result {
				result, err := s.apply(op, m.CommandIndex)
				failed = err
				return result
			})
			if failed != nil {
				return failed
			}
		}
	}
	s.waiters.answerAll(s.waiters.byRequest[request], out)
	// Whoever else expected its command here has lost it to another leader's.
	s.waiters.answerAll(s.waiters.byIndex[m.CommandIndex], outcome[Result]{err: ErrWrongLeader})
	return nil
}

// apply has the machine execute op. A panic becomes an error that names the operation.
func (s *Server[Op, Result]) apply(op Op, index int) (result Result, err error) {
	err = guard(func() error {
		result = s.machine.Apply(op)
		return nil
	})
	if err != nil {
		err = fmt.Errorf("rsm: applying %s at index %d: %w", describe(op), index, err)
	}
	return result, err
}

// guard makes an error of a panic in a service's code.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
	}()
	return f()
}

var errPanic = errors.New("the state machine panicked")

// describe shows an operation, or enough of it to know it by.
func describe(op any) string {
	const enough = 500
	s := fmt.Sprintf("%T %+v", op, op)
	if len(s) > enough {
		s = fmt.Sprintf("%s… (%d bytes)", s[:enough], len(s))
	}
	return s
}

// advance notes how far the machine is, and lets reads go that waited for it.
func (s *Server[Op, Result]) advance(index int) {
	s.applied = index
	waiting := s.readers[:0]
	for _, r := range s.readers {
		if r.index <= index {
			r.ready <- nil
		} else {
			waiting = append(waiting, r)
		}
	}
	clear(s.readers[len(waiting):])
	s.readers = waiting
}
