package raft

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPersisterZeroValueWorks(t *testing.T) {
	var ps Persister
	require.Empty(t, ps.ReadRaftState())
	require.Empty(t, ps.ReadSnapshot())
	require.Zero(t, ps.RaftStateSize())
	require.Zero(t, ps.SnapshotSize())

	ps.SaveStateAndSnapshot([]byte("state"), []byte("snap"))
	require.Equal(t, "state", string(ps.ReadRaftState()))
	require.Equal(t, "snap", string(ps.ReadSnapshot()))
	require.Equal(t, 5, ps.RaftStateSize())
	require.Equal(t, 4, ps.SnapshotSize())

	ps.SaveRaftState([]byte("new"))
	require.Equal(t, "new", string(ps.ReadRaftState()))
	require.Equal(t, "snap", string(ps.ReadSnapshot()), "SaveRaftState leaves the snapshot alone")

	ps.Save([]byte("newer"), nil)
	require.Equal(t, "newer", string(ps.ReadRaftState()))
	require.Empty(t, ps.ReadSnapshot(), "a nil snapshot is an empty one")
}

func TestPersisterKeepsNoCallersMemory(t *testing.T) {
	ps := MakePersister()
	state, snap := []byte("state"), []byte("snap")
	ps.Save(state, snap)
	state[0], snap[0] = 'X', 'X'
	require.Equal(t, "state", string(ps.ReadRaftState()))
	ps.ReadRaftState()[0] = 'X'
	ps.ReadSnapshot()[0] = 'X'
	require.Equal(t, "state", string(ps.ReadRaftState()))
	require.Equal(t, "snap", string(ps.ReadSnapshot()))
}

// A copy and its original share what was written before, and nothing that is written after, whichever of them
// writes first.
func TestPersisterCopyIsIndependent(t *testing.T) {
	for _, size := range []int{0, 1, minChunk - 1, minChunk, minChunk + 1, 3 * maxChunk} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			before := bytes.Repeat([]byte("b"), size)
			a := MakePersister()
			require.NoError(t, a.storage().Append(before))
			b := a.Copy()
			c := b.Copy()
			for i, ps := range []*Persister{b, a, c} {
				require.NoError(t, ps.storage().Append(bytes.Repeat([]byte{byte('0' + i)}, 10)))
			}
			require.Equal(t, string(before)+"1111111111", string(a.ReadRaftState()))
			require.Equal(t, string(before)+"0000000000", string(b.ReadRaftState()))
			require.Equal(t, string(before)+"2222222222", string(c.ReadRaftState()))
			require.Equal(t, size+10, a.RaftStateSize())

			a.Save(nil, []byte("snap"))
			require.Empty(t, b.ReadSnapshot())
			require.Equal(t, size+10, b.RaftStateSize())
		})
	}
}

func TestPersisterCopyWhileWriting(t *testing.T) {
	ps := MakePersister()
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 2000 {
			_ = ps.storage().Append([]byte("0123456789"))
		}
	})
	for range 200 {
		c := ps.Copy()
		require.Zero(t, c.RaftStateSize()%10, "an append is there as a whole or not at all")
		require.Equal(t, c.RaftStateSize(), len(c.ReadRaftState()))
		_ = c.storage().Append([]byte("mine"))
	}
	wg.Wait()
	require.Equal(t, bytes.Repeat([]byte("0123456789"), 2000), ps.ReadRaftState())
}

// The chunks hold what a plain slice would, whatever the sizes of the appends.
func TestMemoryAppend(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var m memory
	var want []byte
	for range 500 {
		b := make([]byte, r.IntN(1<<r.IntN(14)))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		require.NoError(t, m.Append(b))
		want = append(want, b...)
		require.Equal(t, len(want), m.StateSize())
	}
	require.True(t, bytes.Equal(want, m.State()))
}

func TestPersisterOnStorage(t *testing.T) {
	var m memory
	require.NoError(t, m.Replace([]byte("state"), []byte("snap")))
	ps := NewPersister(&m)
	require.Equal(t, "state", string(ps.ReadRaftState()))
	c := ps.Copy()
	ps.Save([]byte("new"), nil)
	require.Equal(t, "new", string(m.State()))
	require.Equal(t, "state", string(c.ReadRaftState()))
	require.Equal(t, "snap", string(c.ReadSnapshot()))
}

// Only the last one to own a Persister can write, and it owns it only once the write of the one before is
// over.
func TestPersisterOwner(t *testing.T) {
	ps := MakePersister()
	first := ps.own()
	started, finish, owned := make(chan bool), make(chan bool), make(chan int)
	go ps.write(first, func(s Storage) error {
		started <- true
		<-finish
		return s.Append([]byte("old"))
	})
	<-started
	go func() { owned <- ps.own() }()
	select {
	case <-owned:
		t.Fatal("owned in the middle of a write")
	default:
	}
	require.Zero(t, ps.RaftStateSize(), "a write that takes its time keeps no reader waiting")
	close(finish)
	second := <-owned
	require.Equal(t, "old", string(ps.ReadRaftState()))
	require.ErrorIs(t, ps.write(first, func(s Storage) error { return s.Append([]byte("late")) }), errDisowned)
	require.NoError(t, ps.write(second, func(s Storage) error { return s.Append([]byte(" new")) }))
	require.Equal(t, "old new", string(ps.ReadRaftState()))
}

// BenchmarkStorageAppend is one append to a state of the given size.
func BenchmarkMemoryAppend(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20, 1 << 27} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			var m memory
			m.append(make([]byte, size))
			rec := make([]byte, 120)
			b.ReportAllocs()
			for b.Loop() {
				if m.size > size+1<<26 {
					b.StopTimer()
					m = memory{}
					m.append(make([]byte, size))
					b.StartTimer()
				}
				m.append(rec)
			}
		})
	}
}
