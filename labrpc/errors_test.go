package labrpc

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Wrong is a service that does what it should not.
type Wrong struct{}

func (Wrong) Panic(args int, reply *int)           { panic("ouch") }
func (Wrong) Nil(args int, reply *int)             { Wrong{}.nilMap()[1] = 1 }
func (Wrong) Exit(args int, reply *int)            { runtime.Goexit() }
func (Wrong) Chan(args int, reply *chan int)       {}
func (Wrong) Any(args int, reply *Box)             { reply.X = make(chan int) }
func (Wrong) Text(args int, reply *string)         { *reply = "text" }
func (Wrong) Takes(args JunkArgs, reply *int)      {}
func (Wrong) Stringer(args Stringer, reply *int)   {}
func (Wrong) Interface(args any, reply *string)    { *reply = args.(*JunkArgs).tell() }
func (Wrong) Decoder(args Undecodable, reply *int) {}
func (a *JunkArgs) tell() string                   { return strings.Repeat("x", a.X) }

func (Wrong) nilMap() map[int]int { return nil }

type Stringer interface{ String() string }
type Box struct{ X any }

// Undecodable panics when it is decoded.
type Undecodable struct{}

func (Undecodable) GobEncode() ([]byte, error) { return []byte("x"), nil }
func (*Undecodable) GobDecode([]byte) error    { panic("undecodable") }

// Unencodable panics when it is encoded.
type Unencodable struct{}

func (Unencodable) GobEncode() ([]byte, error) { panic("unencodable") }

type Pointer *Pointer

// logged collects what package labrpc logs.
func logged(t *testing.T) *syncBuffer {
	old, b := slog.Default(), new(syncBuffer)
	slog.SetDefault(slog.New(slog.NewTextHandler(b, nil)))
	t.Cleanup(func() { slog.SetDefault(old) })
	return b
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var wrongCalls = []struct {
	method      string
	args, reply any
	is          error
	text        string
}{
	{"Nobody.Twice", 1, new(int), ErrNoService, `Nobody.Twice of b by a: no such service: "Nobody"`},
	{"Twice", 1, new(int), ErrNoService, `no such service: ""`},
	{"", 1, new(int), ErrNoService, `no such service: ""`},
	{"Wrong.Twice", 1, new(int), ErrNoMethod, `Wrong.Twice of b by a: no such method: Wrong has none called "Twice"`},
	{"Wrong.", 1, new(int), ErrNoMethod, "no such method"},
	{"Wrong.Panic", 1, new(int), ErrPanic, "Wrong.Panic of b by a: handler panicked: ouch"},
	{"Wrong.Nil", 1, new(int), ErrPanic, "assignment to entry in nil map"},
	{"Wrong.Exit", 1, new(int), ErrPanic, "the handler ended its goroutine"},
	{"Wrong.Chan", 1, new(int), ErrBadType, "chan int can't be sent"},
	{"Wrong.Any", 1, new(Box), ErrBadType, "Wrong.Any of b by a: reply: wrong type: a *labrpc.Box can't be sent"},
	{"Wrong.Text", 1, new(int), ErrBadType, "Wrong.Text of b by a: reply: wrong type: a string does not fit into a *int"},
	{"Wrong.Takes", "text", new(int), ErrBadType, "arguments: wrong type: a string does not fit into a *labrpc.JunkArgs"},
	{"Wrong.Takes", struct{ Other int }{1}, new(int), ErrBadType, "arguments: wrong type"},
	{"Wrong.Stringer", 1, new(int), ErrBadType, "arguments: wrong type: a int is no labrpc.Stringer"},
	{"Wrong.Decoder", Undecodable{}, new(int), ErrBadType, "undecodable"},
	{"Wrong.Text", Unencodable{}, new(string), ErrBadType, "unencodable"},
	{"Wrong.Text", nil, new(string), ErrBadType, "Wrong.Text of b by a: arguments: wrong type: nil"},
	{"Wrong.Text", (*int)(nil), new(string), ErrBadType, "a *int can't be sent"},
	{"Wrong.Text", make(chan int), new(string), ErrBadType, "chan int can't be sent"},
	{"Wrong.Text", Pointer(nil), new(string), ErrBadType, "points to itself"},
	{"Wrong.Text", 1, nil, ErrBadType, "the reply must be a pointer that is not nil, it is a <nil>"},
	{"Wrong.Text", 1, "text", ErrBadType, "it is a string"},
	{"Wrong.Text", 1, (*string)(nil), ErrBadType, "it is a *string"},
}

// Each mistake fails the call, and nothing else: with an error to the caller, an event, and one line in the log.
func TestWrongCalls(t *testing.T) {
	for _, simulated := range []bool{true, false} {
		run := func(t *testing.T, n *Network) {
			text := logged(t)
			l := observe(n)
			s := MakeServer()
			s.AddService(MakeService(Wrong{}))
			n.AddServer("b", s)
			e := n.Dial("a", "b")
			for _, w := range wrongCalls {
				err := e.Do(w.method, w.args, w.reply)
				require.ErrorIs(t, err, w.is, w.text)
				require.ErrorContains(t, err, w.text)
				var call *CallError
				require.True(t, errors.As(err, &call))
				require.Equal(t, [4]string{"a", "a", "b", w.method}, [4]string{call.End, call.From, call.To, call.Method})
				last := l.last()
				require.Equal(t, Failed, last.Kind)
				require.Equal(t, call.Err.Error(), last.Why)

				require.False(t, e.Call(w.method, w.args, w.reply))
				done := make(chan error, 1)
				e.Go(w.method, w.args, w.reply, func(err error) { done <- err })
				require.Equal(t, err.Error(), (<-done).Error())
			}
			require.Contains(t, text.String(), "Nobody.Twice of b by a: no such service")
			require.Contains(t, text.String(), "labrpc: Wrong.Panic at b: handler panicked: ouch")
			require.Contains(t, text.String(), "Wrong.Panic(") // in the stack
			require.Equal(t, 1, strings.Count(text.String(), "Wrong.Takes of b by a: arguments: wrong type: a string"), "once")
			var reply string
			require.True(t, e.Call("Wrong.Interface", &JunkArgs{3}, &reply), "life goes on")
			require.Equal(t, "xxx", reply)
		}
		t.Run(fmt.Sprintf("simulated=%v", simulated), func(t *testing.T) {
			if simulated {
				simulate(t, 1, run)
				return
			}
			n := NewNetwork(Options{Seed: 1})
			defer n.Cleanup()
			run(t, n)
		})
	}
}

// The causes of a lost call.
func TestLostCalls(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		serve(n, "b")
		e := n.MakeEnd("random name")
		do := func() string { return e.Do("counter.Add", 1, new(int)).Error() }
		const by = "by end#0 (random name): no reply: "
		require.Equal(t, "labrpc: counter.Add of nobody "+by+"request lost: the end is not connected", do())
		n.Connect("random name", "b")
		require.Equal(t, "labrpc: counter.Add of b "+by+"request lost: the end is disabled", do())
		n.Enable("random name", true)
		require.NoError(t, e.Do("counter.Add", 1, new(int)))
		n.SetDefault(Conditions{Delay: Constant(10 * ms)})
		n.At(time.Now().Add(5*ms), "x", func() { n.DeleteServer("b") })
		require.Equal(t, "labrpc: counter.Add of b "+by+"request lost: no server", do())
		serve(n, "b")
		n.At(time.Now().Add(5*ms), "x", func() { n.Enable("random name", false) })
		require.Equal(t, "labrpc: counter.Add of b "+by+"request lost: the end is disabled", do())
		n.DeleteEnd("random name")
		require.Equal(t, "labrpc: counter.Add of b "+by+"request lost: the end is deleted", do())
		require.ErrorIs(t, e.Do("counter.Add", 1, new(int)), ErrLost)
	})
}
