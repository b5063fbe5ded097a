package labtest

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
)

// testDisk returns an empty disk and where it tells of its writes.
func testDisk(seed uint64) (*Disk, *[]DiskWrite) {
	var mu sync.Mutex
	var told []DiskWrite
	d := newDisk(rand.New(rand.NewPCG(seed, 0)), func(w DiskWrite) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, w)
	})
	return d, &told
}

func contents(v *Volume, name string) string {
	b, ok := v.Read(name)
	if !ok {
		return "(none)"
	}
	return string(b)
}

func TestAppendIsReadAtOnceAndDurableAfterSync(t *testing.T) {
	for mode, want := range map[CrashMode]string{Keep: "onetwo", Lose: "one"} {
		d, _ := testDisk(1)
		v := d.Open()
		require.NoError(t, v.Append("log", []byte("one")))
		require.NoError(t, v.Sync())
		require.NoError(t, v.Append("log", []byte("two")))
		require.NoError(t, v.Append("new", nil))
		require.Equal(t, "onetwo", contents(v, "log"))
		require.Equal(t, 6, v.Size("log"))
		d.crash(mode)
		v = d.Open()
		require.Equal(t, want, contents(v, "log"), mode)
		require.Equal(t, len(want), v.Size("log"), mode)
		require.NoError(t, v.Append("log", []byte("!")))
		require.Equal(t, want+"!", contents(v, "log"), mode)
		_, exists := v.Read("new")
		require.False(t, exists, "an empty file that was never synced is gone")
	}
}

func TestTornLeavesAnyPrefixOfEachFile(t *testing.T) {
	const synced, unsynced = "0123456789", "abcdefghij"
	seen := map[string]map[int]bool{"a": {}, "b": {}}
	differ := 0
	for seed := range uint64(400) {
		crashed := func() (v *Volume) {
			d, _ := testDisk(seed)
			v = d.Open()
			for name := range seen {
				require.NoError(t, v.Append(name, []byte(synced)))
			}
			require.NoError(t, v.Sync())
			for name := range seen {
				require.NoError(t, v.Append(name, []byte(unsynced[:7])))
				require.NoError(t, v.Append(name, []byte(unsynced[7:])))
			}
			d.crash(Torn)
			d.crash(Lose) // what survived a crash is durable
			return d.Open()
		}
		v := crashed()
		again := crashed()
		for name := range seen {
			got := contents(v, name)
			require.True(t, strings.HasPrefix(synced+unsynced, got))
			require.GreaterOrEqual(t, len(got), len(synced))
			seen[name][len(got)-len(synced)] = true
			require.Equal(t, got, contents(again, name), "the same seed tears the same way")
		}
		if contents(v, "a") != contents(v, "b") {
			differ++
		}
	}
	for name, lengths := range seen {
		require.Len(t, lengths, len(unsynced)+1, name)
	}
	require.Greater(t, differ, 200, "files are torn independently")
}

func TestFateOfACrashDoesNotDependOnEarlierWrites(t *testing.T) {
	torn := func(more int) string {
		d, _ := testDisk(7)
		v := d.Open()
		for range more {
			require.NoError(t, v.Append("other", []byte("x")))
			require.NoError(t, v.Sync())
		}
		require.NoError(t, v.Append("log", make([]byte, 1000)))
		d.crash(Torn)
		return contents(d.Open(), "log")
	}
	require.Equal(t, torn(0), torn(5))
}

func TestVolumeIsFencedByOpenAndCrash(t *testing.T) {
	for what, fence := range map[string]func(*Disk){
		"open": func(d *Disk) { d.Open() }, "crash": func(d *Disk) { d.crash(Keep) },
	} {
		d, told := testDisk(1)
		v := d.Open()
		require.NoError(t, v.Append("log", []byte("one")))
		fence(d)
		before := len(*told)
		require.ErrorIs(t, v.Append("log", []byte("two")), ErrFenced, what)
		require.ErrorIs(t, v.Replace(map[string][]byte{"log": nil}), ErrFenced, what)
		require.ErrorIs(t, v.Sync(), ErrFenced, what)
		require.Len(t, *told, before, "nobody is told of what does not happen")
		require.Equal(t, "one", contents(d.Open(), "log"), what)
	}
}

func TestReplaceIsDurableAndLeavesOthersAlone(t *testing.T) {
	d, _ := testDisk(1)
	v := d.Open()
	require.NoError(t, v.Append("log", []byte("long")))
	require.NoError(t, v.Append("other", []byte("unsynced")))
	b := []byte("state")
	require.NoError(t, v.Replace(map[string][]byte{"log": b, "gone": nil, "empty": {}}))
	b[0] = '?'
	require.NoError(t, v.Append("log", []byte("+")))
	got, _ := v.Read("log")
	got[0] = '!'
	require.Equal(t, "state+", contents(v, "log"), "neither side shares memory")
	d.crash(Lose)
	v = d.Open()
	require.Equal(t, "state", contents(v, "log"))
	require.Equal(t, "(none)", contents(v, "other"))
	require.Equal(t, "", contents(v, "empty"))
	require.NoError(t, v.Replace(map[string][]byte{"log": nil}))
	require.Equal(t, "(none)", contents(v, "log"))
	require.Zero(t, v.Size("log"))
}

func TestLatencyTakesVirtualTimeAndHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := testDisk(1)
		v := d.Open()
		d.SetLatency(labrpc.Constant(50 * time.Millisecond))
		start := time.Now()
		require.NoError(t, v.Append("log", []byte("one")))
		require.Zero(t, time.Since(start), "an append is buffered")
		done := make(chan error)
		go func() { done <- v.Sync() }()
		time.Sleep(10 * time.Millisecond)
		require.NoError(t, v.Append("log", []byte("two"))) // goes through while the sync waits
		require.NoError(t, <-done)
		require.InDelta(t, 50*time.Millisecond, time.Since(start), float64(time.Microsecond))
		d.crash(Lose)
		v = d.Open()
		require.Equal(t, "one", contents(v, "log"), "a sync covers what there was when it began")

		go func() { done <- v.Replace(map[string][]byte{"log": []byte("new")}) }()
		time.Sleep(10 * time.Millisecond)
		d.crash(Keep)
		require.ErrorIs(t, <-done, ErrFenced)
		v = d.Open()
		require.Equal(t, "one", contents(v, "log"), "the crash came before the replace took effect")

		d.SetLatency(labrpc.Dist{})
		start = time.Now()
		require.NoError(t, v.Sync())
		require.Zero(t, time.Since(start))
	})
}

func TestSyncDoesNotCoverAFileReplacedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := testDisk(1)
		v := d.Open()
		require.NoError(t, v.Append("log", []byte("a long line")))
		d.SetLatency(labrpc.Constant(time.Second))
		go v.Sync()
		synctest.Wait()
		d.SetLatency(labrpc.Dist{})
		require.NoError(t, v.Replace(map[string][]byte{"log": []byte("new")}))
		require.NoError(t, v.Append("log", []byte("+tail")))
		time.Sleep(2 * time.Second)
		d.crash(Lose)
		require.Equal(t, "new", contents(d.Open(), "log"))
	})
}

func TestFailedWritesChangeNothing(t *testing.T) {
	d, told := testDisk(1)
	v := d.Open()
	require.NoError(t, v.Append("log", []byte("one")))
	d.FailWrites(3)
	require.ErrorIs(t, v.Append("log", []byte("two")), ErrDisk)
	require.ErrorIs(t, v.Replace(map[string][]byte{"log": nil}), ErrDisk)
	require.ErrorIs(t, v.Sync(), ErrDisk)
	require.Equal(t, "one", contents(v, "log"))
	require.ErrorIs(t, (*told)[3].Err, ErrDisk)
	require.NoError(t, v.Append("log", []byte("three")))
	d.crash(Lose)
	v = d.Open()
	require.Equal(t, "(none)", contents(v, "log"), "the sync that failed made nothing durable")
	d.FailWrites(-1)
	for range 100 {
		require.ErrorIs(t, v.Sync(), ErrDisk)
	}
	d.FailWrites(0)
	require.NoError(t, v.Sync())
}

func TestCrashAtWriteHitsTheKthWrite(t *testing.T) {
	write := map[string]func(*Volume) error{
		"append":  func(v *Volume) error { return v.Append("log", []byte("+new")) },
		"sync":    func(v *Volume) error { return v.Sync() },
		"replace": func(v *Volume) error { return v.Replace(map[string][]byte{"log": []byte("replaced")}) },
	}
	// What is left of a log with "old" durable and "+mid" not, when the third write crashes in it.
	want := map[string]map[CrashMode][]string{
		"append":  {Keep: {"old+mid+new"}, Lose: {"old"}, Torn: prefixes("old", "+mid+new")},
		"sync":    {Keep: {"old+mid"}, Lose: {"old"}, Torn: prefixes("old", "+mid")},
		"replace": {Keep: {"replaced"}, Lose: {"old"}, Torn: append(prefixes("old", "+mid"), "replaced")},
	}
	for op, byMode := range want {
		for mode, outcomes := range byMode {
			seen := map[string]bool{}
			for seed := range uint64(300) {
				d, told := testDisk(seed)
				v := d.Open()
				var crashed CrashMode
				d.onCrash = func(m CrashMode) { crashed = m; d.crash(m) }
				d.CrashAtWrite(4, mode)
				require.NoError(t, v.Append("log", []byte("old")))
				require.NoError(t, v.Sync())
				require.NoError(t, v.Append("log", []byte("+mid")))
				require.ErrorIs(t, write[op](v), ErrCrashed)
				require.Equal(t, mode, crashed)
				require.ErrorIs(t, v.Sync(), ErrFenced)
				last := (*told)[len(*told)-1]
				require.Equal(t, op, last.Op)
				require.ErrorIs(t, last.Err, ErrCrashed)
				v = d.Open()
				require.Contains(t, outcomes, contents(v, "log"), "%s %s", op, mode)
				seen[contents(v, "log")] = true
				require.NoError(t, v.Sync(), "it crashes once")
			}
			require.Len(t, seen, len(outcomes), "%s %s: %v", op, mode, seen)
		}
	}
	d, _ := testDisk(1)
	v := d.Open()
	d.CrashAtWrite(1, Keep)
	d.CrashAtWrite(0, Keep)
	require.NoError(t, v.Sync(), "0 calls it off")
	d.CrashAtWrite(1, Keep)
	d.crash(Keep)
	require.NoError(t, d.Open().Sync(), "a crash calls it off")
}

// prefixes returns durable + each prefix of the rest.
func prefixes(durable, rest string) (all []string) {
	for n := range len(rest) + 1 {
		all = append(all, durable+rest[:n])
	}
	return all
}

func TestWritesAreToldOf(t *testing.T) {
	d, told := testDisk(1)
	v := d.Open()
	require.NoError(t, v.Append("log", []byte("abc")))
	require.NoError(t, v.Append("log", []byte("abc")))
	require.NoError(t, v.Append("log", []byte("abd")))
	require.NoError(t, v.Sync())
	require.NoError(t, v.Replace(map[string][]byte{"b": []byte("xy"), "a": []byte("z"), "c": nil}))
	require.Len(t, *told, 5)
	w := *told
	require.Equal(t, DiskWrite{Op: "append", File: "log", Bytes: 3, Sum: w[0].Sum}, w[0])
	require.Equal(t, w[0], w[1])
	require.NotEqual(t, w[0].Sum, w[2].Sum)
	require.Equal(t, DiskWrite{Op: "sync", Bytes: 9}, w[3])
	require.Equal(t, DiskWrite{Op: "replace", File: "a b c", Bytes: 3, Sum: w[4].Sum}, w[4])

	require.NoError(t, v.Replace(map[string][]byte{"b": []byte("x"), "a": []byte("yz"), "c": nil}))
	require.NotEqual(t, w[4].Sum, (*told)[5].Sum, "which bytes are whose counts")
}

func TestWatchTellsWhatFaultsTouched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := testDisk(1)
		var touched []string
		d.watch(func(kind string) { touched = append(touched, kind) })
		v := d.Open()
		v.Sync()
		d.SetLatency(labrpc.Constant(time.Millisecond))
		v.Append("log", nil)
		v.Sync()
		d.FailWrites(1)
		v.Append("log", nil)
		d.CrashAtWrite(1, Lose)
		v.Sync()
		require.Equal(t, []string{"slowdisk", "failwrites", "slowdisk", "crashatwrite"}, touched)
	})
}

// An append must cost what its own bytes cost.
func TestAppendDoesNotCopyTheFile(t *testing.T) {
	d, _ := testDisk(1)
	d.onWrite = func(DiskWrite) {}
	v := d.Open()
	require.NoError(t, v.Append("log", make([]byte, 32<<20)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	line := make([]byte, 100)
	for range 10_000 {
		require.NoError(t, v.Append("log", line))
		require.NoError(t, v.Sync())
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20), "for 1 MB of appends")
	require.Equal(t, 32<<20+1_000_000, v.Size("log"))
}

func TestChunksHoldWhatWasWritten(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		f, want := &file{}, []byte{}
		for range 200 {
			if r.IntN(5) == 0 {
				n := r.IntN(len(want) + 1)
				f.cut(n)
				want = want[:n]
			} else {
				b := []byte(strings.Repeat(fmt.Sprint(r.IntN(10)), r.IntN(600)))
				f.append(b)
				want = append(want, b...)
			}
			require.Equal(t, len(want), f.size)
		}
		var got []byte
		for _, c := range f.chunks {
			got = append(got, c...)
		}
		require.Equal(t, string(want), string(got))
	}
}

func BenchmarkAppendSync(b *testing.B) {
	d, _ := testDisk(1)
	d.onWrite = func(DiskWrite) {}
	v := d.Open()
	line := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		v.Append("log", line)
		v.Sync()
	}
}
