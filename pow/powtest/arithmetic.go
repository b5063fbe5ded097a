package powtest

import (
	"fmt"

	"6.824/labrpc/labtest"
	"6.824/pow/consensus"
)

// arithmetic is Bitcoin's numbers, and money's schedule on a network of nodes.
func arithmetic() []scenario {
	halving := small()
	halving.Name, halving.HalvingInterval = "halving", 7
	halving = halving.WithGenesis(consensus.LabEpoch-10, 0x2007ffff)
	return []scenario{
		{Name: "TestArithmetic", Doc: "main net's genesis, targets, work, retargets and supply, bit for bit", Paper: "Bitcoin Core's tests", Seeds: 1, Alone: vectors},
		{Name: "TestHalving", Doc: "eras of seven blocks, until there is no new money", Paper: "§6", Seeds: 3, Setup: setup{Nodes: 3, Params: halving}, Run: halvings},
	}
}

func vectors(w *labtest.World) {
	p := consensus.MainNet()
	equal := func(what string, got, want any) {
		w.Count("vectors")
		if g, v := fmt.Sprint(got), fmt.Sprint(want); g != v {
			w.Violate("Bitcoin's arithmetic", "Bitcoin Core", "%s: %s, not %s", what, g, v)
		}
	}
	equal("genesis", p.Genesis.Hash(), "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f")
	for _, v := range []struct {
		in       uint32
		value    string
		negative bool
		out      uint32
	}{
		{0x01003456, "0", false, 0}, {0x01123456, "12", false, 0x01120000}, {0x01fedcba, "7e", true, 0x01fe0000},
		{0x02123456, "1234", false, 0x02123400}, {0x04123456, "12345600", false, 0x04123456},
		{0x04923456, "12345600", true, 0x04923456}, {0x05009234, "92340000", false, 0x05009234},
	} {
		n, negative, overflow := consensus.DecodeCompact(v.in)
		equal(fmt.Sprintf("%08x decoded", v.in), fmt.Sprintln(n, negative, overflow), fmt.Sprintln(v.value, v.negative, false))
		equal(fmt.Sprintf("%08x again", v.in), consensus.EncodeCompact(n, negative), v.out)
	}
	equal("0x80 encoded", consensus.EncodeCompact(consensus.Uint256From(0x80), false), 0x02008000)
	equal("cut off, not rounded", consensus.EncodeCompact(consensus.Uint256From(0x123456ffff), false), 0x05123456)
	_, _, overflow := consensus.DecodeCompact(0xff123456)
	equal("ff123456 overflows", overflow, true)
	for bits, work := range map[uint32]string{0x1d00ffff: "100010001", 0x1b0404cb: "3fb3ab764c00", 0x207fffff: "2"} {
		target, _, _ := consensus.DecodeCompact(bits)
		equal(fmt.Sprintf("work of %08x", bits), consensus.Work(target), work)
	}
	for _, v := range []struct{ bits, first, last, want uint32 }{
		{0x1d00ffff, 1261130161, 1262152739, 0x1d00d86a}, {0x1d00ffff, 1231006505, 1233061996, 0x1d00ffff},
		{0x1c05a3f4, 1279008237, 1279297671, 0x1c0168fd}, {0x1c387f6f, 1263163443, 1269211443, 0x1d00e1fd},
	} {
		equal(fmt.Sprintf("retarget of %08x", v.bits), p.NextBits(v.bits, v.first, v.last), v.want)
	}
	equal("all the money", p.Supply(33*210_000), 2_099_999_997_690_000)
	equal("era 33", p.Subsidy(33*210_000), 0)
	w.AtLeast("vectors", 25)
}

func halvings(n *Network) {
	n.Start()
	n.Grow(0, 50)
	n.Agree()
	// The oracle looks at each block's money; here, that all of it was taken.
	for i := range n.N {
		s, ok := n.Status(i)
		var want int64
		for h := 1; h <= s.Height; h++ {
			want += n.oracle.subsidy(h)
		}
		if !ok || int64(s.Supply) != want {
			n.Violate("supply is the schedule's", "§6", "%s has %v at height %d, the schedule says %d", n.names[i], s.Supply, s.Height, want)
		}
	}
	n.AtLeast("moved", 100)
}
