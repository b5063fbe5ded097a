package rsm

// waiter waits for what comes of a request. It is registered before the request is handed to
// raft, so that the request can't be applied too early.
type waiter[Result any] struct {
	request Request
	index   int // where raft has put the command; 0 until it has
	term    int
	done    chan outcome[Result] // has room for one; nil once answered
}

// outcome is what came of a request.
type outcome[Result any] struct {
	result  Result
	session int64 // of the opening of one
	err     error
}

func newWaiter[Result any](r Request) *waiter[Result] {
	return &waiter[Result]{request: r, done: make(chan outcome[Result], 1)}
}

// waiters are those that wait, by what they wait for and by where they expect it. A request
// that is repeated while its first attempt is under way has two waiters, and one outcome
// serves both.
type waiters[Result any] struct {
	byRequest map[Request][]*waiter[Result]
	byIndex   map[int][]*waiter[Result]
	count     int
}

func newWaiters[Result any]() waiters[Result] {
	return waiters[Result]{byRequest: map[Request][]*waiter[Result]{}, byIndex: map[int][]*waiter[Result]{}}
}

func (ws *waiters[Result]) add(w *waiter[Result]) {
	ws.byRequest[w.request] = append(ws.byRequest[w.request], w)
	ws.count++
}

// waits says whether w has no answer yet.
func (ws *waiters[Result]) waits(w *waiter[Result]) bool {
	for _, o := range ws.byRequest[w.request] {
		if o == w {
			return true
		}
	}
	return false
}

// place notes where raft has put w's command.
func (ws *waiters[Result]) place(w *waiter[Result], index, term int) {
	w.index, w.term = index, term
	ws.byIndex[index] = append(ws.byIndex[index], w)
}

// answer answers w and forgets it.
func (ws *waiters[Result]) answer(w *waiter[Result], out outcome[Result]) {
	remove(ws.byRequest, w.request, w)
	remove(ws.byIndex, w.index, w)
	ws.count--
	w.done <- out
}

func remove[K comparable, W comparable](m map[K][]W, key K, w W) {
	list := m[key]
	for i, o := range list {
		if o == w {
			list = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(m, key)
	} else {
		m[key] = list
	}
}

// answerAll answers those of a list.
func (ws *waiters[Result]) answerAll(list []*waiter[Result], out outcome[Result]) {
	for len(list) > 0 {
		w := list[0]
		list = list[1:]
		ws.answer(w, out)
	}
}

// answerIf answers those that are chosen.
func (ws *waiters[Result]) answerIf(chosen func(*waiter[Result]) bool, out outcome[Result]) {
	for _, list := range ws.byRequest {
		for _, w := range list {
			if chosen(w) {
				ws.answer(w, out)
			}
		}
	}
}
