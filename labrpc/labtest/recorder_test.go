package labtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// record publishes events that came in as given, in one step.
func record(events ...Event) (*recorder, []string) {
	r := newRecorder()
	var lines []string
	r.sinks = append(r.sinks, func(e Event) { lines = append(lines, e.Node+":"+e.Text) })
	for _, e := range events {
		r.add(&e)
	}
	r.flush()
	return r, lines
}

func TestEventsOfOneStepCommuteAcrossLanes(t *testing.T) {
	a1, a2 := Event{Node: "a", Text: "1"}, Event{Node: "a", Text: "2"}
	b1 := Event{Node: "b", Text: "1"}
	r, lines := record(b1, a1, a2)
	require.Equal(t, []string{"a:1", "a:2", "b:1"}, lines)
	for _, order := range [][]Event{{a1, b1, a2}, {a1, a2, b1}} {
		other, _ := record(order...)
		require.Equal(t, r.digest(), other.digest())
	}
	other, _ := record(a2, a1, b1)
	require.NotEqual(t, r.digest(), other.digest(), "a lane's own order counts")
}

func TestCausesComeBeforeConsequences(t *testing.T) {
	r := newRecorder()
	var kinds []string
	r.sinks = append(r.sinks, func(e Event) { kinds = append(kinds, e.Kind) })
	r.add(&Event{Node: "a", Kind: "report"})
	r.addCause(&Event{Node: "z", Kind: "delivered"}, nil)
	r.add(&Event{Node: "a", Kind: "earlier", At: -time.Second})
	r.flush()
	require.Equal(t, []string{"earlier", "delivered", "report"}, kinds)
}

func TestSinkMayRecord(t *testing.T) {
	r := newRecorder()
	var seqs []int
	r.sinks = append(r.sinks, func(e Event) {
		seqs = append(seqs, e.Seq)
		if e.Kind == "cause" {
			r.add(&Event{Kind: "consequence"})
		}
	})
	r.add(&Event{Kind: "cause"})
	r.add(&Event{Kind: "other"})
	r.flush()
	require.Equal(t, []int{0, 1, 2}, seqs)
	require.Equal(t, "consequence", r.last()[2].Kind)
}

func TestDigestCoversEveryField(t *testing.T) {
	base := Event{Seq: 1, At: 2, Kind: "k", Node: "n", To: "t", Method: "m", N: 3, Copy: 4, Bytes: 5, Sum: 6, Text: "x", State: 7}
	seen := map[string]Event{string(base.digestInto(nil)): base}
	for _, change := range []func(*Event){
		func(e *Event) { e.Seq++ }, func(e *Event) { e.At++ }, func(e *Event) { e.Kind += "'" }, func(e *Event) { e.Node += "'" },
		func(e *Event) { e.To += "'" }, func(e *Event) { e.Method += "'" }, func(e *Event) { e.N++ }, func(e *Event) { e.Copy++ },
		func(e *Event) { e.Bytes++ }, func(e *Event) { e.Sum++ }, func(e *Event) { e.Text += "'" }, func(e *Event) { e.State = 8 },
	} {
		e := base
		change(&e)
		key := string(e.digestInto(nil))
		require.NotContains(t, seen, key)
		seen[key] = e
	}
}
