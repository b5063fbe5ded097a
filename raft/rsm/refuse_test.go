package rsm

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labgob"
	"6.824/labrpc"
	"6.824/raft"
)

// anything is a machine whose operations are of any type, so that some can't be encoded.
type anything struct{ applied int }

type wrapped struct{ V any }

func (m *anything) Apply(wrapped) struct{} { m.applied++; return struct{}{} }
func (m *anything) Capture() func() ([]byte, error) {
	return func() ([]byte, error) { return nil, nil }
}
func (m *anything) Restore([]byte) error { return nil }

type unregistered struct{ X int }

func TestBadOperationIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := labrpc.NewNetwork(labrpc.Options{Settle: synctest.Wait})
		defer net.Cleanup()
		m := &anything{}
		quiet := slog.New(slog.DiscardHandler)
		s := Start[wrapped, struct{}](m, Config{
			Servers: []*labrpc.ClientEnd{net.Dial(0, 0)}, Persister: raft.MakePersister(), Logger: quiet, Raft: []raft.Option{raft.WithLogger(quiet)},
		})
		defer s.Kill()
		var session int64
		for session == 0 {
			session, _ = s.Open(t.Context())
			time.Sleep(100 * time.Millisecond)
		}
		before := s.Raft().Status().LastIndex
		_, err := s.Submit(t.Context(), Request{session, 1}, wrapped{unregistered{1}})
		require.ErrorIs(t, err, ErrBadOp)
		_, err = s.Submit(t.Context(), Request{session, 1}, wrapped{func() {}})
		require.ErrorIs(t, err, ErrBadOp)
		_, err = s.Propose(t.Context(), wrapped{unregistered{1}})
		require.ErrorIs(t, err, ErrBadOp)
		require.Equal(t, before, s.Raft().Status().LastIndex, "nothing was put into the log")
		require.Zero(t, m.applied)
		_, err = s.Submit(t.Context(), Request{session, 1}, wrapped{7})
		require.NoError(t, err)
		require.Equal(t, 1, m.applied)
	})
}

// bytes of the network or the disk are not to be trusted.
func FuzzRestore(f *testing.F) {
	s := &Server[string, int]{config: Config{MaxSessions: 3}, machine: &journal{}}
	good, err := encodeSnapshot([]session[int]{{3, 1, 1}, {7, 2, 9}}, func() ([]byte, error) { return []byte("a\nb"), nil })
	require.NoError(f, err)
	require.NoError(f, s.restore(good))
	twice, err := encodeSnapshot([]session[int]{{3, 1, 1}, {3, 2, 9}}, func() ([]byte, error) { return nil, nil })
	require.NoError(f, err)
	require.Error(f, s.restore(twice))
	for _, seed := range [][]byte{good, twice, nil, good[:len(good)/2], append([]byte{0xff}, good...)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &Server[string, int]{config: Config{MaxSessions: 3}, machine: &journal{}}
		if s.restore(b) != nil {
			return
		}
		require.LessOrEqual(t, s.sessions.order.Len(), 3)
		require.Len(t, s.sessions.byID, s.sessions.order.Len())
		again, err := encodeSnapshot(s.sessions.all(), s.machine.Capture())
		require.NoError(t, err)
		all := s.sessions.all()
		require.NoError(t, s.restore(again))
		require.Equal(t, labgob.Fingerprint(all), labgob.Fingerprint(s.sessions.all()))
	})
}
