package rafttest

import "slices"

// scenarios lists them all, in the order of the course's parts and then by what fails.
func scenarios() []scenario {
	return slices.Concat(
		elections(), agreement(), persistence(), figure8(), churn(), snapshots(), // the course's
		disturbances(), sizes(), messages(), machines(), disks(), installs(), transfers(), reads(), swarms(),
	)
}
