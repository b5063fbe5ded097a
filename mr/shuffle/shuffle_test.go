package shuffle

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/mr/store"
)

func dir(t testing.TB) *store.Dir {
	d, err := store.NewDir(t.TempDir())
	require.NoError(t, err)
	return d
}

type pair struct{ key, value string }

// collect has each map task emit its pairs, and returns the names of their files.
func collect(t testing.TB, d store.Store, cfg Config, tasks ...[]pair) (names []string, spills int) {
	for i, pairs := range tasks {
		name := fmt.Sprintf("m%d", i)
		c := NewCollector(d, name, cfg)
		for _, p := range pairs {
			require.NoError(t, c.Add(p.key, p.value))
		}
		require.NoError(t, c.Commit(name))
		spills += c.Spills
		names = append(names, name)
	}
	return names, spills
}

// merged is what reduce task p sees: keys in order, and the values of each.
func merged(t testing.TB, d store.Store, names []string, p int) (keys []string, values map[string][]string) {
	m, err := Merge(d, "r", names, p)
	require.NoError(t, err)
	values = map[string][]string{}
	for m.Next() {
		keys = append(keys, m.Key())
		values[m.Key()] = slices.Collect(m.Values())
	}
	require.NoError(t, m.Err())
	require.NoError(t, m.Close())
	return keys, values
}

// However little memory there is, reduce sees all values of each key, in the order of the tasks and as they were emitted.
func TestShuffle(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		cfg := Config{Reduces: 1 + r.IntN(4), Memory: []int{0, 300, 2000}[seed%3]}
		tasks := make([][]pair, 1+r.IntN(5))
		want := make([]map[string][]string, cfg.Reduces)
		for p := range want {
			want[p] = map[string][]string{}
		}
		for i := range tasks {
			for range r.IntN(300) {
				kv := pair{strings.Repeat("k\n \xff", r.IntN(3)) + strconv.Itoa(r.IntN(30)), strconv.Itoa(r.IntN(4))}
				if r.IntN(50) == 0 {
					kv = pair{}
				}
				tasks[i] = append(tasks[i], kv)
				p := Hash(kv.key, cfg.Reduces)
				want[p][kv.key] = append(want[p][kv.key], kv.value)
			}
		}
		d := dir(t)
		names, spills := collect(t, d, cfg, tasks...)
		for p := range cfg.Reduces {
			keys, values := merged(t, d, names, p)
			require.True(t, slices.IsSorted(keys))
			require.Equal(t, want[p], values)
		}
		if cfg.Memory == 300 && len(tasks[0]) > 100 {
			require.Positive(t, spills)
		}
		files, err := d.List("")
		require.NoError(t, err)
		require.Equal(t, names, files, "temporary files are left")
	}
}

func TestMoreFilesThanAreMergedAtATime(t *testing.T) {
	d := dir(t)
	var tasks [][]pair
	want := map[string][]string{}
	for i := range maxFanIn*2 + 3 {
		kv := pair{strconv.Itoa(i % 10), strconv.Itoa(i)}
		tasks = append(tasks, []pair{kv})
		want[kv.key] = append(want[kv.key], kv.value)
	}
	names, _ := collect(t, d, Config{Reduces: 1}, tasks...)
	_, values := merged(t, d, names, 0)
	require.Equal(t, want, values)
	files, err := d.List("r")
	require.NoError(t, err)
	require.Empty(t, files, "temporary files are left")
}

func TestCombine(t *testing.T) {
	sum := func(_ string, values iter.Seq[string]) string {
		n := 0
		for v := range values {
			i, _ := strconv.Atoi(v)
			n += i
		}
		return strconv.Itoa(n)
	}
	for _, memory := range []int{0, 400} {
		var pairs []pair
		for i := range 1000 {
			pairs = append(pairs, pair{strconv.Itoa(i % 7), strconv.Itoa(i % 3)})
		}
		d := dir(t)
		names, _ := collect(t, d, Config{Reduces: 1, Combine: sum, Memory: memory}, pairs)
		_, values := merged(t, d, names, 0)
		require.Len(t, values, 7)
		for _, v := range values {
			require.Len(t, v, 1, "values that were not combined")
		}
	}
}

func TestPartitioner(t *testing.T) {
	d := dir(t)
	byLength := func(key string, n int) int { return len(key) % n }
	names, _ := collect(t, d, Config{Reduces: 3, Partition: byLength}, []pair{{"a", "1"}, {"bb", "2"}, {"cccc", "3"}})
	keys, _ := merged(t, d, names, 1)
	require.Equal(t, []string{"a", "cccc"}, keys)

	c := NewCollector(d, "bad", Config{Reduces: 3, Partition: func(string, int) int { return 3 }})
	require.NoError(t, c.Add("k", "v"))
	require.ErrorContains(t, c.Commit("bad"), `sends the key "k" to reduce task 3, there are 3`)
	_, err := d.Open("bad")
	require.ErrorIs(t, err, store.ErrNotExist, "a file that is not whole")
}

func TestHashIsTheCourses(t *testing.T) {
	// FNV-1a of "a" is 0xe40c292c: without the highest bit 0x640c292c.
	require.Equal(t, 0x640c292c%10, Hash("a", 10))
	for i := range 1000 {
		require.GreaterOrEqual(t, Hash(strconv.Itoa(i), 7), 0)
	}
}

// Whatever happens to a file, it is not read as another.
func TestTornFiles(t *testing.T) {
	d := dir(t)
	var pairs []pair
	for i := range 50 {
		pairs = append(pairs, pair{"key" + strconv.Itoa(i%20), strconv.Itoa(i)})
	}
	names, _ := collect(t, d, Config{Reduces: 2}, pairs)
	path := d.Path(names[0])
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	_, want0 := merged(t, d, names, 0)
	_, want1 := merged(t, d, names, 1)
	try := func(what string, b []byte) {
		require.NoError(t, os.WriteFile(path, b, 0o644))
		for p, want := range []map[string][]string{want0, want1} {
			got := map[string][]string{}
			m, err := Merge(d, "r", names, p)
			if err == nil {
				for m.Next() {
					got[m.Key()] = slices.Collect(m.Values())
				}
				err = m.Err()
				m.Close()
			}
			var bad *BadFile
			if err == nil {
				require.Equal(t, want, got, "%s, and nobody has noticed", what)
			} else if !errors.As(err, &bad) || bad.Name != names[0] {
				t.Fatalf("%s: the error does not name the file: %v", what, err)
			}
		}
	}
	for n := range whole {
		try(fmt.Sprintf("cut off at %d", n), whole[:n])
		b := slices.Clone(whole)
		b[n] ^= 1 << (n % 8)
		try(fmt.Sprintf("a bit of byte %d flipped", n), b)
	}
	try("with more behind", append(slices.Clone(whole), 0))
	require.NoError(t, os.Remove(path))
	_, err = Merge(d, "r", names, 0)
	require.ErrorIs(t, err, store.ErrNotExist)
}

func TestNowhereToWrite(t *testing.T) {
	d := dir(t)
	require.NoError(t, os.RemoveAll(filepath.Dir(d.Path("x"))))
	c := NewCollector(d, "m", Config{Reduces: 1, Memory: 100})
	err := c.Add(strings.Repeat("k", 200), "v")
	require.ErrorContains(t, err, "spilling")
	require.NoError(t, c.Discard())
}

func BenchmarkCollect(b *testing.B) {
	d := dir(b)
	words := make([]string, 100_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range words {
		words[i] = "w" + strconv.Itoa(int(r.ExpFloat64()*2000))
	}
	for b.Loop() {
		c := NewCollector(d, "m", Config{Reduces: 10})
		for _, w := range words {
			if err := c.Add(w, "1"); err != nil {
				b.Fatal(err)
			}
		}
		if err := c.Commit("m"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(words)), "ns/pair")
}
