package rafttest

import (
	"6.824/labrpc/labtest"
	"6.824/raft"
)

// NewPersister returns a Persister on a node's disk, with what is there already: for suites of services on Raft.
func NewPersister(node *labtest.Node) *raft.Persister {
	return raft.NewPersister(storage{node.Disk().Open()})
}
