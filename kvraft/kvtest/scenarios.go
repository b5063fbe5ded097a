package kvtest

import "slices"

// scenarios lists them all: the course's, and then by what goes wrong.
func scenarios() []scenario {
	return slices.Concat(course(), clients(), reads(), crashes(), scale(), rich(), swarms())
}
