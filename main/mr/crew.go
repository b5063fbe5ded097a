package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// crew is the worker processes of a job. One that dies is replaced.
type crew struct {
	start func(name string) *exec.Cmd
	gone  func(name string) // is told of each that has died
	stop  context.CancelFunc

	alive sync.WaitGroup

	mu      sync.Mutex
	hired   int    // so far
	missing int    // workers that have died and were not replaced yet
	died    int    // in all
	said    string // by the last that died
	barren  int    // that died since a task was done last
	done    int    // tasks, then
	over    bool
}

// giveUpAfter is how many workers may die in a row without a task being done.
const giveUpAfter = 20

// hire starts a crew: this program again, as workers.
func hire(ctx context.Context, j *job, socket string, gone func(name string)) *crew {
	ctx, stop := context.WithCancel(ctx)
	c := &crew{gone: gone, stop: stop, missing: j.workers}
	c.start = func(name string) *exec.Cmd {
		args := []string{"-worker", socket, "-called", name, "-o", j.out}
		if j.nocombine {
			args = append(args, "-nocombine")
		}
		self, err := os.Executable()
		if err != nil {
			self = os.Args[0]
		}
		cmd := exec.CommandContext(ctx, self, append(args, j.app)...)
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = 3 * time.Second
		return cmd
	}
	return c
}

// replace starts workers for those that are missing. It is an error if they die without getting anything done.
func (c *crew) replace(done int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if done > c.done {
		c.done, c.barren = done, 0
	}
	if c.barren >= giveUpAfter {
		return fmt.Errorf("%d workers have died, one after the other, and no task was done; the last said: %s", c.barren, c.said)
	}
	for ; c.missing > 0; c.missing-- {
		var said bytes.Buffer
		c.hired++
		name := fmt.Sprint("worker", c.hired)
		cmd := c.start(name)
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("a worker can't be started: %w", err)
		}
		c.alive.Go(func() { c.ended(name, cmd.Wait(), said.String()) })
	}
	return nil
}

// ended notes that a worker has.
func (c *crew) ended(name string, err error, said string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.missing++
	if err == nil { // it has heard that the job is over
		return
	}
	c.gone(name)
	c.died++
	c.barren++
	if c.said = strings.TrimSpace(said); c.said == "" {
		c.said = err.Error()
	}
}

// dismiss waits until all workers are gone: a moment, if they will hear that the job is over, before they are told to stop.
func (c *crew) dismiss(willHear bool) {
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		c.alive.Wait()
		close(gone)
	}()
	if willHear {
		select {
		case <-gone:
		case <-time.After(2 * time.Second):
		}
	}
	c.stop()
	<-gone
}

// lost is how many workers have died.
func (c *crew) lost() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.died
}
