package main

import (
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// The first four headers of main net.
const first4 = "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c" +
	"010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299" +
	"010000004860eb18bf1b1620e37e9490fc8a427514416fd75159ab86688e9a8300000000d5fdcc541e25de1c7a5addedf24858b8bb665c9f36ef744ee42c316022c90f9bb0bc6649ffff001d08d2bd61" +
	"01000000bddd99ccfda39da1b108ce1a5d70038d0a967bacb68b6b63065f626a0000000044f672226090d85db9a9f2fbfe5f0f9609b387af7be5b7fbb7a1767c831c9e995dbe6649ffff001d05e0ed6d"

func call(stdin []byte, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, bytes.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

func TestVerifyHeaders(t *testing.T) {
	b, err := hex.DecodeString(first4)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "headers.dat")
	require.NoError(t, os.WriteFile(file, b, 0o600))

	status, out, errs := call(nil, "verify-headers", file)
	require.Equal(t, good, status, errs)
	require.Contains(t, out, "headers      4, all good")
	require.Contains(t, out, "0000000082b5015589a3fdf2d4baff403e6f0be035a5d9742c1cae6295464449 at height 3")
	require.Contains(t, out, "400040004 hashes")
	require.Contains(t, out, "2009-01-09T03:02:53Z")

	status, _, errs = call(b, "verify-headers", "-")
	require.Equal(t, good, status, errs)

	spoilt := bytes.Clone(b)
	spoilt[2*80+76]++
	status, out, errs = call(spoilt, "verify-headers", "-")
	require.Equal(t, bad, status)
	require.Contains(t, out, "headers      2, good up to here")
	require.Contains(t, errs, "at height 2: high-hash")
	require.Contains(t, errs, "the hash is not above the target")

	status, out, errs = call(b, "verify-headers", "-now", "1231469664", "-")
	require.Equal(t, good, status, out+errs)
	status, _, errs = call(b, "verify-headers", "-now", "1231462000", "-")
	require.Equal(t, bad, status)
	require.Contains(t, errs, "height 1: time-too-new")

	status, out, errs = call(b[:100], "verify-headers", "-")
	require.Equal(t, bad, status)
	require.Contains(t, errs, "height 1: the file ends within a header, after 20 of its 80 bytes")
	require.Empty(t, out)
	status, _, errs = call(nil, "verify-headers", "-")
	require.Equal(t, bad, status)
	require.Contains(t, errs, "the file is empty")
	status, _, errs = call(b, "verify-headers", "-net", "regtest", "-")
	require.Equal(t, bad, status)
	require.Contains(t, errs, "bad-genesis")
	status, _, errs = call(nil, "verify-headers", filepath.Join(t.TempDir(), "none"))
	require.Equal(t, bad, status)
	require.Contains(t, errs, "none")
}

func TestBadUse(t *testing.T) {
	for _, args := range []string{"", "frobnicate", "verify-headers", "verify-headers a b", "verify-headers -net moon f", "verify-headers -x f", "verify-headers -now soon f",
		"simulate -nodes 1", "simulate -blocks 0", "simulate -shares 0.7,0.7", "simulate -shares x", "simulate -attack nuclear", "simulate what",
		"simulate -partition 1", "simulate -delay -1s", "simulate -degree 1", "simulate -nope"} {
		status, out, errs := call(nil, strings.Fields(args)...)
		require.Equal(t, badUse, status, "pow %s", args)
		require.Empty(t, out)
		require.NotEmpty(t, errs)
	}
	status, out, _ := call(nil, "help")
	require.Equal(t, good, status)
	require.Contains(t, out, "verify-headers")
	status, _, errs := call(nil, "verify-headers", "-h")
	require.Equal(t, good, status)
	require.Contains(t, errs, "genesis first")
}

func TestSimulate(t *testing.T) {
	page := filepath.Join(t.TempDir(), "tree.html")
	simulated := func(args ...string) string {
		c, _, err := parseSimulation(args, io.Discard)
		require.NoError(t, err)
		var out, errs bytes.Buffer
		require.Equal(t, good, c.report(t, page, &out, &errs), errs.String())
		return out.String()
	}
	out := simulated("-nodes", "8", "-blocks", "30", "-delay", "2s", "-partition", "0.3")
	require.Contains(t, out, "the best chain has 3")
	require.Contains(t, out, "the network falls apart")
	require.Contains(t, out, "it is whole again")
	require.Contains(t, out, "fork")
	require.Contains(t, out, "reorgs by depth:  1:")
	require.Contains(t, out, "node 7")
	html, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(html), "</svg>")
	require.NotContains(t, string(html), "http", "it is self-contained")
	require.GreaterOrEqual(t, strings.Count(string(html), "<circle"), 31)

	timeless := regexp.MustCompile(`\(.* of wall time\)`)
	again := simulated("-nodes", "8", "-blocks", "30", "-delay", "2s", "-partition", "0.3")
	require.Equal(t, timeless.ReplaceAllString(out, ""), timeless.ReplaceAllString(again, ""), "one seed, one history")
}

// TestSelfishMiner: with 40 % of the power it has more than that of the blocks, as Eyal and Sirer say; an honest one has not.
func TestSelfishMiner(t *testing.T) {
	share := func(attack string) float64 {
		c, _, err := parseSimulation([]string{"-nodes", "6", "-blocks", "800", "-shares", "0.4", "-delay", "10ms", "-q", "-attack", attack}, io.Discard)
		require.NoError(t, err)
		var tree *blockTree
		synctest.Test(t, func(*testing.T) { tree = c.run(io.Discard) })
		for _, m := range tree.summary(c).miners {
			if m.node == 0 {
				return m.share
			}
		}
		return 0
	}
	require.InDelta(t, .4, share("none"), .09) // 5σ of 800 blocks
	got := share("selfish")
	require.Greater(t, got, .4838-.09, "γ = 0 gives 0.4837")
	require.Less(t, got, .5674+.09, "γ = 1 gives 0.5674")
}
