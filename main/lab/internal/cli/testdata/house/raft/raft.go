// Package raft stands in for an implementation.
package raft

// Quorum is how many of n make a majority.
func Quorum(n int) int {
	return n/2 + 1
}

// VoteFor grants a vote to a candidate whose last term is at least ours.
func VoteFor(theirs, ours int) bool {
	return theirs >= ours
}
