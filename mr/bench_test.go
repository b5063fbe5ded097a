package mr_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
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
// there are. With a journal a report waits for the disk; what many workers report meanwhile waits for it together.
func BenchmarkCoordinator(b *testing.B) {
	for _, x := range []struct {
		journal    bool
		n, workers int
	}{{false, 1_000, 1}, {false, 10_000, 1}, {false, 100_000, 1}, {true, 1_000, 1}, {true, 10_000, 64}, {true, 100_000, 64}, {true, 100_000, 1_000}} {
		b.Run(fmt.Sprintf("journal=%v/tasks=%d/workers=%d", x.journal, x.n, x.workers), func(b *testing.B) {
			dir, err := store.NewDir(b.TempDir())
			require.NoError(b, err)
			for i := 0; b.Loop(); i++ {
				cfg := mr.Config{Files: make([]string, x.n), Reduces: 1, Store: dir, ID: "j" + strconv.Itoa(i)}
				if x.journal {
					cfg.Journal = mr.JournalFile(dir.Path("journal" + strconv.Itoa(i)))
				}
				c, err := mr.NewCoordinator(cfg)
				require.NoError(b, err)
				var workers sync.WaitGroup
				for w := range x.workers {
					workers.Go(func() { doNothing(b, c, "w"+strconv.Itoa(w)) })
				}
				workers.Wait()
				require.Equal(b, x.n, c.Stats().Done[tasks.Map])
				c.Kill()
			}
			b.ReportMetric(float64(x.n)*float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// doNothing is a worker that is done with a map task as soon as it has it.
func doNothing(b *testing.B, c *mr.Coordinator, name string) {
	for n := uint64(1); ; n++ {
		var order mr.AskReply
		c.Ask(&mr.AskArgs{Version: mr.Version, Worker: name, N: n}, &order)
		if order.Order.What != tasks.Run || order.Order.ID.Phase != tasks.Map {
			return
		}
		var reply mr.ReportReply
		c.Report(&mr.ReportArgs{Worker: name, Job: order.Job.ID, ID: order.Order.ID, Attempt: order.Order.Attempt, OK: true}, &reply)
		if !reply.Accepted {
			b.Error("not accepted")
			return
		}
	}
}

// BenchmarkJob: a job from its beginning to its end, with two workers of this process, over a Unix socket, with all files on the disk. The
// text is in files of 1 MB, its words about as frequent as a language's. MR_BENCH_BIG=1 in the environment adds 2 GB.
func BenchmarkJob(b *testing.B) {
	sizes := []int{2, 20, 200}
	if os.Getenv("MR_BENCH_BIG") != "" {
		sizes = append(sizes, 2000)
	}
	for _, combine := range []bool{true, false} {
		for _, mb := range sizes {
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
