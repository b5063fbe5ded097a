package labtest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEventLogKeepsEveryEvent(t *testing.T) {
	var l eventLog
	const n = 2*pieceSize + 1
	for i := range n {
		l.add(Event{Seq: i})
	}
	require.Equal(t, n, l.n)
	for i := range n {
		require.Equal(t, i, l.at(i).Seq)
	}
}

func TestDivergenceNamesTheFirstDifference(t *testing.T) {
	first := []Event{{Kind: "a"}, {Kind: "b", Seq: 1}, {Kind: "c", Seq: 2}}
	logOf := func(events []Event) *eventLog {
		l := new(eventLog)
		for _, e := range events {
			l.add(e)
		}
		return l
	}
	same := &divergence{first: logOf(first)}
	for _, e := range first {
		same.sink(e)
	}
	same.close()
	require.False(t, same.found)

	other := &divergence{first: logOf(first)}
	other.sink(first[0])
	other.sink(Event{Kind: "x", Seq: 1})
	other.sink(first[2])
	other.close()
	require.True(t, other.found)
	require.Contains(t, other.violation().Text, " 1    0.000000s  b ")
	require.Contains(t, other.violation().Text, " 1    0.000000s  x ")

	short := &divergence{first: logOf(first)}
	short.sink(first[0])
	short.close()
	require.True(t, short.found)
	long := &divergence{first: logOf(first[:1])}
	long.sink(first[0])
	long.sink(first[1])
	require.True(t, long.found)
}
