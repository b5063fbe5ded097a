package consensus

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Block 100,000 of main net: four transactions.
func TestMerkleOfARealBlock(t *testing.T) {
	ids := hashes(t,
		"8c14f0db3df150123e6f3dbbf30f8b955a8249b62ac1d1ff16284aefa3d06d87",
		"fff2525b8931402dd09222c50775608f75787bd2b87e56995a7bdd30f79702c4",
		"6359f0868171b1d194cbee1af2f16ea598ae8fad666d9b012c8ed2b79a236ec4",
		"e9a66845e05d5abc0ad04ec80f774a7e585c6e8db975962d069a522137b80c1d")
	before := slices.Clone(ids)
	root, mutated := MerkleRoot(ids)
	require.Equal(t, "f3e94742aca4b5ef85488dc37c06c3282295ffec960994b2c0d5ac2a25a95766", root.String())
	require.False(t, mutated)
	require.Equal(t, before, ids)
	// Its header, so that the vector stands on its own work.
	prev := hashes(t, "000000000002d01c1fccc21636b607dfd930d31d01c3a62104612a1719011250")[0]
	h := Header{1, prev, root, 1293623863, 0x1b04864c, 274148111}
	require.Equal(t, "000000000003ba27aa200b1cecaad478d2b00432346c3f1f3986da1afd33e506", h.Hash().String())
}

func TestMerkleSmall(t *testing.T) {
	a, b, c := Hash{1}, Hash{2}, Hash{3}
	pair := func(x, y Hash) Hash { return DoubleSHA256(append(x[:], y[:]...)) }
	root, _ := MerkleRoot(nil)
	require.True(t, root.IsZero())
	root, mutated := MerkleRoot([]Hash{a})
	require.Equal(t, a, root, "a single leaf is the root")
	require.False(t, mutated)
	root, mutated = MerkleRoot([]Hash{a, b, c})
	require.Equal(t, pair(pair(a, b), pair(c, c)), root, "an odd one is paired with itself")
	require.False(t, mutated)
	_, mutated = MerkleRoot([]Hash{a, b, b, c})
	require.False(t, mutated, "equal, but of two pairs: no shorter list has this root")
}

// TestMerkleMutation: CVE-2012-2459. For lists of any length whose tree has an odd level, there is a longer list with the same root.
func TestMerkleMutation(t *testing.T) {
	for n := 1; n <= 40; n++ {
		leaves := make([]Hash, n)
		for i := range leaves {
			leaves[i] = DoubleSHA256([]byte{byte(i)})
		}
		root, mutated := MerkleRoot(leaves)
		require.False(t, mutated, "%d leaves", n)
		// At a level whose number of nodes is odd, the tail that hangs under its last node can be repeated.
		for width := 1; width < n; width *= 2 {
			nodes := (n + width - 1) / width
			if nodes%2 == 0 || nodes == 1 || n%width != 0 {
				continue
			}
			longer := slices.Concat(leaves, leaves[(nodes-1)*width:])
			root2, mutated2 := MerkleRoot(longer)
			require.Equal(t, root, root2, "%d leaves, the last %d again", n, width)
			require.True(t, mutated2, "%d leaves, the last %d again", n, width)
		}
	}
}

func hashes(t testing.TB, s ...string) []Hash {
	t.Helper()
	var out []Hash
	for _, s := range s {
		h, err := ParseHash(s)
		require.NoError(t, err)
		out = append(out, h)
	}
	return out
}
