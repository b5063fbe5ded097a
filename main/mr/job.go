package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"6.824/mr"
	"6.824/mr/store"
	"6.824/mr/tasks"
)

// job is a job on this machine.
type job struct {
	app              string
	in               input
	pieces           []mr.Piece
	out              string
	workers, reduces int
	nocombine, skip  bool
}

// look is how often it looks how the job stands.
const look = 50 * time.Millisecond

func (j *job) run(ctx context.Context) (err error) {
	began := time.Now()
	dir, err := store.NewDir(j.out)
	if err == nil {
		err = dir.Writable()
	}
	if err != nil {
		return usageError{err}
	}
	temp, err := os.MkdirTemp("", "mr-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	socket := filepath.Join(temp, "coordinator")
	l, err := mr.Listen(socket)
	if err != nil {
		return err
	}
	c, err := mr.NewCoordinator(mr.Config{Pieces: j.pieces, Reduces: j.reduces, Store: dir, ID: mr.NewID(), Tasks: tasks.Config{Skip: j.skip}})
	if err != nil {
		l.Close()
		return err
	}
	server := mr.Serve(l, c)
	crew := hire(ctx, j, socket, c.Gone)
	bars := newBars(c.Stats())
	mapped, err := j.watch(ctx, c, crew, bars)
	bars.stop()
	stats, over := c.Stats(), c.Done() && c.Err() == nil
	// Workers first: what they write goes to files that Close removes.
	crew.dismiss(over)
	c.Kill()
	server.Close()
	if closed := c.Close(); err == nil {
		err = closed
	}
	if !over {
		if err == nil {
			err = errors.New("the job has come to no end")
		}
		return errors.Join(err, removeOutput(dir, j.reduces))
	}
	if err == nil {
		j.summary(stats, c.Counters(), mapped.Sub(began), time.Since(began), crew.lost())
	}
	return err
}

// watch waits for the end of the job. It returns when the map tasks were done.
func (j *job) watch(ctx context.Context, c *mr.Coordinator, crew *crew, bars *bars) (mapped time.Time, err error) {
	poll := time.NewTicker(look)
	defer poll.Stop()
	for {
		s := c.Stats()
		bars.show(s)
		if mapped.IsZero() && s.Done[tasks.Map] == s.Total[tasks.Map] {
			mapped = time.Now()
		}
		if c.Done() {
			return mapped, c.Err()
		}
		if err := crew.replace(s.Done[tasks.Map] + s.Done[tasks.Reduce]); err != nil {
			return mapped, err
		}
		select {
		case <-ctx.Done():
			return mapped, ctx.Err()
		case <-poll.C:
		}
	}
}

// removeOutput removes what there is of the output of a job that has not come to its end: it could be taken for the whole.
func removeOutput(dir *store.Dir, reduces int) error {
	for r := range reduces {
		if err := os.Remove(dir.Path(mr.OutputFile(r))); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("a part of the output is left: %w", err)
		}
	}
	return nil
}
