package powtest

import (
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// convergence is what must hold among honest nodes, whatever the network does.
func convergence() []scenario {
	return []scenario{
		{Name: "TestConverge", Doc: "four miners come to one chain, and difficulty follows their hash rate", Paper: "§5", Run: converge},
		{Name: "TestRetarget", Doc: "four times the hash rate: after some periods blocks come as they are meant to again", Paper: "§4", Seeds: 3, Run: retarget},
		{Name: "TestPartition", Doc: "two halves mine apart; when the partition heals, the one with more work has been right", Paper: "§5", Run: partition},
		{Name: "TestLateJoiner", Doc: "a node that was never there, and one that was away, catch up from any one peer", Paper: "§5, step 6", Setup: setup{Nodes: 4, Degree: 2}, Run: lateJoiner},
		{Name: "TestRing", Doc: "news goes round a ring of ten where each knows two", Paper: "§5", Seeds: 3, Setup: setup{Nodes: 10, Degree: 2, Miners: 3}, Run: ring},
		{Name: "TestLossy", Doc: "a network that loses, doubles, delays and reorders messages", Paper: "§5", Run: lossy},
		{Name: "TestTies", Doc: "blocks are found at once, and each node stays with the one it saw first until the next decides", Paper: "§5", Setup: setup{Nodes: 4}, Run: ties},
	}
}

func converge(n *Network) {
	n.Start()
	n.Grow(0, 60)
	n.Agree()
	n.CommonPrefix(10)
	n.AtLeast("mined", 50)
}

// retarget changes the hash rate by starting and stopping miners.
func retarget(n *Network) {
	n.Mining(false, 1, 2, 3)
	n.Mining(true, 0)
	period := n.Params.RetargetInterval
	n.Grow(0, 3*period)
	n.Mining(true, 1, 2, 3)
	n.Grow(0, 4*period)
	t0 := n.Now()
	n.Grow(0, 4*period)
	mean := (n.Now() - t0) / time.Duration(4*period)
	n.Logf("a block every %v", mean)
	// The mean of 80 exponential times of 10 s has a deviation of 1.1 s; that difficulty follows by periods adds to it.
	if spacing := time.Duration(n.Params.Spacing()) * time.Second; mean < spacing/2 || mean > 2*spacing {
		n.Violate("difficulty follows the hash rate", "§4", "after four periods a block takes %v instead of %v", mean, spacing)
	}
	n.Agree()
	n.AtLeast("moved", 200)
}

func partition(n *Network) {
	n.Start()
	n.Grow(0, 5)
	n.Net().Partition([]any{n.names[0], n.names[1]}, []any{n.names[2], n.names[3]})
	// Until both halves have a chain of their own.
	fork := max(n.Height(0), n.Height(2))
	for n.Height(0) < fork+6 || n.Height(2) < fork+6 {
		n.Sleep(n.pollEvery())
	}
	a, _ := n.Status(0)
	b, _ := n.Status(2)
	if a.Tip == b.Tip {
		n.Violate("the halves were apart", "", "both have %v", a.Tip)
	}
	n.Net().Heal()
	n.Agree()
	n.AtLeast("reorgs", 1)
	n.Grow(0, 3)
	n.Agree()
}

func lateJoiner(n *Network) {
	for i := range 3 {
		n.nodes[i].Start()
	}
	n.Grow(0, 30)
	n.nodes[1].Crash(labtest.Lose)
	n.Grow(0, 30)
	n.nodes[3].Start() // its peers are 0 and 2
	n.nodes[2].Crash(labtest.Keep)
	for end := n.Now() + n.settleBound(); n.Height(3) < 50; n.Sleep(n.pollEvery()) {
		if n.Now() > end {
			n.Violate("a node that was away catches up from any one honest peer", "§5, step 6", "%s is at height %d", n.names[3], n.Height(3))
			return
		}
	}
	n.nodes[1].Start()
	n.nodes[2].Start()
	n.Agree()
}

func ring(n *Network) {
	n.Start()
	n.Grow(5, 40)
	n.Agree()
	n.CommonPrefix(10)
}

func lossy(n *Network) {
	n.Net().SetDefault(labrpc.Conditions{
		DropRequest: 0.2, DropReply: 0.2, Duplicate: 0.2, Reorder: 0.2, ReorderBy: labrpc.Uniform(0, 8*time.Second),
		Delay: labrpc.Bimodal(labrpc.Uniform(time.Millisecond, 50*time.Millisecond), labrpc.Exponential(time.Second), 0.1),
	})
	n.Start()
	n.Grow(0, 60)
	n.Agree()
	n.CommonPrefix(15)
	n.AtLeast("dropped", 50)
	n.AtLeast("duplicated", 50)
}

// ties makes messages take as long as a block, so that forks are the rule.
func ties(n *Network) {
	n.Net().SetDefault(labrpc.Conditions{Delay: labrpc.Uniform(3*time.Second, 6*time.Second)})
	n.Start()
	n.Grow(0, 60)
	n.Net().SetDefault(labrpc.Conditions{Delay: labrpc.Uniform(time.Millisecond, 5*time.Millisecond)})
	n.Agree()
	n.AtLeast("reorgs", 3)
}
