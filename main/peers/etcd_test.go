package peers

import (
	"context"
	"io"
	"log"
	"sync"
	"testing"
	"time"

	etcd "go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// members is how many nodes every etcd cluster has; node i has the ID i+1.
const members = 3

// etcdStorage is an empty log of a group of three.
func etcdStorage(t testing.TB) *etcd.MemoryStorage {
	index, term := uint64(1), uint64(1)
	storage := etcd.NewMemoryStorage()
	err := storage.ApplySnapshot(&raftpb.Snapshot{Metadata: &raftpb.SnapshotMetadata{
		ConfState: &raftpb.ConfState{Voters: []uint64{1, 2, 3}}, Index: &index, Term: &term,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return storage
}

func etcdConfig(i int, storage *etcd.MemoryStorage) *etcd.Config {
	return &etcd.Config{
		ID: uint64(i + 1), ElectionTick: 10, HeartbeatTick: 1, Storage: storage,
		MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 256, Logger: &etcd.DefaultLogger{Logger: log.New(io.Discard, "", 0)},
	}
}

// persist does what a Ready asks for before its messages may leave.
func persist(storage *etcd.MemoryStorage, ready etcd.Ready) error {
	if ready.HardState != nil {
		if err := storage.SetHardState(ready.HardState); err != nil {
			return err
		}
	}
	return storage.Append(ready.Entries)
}

// etcdNodes is three Nodes of go.etcd.io/raft/v3, each with the loop that its
// documentation shows; messages travel over channels.
type etcdNodes struct {
	nodes   []*etcdNode
	waiting *waiting
	stop    context.CancelFunc
	loops   sync.WaitGroup
}

type etcdNode struct {
	etcd.Node
	storage *etcd.MemoryStorage
	inbox   chan *raftpb.Message
}

func startEtcdNode(t testing.TB) cluster {
	ctx, stop := context.WithCancel(context.Background())
	c := &etcdNodes{waiting: newWaiting(), stop: stop}
	for i := range members {
		storage := etcdStorage(t)
		c.nodes = append(c.nodes, &etcdNode{
			Node: etcd.RestartNode(etcdConfig(i, storage)), storage: storage, inbox: make(chan *raftpb.Message, 4096),
		})
	}
	for i, n := range c.nodes {
		c.loops.Go(func() { n.receive(ctx) })
		c.loops.Go(func() { c.loop(ctx, n, i == 0) })
	}
	for deadline := time.Now().Add(10 * time.Second); c.nodes[0].Status().RaftState != etcd.StateLeader; time.Sleep(10 * time.Millisecond) {
		if err := c.nodes[0].Campaign(ctx); err != nil || time.Now().After(deadline) {
			t.Fatal("etcd: no leader in 10 s: ", err)
		}
	}
	return c
}

func (n *etcdNode) receive(ctx context.Context) {
	for {
		select {
		case m := <-n.inbox:
			n.Step(ctx, m)
		case <-ctx.Done():
			return
		}
	}
}

func (c *etcdNodes) loop(ctx context.Context, n *etcdNode, leads bool) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			n.Tick()
		case ready := <-n.Ready():
			if err := persist(n.storage, ready); err != nil {
				panic(err)
			}
			for _, m := range ready.Messages {
				select {
				case c.nodes[m.GetTo()-1].inbox <- m:
				case <-ctx.Done():
					return
				}
			}
			if leads {
				for _, entry := range ready.CommittedEntries {
					c.waiting.applied(entry.GetData())
				}
			}
			n.Advance()
		case <-ctx.Done():
			return
		}
	}
}

func (c *etcdNodes) propose(command []byte) error {
	command, done := c.waiting.tag(command)
	if err := c.nodes[0].Propose(context.Background(), command); err != nil {
		return err
	}
	<-done
	return nil
}

func (c *etcdNodes) close() {
	c.stop()
	c.loops.Wait()
	for _, n := range c.nodes {
		n.Stop()
	}
}

// etcdRawNodes is three RawNodes in one goroutine, which passes messages on by itself:
// what consensus costs without any goroutine or channel between the nodes.
type etcdRawNodes struct {
	nodes     []*etcd.RawNode
	storages  []*etcd.MemoryStorage
	proposals chan []byte
	waiting   *waiting
	quit      chan struct{}
	done      chan struct{}
}

func startEtcdRawNode(t testing.TB) cluster {
	c := &etcdRawNodes{
		proposals: make(chan []byte, 4096), waiting: newWaiting(), quit: make(chan struct{}), done: make(chan struct{}),
	}
	for i := range members {
		storage := etcdStorage(t)
		node, err := etcd.NewRawNode(etcdConfig(i, storage))
		if err != nil {
			t.Fatal(err)
		}
		c.nodes, c.storages = append(c.nodes, node), append(c.storages, storage)
	}
	if err := c.nodes[0].Campaign(); err != nil {
		t.Fatal(err)
	}
	c.settle()
	if c.nodes[0].BasicStatus().RaftState != etcd.StateLeader {
		t.Fatal("etcd: no leader")
	}
	go c.loop()
	return c
}

// loop takes all proposals that wait and lets the cluster come to rest.
func (c *etcdRawNodes) loop() {
	defer close(c.done)
	for {
		select {
		case command := <-c.proposals:
			for more := true; more; {
				if err := c.nodes[0].Propose(command); err != nil {
					panic(err)
				}
				select {
				case command = <-c.proposals:
				default:
					more = false
				}
			}
			c.settle()
		case <-c.quit:
			return
		}
	}
}

// settle deals with what is ready until nothing is.
func (c *etcdRawNodes) settle() {
	for busy := true; busy; {
		busy = false
		for i, n := range c.nodes {
			if !n.HasReady() {
				continue
			}
			busy = true
			ready := n.Ready()
			if err := persist(c.storages[i], ready); err != nil {
				panic(err)
			}
			for _, m := range ready.Messages {
				c.nodes[m.GetTo()-1].Step(m)
			}
			if i == 0 {
				for _, entry := range ready.CommittedEntries {
					c.waiting.applied(entry.GetData())
				}
			}
			n.Advance(ready)
		}
	}
}

func (c *etcdRawNodes) propose(command []byte) error {
	command, done := c.waiting.tag(command)
	c.proposals <- command
	<-done
	return nil
}

func (c *etcdRawNodes) close() {
	close(c.quit)
	<-c.done
}
