package trace_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labgob"
	"6.824/labrpc/labtest/trace"
)

type color int

func (c color) String() string { return [...]string{"red", "green"}[c] }

type command struct{ Key string }

type everything struct {
	Name    string
	Color   color
	Role    *color
	Command any
	Data    []byte
	Encoded []byte
	Mixed   []byte
	Map     map[int]string
	List    []int
	Nothing []int
	Sum     uint64
	Ratio   float64
	For     time.Duration
	Self    *everything
	hidden  int
}

func TestAppendValue(t *testing.T) {
	green := color(1)
	v := everything{
		Name: "a \"b\" \x00 \xff </script>", Color: 0, Role: &green, Command: &command{"x"}, Data: []byte("plain text"), Mixed: []byte("key\x01"),
		Map: map[int]string{2: "two", 1: "one"}, List: []int{1, 2, 3}, Sum: math.MaxUint64, Ratio: math.NaN(), For: time.Second, hidden: 1,
		Encoded: []byte{0xff, 0xfe, 0xfd, 0x00},
	}
	require.JSONEq(t, `{"Name":"a \"b\" \u0000 \ufffd </script>","Color":"red","Role":"green","Command":{"_":"command","Key":"x"},
		"Data":"plain text","Encoded":"0xfffefd00","Mixed":"key\\x01","Map":{"1":"one","2":"two"},"List":[1,2,3],"Nothing":null,
		"Sum":"18446744073709551615","Ratio":"NaN","For":"1s","Self":null}`, string(trace.AppendValue(nil, v, 100)))
	require.NotContains(t, string(trace.AppendValue(nil, v, 100)), "<", "it can stand in a page")
	require.Equal(t, `null`, string(trace.AppendValue(nil, nil, 10)))
	require.Equal(t, `7`, string(trace.AppendValue(nil, color(7), 10)), "a String method that panics says nothing")
}

func TestWhatIsLongIsCut(t *testing.T) {
	require.Equal(t, `"ää… (8 bytes)"`, string(trace.AppendValue(nil, "ääää", 5)))
	require.Equal(t, `[1,2,"… (3 in all)"]`, string(trace.AppendValue(nil, []int{1, 2, 3}, 2)))
	require.Equal(t, `"abc… (5 bytes)"`, string(trace.AppendValue(nil, []byte("abcde"), 3)))
	require.Equal(t, `{"a":1,"…":"2 in all"}`, string(trace.AppendValue(nil, map[string]int{"b": 2, "a": 1}, 1)))
}

func TestWhatGoesRoundInCircles(t *testing.T) {
	v := &everything{Name: "me"}
	v.Self = v
	line := trace.AppendValue(nil, v, 10)
	require.True(t, json.Valid(line))
	require.Contains(t, string(line), `"…"`)
}

// A log entry's command is of any type, and travels encoded.
func TestEncodedCommandsAreDecoded(t *testing.T) {
	type data struct{ C any }
	labgob.Register(command{})
	v := data{command{"k"}}
	codec, err := labgob.CodecFor(reflect.TypeOf(v))
	require.NoError(t, err)
	b, err := codec.Append(nil, v)
	require.NoError(t, err)
	require.JSONEq(t, `{"_":"command","Key":"k"}`, string(trace.AppendValue(nil, b, 100)))
	require.NotContains(t, string(trace.AppendValue(nil, b[:len(b)-1], 100)), `"_"`)
}

func TestWriteAndRead(t *testing.T) {
	events := []trace.Event{
		{Seq: 0, Kind: "start", Node: "raft/0", Text: "incarnation 1"},
		{Seq: 1, At: 5, Kind: "sent", Node: "raft/0", To: "raft/1", Method: "Raft.RequestVote", N: 1, Copy: 2, Bytes: 7, Sum: math.MaxUint64},
		{Seq: 2, At: 6, Kind: "report", Node: "raft/0", State: json.RawMessage(`{"Term":1}`)},
		{Seq: 2, At: 6, Kind: trace.Shown, Node: "raft/0", Text: "line\nand \"quote\" \u2028", State: json.RawMessage(`3`)},
	}
	header := trace.Header{Version: trace.Version, Suite: "raft", Scenario: "TestX", Seed: 7, Doc: "d", Paper: "p", Again: "go test"}
	footer := trace.Footer{Digest: "abc", Check: "c", Text: "t", At: 3, Seq: 1}
	order := trace.Order{Order: []trace.Operation{{Client: "client/0", N: 3}}, Legal: true}
	b, err := trace.AppendLine(nil, header)
	require.NoError(t, err)
	for i := range events {
		b = trace.AppendEvent(b, &events[i])
	}
	b, _ = trace.AppendLine(b, trace.Content{Of: 1, Content: json.RawMessage(`{"Term":1}`)})
	b, _ = trace.AppendLine(b, order)
	whole, _ := trace.AppendLine(b, footer)

	path := filepath.Join(t.TempDir(), "x.jsonl")
	require.NoError(t, os.WriteFile(path, whole, 0o644))
	got, err := trace.Read(path)
	require.NoError(t, err)
	want := &trace.Trace{Path: path, Header: header, Events: events, Contents: map[int]json.RawMessage{1: json.RawMessage(`{"Term":1}`)}, Orders: []trace.Order{order}, Footer: &footer}
	require.Equal(t, want, got)
	require.Equal(t, "failed: c: t", got.End())

	require.NoError(t, os.WriteFile(path, whole[:len(whole)-3], 0o644))
	got, err = trace.Read(path)
	require.NoError(t, err)
	require.Nil(t, got.Footer)
	require.Equal(t, "no end: the process was gone after 4 events", got.End())
}

func TestEventsAreJSON(t *testing.T) {
	for _, s := range []string{"", "plain", "a\"b\\c\n\t\r\x01\x7f", "\xff\xc3", "\u2028é😀", "<b>"} {
		var e trace.Event
		require.NoError(t, json.Unmarshal(trace.AppendEvent(nil, &trace.Event{Kind: "note", Text: s}), &e))
		require.Equal(t, strings.ToValidUTF8(s, "\ufffd"), strings.ReplaceAll(e.Text, "\ufffd\ufffd", "\ufffd"))
	}
}
