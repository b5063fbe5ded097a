package labtest_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"6.824/labrpc/labtest"
)

// TestCounter runs the scenario of the package's example.
func TestCounter(t *testing.T) { counters.Test(t) }

// A generator draws a schedule, the same for the same numbers. It can be looked at, saved, and given to a test again with
// -lab.faults=FILE.
func ExampleSchedule() {
	r := rand.New(rand.NewPCG(1, 2))
	schedule := labtest.RollingRestarts(r, []string{"raft/0", "raft/1", "raft/2"}, 6*time.Second)
	fmt.Print(schedule)
	if _, err := schedule.WriteTo(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1.500000s for 795ms crash raft/1 keep
	// 3.000000s for 807ms crash raft/0 keep
	// 4.500000s for 272ms crash raft/2 keep
	// {"at":"1.5s","for":"795ms","kind":"crash","nodes":["raft/1"],"mode":"keep"}
	// {"at":"3s","for":"807ms","kind":"crash","nodes":["raft/0"],"mode":"keep"}
	// {"at":"4.5s","for":"272ms","kind":"crash","nodes":["raft/2"],"mode":"keep"}
}

// A schedule that was written by hand is checked when it is loaded.
func ExampleLoadSchedule() {
	schedule, err := labtest.LoadSchedule(strings.NewReader(`
# the leader is cut off for a while
{"at":"1.2s","for":"800ms","kind":"isolate","nodes":["raft/0"]}
{"at":"2s","for":"1s","kind":"link","nodes":["raft/1"],"dropRequest":0.5}
`))
	fmt.Print(schedule)
	fmt.Println(err)

	_, err = labtest.LoadSchedule(strings.NewReader(`{"at":"1s","kind":"isolate"}`))
	fmt.Println(err)
	// Output:
	// 1.200000s for 800ms isolate raft/0
	// 2.000000s for 1s link raft/1 dropRequest=0.5
	// <nil>
	// line 1: an isolate needs "nodes"
}
