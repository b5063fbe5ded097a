package peers

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	hashicorp "github.com/hashicorp/raft"
)

// hashicorpCluster is github.com/hashicorp/raft on its in-memory transports and stores.
type hashicorpCluster struct {
	nodes  []*hashicorp.Raft
	leader *hashicorp.Raft
}

func startHashicorp(t testing.TB) cluster {
	return startHashicorpWith(t, func(*hashicorp.Config) {})
}

// startHashicorpTuned lets it batch as much as it can.
func startHashicorpTuned(t testing.TB) cluster {
	return startHashicorpWith(t, func(c *hashicorp.Config) {
		c.BatchApplyCh = true
		c.MaxAppendEntries = 1024
	})
}

func startHashicorpWith(t testing.TB, tune func(*hashicorp.Config)) cluster {
	const n = 3
	var servers []hashicorp.Server
	var transports []*hashicorp.InmemTransport
	for i := range n {
		addr, transport := hashicorp.NewInmemTransport("")
		servers = append(servers, hashicorp.Server{ID: hashicorp.ServerID(fmt.Sprint(i)), Address: addr})
		transports = append(transports, transport)
	}
	c := &hashicorpCluster{}
	for i, transport := range transports {
		for j, other := range transports {
			if i != j {
				transport.Connect(servers[j].Address, other)
			}
		}
		config := hashicorp.DefaultConfig()
		config.LocalID = servers[i].ID
		config.Logger = hclog.NewNullLogger()
		config.SnapshotThreshold = 1 << 62 // no snapshots
		tune(config)
		store := hashicorp.NewInmemStore()
		node, err := hashicorp.NewRaft(config, applier{}, store, store, hashicorp.NewDiscardSnapshotStore(), transport)
		if err != nil {
			t.Fatal(err)
		}
		c.nodes = append(c.nodes, node)
	}
	if err := c.nodes[0].BootstrapCluster(hashicorp.Configuration{Servers: servers}).Error(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); c.leader == nil; time.Sleep(10 * time.Millisecond) {
		for _, node := range c.nodes {
			if node.State() == hashicorp.Leader && node.VerifyLeader().Error() == nil {
				c.leader = node
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("hashicorp: no leader in 10 s")
		}
	}
	return c
}

func (c *hashicorpCluster) propose(command []byte) error { return c.leader.Apply(command, 0).Error() }

func (c *hashicorpCluster) close() {
	for _, node := range c.nodes {
		node.Shutdown().Error()
	}
}

// applier is a state machine without a state.
type applier struct{}

func (applier) Apply(*hashicorp.Log) any                 { return nil }
func (applier) Snapshot() (hashicorp.FSMSnapshot, error) { return nil, fmt.Errorf("no snapshots") }
func (applier) Restore(snapshot io.ReadCloser) error     { return snapshot.Close() }
