package mr_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/mr"
	"6.824/mr/apps"
	"6.824/mr/mrtest"
	"6.824/mr/store"
	"6.824/mr/tasks"
)

// BenchmarkCoordinator: what a task costs the coordinator, handed out and reported, without the network. It must not depend on how many
// there are.
func BenchmarkCoordinator(b *testing.B) {
	for _, journal := range []bool{false, true} {
		for _, n := range []int{1_000, 10_000, 100_000} {
			if journal && n > 1_000 {
				continue // each report waits for the disk
			}
			b.Run(fmt.Sprintf("journal=%v/tasks=%d", journal, n), func(b *testing.B) {
				dir, err := store.NewDir(b.TempDir())
				require.NoError(b, err)
				for i := 0; b.Loop(); i++ {
					cfg := mr.Config{Files: make([]string, n), Reduces: 1, Store: dir, ID: "j" + strconv.Itoa(i)}
					if journal {
						cfg.Journal = mr.JournalFile(dir.Path("journal" + strconv.Itoa(i)))
					}
					c, err := mr.NewCoordinator(cfg)
					require.NoError(b, err)
					for i := range n {
						var order mr.AskReply
						c.Ask(&mr.AskArgs{Version: mr.Version, Worker: "w", N: uint64(i + 1)}, &order)
						var reply mr.ReportReply
						c.Report(&mr.ReportArgs{Worker: "w", Job: order.Job.ID, ID: order.Order.ID, Attempt: order.Order.Attempt, OK: true}, &reply)
						if !reply.Accepted {
							b.Fatal("not accepted")
						}
					}
					require.Equal(b, n, c.Stats().Done[tasks.Map])
					c.Kill()
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkJob: a job from its beginning to its end, with two workers of this process, over a Unix socket, with all files on the disk. The
// text is in files of 1 MB, its words about as frequent as a language's.
func BenchmarkJob(b *testing.B) {
	for _, combine := range []bool{true, false} {
		for _, mb := range []int{2, 20, 200} {
			b.Run(fmt.Sprintf("combine=%v/MB=%d", combine, mb), func(b *testing.B) {
				dir, err := store.NewDir(b.TempDir())
				require.NoError(b, err)
				var files []string
				for i := range mb {
					files = append(files, dir.Path("in-"+strconv.Itoa(i)))
					require.NoError(b, os.WriteFile(files[i], []byte(mrtest.Text(i, 1<<20)), 0o644))
				}
				app, err := apps.Lookup("wc")
				require.NoError(b, err)
				if !combine {
					app.Combine = nil
				}
				b.SetBytes(int64(mb) << 20)
				for b.Loop() {
					c, err := mr.NewCoordinator(mr.Config{Files: files, Reduces: 10, Store: dir, ID: mr.NewID()})
					require.NoError(b, err)
					sock := filepath.Join(os.TempDir(), "mrb"+mr.NewID())
					l, err := net.Listen("unix", sock)
					require.NoError(b, err)
					server := mr.Serve(l, c)
					done := make(chan error, 2)
					for range 2 {
						go func() {
							client := mr.NewClient(sock)
							defer client.Close()
							done <- mr.RunWorker(context.Background(), mr.WorkerConfig{Name: mr.NewID(), App: app, Coordinator: client, Store: dir, Patience: time.Second})
						}()
					}
					require.NoError(b, <-done)
					require.NoError(b, <-done)
					require.NoError(b, c.Err())
					c.Kill()
					require.NoError(b, server.Close())
					require.NoError(b, c.Close())
				}
			})
		}
	}
}
