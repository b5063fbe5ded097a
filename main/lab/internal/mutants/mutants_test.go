package mutants_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/mutants"
	"6.824/main/lab/internal/suites"
	"6.824/main/lab/internal/testbin"
	"6.824/main/lab/internal/testbin/fakebin"
)

func TestMain(m *testing.M) { fakebin.Main(m) }

const patchOfP = `
--- a/p.go
+++ b/p.go
@@ -1 +1 @@
-package p
+package q
`

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "votes", "b.patch"), "Name: b\nBreaks: a rule\n  that is long\nOrigin: some system, 2013\nKilled-by: TestOne, TestTwo\n"+patchOfP)
	write(t, filepath.Join(dir, "a.patch"), "# a comment\nname: a\nbreaks: something\n"+patchOfP)
	write(t, filepath.Join(dir, "README.md"), "no mutant")
	all, err := mutants.Load(dir)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "a.patch", all[0].File)
	require.Empty(t, all[0].KilledBy)
	b := all[1]
	require.Equal(t, filepath.Join("votes", "b.patch"), b.File)
	require.Equal(t, "a rule that is long", b.Breaks)
	require.Equal(t, "some system, 2013", b.Origin)
	require.Equal(t, []string{"TestOne", "TestTwo"}, b.KilledBy)

	all, err = mutants.Load(filepath.Join(dir, "nowhere"))
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestLoadNamesEveryBadFile(t *testing.T) {
	for text, want := range map[string]string{
		"Name: a\n" + patchOfP:                         "Name and Breaks are needed",
		"Name: a\nBreaks: b\nKilledby: c\n" + patchOfP: `"Killedby: c" is none of`,
		"Name: a\nBreaks: b\n":                         "no diff",
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "one.patch"), text)
		write(t, filepath.Join(dir, "two.patch"), text)
		_, err := mutants.Load(dir)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "one.patch")
		require.ErrorContains(t, err, "two.patch")
	}
}

var scenarios = []testbin.Scenario{
	{Suite: "fake", Name: "TestOne", Test: "TestOne", Seeds: 10},
	{Suite: "fake", Name: "TestTwo", Test: "TestTwo", Seeds: 10},
	{Suite: "fake", Name: "TestThree", Test: "TestThree", Seeds: 10},
}

// hunter hunts in a module that holds p.go. The mutant called X behaves as plans["X"]
// says; the reference as reference does.
func hunter(t *testing.T, reference fakebin.Plan, plans map[string]fakebin.Plan) *mutants.Hunter {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, "p.go"), "package p\n")
	reference.Scenarios = scenarios
	b := fakebin.Binary(t, reference)
	return &mutants.Hunter{
		Suite: suites.Suite{Name: "fake", Root: root}, Scenarios: scenarios, Reference: b, Budget: 50, Others: 20, Jobs: 2,
		Build: func(_ context.Context, overlay, out string) error {
			text, err := os.ReadFile(filepath.Join(filepath.Dir(overlay), "0-p.go"))
			if err != nil {
				return err
			}
			name := strings.TrimSpace(strings.TrimPrefix(string(text), "package "))
			plan, ok := plans[name]
			if !ok {
				return errors.New("does not build")
			}
			plan.Scenarios = scenarios
			return fakebin.Link(b, out, plan)
		},
	}
}

// mutant is one that turns package p into package name.
func mutant(t *testing.T, name string, killedBy string) *mutants.Mutant {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, name+".patch"), "Name: "+name+"\nBreaks: a rule\nKilled-by: "+killedBy+"\n"+strings.Replace(patchOfP, "package q", "package "+name, 1))
	all, err := mutants.Load(dir)
	require.NoError(t, err)
	return all[0]
}

func TestHunt(t *testing.T) {
	fails := func(test string, seeds ...int64) fakebin.Plan {
		return fakebin.Plan{Fail: map[string][]int64{test: seeds}}
	}
	h := hunter(t, fails("TestThree", 9), map[string]fakebin.Plan{
		"expected":  fails("TestTwo", 20, 33),
		"elsewhere": fails("TestOne", 5),
		"survives":  fails("TestOne", 21), // beyond the budget
		"crashes":   {Crash: map[string][]int64{"TestTwo": {3}}},
		"innocent":  fails("TestThree", 9), // but the reference fails there too
		"guilty":    fails("TestThree", 9, 11),
	})
	done := 0
	h.Done = func(*mutants.Verdict) { done++ }
	verdicts, err := h.Hunt(t.Context(), []*mutants.Mutant{
		mutant(t, "expected", "TestTwo"), mutant(t, "elsewhere", "TestTwo"), mutant(t, "survives", ""),
		mutant(t, "crashes", ""), mutant(t, "innocent", "TestThree"), mutant(t, "guilty", "TestThree"), mutant(t, "broken", ""), mutant(t, "misnamed", "TestTow"),
	})
	require.NoError(t, err)
	require.Equal(t, 8, done)
	by := map[string]*mutants.Verdict{}
	for _, v := range verdicts {
		by[v.Mutant.Name] = v
	}

	v := by["expected"]
	require.True(t, v.Killed())
	require.True(t, v.Expected)
	require.Equal(t, "TestTwo", v.Killer)
	require.Equal(t, 20, v.Seeds)
	require.LessOrEqual(t, v.Runs, 32, "no other scenario ran, and no lap after the failure")

	v = by["elsewhere"]
	require.True(t, v.Killed())
	require.False(t, v.Expected)
	require.Equal(t, "TestOne", v.Killer)
	require.Equal(t, 5, v.Seeds)
	require.GreaterOrEqual(t, v.Runs, 50+5+4, "TestTwo's budget first, then TestOne and TestThree in turn")
	require.LessOrEqual(t, v.Runs, 50+8+4)

	v = by["survives"]
	require.NoError(t, v.Err)
	require.False(t, v.Killed())
	require.Equal(t, 60, v.Runs)

	v = by["crashes"]
	require.True(t, v.Killed())
	require.Equal(t, 3, v.Seeds)
	require.Contains(t, v.Failure.Text, "told to crash")

	v = by["innocent"]
	require.NoError(t, v.Err)
	require.False(t, v.Killed(), "the reference fails where it does")
	require.Equal(t, []string{"go test example.com/fake -run '^TestThree$' -lab.seed=9"}, v.Alarms)
	require.Equal(t, 50+2*20, v.Runs, "the hunt goes on after it")

	v = by["guilty"]
	require.True(t, v.Killed())
	require.Equal(t, 11, v.Seeds, "seed 9 does not count")
	require.Len(t, v.Alarms, 1)

	require.EqualError(t, by["broken"].Err, "does not build")
	require.EqualError(t, by["misnamed"].Err, `there is no scenario "TestTow"; did you mean TestTwo?`)
}

func TestHuntThatIsStoppedKeepsWhatItHas(t *testing.T) {
	h := hunter(t, fakebin.Plan{}, map[string]fakebin.Plan{
		"quick": {Fail: map[string][]int64{"TestOne": {1}}},
		"slow":  {Took: time.Hour},
	})
	ctx, cancel := context.WithCancel(t.Context())
	h.Done = func(*mutants.Verdict) { cancel() }
	start := time.Now()
	verdicts, err := h.Hunt(ctx, []*mutants.Mutant{mutant(t, "slow", ""), mutant(t, "quick", "TestOne"), mutant(t, "quick", "")})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(start), 30*time.Second)
	require.Nil(t, verdicts[0])
	require.True(t, verdicts[1].Killed())
}

// TestOursApply: every mutant of this module fits the code as it is now, which to hunt them all takes too long to find out.
func TestOursApply(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	require.NoError(t, err)
	dirs, err := filepath.Glob(filepath.Join(root, "*", "*test", "mutants"))
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	for _, dir := range dirs {
		all, err := mutants.Load(dir)
		require.NoError(t, err)
		names := map[string]bool{}
		for _, m := range all {
			require.False(t, names[m.Name], "%s: there are two", m.Name)
			names[m.Name] = true
			_, err := m.Patch.Overlay(root, t.TempDir())
			require.NoError(t, err, "%s", filepath.Join(dir, m.File))
		}
	}
}
