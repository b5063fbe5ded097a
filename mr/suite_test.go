package mr_test

import (
	"context"
	"fmt"

	"6.824/mr"
	"6.824/mr/mrtest"
	"6.824/mr/tasks"
)

// suite tries the reference, which can do everything that the suite knows of.
var suite = mrtest.Suite(mrtest.Implementation{
	Beats: true, Journals: true, Rebuilds: true, Backups: true, Skips: true, Locates: true,
	Coordinator: func(e mrtest.CoordinatorEnv) (mrtest.Coordinator, error) {
		return mr.NewCoordinator(mr.Config{
			Files: e.Files, Reduces: e.Reduces, Store: e.Store, Journal: e.Journal, Hosts: e.Hosts,
			ID: fmt.Sprintf("j%d", e.Node.Incarnation()), Tasks: tasks.Config{Skip: e.Skip}, Gate: e.Node.Gate,
			Observe: func(ch mr.Change) { e.Node.Report(ch.What, ch) },
		})
	},
	Worker: func(ctx context.Context, e mrtest.WorkerEnv) error {
		return mr.RunWorker(ctx, mr.WorkerConfig{
			Name: fmt.Sprintf("%s.%d", e.Node.Name(), e.Node.Incarnation()), Host: e.Node.Name(), App: e.App,
			Coordinator: e.End, Store: e.Store, Input: e.Input, Gate: e.Node.GateOf,
		})
	},
})
