package kvraft

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/raft"
)

// courseStore is a store wired as the course's tests wire theirs: in real time, every end has a random name and is connected
// by hand, and servers crash with a copy of their persister.
type courseStore struct {
	net        *labrpc.Network
	servers    []*KVServer
	persisters []*raft.Persister
	ends       [][]string // by server: the names of its ends to the others
}

func startCourseStore(t *testing.T, n int) *courseStore {
	s := &courseStore{
		net: labrpc.MakeNetwork(), servers: make([]*KVServer, n), persisters: make([]*raft.Persister, n), ends: make([][]string, n),
	}
	for i := range n {
		s.start(i)
	}
	s.partition(s.all())
	t.Cleanup(func() {
		for i := range n {
			s.crash(i)
		}
		s.net.Cleanup()
	})
	return s
}

func (s *courseStore) all() (servers []int) {
	for i := range s.servers {
		servers = append(servers, i)
	}
	return servers
}

// dial makes an end to each server.
func (s *courseStore) dial() (ends []*labrpc.ClientEnd, names []string) {
	for i := range s.servers {
		name := fmt.Sprintf("%016x", rand.Uint64())
		ends, names = append(ends, s.net.MakeEnd(name)), append(names, name)
		s.net.Connect(name, i)
	}
	return ends, names
}

func (s *courseStore) start(i int) {
	ends, names := s.dial()
	s.ends[i] = names
	if s.persisters[i] == nil {
		s.persisters[i] = raft.MakePersister()
	} else {
		s.persisters[i] = s.persisters[i].Copy()
	}
	s.servers[i] = StartKVServer(ends, i, s.persisters[i], 1000)
	server := labrpc.MakeServer()
	server.AddService(labrpc.MakeService(s.servers[i]))
	server.AddService(labrpc.MakeService(s.servers[i].rf))
	s.net.AddServer(i, server)
}

func (s *courseStore) crash(i int) {
	s.net.DeleteServer(i)
	s.persisters[i] = s.persisters[i].Copy() // what the old one writes from now on is lost
	s.servers[i].Kill()
}

// partition connects the servers of each part with each other, and with nobody else.
func (s *courseStore) partition(parts ...[]int) {
	for i := range s.ends {
		for _, name := range s.ends[i] {
			s.net.Enable(name, false)
		}
	}
	for _, part := range parts {
		for _, i := range part {
			for _, j := range part {
				s.net.Enable(s.ends[i][j], true)
			}
		}
	}
}

func (s *courseStore) clerk(servers []int) *Clerk {
	ends, names := s.dial()
	for _, i := range servers {
		s.net.Enable(names[i], true)
	}
	return MakeClerk(ends)
}

// TestAsTheCourseDrivesIt: clerks append while the network is unreliable and parted, and all servers crash and come back.
func TestAsTheCourseDrivesIt(t *testing.T) {
	t.Parallel()
	const servers, clerks, each = 5, 3, 25
	s := startCourseStore(t, servers)
	s.net.Reliable(false)
	var done sync.WaitGroup
	for c := range clerks {
		clerk := s.clerk(s.all())
		done.Go(func() {
			key := fmt.Sprint(c)
			clerk.Put(key, "")
			for i := range each {
				clerk.Append(key, fmt.Sprintf("x %d %d y", c, i))
				if i%8 == 0 {
					assert.Equal(t, i+1, strings.Count(clerk.Get(key), "x"))
				}
			}
		})
	}
	for range 2 {
		order := rand.Perm(servers)
		s.partition(order[:3], order[3:])
		time.Sleep(600 * time.Millisecond)
		s.partition(s.all())
		time.Sleep(300 * time.Millisecond)
	}
	for i := range servers {
		s.crash(i)
	}
	for i := range servers {
		s.start(i)
	}
	s.partition(s.all())
	done.Wait()

	s.net.Reliable(true)
	clerk := s.clerk(s.all())
	for c := range clerks {
		want := ""
		for i := range each {
			want += fmt.Sprintf("x %d %d y", c, i)
		}
		require.Equal(t, want, clerk.Get(fmt.Sprint(c)))
	}
	require.Equal(t, "", clerk.Get("no such key"))
	for i := range servers {
		require.LessOrEqual(t, s.persisters[i].RaftStateSize(), 8*1000)
	}
}
