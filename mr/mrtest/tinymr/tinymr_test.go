package tinymr_test

import (
	"context"
	"testing"

	"6.824/mr/mrtest"
	"6.824/mr/mrtest/tinymr"
	"6.824/mr/store"
)

func TestTinyMR(t *testing.T) {
	mrtest.Run(t, mrtest.Implementation{
		Coordinator: func(e mrtest.CoordinatorEnv) (mrtest.Coordinator, error) {
			return tinymr.NewCoordinator(e.Files, e.Reduces, e.Store), nil
		},
		Worker: func(ctx context.Context, e mrtest.WorkerEnv) error {
			mapf, reducef := e.App.Functions()
			return tinymr.Worker{
				End: e.End, Store: e.Store, Map: mapf, Reduce: reducef, Gate: e.Node.Gate,
				Read: func(name string) (string, error) { return read(e.Input(name)) },
			}.Run(ctx)
		},
	})
}

func read(f store.Source, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer f.Close()
	b := make([]byte, f.Size())
	_, err = f.ReadAt(b, 0)
	return string(b), err
}
