package shardctrler

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRequestsThatCannotBeDone(t *testing.T) {
	m := newMachine()
	abc := []string{"a", "b", "c"}
	require.Equal(t, result{Num: 1}, m.Apply(op{Kind: join, Groups: map[int][]string{5: abc}}))
	for _, bad := range []struct {
		op
		result
	}{
		{op{Kind: join}, result{Err: "ErrBadGroup"}},
		{op{Kind: join, Groups: map[int][]string{0: abc}}, result{Err: "ErrBadGroup"}},
		{op{Kind: join, Groups: map[int][]string{6: abc, -1: abc}}, result{Err: "ErrBadGroup", About: -1}},
		{op{Kind: join, Groups: map[int][]string{6: {}}}, result{Err: "ErrBadGroup", About: 6}},
		{op{Kind: join, Groups: map[int][]string{5: abc, 6: abc}}, result{Err: "ErrGroupExists", About: 5}},
		{op{Kind: leave}, result{Err: "ErrBadGroup"}},
		{op{Kind: leave, GIDs: []int{5, 6}}, result{Err: "ErrNoGroup", About: 6}},
		{op{Kind: move, Shard: -1, GID: 5}, result{Err: "ErrBadShard", About: -1}},
		{op{Kind: move, Shard: NShards, GID: 5}, result{Err: "ErrBadShard", About: NShards}},
		{op{Kind: move, Shard: 3, GID: 6}, result{Err: "ErrNoGroup", About: 6}},
		{op{Kind: move, Shard: 3, GID: 0}, result{Err: "ErrNoGroup"}},
		{op{}, result{Err: "ErrBadOp"}},
	} {
		require.Equal(t, bad.result, m.Apply(bad.op))
		require.Len(t, m.configs, 2, "%+v", bad.op)
	}
	require.Equal(t, result{Num: 2}, m.Apply(op{Kind: leave, GIDs: []int{5, 5}}))
	require.Equal(t, [NShards]int{}, m.at(-1).Shards)
}

func TestCapture(t *testing.T) {
	m := newMachine()
	m.Apply(op{Kind: join, Groups: map[int][]string{5: {"a"}, 9: {"b", "c"}}})
	encode := m.Capture()
	m.Apply(op{Kind: leave, GIDs: []int{5}})
	b, err := encode()
	require.NoError(t, err)
	back := newMachine()
	require.NoError(t, back.Restore(b))
	require.Equal(t, m.configs[:2], back.configs)
	require.Error(t, back.Restore([]byte("x")))
}

func TestString(t *testing.T) {
	c := Config{Num: 7, Shards: [NShards]int{1, 1, 1, 22, 22, 0, 1, 22, 22, 22}, Groups: map[int][]string{22: {"x", "y"}, 1: {"a"}, 300: {"p"}}}
	require.Equal(t, "config 7 | 1: 0-2,6 of a | 22: 3-4,7-9 of x y | 300: nothing of p | nobody: 5", c.String())
	require.Equal(t, "config 0 | nobody: 0-9", newMachine().at(0).String())
}
