package labrpc

// A question is asked about one message; the answer is a number that depends on nothing but the seed, the link of the call, the
// number of the call on its link, the copy and the question. New questions go at the end: the values are part of every recorded seed's history.
type question uint64

const (
	askDropRequest      question = iota + 1 // is the request lost?
	askDropReply                            // is the reply lost?
	askDuplicateRequest                     // does the request arrive twice?
	askDuplicateReply
	askDelayRequest // how long does the request take? (two numbers: this and the next)
	askDelayRequest2
	askDelayReply
	askDelayReply2
	askReorderRequest // is the request held back?
	askReorderReply
	askReorderRequestBy // for how long? (two numbers)
	askReorderRequestBy2
	askReorderReplyBy
	askReorderReplyBy2
	askTold               // when does the caller learn that the call is lost?
	askCourseDelay        // Reliable(false): how long does the request take?
	askCourseDropRequest  // Reliable(false): is the request lost?
	askCourseDropReply    // Reliable(false): is the reply lost?
	askCourseReorder      // LongReordering: is the reply held back?
	askCourseReorderBound // LongReordering: until when at most?
	askCourseReorderBy    // LongReordering: for how long?
)

// keyOf is the key of the link from→to in a network of this seed.
func keyOf(seed int64, from, to string) uint64 {
	h := mix(uint64(seed) + golden)
	for _, s := range [2]string{from, to} {
		h = mix(h ^ uint64(len(s))) // so that ("ab", "c") and ("a", "bc") differ
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * fnvPrime
		}
	}
	return mix(h)
}

// A fate answers the questions about one call.
type fate uint64

// fateOf is the fate of call number n on the link with this key.
func fateOf(key, n uint64) fate { return fate(mix(key + n*golden)) }

// bits answers q for the given copy of the message with 64 uniform random bits.
func (f fate) bits(q question, copy int) uint64 {
	return mix(uint64(f) ^ mix(uint64(q)<<32+uint64(copy)+golden))
}

// unit answers q with a number in [0, 1).
func (f fate) unit(q question, copy int) float64 {
	return float64(f.bits(q, copy)>>11) * 0x1p-53
}

// chance answers q with yes in a share p of all cases. It costs nothing if p is zero.
func (f fate) chance(q question, copy int, p float64) bool { return p > 0 && f.unit(q, copy) < p }

const (
	golden   = 0x9e3779b97f4a7c15 // 2^64 / the golden ratio, the increment of splitmix64
	fnvPrime = 0x100000001b3
)

// mix is the finaliser of splitmix64: each bit of the result depends on each bit of x.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	x ^= x >> 31
	return x
}
