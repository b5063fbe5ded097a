package shardtest

// sequence is what is known of a key for certain: as long as its writes come one after the other, there is one value
// that whoever reads it between two of them must see. Linearizability says that too, but only when the
// run is over.
type sequence struct {
	value   string
	clear   bool // value is what it is, when nobody writes
	writing int  // how many clients
	writes  int  // that have begun
}

// begin notes that a write begins, and returns what is to be called when it is done.
func (s *sequence) begin(then func(value string) (next string, clear bool)) (done func()) {
	s.writes++
	s.writing++
	mine, alone := s.writes, s.writing == 1
	return func() {
		s.writing--
		if next, clear := then(s.value); alone && s.writes == mine {
			s.value, s.clear = next, clear || s.clear
		} else {
			s.clear = false
		}
	}
}

// sequence is that of a key, and known by whoever holds st.mu.
func (st *Store) sequence(key string) *sequence {
	s := st.keys[key]
	if s == nil {
		s = &sequence{clear: true}
		st.keys[key] = s
	}
	return s
}
