package labrpc

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type hooked struct{ got []JunkArgs }

func (h *hooked) Tell(args *JunkArgs, reply *JunkReply) {
	h.got = append(h.got, *args)
	reply.X = fmt.Sprint(args.X)
}
func (h *hooked) Number(args int, reply *int) { *reply = args }

func serveHooked(n *Network) (*ClientEnd, *hooked) {
	h := &hooked{}
	s := MakeServer()
	s.AddService(MakeService(h))
	n.AddServer("b", s)
	return n.Dial("a", "b"), h
}

func TestHookSeesPrivateCopies(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, h := serveHooked(n)
		l := observe(n)
		var seen []string
		remove := n.Hook(func(m *Message) Verdict {
			seen = append(seen, fmt.Sprintf("%s>%s %s %v #%d %v", m.From, m.To, m.Method, m.Reply, m.N, m.Body))
			return Verdict{}
		})
		var r JunkReply
		require.True(t, e.Call("hooked.Tell", &JunkArgs{1}, &r))
		require.Equal(t, []string{"a>b hooked.Tell false #1 &{1}", "a>b hooked.Tell true #1 &{1}"}, seen)
		require.Zero(t, l.count(Tampered))

		args := &JunkArgs{2}
		remove2 := OnRequest(n, func(m *Message, body *JunkArgs) Verdict { body.X = 20; return Verdict{} })
		r = JunkReply{}
		require.True(t, e.Call("hooked.Tell", args, &r))
		require.Equal(t, "20", r.X)
		require.Equal(t, 2, args.X, "the caller's own is not touched")
		require.Equal(t, 1, l.count(Tampered))
		require.Equal(t, []string{"sent", "tampered", "delivered", "replied", "returned"}, l.kinds(2))
		require.NotEqual(t, l.events[4].Sum, l.events[5].Sum)
		remove2()
		OnReply(n, func(m *Message, body *JunkReply) Verdict { body.X += "!"; return Verdict{} })
		OnReply(n, func(m *Message, body *JunkReply) Verdict { body.X += "?"; return Verdict{} })
		OnReply(n, func(m *Message, body *int) Verdict { *body = -*body; return Verdict{} })
		OnReply(n, func(m *Message, body *JunkArgs) Verdict { panic("no reply is of this type") })
		r = JunkReply{}
		require.True(t, e.Call("hooked.Tell", args, &r))
		require.Equal(t, "2!?", r.X, "in the order in which they were set")
		var i int
		require.True(t, e.Call("hooked.Number", 7, &i))
		require.Equal(t, -7, i)

		before := len(seen)
		remove()
		remove()
		require.True(t, e.Call("hooked.Number", 7, &i))
		require.Len(t, seen, before)
		require.Equal(t, []JunkArgs{{1}, {20}, {2}}, h.got)
	})
}

// A hook can put something else in the place of the body, of any type, and so forge what is wrong.
func TestHookReplacesBody(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, h := serveHooked(n)
		text := logged(t)
		remove := n.Hook(func(m *Message) Verdict { m.Body = &JunkArgs{9}; return Verdict{} })
		require.ErrorIs(t, e.Do("hooked.Tell", &JunkArgs{1}, new(JunkReply)), ErrBadType)
		require.Equal(t, []JunkArgs{{9}}, h.got)
		remove()
		n.Hook(func(m *Message) Verdict { m.Body = nil; return Verdict{} })
		require.NoError(t, e.Do("hooked.Tell", &JunkArgs{1}, new(JunkReply)), "this can't be sent, so it is as if there was no hook")
		require.Contains(t, text.String(), "wrong type")
	})
}

func TestVerdicts(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, h := serveHooked(n)
		l := observe(n)
		verdict := map[uint64]Verdict{2: {Drop: true}, 3: {Delay: 30 * ms}, 4: {Duplicates: 2}}
		for range 2 { // verdicts add up
			OnRequest(n, func(m *Message, _ *JunkArgs) Verdict { return verdict[m.N] })
		}
		require.NoError(t, e.Do("hooked.Tell", &JunkArgs{1}, new(JunkReply)))
		require.ErrorContains(t, e.Do("hooked.Tell", &JunkArgs{2}, new(JunkReply)), "request lost: hook")
		start := time.Now()
		require.NoError(t, e.Do("hooked.Tell", &JunkArgs{3}, new(JunkReply)))
		require.Equal(t, 60*ms, time.Since(start))
		require.NoError(t, e.Do("hooked.Tell", &JunkArgs{4}, new(JunkReply)))
		wait(n, ms)
		require.Len(t, h.got, 1+1+5)
		require.Equal(t, 4, l.count(Duplicated))
		require.Equal(t, 4, l.count(Ignored))

		OnReply(n, func(m *Message, _ *JunkReply) Verdict { return Verdict{Drop: true} })
		require.ErrorContains(t, e.Do("hooked.Tell", &JunkArgs{5}, new(JunkReply)), "reply lost: hook")
		require.Len(t, h.got, 8)
	})
}

// In a simulation, a hook may set things in motion: what it wakes has come to rest before the next event.
func TestHookMayWakeOthers(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, _ := serveHooked(n)
		bell := make(chan bool, 1)
		go func() {
			for cut := range bell {
				for range 1000 {
					runtime.Gosched()
				}
				n.SetLink("a", "b", Conditions{Cut: cut})
			}
		}()
		defer close(bell)
		for i := range 10 {
			bell <- false
			wait(n, ms)
			remove := OnRequest(n, func(m *Message, _ *int) Verdict { bell <- true; return Verdict{} })
			require.ErrorContains(t, e.Do("hooked.Number", i, new(int)), "request lost: cut")
			remove()
		}
	})
}

// In real time hooks are called from many goroutines.
func TestHookInRealTime(t *testing.T) {
	n, e, _ := courseNetwork(t)
	var seen atomic.Int64
	n.Hook(func(m *Message) Verdict { seen.Add(1); return Verdict{Drop: m.Reply && m.N%2 == 0} })
	for range 20 {
		e.Call("Junk.Twice", 1, new(int))
	}
	require.EqualValues(t, 40, seen.Load())
}
