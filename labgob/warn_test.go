package labgob

import (
	"bytes"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// The first three tests are what the course asks of errorCount.

type plainPart struct {
	Number0, Number1 int
	Text0, Text1     string
}

type plain struct {
	Slice []plainPart
	Map   map[int]*plainPart
	Any   any
}

type inAny struct{ Number999 int }

// captureLog returns what is logged from now on, all warnings that were given before forgotten.
func captureLog(t *testing.T) *bytes.Buffer {
	toldDefault = map[string]bool{}
	slots.Range(func(_, s any) bool {
		s.(*slot).checked.Store(false)
		s.(*slot).warned.Store(false)
		s.(*slot).codec.Store(nil)
		return true
	})
	var b bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	t.Cleanup(func() { slog.SetDefault(old) })
	return &b
}

func TestNothingToWarnAbout(t *testing.T) {
	log := captureLog(t)
	errorCount = 0
	Register(inAny{})
	var w bytes.Buffer
	e := NewEncoder(&w)
	part := plainPart{Number1: 1, Text1: "6.824"}
	all := plain{[]plainPart{{}, part}, map[int]*plainPart{99: {1, 2, "x", "y"}}, inAny{999}}
	for _, v := range []any{0, 1, part, all} {
		require.NoError(t, e.Encode(v))
	}
	d := NewDecoder(bytes.NewReader(w.Bytes()))
	var x0, x1 int
	var gotPart plainPart
	var got plain
	for _, v := range []any{&x0, &x1, &gotPart, &got} {
		require.NoError(t, d.Decode(v))
	}
	require.Equal(t, 0, x0)
	require.Equal(t, 1, x1)
	require.Equal(t, part, gotPart)
	require.Equal(t, all, got)
	require.Equal(t, 0, errorCount)
	require.Empty(t, log.String())
}

type lowerCase struct {
	Yes int
	no  int
}

func TestWarnsOfLowerCase(t *testing.T) {
	log := captureLog(t)
	errorCount = 0
	var w bytes.Buffer
	for range 3 {
		require.NoError(t, NewEncoder(&w).Encode([]map[*lowerCase]int{}))
		var got []map[lowerCase]int
		require.NoError(t, NewDecoder(&w).Decode(&got))
		_, err := Marshal(lowerCase{Yes: 1, no: 2})
		require.NoError(t, err)
	}
	require.Equal(t, 1, errorCount)
	require.Equal(t, 1, strings.Count(log.String(), "lower-case"), log)
	require.Contains(t, log.String(), "field=no type=labgob.lowerCase")
}

func TestWarnsOfNonDefault(t *testing.T) {
	type reply struct{ X int }
	log := captureLog(t)
	errorCount = 0
	var w bytes.Buffer
	require.NoError(t, NewEncoder(&w).Encode(reply{}))
	got := reply{99}
	require.NoError(t, NewDecoder(&w).Decode(&got))
	require.Equal(t, reply{99}, got, "the zero did not travel")
	require.Equal(t, 1, errorCount)
	require.Contains(t, log.String(), "variable=labgob.reply.X")

	// The second time it is counted, but not said again.
	log.Reset()
	CheckDefault(&got)
	require.Equal(t, 2, errorCount)
	require.Empty(t, log.String())
}

func TestCheckDefaultLooksAtPlainFields(t *testing.T) {
	captureLog(t)
	type part struct {
		A string
		b int //lint:ignore U1000 it is there to be lower-case
	}
	type all struct {
		P  *part
		S  []part
		M  map[string]int
		F  float64
		I  any
		C  complex64
		In struct{ B bool }
		Up *all
	}
	round := &all{}
	round.Up = round
	for _, x := range []struct {
		v     any
		dirty bool
	}{
		{nil, false}, {3, false}, {(*all)(nil), false}, {new(int), false}, {&all{}, false}, {&all{P: &part{}}, false}, {&all{S: []part{{A: "x"}}}, false},
		{&all{M: map[string]int{"x": 1}}, false}, {&all{I: 3}, false}, {round, false}, {&all{P: &part{A: "x"}}, true}, {&all{F: 0.5}, true}, {&all{C: 1i}, true},
		{&all{In: struct{ B bool }{true}}, true}, {&all{Up: &all{F: 1}}, true}, {ptr(ptr(7)), true},
	} {
		errorCount = 0
		CheckDefault(x.v)
		require.Equal(t, x.dirty, errorCount == 1, "%+v", x.v)
	}
}

func ptr[T any](v T) *T { return &v }

// TestEveryDoorWarns sends a type of its own through each function that ought to look.
func TestEveryDoorWarns(t *testing.T) {
	type (
		a struct{ X, x int } //lint:ignore U1000 all of them are there to be lower-case
		b struct{ X, x int } //lint:ignore U1000 .
		c struct{ X, x int } //lint:ignore U1000 .
		d struct{ X, x int } //lint:ignore U1000 .
		e struct{ X, x int } //lint:ignore U1000 .
		f struct{ X, x int } //lint:ignore U1000 .
		g struct {
			X    []*a
			_    int
			Self *g
			h    map[string]int //lint:ignore U1000 .
		}
	)
	log := captureLog(t)
	for _, door := range []func(){
		func() { Register(a{}) },
		func() { RegisterName("b", []b{}) },
		func() { _ = NewEncoder(new(bytes.Buffer)).Encode(map[string][]*c{}) },
		func() { _ = NewDecoder(new(bytes.Buffer)).Decode(new([2]d)) },
		func() { _, _ = CodecFor(reflect.TypeFor[e]()) },
		func() {
			codec, _ := CodecFor(reflect.TypeFor[struct{ X int }]())
			_ = codec.Decode(nil, new(f))
		},
		func() { _ = NewEncoder(new(bytes.Buffer)).EncodeValue(reflect.ValueOf(g{})) },
	} {
		errorCount = 0
		door()
		door()
		require.Equal(t, 1, errorCount, log)
		log.Reset()
	}
}

func TestErrorCountIsRaceFree(t *testing.T) {
	captureLog(t)
	errorCount = 0
	dirty := 5
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { CheckDefault(&dirty) })
	}
	wg.Wait()
	require.Equal(t, 50, errorCount)
}
