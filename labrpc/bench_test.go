package labrpc

import (
	"bytes"
	"encoding/gob"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// BenchmarkCall is a call in real time, over a reliable network. The last one is a call in the shape that it has in the course: look
// at the ratio.
func BenchmarkCall(b *testing.B) {
	n, e, _ := courseNetwork(b)
	b.Run("sequential", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r JunkReply
			if !e.Call("Junk.Pointer", &JunkArgs{7}, &r) {
				b.Fatal("lost")
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			e := n.Dial("a", "server99")
			for pb.Next() {
				var r JunkReply
				if !e.Call("Junk.Pointer", &JunkArgs{7}, &r) {
					b.Error("lost")
				}
			}
		})
	})
	b.Run("observed", func(b *testing.B) {
		b.ReportAllocs()
		n.Observe(func(Event) {})
		defer n.Observe(nil)
		for b.Loop() {
			var r JunkReply
			if !e.Call("Junk.Pointer", &JunkArgs{7}, &r) {
				b.Fatal("lost")
			}
		}
	})
	b.Run("as in the course", func(b *testing.B) {
		b.ReportAllocs()
		c := newCoursework()
		for b.Loop() {
			var r JunkReply
			if !c.call("Junk.Pointer", &JunkArgs{7}, &r) {
				b.Fatal("lost")
			}
		}
	})
}

// coursework is a network in the shape of the course's: one goroutine takes all calls off one channel, each gets two goroutines, and
// there are four passes of gob, each of which sends or learns the types anew.
type coursework struct {
	junk  Junk
	calls chan courseCall
	mu    sync.Mutex
}

type courseCall struct {
	method string
	args   []byte
	reply  chan []byte
}

func newCoursework() *coursework {
	c := &coursework{calls: make(chan courseCall)}
	go func() {
		for x := range c.calls {
			go c.process(x)
		}
	}()
	return c
}

func (c *coursework) call(method string, args *JunkArgs, reply *JunkReply) bool {
	x := courseCall{method, encodeFresh(args), make(chan []byte)}
	c.calls <- x
	b := <-x.reply
	return decodeFresh(b, reply) == nil
}

func (c *coursework) process(x courseCall) {
	done := make(chan []byte)
	go func() {
		var args JunkArgs
		if decodeFresh(x.args, &args) != nil {
			close(done)
			return
		}
		reply := new(JunkReply)
		c.junk.Pointer(&args, reply)
		done <- encodeFresh(reply)
	}()
	for {
		select {
		case b := <-done:
			c.mu.Lock() // is the server dead?
			defer c.mu.Unlock()
			x.reply <- b
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func encodeFresh(v any) []byte {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func decodeFresh(b []byte, v any) error { return gob.NewDecoder(bytes.NewReader(b)).Decode(v) }

// BenchmarkGo keeps 100 calls under way from one goroutine.
func BenchmarkGo(b *testing.B) {
	_, e, _ := courseNetwork(b)
	b.ReportAllocs()
	room := make(chan struct{}, 100)
	for b.Loop() {
		room <- struct{}{}
		e.Go("Junk.Pointer", &JunkArgs{7}, new(JunkReply), func(error) { <-room })
	}
}

// BenchmarkInFlight has 100,000 calls under way at the same time, in a bubble, from the first to the last.
func BenchmarkInFlight(b *testing.B) {
	const calls = 100_000
	b.ReportAllocs()
	for b.Loop() {
		synctest.Test(&testing.T{}, func(*testing.T) {
			n := NewNetwork(Options{Seed: 1, Settle: synctest.Wait})
			defer n.Cleanup()
			s := MakeServer()
			s.AddService(MakeService(&Junk{}))
			n.AddServer("b", s)
			n.SetLink("a", "b", Conditions{Delay: Uniform(time.Second, 2*time.Second)})
			e := n.Dial("a", "b")
			var wg sync.WaitGroup
			wg.Add(calls)
			for i := range calls {
				e.Go("Junk.Pointer", &JunkArgs{i}, new(JunkReply), func(error) { wg.Done() })
			}
			wg.Wait()
		})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/calls, "ns/call")
}

// BenchmarkSimulation has 100 clients call a server, in a bubble: virtual latency, one event at a time.
func BenchmarkSimulation(b *testing.B) {
	for name, observer := range map[string]func(Event){"plain": nil, "observed": func(Event) {}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			synctest.Test(&testing.T{}, func(*testing.T) {
				n := NewNetwork(Options{Seed: 1, Settle: synctest.Wait})
				defer n.Cleanup()
				n.SetDefault(Conditions{Delay: Uniform(time.Millisecond, 5*time.Millisecond)})
				n.Observe(observer)
				s := MakeServer()
				s.AddService(MakeService(&Junk{}))
				n.AddServer("b", s)
				const clients = 100
				var wg sync.WaitGroup
				for i := range clients {
					wg.Go(func() {
						e := n.Dial(i, "b")
						for range (b.N + clients - 1) / clients {
							e.Call("Junk.Pointer", &JunkArgs{7}, new(JunkReply))
						}
					})
				}
				wg.Wait()
			})
		})
	}
}

// BenchmarkDice is what judging a message costs beyond sending it.
func BenchmarkDice(b *testing.B) {
	b.ReportAllocs()
	r := rand.Uint64()
	c := Conditions{DropRequest: 0.1, Duplicate: 0.1, Delay: Exponential(time.Millisecond), Reorder: 0.1, ReorderBy: Constant(time.Millisecond)}
	n, p := NewNetwork(Options{Seed: 1}), &policy{}
	e := n.Dial("a", "b")
	m := &message{call: &call{end: e}}
	m.call.setRoute()
	for b.Loop() {
		r++
		m.call.fate = fateOf(1, r)
		m.plan(0, &c, p, Verdict{}, 0)
	}
}
