package labtest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBubbleThatEndsWellSaysNothing(t *testing.T) {
	b := &bubble{label: "well", patience: time.Minute}
	out := b.run(t, func() {
		done := make(chan struct{})
		go func() { time.Sleep(time.Hour); close(done) }()
		<-done
	})
	require.Zero(t, out)
}

func TestFrozenBubbleIsExplained(t *testing.T) {
	b := &bubble{label: "frozen", patience: 200 * time.Millisecond}
	out := b.run(t, holdAMutexAcrossASleep)
	require.Contains(t, out.frozen, "sync.Mutex.Lock", "who waits for the mutex")
	require.Contains(t, out.frozen, "holdAMutexAcrossASleep", "whose code it is")
	require.Empty(t, out.leaked)
}

func holdAMutexAcrossASleep() {
	var mu sync.Mutex
	mu.Lock()
	go func() {
		mu.Lock()
		defer mu.Unlock()
	}()
	time.Sleep(time.Second)
	mu.Unlock()
}

func TestLeakIsNamed(t *testing.T) {
	b := &bubble{label: "leak", patience: time.Minute}
	out := b.run(t, func() { go waitForEver() })
	require.Contains(t, out.leaked, "waitForEver")
	require.Empty(t, out.frozen)
}

func waitForEver() { <-make(chan int) }

func TestSpinningBubbleIsFrozen(t *testing.T) {
	stop := false
	var mu sync.Mutex
	b := &bubble{label: "spin", patience: 200 * time.Millisecond}
	out := b.run(t, func() {
		for { // as a student would poll a flag
			mu.Lock()
			if stop {
				mu.Unlock()
				return
			}
			mu.Unlock()
		}
	})
	require.Contains(t, out.frozen, "TestSpinningBubbleIsFrozen")
	mu.Lock()
	stop = true
	mu.Unlock()
}
