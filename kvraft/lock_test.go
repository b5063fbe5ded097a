package kvraft_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/kvraft"
)

// oneKey is a store with one key, whose writes may get lost on their way or on the way back. As with a session of the real store, a write
// that is under way is executed before the client's next one or not at all.
type oneKey struct {
	value   string
	version int64 // 0: it does not exist
	fate    string
	late    func()
}

// What becomes of the next write, of which the client hears nothing.
const (
	lost     = "lost"
	executed = "executed"
	late     = "late" // it is executed when the client has asked for something else
)

func (s *oneKey) Get(context.Context, string) (string, int64, error) {
	defer s.settle()
	if s.version == 0 {
		return "", 0, kvraft.ErrNotFound
	}
	return s.value, s.version, nil
}

func (s *oneKey) settle() {
	if f := s.late; f != nil {
		s.late = nil
		f()
	}
}

func (s *oneKey) PutIf(_ context.Context, _, value string, version int64) (int64, error) {
	err := s.write(version, func() { s.value, s.version = value, s.version+1 })
	return s.version, err
}

func (s *oneKey) DeleteIf(_ context.Context, _ string, version int64) error {
	return s.write(version, func() { s.version = 0 })
}

func (s *oneKey) write(version int64, change func()) error {
	s.late = nil
	try := func() error {
		switch {
		case s.version == version:
			change()
			return nil
		case s.version == 0:
			return kvraft.ErrNotFound
		}
		return kvraft.ErrVersion
	}
	fate := s.fate
	s.fate = ""
	switch fate {
	case lost:
	case executed:
		try()
	case late:
		s.late = func() { try() }
	default:
		return try()
	}
	return fmt.Errorf("%w: the context ended", kvraft.ErrMaybe)
}

// holder is who has the lock for good, whatever was still under way.
func (s *oneKey) holder() string {
	s.settle()
	if s.version == 0 {
		return ""
	}
	return s.value
}

func TestLockOfUnclearAcquire(t *testing.T) {
	for _, fate := range []string{lost, executed, late} {
		s := &oneKey{fate: fate}
		lock := kvraft.NewLock(s, "lock", "me")
		require.ErrorIs(t, lock.Acquire(t.Context()), kvraft.ErrMaybe, fate)
		require.NoError(t, lock.Acquire(t.Context()), fate)
		require.Equal(t, "me", s.holder(), fate)
		require.NoError(t, lock.Release(t.Context()), fate)
		require.Empty(t, s.holder(), fate)

		s = &oneKey{fate: fate}
		lock = kvraft.NewLock(s, "lock", "me")
		require.ErrorIs(t, lock.Acquire(t.Context()), kvraft.ErrMaybe, fate)
		require.NoError(t, lock.Release(t.Context()), fate)
		require.Empty(t, s.holder(), "%s: a lock that was let go stays so", fate)
		require.ErrorIs(t, lock.Release(t.Context()), kvraft.ErrNotFound, fate)
	}
}

func TestLockOfUnclearRelease(t *testing.T) {
	for _, fate := range []string{lost, executed, late} {
		for _, other := range []bool{false, true} {
			s := &oneKey{}
			lock := kvraft.NewLock(s, "lock", "me")
			require.NoError(t, lock.Acquire(t.Context()), fate)
			s.fate = fate
			require.ErrorIs(t, lock.Release(t.Context()), kvraft.ErrMaybe, fate)
			if other && fate == executed {
				require.NoError(t, kvraft.NewLock(s, "lock", "other").Acquire(t.Context()))
			}
			require.NoError(t, lock.Release(t.Context()), fate)
			require.NotEqual(t, "me", s.holder(), fate)
			require.Equal(t, other && fate == executed, s.holder() == "other", fate)
			if other {
				continue
			}
			require.NoError(t, lock.Acquire(t.Context()), fate)
			s.fate = fate
			require.ErrorIs(t, lock.Release(t.Context()), kvraft.ErrMaybe, fate)
			require.NoError(t, lock.Acquire(t.Context()), fate)
			require.Equal(t, "me", s.holder(), "%s: nothing takes it away again", fate)
		}
	}
}

func TestLockOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &oneKey{value: "other", version: 1}
		lock := kvraft.NewLock(s, "lock", "me")
		require.ErrorIs(t, lock.Release(t.Context()), kvraft.ErrVersion)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, lock.Acquire(ctx), context.DeadlineExceeded)
		require.Equal(t, "other", s.holder())
	})
}
