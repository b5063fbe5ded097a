package labtest

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// bubble is one testing/synctest bubble, watched from outside.
type bubble struct {
	label    string        // whose it is: put on all its goroutines, so that a crash's traceback names it
	patience time.Duration // wall time without progress before the bubble counts as frozen
	id       atomic.Int64  // the runtime's number of the bubble, 0 until it runs
	progress atomic.Int64  // goes up with every step of the world
}

// outcome says how a bubble ended, when it did not end well: at most one of the
// two is not empty.
type outcome struct {
	frozen string // virtual time stood still: the goroutines that stop it
	leaked string // goroutines were left blocked when the world had ended
}

// run executes f in the bubble, on goroutines of its own, and waits until it has
// ended, or is frozen: then the bubble stays behind, since nothing can end it, and
// the process goes on without it.
func (b *bubble) run(t *testing.T, f func()) outcome {
	labelTracebacks()
	ended := make(chan outcome, 1)
	go func() {
		var out outcome
		defer func() {
			if p := recover(); p != nil {
				out.leaked = fmt.Sprint(p) + b.goroutines(func(string) bool { return true })
			}
			ended <- out
		}()
		label(b.label, "")
		synctest.Test(t, func(*testing.T) {
			b.id.Store(currentBubble())
			f()
		})
	}()

	tick := time.NewTicker(b.patience / 4)
	defer tick.Stop()
	seen, still := int64(-1), 0
	for {
		select {
		case out := <-ended:
			return out
		case <-tick.C:
			if p := b.progress.Load(); p != seen {
				seen, still = p, 0
			} else if still++; still >= 4 {
				return outcome{frozen: b.frozen()}
			}
		}
	}
}

// labelTracebacks has a panic in a node, which ends the process, say in whose run it
// was: the traceback of every goroutine shows its label.
var labelTracebacks = sync.OnceFunc(func() {
	settings := os.Getenv("GODEBUG")
	if settings != "" {
		settings += ","
	}
	os.Setenv("GODEBUG", settings+"tracebacklabels=1")
})

// frozen explains why virtual time stands still. Time moves only when every
// goroutine is blocked for good on something of the bubble; a goroutine that
// runs, or that waits for a mutex, holds it up.
func (b *bubble) frozen() string {
	culprits := b.goroutines(func(state string) bool { return !strings.Contains(state, "durable") })
	others := b.goroutines(func(state string) bool { return strings.Contains(state, "durable") })
	return fmt.Sprintf("virtual time has stood still for %v of wall time. It moves only when every goroutine waits on a channel, "+
		"a condition or a timer; waiting for a mutex does not count. Usual causes: a mutex held across a sleep, an RPC or a channel operation while "+
		"another goroutine wants it (look for sync.Mutex.Lock below, then for who holds it among the sleepers); a loop that spins without sleeping (running or runnable).\n"+
		"These hold up time:%s\nThese wait:%s", b.patience, culprits, others)
}

// goroutines returns the stacks of the bubble's goroutines whose state (as in
// "sleep (durable), synctest bubble 2") satisfies keep, without the kit's own.
func (b *bubble) goroutines(keep func(state string) bool) string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) || len(buf) >= 1<<26 {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	mark := fmt.Sprintf("synctest bubble %d", b.id.Load())
	var out strings.Builder
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		head, _, _ := strings.Cut(stack, "\n")
		_, state, ok := strings.Cut(head, "[")
		state, _, _ = strings.Cut(state, "]")
		state, _, _ = strings.Cut(state, " labels:")
		if !ok || !hasField(state, mark) || strings.Contains(stack, "internal/synctest.Run(") ||
			strings.Contains(stack, "testing/synctest.testingSynctestTest(") || !keep(state) {
			continue
		}
		out.WriteString("\n\n" + stack)
	}
	if out.Len() == 0 {
		return " none"
	}
	return out.String()
}

// hasField says whether one of the comma-separated fields of state is mark.
func hasField(state, mark string) bool {
	for f := range strings.SplitSeq(state, ",") {
		if strings.TrimSpace(f) == mark {
			return true
		}
	}
	return false
}
