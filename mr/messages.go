package mr

import (
	"fmt"
	"time"

	"6.824/mr/tasks"
)

// Version is that of the messages and of the intermediate files. A worker of another version gets no work.
const Version = 3

// Job is what a worker must know of a job.
type Job struct {
	ID      string // in the names of its files
	App     string // "" means that workers are not asked which they have
	Reduces int
	Beat    time.Duration // how often a worker at work says that it is alive
}

// AskArgs is a worker's question for work.
type AskArgs struct {
	Version int
	Worker  string // no two that ever live have one name
	Host    string // where it is
	App     string
	N       uint64 // the how manieth question, from 1; one that is asked again has the number it had
}

// AskReply is the answer. Its zero value says nothing: the coordinator is going down.
type AskReply struct {
	Known bool
	Job   Job
	Order tasks.Order
	Input Piece  // of a map task
	Err   string // why this worker can't have work, or the job has failed
}

// BeatArgs says that a worker is alive and at an attempt.
type BeatArgs struct {
	Worker  string
	Job     string
	ID      tasks.ID
	Attempt tasks.Attempt
	Record  int64 // of a careful attempt, the record that comes next, from 1; 0 says nothing
}

// BeatReply is the answer to it.
type BeatReply struct {
	Known bool
	Void  bool // the attempt can't count any more
}

// ReportArgs says what came of an attempt.
type ReportArgs struct {
	Worker   string
	Job      string
	ID       tasks.ID
	Attempt  tasks.Attempt
	OK       bool
	Failure  tasks.Failure
	Counters map[string]int64
}

// ReportReply is the answer to it.
type ReportReply struct {
	Known    bool
	Accepted bool
}

// Names of files. All but the output have the job and the attempt in them, so that attempts never meet.

// MapFile is the name of what an attempt at a map task writes.
func MapFile(job string, m int, a tasks.Attempt) string {
	return fmt.Sprintf("mr-%s-m%d-%v", job, m, a)
}

// ReduceFile is the name of what an attempt at a reduce task writes. If it is accepted, it becomes an OutputFile.
func ReduceFile(job string, r int, a tasks.Attempt) string {
	return fmt.Sprintf("mr-%s-r%d-%v", job, r, a)
}

// OutputFile is the name of the output of a reduce task.
func OutputFile(r int) string { return fmt.Sprintf("mr-out-%d", r) }
