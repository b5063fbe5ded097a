package labgob

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"reflect"
	"testing"
)

type benchEntry struct {
	Term    int
	Command any
}

type benchArgs struct {
	Term, LeaderID, PrevLogIndex, PrevLogTerm int
	Entries                                   []benchEntry
	LeaderCommit                              int
}

type benchOp struct {
	Kind, Key, Value string
	Client           int64
	Seq              int
}

func init() { Register(benchOp{}) }

func benchCommand(kind string) any {
	switch kind {
	case "string":
		return "x 17 some command"
	case "int":
		return 4711
	case "struct":
		return benchOp{"Append", "key", "x 0 17 y", 81928371, 17}
	default:
		return bytes.Repeat([]byte("b"), 100)
	}
}

// BenchmarkRoundTrip encodes and decodes a one-entry AppendEntries.
func BenchmarkRoundTrip(b *testing.B) {
	for _, kind := range []string{"string", "int", "struct", "bytes"} {
		args := benchArgs{7, 2, 1000, 7, []benchEntry{{7, benchCommand(kind)}}, 999}
		b.Run("command="+kind+"/primed", func(b *testing.B) {
			b.ReportAllocs()
			c, err := CodecFor(reflect.TypeFor[benchArgs]())
			if err != nil {
				b.Fatal(err)
			}
			var buf []byte
			for b.Loop() {
				buf, err = c.Append(buf[:0], &args)
				if err != nil {
					b.Fatal(err)
				}
				var got benchArgs
				if err := c.Decode(buf, &got); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(buf)), "bytes/msg")
		})
		b.Run("command="+kind+"/selfcontained", func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				var err error
				if buf, err = Marshal(&args); err != nil {
					b.Fatal(err)
				}
				var got benchArgs
				if err := Unmarshal(buf, &got); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(buf)), "bytes/msg")
		})
		// One pair of encoding/gob for all messages, none of which may be lost.
		b.Run("command="+kind+"/gobstream", func(b *testing.B) {
			b.ReportAllocs()
			var buf bytes.Buffer
			e, d := gob.NewEncoder(&buf), gob.NewDecoder(&buf)
			for b.Loop() {
				if err := e.Encode(&args); err != nil {
					b.Fatal(err)
				}
				var got benchArgs
				if err := d.Decode(&got); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("command="+kind+"/freshgob", func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				var buf bytes.Buffer
				if err := gob.NewEncoder(&buf).Encode(&args); err != nil {
					b.Fatal(err)
				}
				n = buf.Len()
				var got benchArgs
				if err := gob.NewDecoder(&buf).Decode(&got); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n), "bytes/msg")
		})
	}
}

func BenchmarkFingerprint(b *testing.B) {
	for _, kind := range []string{"string", "int", "struct", "bytes"} {
		args := benchArgs{7, 2, 1000, 7, []benchEntry{{7, benchCommand(kind)}}, 999}
		b.Run("command="+kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Fingerprint(&args)
			}
		})
	}
}

// BenchmarkPersist writes and reads back a log of a thousand entries, as solutions of the course do at every step.
func BenchmarkPersist(b *testing.B) {
	log := make([]benchEntry, 1000)
	for i := range log {
		log[i] = benchEntry{i / 10, benchOp{"Append", "key", "x 0 17 y", 81928371, i}}
	}
	type encoder interface{ Encode(any) error }
	type decoder interface{ Decode(any) error }
	run := func(b *testing.B, encoder func(*bytes.Buffer) encoder, decoder func(*bytes.Buffer) decoder) {
		b.ReportAllocs()
		for b.Loop() {
			var buf bytes.Buffer
			e := encoder(&buf)
			var term, vote int
			var got []benchEntry
			if e.Encode(7) != nil || e.Encode(2) != nil || e.Encode(log) != nil {
				b.Fatal("cannot encode")
			}
			if d := decoder(&buf); d.Decode(&term) != nil || d.Decode(&vote) != nil || d.Decode(&got) != nil {
				b.Fatal("cannot decode")
			}
		}
	}
	b.Run("labgob", func(b *testing.B) {
		run(b, func(w *bytes.Buffer) encoder { return NewEncoder(w) }, func(r *bytes.Buffer) decoder { return NewDecoder(r) })
	})
	b.Run("gob", func(b *testing.B) {
		run(b, func(w *bytes.Buffer) encoder { return gob.NewEncoder(w) }, func(r *bytes.Buffer) decoder { return gob.NewDecoder(r) })
	})
}

// BenchmarkSnapshot encodes a key/value store, whose keys have to be put in order.
func BenchmarkSnapshot(b *testing.B) {
	store := map[string]string{}
	for i := range 1000 {
		store[fmt.Sprint("key", i)] = "some value that is not so long"
	}
	b.Run("labgob", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Marshal(store); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gob", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := gob.NewEncoder(new(bytes.Buffer)).Encode(store); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCheckDefault looks at a reply as labrpc does before each call.
func BenchmarkCheckDefault(b *testing.B) {
	var reply struct {
		Term                        int
		Success                     bool
		ConflictIndex, ConflictTerm int
		Err                         string
	}
	b.ReportAllocs()
	for b.Loop() {
		CheckDefault(&reply)
	}
}
