//go:build !race

package mining

import (
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/pow/consensus"
)

// The race detector's instrumentation makes variables escape, so this holds without it only.
func TestRunDoesNotAllocate(t *testing.T) {
	s := NewSearch(consensus.Header{}, consensus.Uint256{})
	require.Zero(t, testing.AllocsPerRun(10, func() { s.Run(0, 100) }))
}
