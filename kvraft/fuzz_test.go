package kvraft

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A snapshot may come from a broken disk. It is refused, or it is a store.
func FuzzRestore(f *testing.F) {
	m := &machine{}
	for _, key := range []string{"", "a", "\xff"} {
		m.Apply(op{Kind: put, Key: key, Value: "value of " + key})
	}
	good, err := m.Capture()()
	require.NoError(f, err)
	require.NoError(f, (&machine{}).Restore(good))
	unordered, err := storedCodec.Append(nil, stored{[]Pair{{"b", "", 1}, {"a", "", 1}}})
	require.NoError(f, err)
	require.Error(f, (&machine{}).Restore(unordered))
	never, err := storedCodec.Append(nil, stored{[]Pair{{"b", "", 0}}})
	require.NoError(f, err)
	require.Error(f, (&machine{}).Restore(never))
	for _, seed := range [][]byte{good, unordered, never, nil, good[:len(good)/2]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := &machine{}
		if m.Restore(b) != nil {
			return
		}
		again, err := m.Capture()()
		require.NoError(t, err)
		other := &machine{}
		require.NoError(t, other.Restore(again))
		require.Equal(t, m.look(op{Kind: scan}), other.look(op{Kind: scan}))
	})
}
