package labrpc

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// These are the scenarios of the course's own test of its network, as users of the course drive it: in real time, with ends of
// random names.

// Junk is a service of many shapes.
type Junk struct {
	mu   sync.Mutex
	logs []int
	hang chan struct{} // closed when the test is over
}

type (
	JunkArgs  struct{ X int }
	JunkReply struct{ X string }
)

func (j *Junk) Pointer(args *JunkArgs, reply *JunkReply) { reply.X = "pointer" }
func (j *Junk) Value(args JunkArgs, reply *JunkReply)    { reply.X = "value" }
func (j *Junk) Twice(args int, reply *int)               { *reply = 2 * args }
func (j *Junk) Hang(args int, reply *int)                { <-j.hang; *reply = -args }
func (j *Junk) Length(args string, reply *int)           { *reply = len(args) }
func (j *Junk) Fill(args int, reply *string)             { *reply = strings.Repeat("y", args) }
func (j *Junk) Log(args int, reply *int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.logs = append(j.logs, args)
	*reply = len(j.logs)
}

// What follows are no handlers, and must not be in the way.
func (j *Junk) NoReply(args int)                  {}
func (j *Junk) ValueReply(args int, reply int)    {}
func (j *Junk) Result(args int, reply *int) error { return nil }
func (j *Junk) Variadic(args int, reply ...*int)  {}
func (j *Junk) private(args int, reply *int)      {}

// courseNetwork has one server "server99", and one end "end1-99" that is connected to it.
func courseNetwork(t testing.TB) (*Network, *ClientEnd, *Junk) {
	n := MakeNetwork()
	t.Cleanup(n.Cleanup)
	j := &Junk{hang: make(chan struct{})}
	t.Cleanup(func() { close(j.hang) })
	j.private(0, nil)
	s := MakeServer()
	s.AddService(MakeService(j))
	n.AddServer("server99", s)
	return n, courseEnd(n, "end1-99", "server99"), j
}

func courseEnd(n *Network, name, server any) *ClientEnd {
	e := n.MakeEnd(name)
	n.Connect(name, server)
	n.Enable(name, true)
	return e
}

func TestBasic(t *testing.T) {
	_, e, _ := courseNetwork(t)
	var twice int
	require.True(t, e.Call("Junk.Twice", 111, &twice))
	require.Equal(t, 222, twice)
	var length int
	require.True(t, e.Call("Junk.Length", "abc", &length))
	require.Equal(t, 3, length)
}

func TestTypes(t *testing.T) {
	_, e, _ := courseNetwork(t)
	for method, want := range map[string]string{"Junk.Pointer": "pointer", "Junk.Value": "value"} {
		var byPointer, byValue JunkReply // the four ways to call: each handler takes both
		require.True(t, e.Call(method, &JunkArgs{1}, &byPointer))
		require.Equal(t, want, byPointer.X)
		require.True(t, e.Call(method, JunkArgs{1}, &byValue))
		require.Equal(t, want, byValue.X)
	}
}

// What is no handler can't be called.
func TestNoHandlers(t *testing.T) {
	logged(t)
	_, e, _ := courseNetwork(t)
	for _, name := range []string{"NoReply", "ValueReply", "Result", "Variadic", "private"} {
		require.ErrorIs(t, e.Do("Junk."+name, 1, new(int)), ErrNoMethod)
	}
	require.Empty(t, MakeService(nil).methods)
	empty := &Server{} // the zero value will do
	empty.AddService(MakeService(struct{}{}))
	require.Zero(t, empty.GetCount())
}

func TestDisconnect(t *testing.T) {
	n, e, _ := courseNetwork(t)
	n.Enable("end1-99", false)
	start := time.Now()
	require.False(t, e.Call("Junk.Twice", 1, new(int)))
	require.Less(t, time.Since(start), 2*time.Second)
	n.Enable("end1-99", true)
	require.True(t, e.Call("Junk.Twice", 1, new(int)))

	idle := n.MakeEnd("never connected")
	n.Enable("never connected", true)
	require.False(t, idle.Call("Junk.Twice", 1, new(int)))
	n.DeleteEnd("end1-99")
	require.False(t, e.Call("Junk.Twice", 1, new(int)))
	n.DeleteEnd("no such end") // these do nothing
	n.Connect("no such end", "server99")
	n.Enable("no such end", true)
	n.DeleteServer("no such server")
	require.Zero(t, n.GetCount("no such server"))
}

func TestCounts(t *testing.T) {
	n, e, _ := courseNetwork(t)
	for i := range 17 {
		require.True(t, e.Call("Junk.Twice", i, new(int)))
	}
	require.Equal(t, 17, n.GetCount("server99"))
	n.Enable("end1-99", false)
	require.False(t, e.Call("Junk.Twice", 1, new(int)))
	require.Equal(t, 17, n.GetCount("server99"), "it did not get there")
	require.Equal(t, 18, n.GetTotalCount(), "but it was sent")
}

func TestBytes(t *testing.T) {
	n, e, _ := courseNetwork(t)
	for range 17 {
		var length int
		require.True(t, e.Call("Junk.Length", strings.Repeat("x", 10_000), &length))
		require.Equal(t, 10_000, length)
	}
	total := n.GetTotalBytes()
	require.InDelta(t, 170_000, total, 17*20)
	for range 17 {
		var fill string
		require.True(t, e.Call("Junk.Fill", 10_000, &fill))
		require.Len(t, fill, 10_000)
	}
	require.InDelta(t, 170_000, n.GetTotalBytes()-total, 17*20)
}

// Many clients at once, each with an end of its own.
func TestConcurrentMany(t *testing.T) {
	n, _, _ := courseNetwork(t)
	const clients, calls = 20, 100
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			e := courseEnd(n, i, "server99")
			for j := range calls {
				var twice int
				if !e.Call("Junk.Twice", i*1000+j, &twice) || twice != 2*(i*1000+j) {
					t.Errorf("client %d, call %d: %d", i, j, twice)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, clients*calls, n.GetCount("server99"))
}

// On an unreliable network calls fail or are right.
func TestUnreliable(t *testing.T) {
	n, _, _ := courseNetwork(t)
	n.Reliable(false)
	const clients = 300
	var wg sync.WaitGroup
	var mu sync.Mutex
	ok := 0
	for i := range clients {
		wg.Go(func() {
			e := courseEnd(n, i, "server99")
			for j := range 3 {
				var twice int
				if e.Call("Junk.Twice", i*1000+j, &twice) {
					mu.Lock()
					ok++
					mu.Unlock()
					if twice != 2*(i*1000+j) {
						t.Errorf("client %d, call %d: %d", i, j, twice)
					}
				}
			}
		})
	}
	wg.Wait()
	require.InDelta(t, 3*clients*0.81, ok, 80)
}

// Many calls at once through one end.
func TestConcurrentOne(t *testing.T) {
	n, e, j := courseNetwork(t)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if !e.Call("Junk.Log", i, new(int)) {
				t.Error("lost")
			}
		})
	}
	wg.Wait()
	require.Len(t, j.logs, 200)
	require.Equal(t, 200, n.GetCount("server99"))
}

// Calls whose handlers hang return when the server or the end goes away, and nothing of them is in the way of later calls.
func TestRegression1(t *testing.T) {
	for name, act := range map[string]func(n *Network){
		"disable":        func(n *Network) { n.Enable("end1-99", false); n.Enable("end1-99", true) },
		"delete server":  func(n *Network) { n.DeleteServer("server99") },
		"replace server": func(n *Network) { n.AddServer("server99", MakeServer()) },
		"delete end":     func(n *Network) { n.DeleteEnd("end1-99") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, e, j := courseNetwork(t)
			const hanging = 20
			results := make(chan bool)
			for i := range hanging {
				go func() { results <- e.Call("Junk.Hang", i, new(int)) }()
			}
			for n.GetCount("server99") < hanging {
				time.Sleep(time.Millisecond)
			}
			start := time.Now()
			act(n)
			for range hanging {
				require.False(t, <-results)
			}
			require.Less(t, time.Since(start), 2*time.Second)
			s := MakeServer()
			s.AddService(MakeService(j))
			n.AddServer("server99", s)
			again := courseEnd(n, "another", "server99")
			require.True(t, again.Call("Junk.Log", 1, new(int)))
			require.Equal(t, 1, n.GetCount("server99"), "of this server")
		})
	}
}

// Calls to another server are not concerned.
func TestDeleteAnother(t *testing.T) {
	n, e, j := courseNetwork(t)
	s := MakeServer()
	s.AddService(MakeService(j))
	n.AddServer("another", s)
	other := courseEnd(n, "other", "another")
	results := make(chan bool, 1)
	go func() { results <- e.Call("Junk.Hang", 1, new(int)) }()
	go func() { other.Call("Junk.Hang", 1, new(int)) }()
	for n.GetCount("server99")+n.GetCount("another") < 2 {
		time.Sleep(time.Millisecond)
	}
	n.DeleteServer("another")
	select {
	case <-results:
		t.Fatal("the call to the first server has failed")
	case <-time.After(150 * time.Millisecond):
	}
}

// A server that was deleted while it works on a call does not answer it, not even if it comes to an end at once.
func TestKilled(t *testing.T) {
	n, e, _ := courseNetwork(t)
	result := make(chan bool)
	go func() { result <- e.Call("Junk.Hang", 1, new(int)) }()
	for n.GetCount("server99") == 0 {
		time.Sleep(time.Millisecond)
	}
	select {
	case <-result:
		t.Fatal("the handler has not come to its end")
	case <-time.After(50 * time.Millisecond):
	}
	n.DeleteServer("server99")
	select {
	case ok := <-result:
		require.False(t, ok)
	case <-time.After(5 * time.Second):
		t.Fatal("the call hangs")
	}
}

func TestBenchmark(t *testing.T) {
	_, e, _ := courseNetwork(t)
	start := time.Now()
	for range 10_000 {
		if !e.Call("Junk.Twice", 1, new(int)) {
			t.Fatal("lost")
		}
	}
	t.Logf("10,000 calls in %v", time.Since(start))
}

// An end name that is used again gives a new end.
func TestMakeEndTwice(t *testing.T) {
	logged(t)
	n, e, _ := courseNetwork(t)
	again := courseEnd(n, "end1-99", "server99")
	require.True(t, again.Call("Junk.Twice", 1, new(int)))
	require.False(t, e.Call("Junk.Twice", 1, new(int)))
}
