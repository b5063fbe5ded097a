// Package labtest stands in for the kit: it speaks the same contract with lab, and
// simulates nothing. A scenario is a function of the seed.
package labtest

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

var (
	seed    = flag.Int64("lab.seed", 1, "")
	seeds   = flag.Int("lab.seeds", 1, "")
	results = flag.String("lab.results", "", "")
	again   = flag.String("lab.again", "", "")
	list    = flag.Bool("lab.list", false, "")
	_       = flag.Duration("lab.patience", 0, "")
)

// Scenario is one thing to try.
type Scenario struct {
	Name, Doc, Paper, Skip string
	Run                    func(seed int64) error
}

// Suite is a list of them.
type Suite struct {
	Name      string
	Scenarios []Scenario
}

// Test runs the scenario that is called as t is.
func (s Suite) Test(t *testing.T) {
	for _, sc := range s.Scenarios {
		if sc.Name == t.Name() {
			s.run(t, sc)
		}
	}
}

func (s Suite) run(t *testing.T, sc Scenario) {
	if *list {
		line, _ := json.Marshal(struct {
			Suite    string `json:"suite"`
			Scenario string `json:"scenario"`
			Test     string `json:"test"`
			Doc      string `json:"doc"`
			Paper    string `json:"paper"`
			Seeds    int    `json:"seeds"`
			Skip     string `json:"skip"`
		}{s.Name, sc.Name, t.Name(), sc.Doc, sc.Paper, 5, sc.Skip})
		fmt.Println(string(line))
		return
	}
	for n := *seed; n < *seed+int64(*seeds); n++ {
		r := map[string]any{
			"suite": s.Name, "scenario": sc.Name, "seed": n, "ok": true, "virtual_ns": 3 * time.Second,
			"counters": map[string]int{"sent": 10, "dropped": 1, "replied": 9}, "faults": map[string]int{"cut": 4},
		}
		if err := sc.Run(n); err != nil {
			t.Error(err)
			command := *again
			if command == "" {
				command = fmt.Sprintf("go test ./raft -run '^%s$' -lab.seed=%d", sc.Name, n)
			}
			r["ok"], r["failure"] = false, fmt.Sprintf("%s seed=%d failed\n  check   %v\n  again   %s", sc.Name, n, err, command)
		}
		line, _ := json.Marshal(r)
		f, err := os.OpenFile(*results, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(f, string(line))
		f.Close()
	}
}
