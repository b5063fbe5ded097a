package labrpc

import "sync"

// The workers of a network run its handlers. A goroutine that has run a handler waits for the next one, since its stack has already
// grown to what that takes. There is no limit: a handler that blocks keeps its worker, and the next request gets another one.
type workers struct {
	mu      sync.Mutex
	idle    []chan job // the last to come is the first to go
	stopped bool
}

type job struct {
	request *message
	server  *Server
}

// maxIdle bounds how many goroutines wait for work.
const maxIdle = 64

// run has a worker serve a request.
func (w *workers) run(n *Network, m *message, s *Server) {
	w.mu.Lock()
	last := len(w.idle) - 1
	if last < 0 {
		w.mu.Unlock()
		go w.work(n, job{m, s})
		return
	}
	next := w.idle[last]
	w.idle = w.idle[:last]
	w.mu.Unlock()
	next <- job{m, s}
}

// work is the goroutine of a worker.
func (w *workers) work(n *Network, j job) {
	jobs := make(chan job, 1)
	for ok := true; ok; j, ok = <-jobs {
		n.serve(j.request, j.server)
		j = job{}
		w.mu.Lock()
		if w.stopped || len(w.idle) >= maxIdle {
			w.mu.Unlock()
			return
		}
		w.idle = append(w.idle, jobs)
		w.mu.Unlock()
	}
}

// stop ends the idle workers now, and the others when their handlers return.
func (w *workers) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	for _, jobs := range w.idle {
		close(jobs)
	}
	w.idle = nil
}
