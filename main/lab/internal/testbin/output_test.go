package testbin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOutputKeepsBothEnds(t *testing.T) {
	var o output
	fmt.Fprint(&o, "first ")
	for range 1000 {
		fmt.Fprint(&o, strings.Repeat("x", 1000))
	}
	fmt.Fprint(&o, " last")
	got := o.String()
	require.True(t, strings.HasPrefix(got, "first x"))
	require.True(t, strings.HasSuffix(got, "x last"))
	require.Contains(t, got, "bytes left out")
	require.Less(t, len(got), headSize+tailSize+100)
	require.Less(t, cap(o.tail), 4*tailSize)

	var short output
	fmt.Fprint(&short, strings.Repeat("y", headSize+tailSize))
	require.Equal(t, strings.Repeat("y", headSize+tailSize), short.String())
}
