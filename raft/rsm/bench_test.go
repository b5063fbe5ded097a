package rsm

import (
	"runtime"
	"testing"
)

// What an idle session takes: in memory, and in a snapshot.
func BenchmarkIdleSession(b *testing.B) {
	const many = 100_000
	type result struct { // of the size of a store's
		Err, Value string
		Version    int64
		Pairs      []int
	}
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		ss := newSessions[result](many)
		for i := range many {
			ss.open(session[result]{ID: int64(3 * i), Seq: 5, Last: result{Err: "OK", Version: 5}})
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/many, "bytes/session")
		snapshot, err := encodeSnapshot(ss.all(), func() ([]byte, error) { return nil, nil })
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(snapshot))/many, "snapshot-bytes/session")
		runtime.KeepAlive(ss)
	}
}
