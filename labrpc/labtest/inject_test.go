package labtest

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestInjectedFaultsOfOneInstant: they happen in the order in which they were injected; and where two injectors
// are awake in one step, in an order that the scheduler has no part in.
func TestInjectedFaultsOfOneInstant(t *testing.T) {
	isolate := func(nodes ...string) (s Schedule) {
		for _, n := range nodes {
			s = append(s, Fault{At: time.Second, For: time.Second, Kind: "isolate", Nodes: []string{n}})
		}
		return s
	}
	var began, ended []string
	res, _ := runOnce(t, func(w *World) {
		for _, name := range []string{"n/1", "n/2", "n/3", "n/4", "n/5"} {
			w.AddNode(name, func(*Node) func() { return func() {} })
		}
		w.OnEvent(func(e Event) {
			who := e.Text[max(0, len(e.Text)-1):]
			switch e.Kind {
			case "began":
				began = append(began, who)
			case "ended":
				ended = append(ended, who)
			}
		})
		awake := make(chan struct{})
		w.Go("slow", func() {
			<-awake
			w.Inject(isolate("n/5"))
		})
		w.Go("quick", func() {
			<-awake
			for range 1000 {
				runtime.Gosched() // quick as it is, it comes second
			}
			w.Inject(isolate("n/4"))
		})
		w.Sleep(0)
		close(awake)
		w.Wait()
		w.Sleep(3 * time.Second)
		require.Equal(w, []string{"4", "5"}, began)
		began, ended = nil, nil

		w.Inject(isolate("n/2", "n/3"))
		w.Inject(isolate("n/1"))
		w.Sleep(3 * time.Second)
	})
	require.True(t, res.OK && res.violation == nil, "%v", res.violation)
	require.Equal(t, []string{"2", "3", "1"}, began)
	require.Equal(t, began, ended)
}
