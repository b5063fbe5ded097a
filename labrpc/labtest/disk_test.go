package labtest

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
)

func testDisk(seed uint64) *Disk {
	return newDisk(rand.New(rand.NewPCG(seed, 0)), func(DiskWrite) {})
}

func contents(v *Volume, name string) string {
	b, _ := v.Read(name)
	return string(b)
}

func TestDiskForgetsWhatWasNotSynced(t *testing.T) {
	for mode, want := range map[CrashMode]string{Keep: "abc", Lose: "ab"} {
		d := testDisk(1)
		v := d.Open()
		require.NoError(t, v.Append("log", []byte("a")))
		require.NoError(t, v.Append("log", []byte("b")))
		require.NoError(t, v.Sync())
		require.NoError(t, v.Append("log", []byte("c")))
		require.Equal(t, "abc", contents(v, "log"), "a read sees what is not synced")
		require.Equal(t, 3, v.Size("log"))
		d.crash(mode)
		require.ErrorIs(t, v.Append("log", []byte("d")), ErrFenced)
		again := d.Open()
		require.Equal(t, want, contents(again, "log"), mode)
		require.Equal(t, len(want), again.Size("log"))
	}
}

func TestTornWriteIsAPrefix(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(200) {
		d := testDisk(seed)
		v := d.Open()
		require.NoError(t, v.Append("log", []byte("ab")))
		require.NoError(t, v.Sync())
		require.NoError(t, v.Append("log", []byte("cd")))
		require.NoError(t, v.Append("log", []byte("ef")))
		d.crash(Torn)
		seen[contents(d.Open(), "log")] = true
	}
	require.Equal(t, map[string]bool{"ab": true, "abc": true, "abcd": true, "abcde": true, "abcdef": true}, seen)
}

func TestReplaceIsAtomicAndDurable(t *testing.T) {
	d := testDisk(1)
	v := d.Open()
	require.NoError(t, v.Append("old", []byte("x")))
	require.NoError(t, v.Replace(map[string][]byte{"a": []byte("1"), "b": []byte("2"), "old": nil}))
	d.crash(Lose)
	v = d.Open()
	require.Equal(t, "1 2", contents(v, "a")+" "+contents(v, "b"))
	_, ok := v.Read("old")
	require.False(t, ok)

	both := map[string]bool{}
	for seed := range uint64(50) { // a crash in the middle leaves the old or the new, never a mix
		d := testDisk(seed)
		d.onCrash = d.crash
		v := d.Open()
		require.NoError(t, v.Replace(map[string][]byte{"a": []byte("1"), "b": []byte("1")}))
		d.CrashAtWrite(1, Torn)
		require.ErrorIs(t, v.Replace(map[string][]byte{"a": []byte("2"), "b": []byte("2")}), ErrCrashed)
		v = d.Open()
		both[contents(v, "a")+contents(v, "b")] = true
	}
	require.Equal(t, map[string]bool{"11": true, "22": true}, both)
}

func TestFailedWritesChangeNothing(t *testing.T) {
	d := testDisk(1)
	v := d.Open()
	d.FailWrites(2)
	require.ErrorIs(t, v.Append("log", []byte("a")), ErrDisk)
	require.ErrorIs(t, v.Sync(), ErrDisk)
	require.NoError(t, v.Append("log", []byte("b")))
	require.Equal(t, "b", contents(v, "log"))
	d.FailWrites(-1)
	for range 5 {
		require.ErrorIs(t, v.Sync(), ErrDisk)
	}
}

func TestCrashAtTheKthWrite(t *testing.T) {
	d := testDisk(1)
	var crashed CrashMode
	d.onCrash = func(mode CrashMode) { crashed = mode; d.crash(mode) }
	v := d.Open()
	d.CrashAtWrite(3, Lose)
	require.NoError(t, v.Append("log", []byte("a")))
	require.NoError(t, v.Sync())
	require.ErrorIs(t, v.Append("log", []byte("b")), ErrCrashed)
	require.Equal(t, Lose, crashed)
	require.ErrorIs(t, v.Sync(), ErrFenced)
	require.Equal(t, "a", contents(d.Open(), "log"))
}

func TestOpenTakesTheDiskAway(t *testing.T) {
	d := testDisk(1)
	first := d.Open()
	second := d.Open()
	require.ErrorIs(t, first.Append("log", nil), ErrFenced)
	require.NoError(t, second.Append("log", nil))
	require.True(t, errors.Is(first.Sync(), ErrFenced))
}

func TestSlowDiskTakesVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := testDisk(1)
		d.SetLatency(labrpc.Constant(time.Second))
		v := d.Open()
		start := time.Now()
		require.NoError(t, v.Append("log", []byte("a")))
		require.Zero(t, time.Since(start))
		require.NoError(t, v.Sync())
		require.Equal(t, time.Second, time.Since(start))
	})
}
