package pow_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/pow"
	"6.824/pow/consensus"
	"6.824/pow/ledger"
)

// Node is a peer that answers every question with the same bytes.
type Node struct{ b []byte }

func (n *Node) Announce(*pow.AnnounceArgs, *pow.Ack) {}

func (n *Node) GetHeaders(_ *pow.GetHeadersArgs, reply *pow.HeadersReply) { reply.Headers = n.b }

func (n *Node) GetBlocks(_ *pow.GetBlocksArgs, reply *pow.BlocksReply) { reply.Blocks = [][]byte{n.b} }

func (n *Node) GetTxs(_ *pow.GetTxsArgs, reply *pow.TxsReply) { reply.Txs = [][]byte{n.b, nil} }

// hashesOf takes bytes for hashes.
func hashesOf(b []byte) (hs []consensus.Hash) {
	for ; len(b) >= len(consensus.Hash{}); b = b[len(consensus.Hash{}):] {
		hs = append(hs, consensus.Hash(b))
	}
	return hs
}

// FuzzMessages says bytes to a node, in every place of every message, and answers its questions with more of them. Whatever they are, the node
// lives on and stays where it was, unless there is work in them.
func FuzzMessages(f *testing.F) {
	p := consensus.Lab().WithGenesis(consensus.LabEpoch-10, 0x2007ffff)
	child := p.Genesis
	child.Prev, child.Time = p.Genesis.Hash(), child.Time+10
	for p.CheckWork(&child, child.Hash()) != nil {
		child.Nonce++
	}
	header := child.Append(nil)
	f.Add([]byte{}, []byte{})
	f.Add(header, header)
	f.Add(header, p.Genesis.Append(nil))
	f.Add(header, (&ledger.Block{Header: child, Txs: []*ledger.Tx{{}}}).Append(nil))
	f.Add((&ledger.Tx{}).Append(nil), (&ledger.Tx{}).Append(nil))
	f.Add(header[:79], header[1:])
	f.Add(make([]byte, 3200), make([]byte, 800))
	f.Fuzz(func(t *testing.T, said, answered []byte) {
		synctest.Test(t, func(t *testing.T) {
			net := labrpc.NewNetwork(labrpc.Options{Seed: 1, Settle: synctest.Wait})
			defer net.Cleanup()
			net.SetDefault(labrpc.Conditions{Delay: labrpc.Uniform(time.Millisecond, 10*time.Millisecond)})
			serve := func(name string, rcvr any) {
				s := labrpc.MakeServer()
				s.AddService(labrpc.MakeService(rcvr))
				net.AddServer(name, s)
			}
			node, err := pow.Make(pow.Config{
				Params: p, Name: "node", Rand: rand.New(rand.NewPCG(1, 1)), Peers: []pow.Peer{{Name: "liar", End: net.Dial("node", "liar")}},
			})
			require.NoError(t, err)
			defer node.Kill()
			serve("node", node)
			serve("liar", &Node{answered})
			end := net.Dial("liar", "node")
			hashes := hashesOf(said)
			for _, args := range []*pow.AnnounceArgs{{From: "liar", Header: said}, {From: "liar", Txs: hashes}, {From: string(said)}} {
				require.True(t, end.Call("Node.Announce", args, new(pow.Ack)))
			}
			require.True(t, end.Call("Node.GetHeaders", &pow.GetHeadersArgs{Locator: hashes}, new(pow.HeadersReply)))
			require.True(t, end.Call("Node.GetBlocks", &pow.GetBlocksArgs{Hashes: hashes}, new(pow.BlocksReply)))
			require.True(t, end.Call("Node.GetTxs", &pow.GetTxsArgs{IDs: hashes}, new(pow.TxsReply)))
			time.Sleep(5 * time.Second)
			s, err := node.Status()
			require.NoError(t, err)
			require.NoError(t, node.Err())
			if block, err := ledger.DecodeBlock(answered); err != nil || block.Header.Prev != p.Genesis.Hash() {
				require.Zero(t, s.Height)
			}
		})
	})
}
