package shardkv

import (
	"reflect"

	"github.com/tidwall/btree"

	"6.824/labgob"
)

// shard is all that there is of a shard, and what moves from group to group: its keys, and what it remembers of
// its clients.
type shard struct {
	pairs   btree.Map[string, versioned]
	clients btree.Map[int64, session]
	gone    int64 // clients up to this number are no longer remembered
}

type versioned struct {
	value   string
	version int64
}

// session is a client's last write and what came of it. A client makes one at a time.
type session struct {
	seq  int64
	last result
}

// once executes a write, unless it was executed before. At most most clients are remembered: the oldest go first, and are refused from
// then on, since nobody could tell their retries. Clients' numbers rise, so a new one is never among them.
func (s *shard) once(o op, most int) result {
	old, known := s.clients.Get(o.Client)
	switch {
	case known && o.Seq == old.seq:
		return old.last
	case known && o.Seq < old.seq, o.Client <= s.gone:
		return result{Err: errExpired}
	}
	r := s.write(o)
	s.clients.Set(o.Client, session{o.Seq, r})
	if s.clients.Len() > most {
		s.gone, _, _ = s.clients.PopMin()
	}
	return r
}

// write executes an operation that changes something.
func (s *shard) write(o op) result {
	old, exists := s.pairs.Get(o.Key)
	switch o.Kind {
	case put:
		return s.set(o.Key, o.Value, old.version)
	case appendTo:
		return s.set(o.Key, old.value+o.Value, old.version)
	case putIf:
		if old.version != o.Version {
			return conflict(old, exists)
		}
		return s.set(o.Key, o.Value, old.version)
	case remove:
		switch {
		case !exists:
			return result{Err: ErrNoKey}
		case o.Version >= 0 && old.version != o.Version:
			return conflict(old, exists)
		}
		s.pairs.Delete(o.Key)
		return result{Err: OK}
	}
	return result{Err: errBadOp}
}

func (s *shard) set(key, value string, version int64) result {
	if len(value) > MaxValue {
		return result{Err: errTooLarge}
	}
	s.pairs.Set(key, versioned{value, version + 1})
	return result{Err: OK, Version: version + 1}
}

func conflict(old versioned, exists bool) result {
	if !exists {
		return result{Err: ErrNoKey}
	}
	return result{Err: errVersion, Version: old.version}
}

// look reads a key.
func (s *shard) look(key string) result {
	v, ok := s.pairs.Get(key)
	if !ok {
		return result{Err: ErrNoKey}
	}
	return result{Err: OK, Value: v.value, Version: v.version}
}

// copy is the shard as it is now. It takes no time: the copies share what neither changes.
func (s *shard) copy() *shard {
	if s == nil {
		return nil
	}
	return &shard{pairs: *s.pairs.Copy(), clients: *s.clients.Copy(), gone: s.gone}
}

// content is a shard in a snapshot or a message.
type content struct {
	Pairs   []contentPair
	Clients []contentClient
	Gone    int64
}

type contentPair struct {
	Key     string
	Value   string
	Version int64
}

type contentClient struct {
	Client, Seq int64
	Last        result
}

// content lists what is in the shard, in order.
func (s *shard) content() content {
	c := content{Pairs: make([]contentPair, 0, s.pairs.Len()), Clients: make([]contentClient, 0, s.clients.Len()), Gone: s.gone}
	s.pairs.Scan(func(key string, v versioned) bool {
		c.Pairs = append(c.Pairs, contentPair{key, v.value, v.version})
		return true
	})
	s.clients.Scan(func(client int64, last session) bool {
		c.Clients = append(c.Clients, contentClient{client, last.seq, last.last})
		return true
	})
	return c
}

// shardOf makes a shard of its content.
func shardOf(c content) *shard {
	s := &shard{gone: c.Gone}
	for _, p := range c.Pairs {
		s.pairs.Load(p.Key, versioned{p.Value, p.Version})
	}
	for _, cl := range c.Clients {
		s.clients.Load(cl.Client, session{cl.Seq, cl.Last})
	}
	return s
}

var contentCodec, _ = labgob.CodecFor(reflect.TypeFor[content]())

func (s *shard) encode() ([]byte, error) { return contentCodec.Append(nil, s.content()) }

func decodeShard(b []byte) (*shard, error) {
	var c content
	if err := contentCodec.Decode(b, &c); err != nil {
		return nil, err
	}
	return shardOf(c), nil
}
