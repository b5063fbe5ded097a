package rsmtest

import "sync"

// Sequences are what is known for certain of the keys of a store while clients use it: as long as the writes of a key come one
// after the other, there is one value that whoever reads it between two of them must see. Linearizability says that,
// too, but only when the run is over. The zero value is of a store in which no key exists.
type Sequences struct {
	mu   sync.Mutex
	keys map[string]*sequence
}

// sequence is what is known of one key.
type sequence struct {
	value   string // "" if it does not exist
	unclear bool   // nobody knows which it is
	writing int    // how many clients
	writes  int    // that have begun
}

func (s *Sequences) of(key string) *sequence {
	if s.keys == nil {
		s.keys = map[string]*sequence{}
	}
	if s.keys[key] == nil {
		s.keys[key] = &sequence{}
	}
	return s.keys[key]
}

// Write is to be called before a write, and done when it has succeeded, with what that makes of the old value, and whether this is
// certain even if the old value is not.
func (s *Sequences) Write(key string) (done func(becomes func(old string) (value string, certain bool))) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.of(key)
	k.writes++
	k.writing++
	mine, alone := k.writes, k.writing == 1
	return func(becomes func(string) (string, bool)) {
		s.mu.Lock()
		defer s.mu.Unlock()
		k.writing--
		value, certain := becomes(k.value)
		if k.value = value; !alone || k.writes != mine {
			k.unclear = true
		} else if certain {
			k.unclear = false
		}
	}
}

// Read is to be called before a read, and want when it has succeeded: it says what must have been read, if that is certain.
func (s *Sequences) Read(key string) (want func() (value string, certain bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.of(key)
	before, quiet := k.writes, k.writing == 0
	return func() (string, bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return k.value, quiet && k.writes == before && !k.unclear
	}
}
