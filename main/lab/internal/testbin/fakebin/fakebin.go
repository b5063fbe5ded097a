// Package fakebin is a test binary that speaks the contract of labrpc/labtest and
// does as it is told: for the tests of what runs such binaries. A test binary
// becomes one when its TestMain calls [Main].
package fakebin

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"6.824/main/lab/internal/testbin"
)

// Plan is what the fake shall do.
type Plan struct {
	Scenarios []testbin.Scenario
	Fail      map[string][]int64 // per test: the seeds that fail
	Crash     map[string][]int64 // the seeds in which the process dies before it says anything
	Hang      map[string][]int64 // the seeds that do not end
	Mute      bool               // no results at all
	Exit      int                // the process ends with this status instead of 0
	Vacuous   map[string]int64   // per test: how often "election" has to happen overall; it happens once per seed
	Took      time.Duration      // each seed takes this long
	Starts    string             // a file that gets a line per process: its -test.run, first seed, seeds
}

const env = "LAB_FAKE_PLAN"

// Binary is the running test binary as a fake that follows the plan.
func Binary(t *testing.T, p Plan) testbin.Binary {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(env, string(text))
	return testbin.Binary{Path: self, Dir: t.TempDir(), Scratch: t.TempDir(), Package: "example.com/fake"}
}

// Link makes the file out a fake that follows a plan of its own.
func Link(b testbin.Binary, out string, p Plan) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out+".plan", text, 0o644); err != nil {
		return err
	}
	return os.Symlink(b.Path, out)
}

// Main is for TestMain: it runs the tests, or the plan in a process that
// [Binary] is meant by.
func Main(m *testing.M) {
	text := os.Getenv(env)
	if text == "" {
		os.Exit(m.Run())
	}
	if own, err := os.ReadFile(os.Args[0] + ".plan"); err == nil {
		text = string(own)
	}
	var p Plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		panic(err)
	}
	os.Exit(p.act())
}

func (p Plan) act() int {
	flags := flag.NewFlagSet("fake", flag.ContinueOnError)
	run := flags.String("test.run", "", "")
	seed := flags.Int64("lab.seed", 0, "")
	seeds := flags.Int("lab.seeds", 1, "")
	results := flags.String("lab.results", "", "")
	flags.String("lab.again", "", "")
	list := flags.Bool("lab.list", false, "")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return 2
	}
	chosen := regexp.MustCompile(*run)
	if *list {
		for _, sc := range p.Scenarios {
			if chosen.MatchString(sc.Test) {
				line, _ := json.Marshal(sc)
				fmt.Println(string(line))
			}
		}
		return 0
	}
	note(p.Starts, fmt.Sprintln(*run, *seed, *seeds))
	status := p.Exit
	for _, sc := range p.Scenarios {
		if !chosen.MatchString(sc.Test) {
			continue
		}
		for s := *seed; s < *seed+int64(*seeds); s++ {
			if !p.one(sc, s, *results) {
				status = 1
			}
		}
	}
	return status
}

func (p Plan) one(sc testbin.Scenario, seed int64, results string) bool {
	time.Sleep(p.Took)
	if slices.Contains(p.Crash[sc.Test], seed) {
		fmt.Println("panic: the fake was told to crash")
		os.Exit(2)
	}
	if slices.Contains(p.Hang[sc.Test], seed) {
		time.Sleep(time.Minute)
	}
	if p.Mute {
		return true
	}
	r := testbin.Result{
		Suite: sc.Suite, Scenario: sc.Name, Seed: seed, OK: !slices.Contains(p.Fail[sc.Test], seed),
		VirtualNS: int64(10 * time.Second), WallNS: int64(time.Millisecond),
		Faults: map[string]int64{"cut": 2}, Counters: map[string]int64{"sent": 5, "dropped": 1, "reply-dropped": 2, "replied": 3, "election": 1},
	}
	if n, ok := p.Vacuous[sc.Test]; ok {
		r.Overall = map[string]int64{"election": n}
	}
	if !r.OK {
		r.Failure = fmt.Sprintf("%s seed=%d failed\n  check   election safety", sc.Name, seed)
	}
	line, _ := json.Marshal(r)
	note(results, string(line)+"\n")
	return r.OK
}

// note appends text to the file, if there is one.
func note(file, text string) {
	if file == "" {
		return
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		panic(err)
	}
}
