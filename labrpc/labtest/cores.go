package labtest

import (
	"runtime"
	"sync"
)

// cores lets as many worlds run at a time as there are processors, over all scenarios that run in parallel. More would
// not be faster but slower, as they drive each other out of the caches: by a third with eight on two cores, under -race.
var cores = struct {
	free sync.Cond
	busy int
}{free: sync.Cond{L: new(sync.Mutex)}}

// onACore calls f when a processor is free for it.
func onACore(f func()) {
	cores.free.L.Lock()
	for cores.busy >= runtime.GOMAXPROCS(0) {
		cores.free.Wait()
	}
	cores.busy++
	cores.free.L.Unlock()
	defer func() {
		cores.free.L.Lock()
		cores.busy--
		cores.free.L.Unlock()
		cores.free.Signal()
	}()
	f()
}
