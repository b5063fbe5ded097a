package tasks

import (
	"fmt"
	"time"
)

// Phase is one of the two halves of a job.
type Phase int8

// The phases. Reduce tasks are handed out when all map tasks are done.
const (
	Map Phase = iota
	Reduce
)

func (p Phase) String() string { return [...]string{"map", "reduce"}[p&1] }

// ID names a task: the N-th, from 0, of its phase.
type ID struct {
	Phase Phase
	N     int
}

func (id ID) String() string { return fmt.Sprintf("%v task %d", id.Phase, id.N) }

// Attempt numbers the times that tasks are handed out: no two of a job have one number, not even
// across a crash of the coordinator. It is the coordinator's incarnation, from 1, and a count. The
// zero Attempt is none.
type Attempt uint64

func newAttempt(incarnation uint32, count uint32) Attempt {
	return Attempt(incarnation)<<32 | Attempt(count)
}

// Incarnation is that of the coordinator that made the attempt.
func (a Attempt) Incarnation() uint32 { return uint32(a >> 32) }

func (a Attempt) String() string { return fmt.Sprintf("%d.%d", a>>32, uint32(a)) }

// Config is what a table is made for. Zero durations and numbers stand for the defaults.
type Config struct {
	Maps, Reduces int

	Incarnation  uint32               // of the coordinator, from 1
	Lease        time.Duration        // a worker that is silent for so long is dead; 10 s
	BackupFactor float64              // a task gets a backup when it has run this many times the median; 3
	BackupAfter  time.Duration        // and no earlier than this; 1 s
	NoBackups    bool                 // it never does
	MaxFailures  int                  // a task that fails so often fails the job; 4
	Skip         bool                 // leave out records at which a function panicked twice, or two workers died (§4.6)
	Hosts        func(m int) []string // where the input of a map task is; nil: nobody knows (§3.4)
	Name         func(id ID) string   // what an error calls a task; nil: its number
	Patience     time.Duration        // a job whose workers can't write for so long fails; 3 leases
}

func (c *Config) fill() {
	if c.Incarnation == 0 {
		c.Incarnation = 1
	}
	if c.Lease == 0 {
		c.Lease = 10 * time.Second
	}
	if c.BackupFactor == 0 {
		c.BackupFactor = 3
	}
	if c.BackupAfter == 0 {
		c.BackupAfter = time.Second
	}
	if c.MaxFailures == 0 {
		c.MaxFailures = 4
	}
	if c.Patience == 0 {
		c.Patience = 3 * c.Lease
	}
	if c.Name == nil {
		c.Name = ID.String
	}
}

// What a worker is to do.
type What int8

// Orders.
const (
	Wait  What = iota // ask again a little later
	Run               // execute the attempt
	Leave             // the job is over
)

// Order is the answer to a worker that asks for work.
type Order struct {
	What    What
	ID      ID
	Attempt Attempt
	Skip    []int64   // records to leave out
	Inputs  []Attempt // of a reduce task: by map task, which attempt's output to read
	Backup  bool      // another worker is at the task, too
	Careful bool      // a worker died of the task, perhaps: say of each record that it comes next
}

// FailureKind says whose fault it is that an attempt came to nothing.
type FailureKind int8

// Kinds of failures.
const (
	Function FailureKind = iota // the job's: a function panicked, an input is not readable
	Storage                     // the worker's: it could not write
	Lost                        // nobody's: the output of a map task is gone or torn
)

// Failure says why an attempt came to nothing.
type Failure struct {
	Kind   FailureKind
	Reason string
	Record int64   // of Function: the record at which a function panicked, -1 if it was none
	Lost   []Input // of Lost: what could not be read
}

// Input is the output of an attempt at a map task.
type Input struct {
	Map     int
	Attempt Attempt
}

// Record is a change of the table that must outlive the coordinator.
type Record struct {
	Op       Op               `json:"op"`
	Phase    Phase            `json:"phase,omitempty"`
	N        int              `json:"n"`
	Attempt  Attempt          `json:"attempt,omitempty"`
	Skip     int64            `json:"skip,omitempty"`
	Counters map[string]int64 `json:"counters,omitempty"`
}

// Op is what a record says.
type Op string

// What records say.
const (
	OpDone Op = "done" // the attempt at the task was accepted
	OpLost Op = "lost" // its output is gone: the task is to be done again
	OpSkip Op = "skip" // a record that is to be left out
)

// Stats says how a job stands, or went.
type Stats struct {
	Done, Running, Total [2]int // tasks, by phase
	Attempts             int    // tasks handed out
	Backups              int    // of them, to a second worker
	BackupsWon           int    // backups that were done first
	Expired              int    // attempts of workers that fell silent, or died
	Failed               int    // attempts that were reported to have failed
	Redone               int    // map tasks done again, as their output was lost
	Stale                int    // reports that were refused
	Local                int    // map tasks handed out where their input is
	Skipped              int    // records left out
}
