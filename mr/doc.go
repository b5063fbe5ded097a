// Package mr is MapReduce (Dean and Ghemawat, OSDI'04) with the course's API.
//
// A coordinator hands out the map and reduce tasks of a job, workers ask for
// them, execute them and report. What they make lies in files that all of them
// share. Workers may be slow, die, come back, or die while writing; messages may
// be lost, late or doubled; files may be lost or torn. The output is that of one
// sequential run, and it is there once.
//
//	tasks        the table of tasks: a pure state machine
//	shuffle      what is between map and reduce: grouping, sorting, spilling, merging
//	store        the files
//	apps         the course's applications
//	mrtest       the suite
//
// What is here is around these: the coordinator's loop and journal, the worker,
// and the two ways to connect them, labrpc and net/rpc.
//
// How nothing counts twice: every attempt at a task has a number of its own, and it is in the names of the
// files it writes. A file gets such a name by a rename, when it is whole. The
// coordinator accepts one attempt per task, puts it into its journal, and only
// then moves its output to where it belongs, again by a rename. Nobody else ever does.
//
// Memory: a worker spills what a map task emits, and a reduce task merges streams, so a job may be much larger than its workers' memory.
// What must fit is one input file, since a map function is given the whole of it unless the app says that pieces will do; the values of
// one key if the reduce function is one of the course's, which takes them as a slice; and the coordinator's table.
//
// A coordinator that begins a job removes the output of an earlier one, mr-out-*, from the folder.
package mr
