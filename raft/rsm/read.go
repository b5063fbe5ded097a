package rsm

import (
	"context"
	"errors"

	"6.824/raft"
)

// reader is a read that may look once index is applied.
type reader struct {
	index int
	ready chan error // has room for one
}

// Read calls look with the machine in a state that includes every operation that was answered,
// by whichever server, before Read was called. It writes nothing to the log: raft makes sure
// that this server still leads, and since when. look must not change the machine, nor keep what
// it sees of it.
func (s *Server[Op, Result]) Read(ctx context.Context, look func()) error {
	if err := s.beginRead(); err != nil {
		return err
	}
	defer s.endRead()
	index, err := s.rf.ReadIndex(ctx)
	switch {
	case err == nil:
	case errors.Is(err, raft.ErrNotLeader):
		return ErrWrongLeader
	case errors.Is(err, raft.ErrKilled):
		return ErrStopped
	default:
		return err
	}
	if err := s.waitApplied(ctx, index); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return ErrStopped
	}
	look()
	return nil
}

func (s *Server[Op, Result]) beginRead() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.admit(); err != nil {
		return err
	}
	s.reading++
	return nil
}

func (s *Server[Op, Result]) endRead() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading--
}

// waitApplied waits until the machine has applied the entry at index.
func (s *Server[Op, Result]) waitApplied(ctx context.Context, index int) error {
	s.mu.Lock()
	if s.err != nil || s.applied >= index {
		defer s.mu.Unlock()
		if s.err != nil {
			return ErrStopped
		}
		return nil
	}
	r := reader{index, make(chan error, 1)}
	s.readers = append(s.readers, r)
	s.mu.Unlock()
	select {
	case err := <-r.ready:
		return err
	case <-ctx.Done():
		return ctx.Err() // r is forgotten when its index is applied
	}
}
