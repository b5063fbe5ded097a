//go:build !race

package labtest

// raceEnabled says whether this binary has the race detector.
const raceEnabled = false
