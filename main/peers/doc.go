// Package peers measures other Raft libraries beside ours, in one process and with
// one harness. It is a module of its own, so that nobody else needs what it needs.
package peers
