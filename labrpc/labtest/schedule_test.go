package labtest

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
)

// oneOfEach is a schedule with a fault of every kind.
func oneOfEach() Schedule {
	const ms = time.Millisecond
	one := []string{"raft/0"}
	return Schedule{
		{At: 1200 * ms, For: 800 * ms, Kind: "partition", Groups: [][]string{{"raft/0"}, {"raft/1", "raft/2"}}},
		{At: 100 * ms, Kind: "cut", From: one, To: []string{"raft/1", "raft/2"}},
		{At: 100 * ms, For: time.Second, Kind: "link", From: []string{"*"}, To: one, Link: &labrpc.Conditions{
			DropRequest: 0.25, DropReply: 0.5, Duplicate: 0.1, Reorder: 0.2, ReorderBy: labrpc.Uniform(0, 20*ms),
			Delay: labrpc.Bimodal(labrpc.Constant(ms), labrpc.Exponential(time.Second), 0.01), Bandwidth: 1000, Queue: 7,
		}},
		{At: 300 * ms, For: ms, Kind: "hold", Nodes: one},
		{At: 300 * ms, For: ms, Kind: "hold", From: one, To: []string{"client*"}},
		{At: 2 * time.Hour, Kind: "crash", Nodes: one, Mode: Torn},
		{At: 0, Kind: "restart", Nodes: one, Mode: Lose},
		{At: 1, For: time.Minute, Kind: "pause", Nodes: one},
		{At: 5 * ms, Kind: "skew", Nodes: one, Pace: 1.25},
		{At: 5 * ms, Kind: "slowdisk", Nodes: one, Latency: labrpc.Exponential(5 * ms)},
		{At: 6 * ms, Kind: "failwrites", Nodes: one, N: -1},
		{At: 7 * ms, For: time.Second, Kind: "crashatwrite", Nodes: one, N: 3, Mode: Keep},
		{At: 8 * ms, For: time.Second, Kind: "isolate", Nodes: []string{"raft/0", "raft/1"}},
		{At: 9 * ms, For: time.Second, Kind: "clients", Nodes: one},
		{At: 10 * ms, For: time.Second, Kind: "unreliable"},
		{At: 11 * ms, For: time.Second, Kind: "long-reordering"},
	}
}

func TestScheduleComesBackAsItWas(t *testing.T) {
	s := oneOfEach()
	used := map[string]bool{}
	for _, f := range s {
		used[f.Kind] = true
	}
	require.Len(t, used, len(Kinds()), "this test knows all kinds: %v", Kinds())

	var b bytes.Buffer
	n, err := s.WriteTo(&b)
	require.NoError(t, err)
	require.EqualValues(t, b.Len(), n)
	require.Contains(t, b.String(), `{"at":"1.2s","for":"800ms","kind":"partition","groups":[["raft/0"],["raft/1","raft/2"]]}`+"\n")
	require.Contains(t, b.String(), `"dropRequest":0.25`, "flat")
	loaded, err := LoadSchedule(&b)
	require.NoError(t, err)
	require.Equal(t, s.sorted(), loaded)
	require.NoError(t, s.Validate([]string{"raft/0", "raft/1", "raft/2"}))
}

func TestScheduleReadsAsLines(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(oneOfEach().String()), "\n")
	require.Len(t, lines, len(oneOfEach()))
	require.Equal(t, []string{
		"0.000000s restart raft/0 lose",
		"0.000000s for 1m0s pause raft/0",
		"0.005000s skew raft/0 pace=1.25",
		"0.005000s slowdisk raft/0 latency=exponential(5ms)",
		"0.006000s failwrites raft/0 n=-1",
		"0.007000s for 1s crashatwrite raft/0 keep n=3",
		"0.008000s for 1s isolate raft/0 raft/1",
		"0.009000s for 1s clients raft/0",
		"0.010000s for 1s unreliable",
		"0.011000s for 1s long-reordering",
		"0.100000s cut raft/0 → raft/1,raft/2",
		"0.100000s for 1s link * → raft/0 dropRequest=0.25 dropReply=0.5 duplicate=0.1 reorder=0.2 reorderBy=uniform(0s, 20ms) delay=bimodal(constant(1ms), exponential(1s), 0.01) bandwidth=1000B/s queue=7",
		"0.300000s for 1ms hold raft/0",
		"0.300000s for 1ms hold raft/0 → client*",
		"1.200000s for 800ms partition raft/0 | raft/1 raft/2",
		"7200.000000s crash raft/0 torn",
	}, lines)
}

func TestLoadSkipsCommentsAndSaysWhatIsWrongWhere(t *testing.T) {
	s, err := LoadSchedule(strings.NewReader("# by hand\n\n  {\"at\":\"1s\",\"kind\":\"pause\",\"nodes\":[\"a\"]}  \n"))
	require.NoError(t, err)
	require.Equal(t, Schedule{{At: time.Second, Kind: "pause", Nodes: []string{"a"}}}, s)
	s, err = LoadSchedule(strings.NewReader(""))
	require.NoError(t, err)
	require.NotNil(t, s, "an empty schedule is one, too")

	for line, want := range map[string]string{
		`{"at":"1s","kind":"meteor","nodes":["a"]}`:                  `there is no kind "meteor" of faults, only clients, crash,`,
		`{"at":"1s","kind":"crash","nodes":["a"],"node":"b"}`:        `unknown field "node"`,
		`{"at":"-1s","kind":"crash","nodes":["a"]}`:                  `a time can't be negative`,
		`{"at":"1s","for":"-1s","kind":"crash","nodes":["a"]}`:       `a time can't be negative`,
		`{"at":"soon","kind":"crash","nodes":["a"]}`:                 `"at" must be a time such as "1.5s", not "soon"`,
		`{"kind":"crash","nodes":["a"]}`:                             `"at" must be a time such as "1.5s", not ""`,
		`{"at":"1s","for":"5","kind":"crash","nodes":["a"]}`:         `"for" must be a time such as "800ms", not "5"`,
		`{"at":7,"kind":"crash","nodes":["a"]}`:                      `at can't be a number`,
		`{"at":"1s","kind":"crash","nodes":"a"}`:                     `nodes can't be a string`,
		`{"at":"1s","kind":"crash"}`:                                 `a crash needs "nodes"`,
		`{"at":"1s","kind":"crash","nodes":["a"],"mode":"soft"}`:     `there is no crash mode "soft", only keep, lose, torn`,
		`{"at":"1s","kind":"crash","nodes":["a"],"pace":2}`:          `a crash has no "pace"`,
		`{"at":"1s","kind":"crash","nodes":["a"],"cut":true}`:        `a crash has no conditions`,
		`{"at":"1s","kind":"restart","nodes":["a"],"for":"1s"}`:      `a restart has no "for"`,
		`{"at":"1s","kind":"cut","from":["a"]}`:                      `a cut needs "to"`,
		`{"at":"1s","kind":"hold","nodes":["a"],"to":["b"]}`:         `a hold has no "to"`,
		`{"at":"1s","kind":"link","nodes":["a"]}`:                    `a link needs conditions ("dropRequest"`,
		`{"at":"1s","kind":"link","nodes":["a"],"dropReply":1.5}`:    `a probability is from 0 to 1, not 1.5`,
		`{"at":"1s","kind":"link","nodes":["a"],"delay":"slow(1s)"}`: `"slow(1s)"`,
		`{"at":"1s","kind":"link","nodes":["a"],"queue":3}`:          `a queue only fills where there is a bandwidth`,
		`{"at":"1s","kind":"skew","nodes":["a"]}`:                    `a skew needs "pace"`,
		`{"at":"1s","kind":"skew","nodes":["a"],"pace":-1}`:          `a pace must be above 0`,
		`{"at":"1s","kind":"failwrites","nodes":["a"],"n":-2}`:       `-1 for all, not -2`,
		`{"at":"1s","kind":"crashatwrite","nodes":["a"],"n":-2}`:     `from 1, not -2`,
		`crash a`: `not JSON`,
		`{"at":"1s","kind":"pause","nodes":["a"]} {}`: `not JSON`,
		`[]`: `a fault can't be a array`,
		`{"at":"1s","kind":"pause","nodes":["` + strings.Repeat("x", maxLine) + `"]}`: `token too long`,
	} {
		_, err := LoadSchedule(strings.NewReader("# a comment\n" + line + "\n"))
		require.ErrorContains(t, err, want, line)
		require.ErrorContains(t, err, "line 2: ", line)
		require.NotContains(t, err.Error(), "json:", line)
	}
	_, err = LoadSchedule(iotestErr{})
	require.ErrorContains(t, err, "no disk")
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errors.New("no disk") }

func TestSuperfluousFieldsDoNoHarm(t *testing.T) {
	f := Fault{Kind: "isolate", Nodes: []string{"a"}, Mode: Lose, From: []string{"b"}, N: 3, Pace: 2, Link: &labrpc.Conditions{Cut: true}, Latency: labrpc.Constant(1), Groups: [][]string{{"c"}}}
	var b bytes.Buffer
	_, err := Schedule{f}.WriteTo(&b)
	require.NoError(t, err)
	s, err := LoadSchedule(&b)
	require.NoError(t, err)
	require.Equal(t, Schedule{{Kind: "isolate", Nodes: []string{"a"}}}, s)
}

func TestValidateKnowsWhoIsThere(t *testing.T) {
	nodes := []string{"raft/0", "raft/1"}
	require.NoError(t, Schedule{{Kind: "pause", Nodes: []string{"raft/1", "raft/*"}}, {Kind: "cut", From: []string{"client/3"}, To: nodes}}.Validate(nodes))
	for _, f := range []Fault{
		{Kind: "pause", Nodes: []string{"raft/2"}},
		{Kind: "partition", Groups: [][]string{nodes, {"raft/2"}}},
		{Kind: "cut", From: nodes, To: []string{"raft/2"}},
		{Kind: "cut", To: nodes, From: []string{"raft/2*"}},
	} {
		require.ErrorContains(t, Schedule{f}.Validate(nodes), `there is no node "raft/2`)
	}
	require.ErrorContains(t, Schedule{{Kind: "pause"}}.Validate(nodes), `a pause needs "nodes"`)
	require.ErrorContains(t, Schedule{{Kind: "paws"}}.Validate(nodes), `no kind "paws"`)
	_, err := Schedule{{Kind: "pause"}}.WriteTo(&bytes.Buffer{})
	require.Error(t, err, "what could not be read is not written")
}

func TestEveryKindIsDocumented(t *testing.T) {
	for _, name := range Kinds() {
		require.NotEmpty(t, kinds[name].doc, name)
		require.NotContains(t, KindDoc(name), "\n", name)
		require.True(t, kinds[name].link != nil || kinds[name].begin != nil || kinds[name].switches, name)
	}
	require.Empty(t, KindDoc("meteor"))
	require.Contains(t, KindDoc("hold"), "(nodes, or from to)")
	require.NotContains(t, KindDoc("unreliable"), "(", "it has no fields")
}

func FuzzLoadSchedule(f *testing.F) {
	var b bytes.Buffer
	oneOfEach().WriteTo(&b)
	f.Add(b.Bytes())
	f.Add([]byte(`{"at":"1s","kind":"link","nodes":["a"],"delay":"bimodal(1ms, 2s, 0.5)"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := LoadSchedule(bytes.NewReader(in))
		if err != nil {
			return
		}
		var out bytes.Buffer
		_, err = s.WriteTo(&out)
		require.NoError(t, err, "what was read can be written")
		again, err := LoadSchedule(&out)
		require.NoError(t, err)
		require.Equal(t, s.String(), again.String())
	})
}
