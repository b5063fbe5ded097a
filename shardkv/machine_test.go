package shardkv

import (
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/shardctrler"
)

// machineOf is a machine of a group that is told nothing yet.
func machineOf(gid int) *machine { return newMachine(gid, 100, func(view) {}) }

// given is a configuration that gives all shards to one group.
func given(num, gid int) op {
	c := shardctrler.Config{Num: num, Groups: map[int][]string{1: {"a"}, 2: {"b"}}}
	for i := range c.Shards {
		c.Shards[i] = gid
	}
	return op{Kind: configure, Config: c}
}

func contentOf(t *testing.T, m *machine, i int) []byte {
	b, err := m.shards[i].encode()
	require.NoError(t, err)
	return b
}

// The diagram of the package's documentation, edge by edge.
func TestShardsLife(t *testing.T) {
	const s = 3
	a, b := machineOf(1), machineOf(2)
	require.Equal(t, Absent, a.states[s])
	for _, m := range []*machine{a, b} {
		m.Apply(given(1, 1))
	}
	require.Equal(t, Serving, a.states[s], "given to us, was nobody's")
	require.Equal(t, Absent, b.states[s])
	key := string(rune('0' + (s+2)%10)) // '0' is 48
	require.Equal(t, s, key2shard(key))
	require.Equal(t, result{Err: OK, Version: 1}, a.Apply(op{Kind: put, Key: key, Value: "v", Client: 7, Seq: 1}))
	require.Equal(t, result{Err: ErrWrongGroup, Num: 1}, b.Apply(op{Kind: put, Key: key, Value: "v", Client: 7, Seq: 1}))

	a.Apply(given(3, 2))
	require.Equal(t, 1, a.config.Num, "not the next one")
	a.Apply(given(2, 2))
	require.Equal(t, Leaving, a.states[s], "given to another")
	require.Equal(t, ErrWrongGroup, a.look(key).Err)
	a.Apply(given(3, 1))
	require.Equal(t, 2, a.config.Num, "not settled")
	content := contentOf(t, a, s)
	b.Apply(op{Kind: install, Shard: s, Num: 2, Content: content})
	require.Equal(t, Absent, b.states[s], "of a configuration that b has not taken")
	b.Apply(given(2, 2))
	require.Equal(t, Awaiting, b.states[s], "given to us")
	require.Equal(t, result{Err: errNotYet, Num: 2}, b.look(key))
	b.Apply(op{Kind: install, Shard: s, Num: 1, Content: content})
	require.Equal(t, Awaiting, b.states[s], "of an old configuration")
	b.Apply(op{Kind: install, Shard: s, Num: 2, Content: content})
	require.Equal(t, Serving, b.states[s], "installed")
	require.Equal(t, Awaiting, b.states[s+1], "served as soon as it is there")
	require.Equal(t, result{Err: OK, Version: 1}, b.Apply(op{Kind: put, Key: key, Value: "v", Client: 7, Seq: 1}), "executed by a")
	require.Equal(t, result{Err: OK, Version: 2}, b.Apply(op{Kind: put, Key: key, Value: "w", Client: 7, Seq: 2}))
	b.Apply(op{Kind: install, Shard: s, Num: 2, Content: content})
	require.Equal(t, "w", b.look(key).Value, "installed twice")

	a.Apply(op{Kind: forget, Shard: s, Num: 1})
	require.Equal(t, Leaving, a.states[s], "of an old configuration")
	a.Apply(op{Kind: forget, Shard: s, Num: 2})
	require.Equal(t, Absent, a.states[s], "forgotten")
	require.Nil(t, a.shards[s])

	for i := range nShards {
		if i != s {
			b.Apply(op{Kind: install, Shard: i, Num: 2, Content: contentOf(t, a, i)})
			a.Apply(op{Kind: forget, Shard: i, Num: 2})
		}
	}
	for _, m := range []*machine{a, b} {
		m.Apply(given(3, 0))
	}
	require.Equal(t, Kept, b.states[s], "given to nobody")
	require.Equal(t, ErrWrongGroup, b.look(key).Err)
	b.Apply(given(4, 2))
	require.Equal(t, Serving, b.states[s], "given to us again")
	b.Apply(given(5, 0))
	b.Apply(given(6, 1))
	require.Equal(t, Leaving, b.states[s], "given to another after nobody")
	for num := 4; num <= 6; num++ {
		a.Apply(given(num, []int{2, 0, 1}[num-4]))
	}
	require.Equal(t, Awaiting, a.states[s], "from whom had it last")
}

// Clients that a shard has forgotten are refused, and new ones never are.
func TestForgottenClients(t *testing.T) {
	s := &shard{}
	write := func(client, seq int64) Err {
		return s.once(op{Kind: appendTo, Key: "k", Value: "x", Client: client, Seq: seq}, 3).Err
	}
	for client := int64(10); client <= 12; client++ {
		require.Equal(t, OK, write(client, 1))
	}
	require.Equal(t, OK, write(11, 1), "a retry")
	require.Equal(t, OK, write(13, 1), "a new one, for whom the oldest goes")
	require.Equal(t, errExpired, write(10, 1), "nobody can tell this retry")
	require.Equal(t, errExpired, write(10, 2))
	require.Equal(t, errExpired, write(3, 1), "as old")
	require.Equal(t, OK, write(11, 2))
	require.Equal(t, errExpired, write(11, 1), "older than its last")
	require.Equal(t, "xxxxx", s.look("k").Value)
	b, err := s.encode()
	require.NoError(t, err)
	s, err = decodeShard(b)
	require.NoError(t, err)
	require.Equal(t, errExpired, write(10, 1), "also where the shard has moved to")
	require.Equal(t, OK, write(13, 1))
	require.Equal(t, "xxxxx", s.look("k").Value)
}

func TestCapture(t *testing.T) {
	a := machineOf(1)
	a.Apply(given(1, 1))
	for i, key := range []string{"0", "1", "5", ""} {
		a.Apply(op{Kind: put, Key: key, Value: "v" + key, Client: int64(i + 1), Seq: 1})
	}
	a.Apply(given(2, 2))
	a.Apply(op{Kind: forget, Shard: key2shard("1"), Num: 2})
	encode := a.Capture()
	a.Apply(op{Kind: forget, Shard: key2shard("0"), Num: 2})
	b, err := encode()
	require.NoError(t, err)
	back := machineOf(1)
	require.NoError(t, back.Restore(b))
	require.Equal(t, Leaving, back.states[key2shard("0")])
	require.Equal(t, Absent, back.states[key2shard("1")])
	require.Equal(t, "v5", back.shards[key2shard("5")].look("5").Value)
	again, err := back.Capture()()
	require.NoError(t, err)
	require.Equal(t, b, again)
	require.Error(t, back.Restore([]byte("x")))
	_, err = decodeShard([]byte("x"))
	require.Error(t, err)
}
