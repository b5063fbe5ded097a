package rsm

import "container/list"

// sessions are the open sessions of all clients, in the order of their last operations. They
// are replicated state: everything here is a function of the log.
type sessions[Result any] struct {
	max   int
	byID  map[int64]*list.Element // of *session
	order *list.List              // the least recently used first
}

// session is what is remembered of a client: its last operation and what came of it. A client
// makes one operation at a time, so there is never need for an earlier one.
type session[Result any] struct {
	ID   int64
	Seq  int64
	Last Result
}

func newSessions[Result any](most int) sessions[Result] {
	return sessions[Result]{max: most, byID: map[int64]*list.Element{}, order: list.New()}
}

// open adds a session and drops the least recently used one if there are too many.
func (ss *sessions[Result]) open(s session[Result]) {
	ss.byID[s.ID] = ss.order.PushBack(&s)
	if ss.order.Len() > ss.max {
		oldest := ss.order.Remove(ss.order.Front()).(*session[Result])
		delete(ss.byID, oldest.ID)
	}
}

// do executes a request at most once: apply is called if it is the session's next, and not if
// it is its last, which gets the same answer again.
func (ss *sessions[Result]) do(r Request, apply func() Result) (Result, error) {
	var none Result
	element := ss.byID[r.Session]
	if element == nil {
		return none, ErrSessionExpired
	}
	s := element.Value.(*session[Result])
	switch {
	case r.Seq < s.Seq:
		return none, ErrStale
	case r.Seq > s.Seq:
		s.Seq, s.Last = r.Seq, apply()
	}
	ss.order.MoveToBack(element)
	return s.Last, nil
}

// always executes an operation that belongs to no session.
func always[Result any](_ Request, apply func() Result) (Result, error) { return apply(), nil }

// all lists the sessions, least recently used first. Restoring them by open, in this order,
// gives the same sessions again.
func (ss *sessions[Result]) all() []session[Result] {
	all := make([]session[Result], 0, ss.order.Len())
	for e := ss.order.Front(); e != nil; e = e.Next() {
		all = append(all, *e.Value.(*session[Result]))
	}
	return all
}
