// Package tasks is the coordinator's mind: a table of map and reduce tasks as a
// pure state machine (MapReduce, OSDI'04, §3.2). It has no clock, no files and no
// network. What happens is told to it by its methods, with the time at which it
// happened; what is to be done about it, it returns. The same calls give the same
// answers, always.
//
// A task is idle, running or done. Each time it is handed out is an [Attempt] with a
// number of its own, and of all attempts at a task exactly one is accepted: what
// the others made is never looked at.
package tasks
