package mr

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"6.824/mr/store"
)

// The course's API: a coordinator and workers that are processes of one machine, in one working directory, which is where their
// files are.

// SocketPath is the Unix socket of the course's coordinator.
func SocketPath() string { return fmt.Sprintf("/var/tmp/6.824-mr-%d.sock", os.Getuid()) }

// Socket is the address at which MakeCoordinator listens and Worker calls: SocketPath, or what MR_SOCKET says.
func Socket() string {
	if s := os.Getenv("MR_SOCKET"); s != "" {
		return s
	}
	return SocketPath()
}

// NewID returns an id for a job.
func NewID() string { return fmt.Sprintf("%08x", rand.Uint32()) }

// MakeCoordinator starts a coordinator that serves workers at [Socket]. If it can't, Done says that the job is over, and Err why.
func MakeCoordinator(files []string, nReduce int) *Coordinator {
	dir, err := store.NewDir(".")
	if err != nil {
		return failedCoordinator(err)
	}
	c, err := NewCoordinator(Config{Files: files, Reduces: nReduce, Store: dir, ID: NewID(), Log: slog.Default()})
	if err != nil {
		return failedCoordinator(err)
	}
	l, err := Listen(Socket())
	if err != nil {
		c.Kill()
		return failedCoordinator(err)
	}
	c.server = Serve(l, c)
	return c
}

// failedCoordinator is one whose job has failed before it began.
func failedCoordinator(err error) *Coordinator {
	slog.Error("there is no coordinator", "err", err)
	return &Coordinator{over: true, err: err}
}

// Listen listens at an address as [SplitAddress] takes it. A socket that a dead coordinator has left behind is replaced, one at which
// a coordinator answers is not.
func Listen(address string) (net.Listener, error) {
	network, addr := SplitAddress(address)
	if network == "unix" {
		if conn, err := net.DialTimeout(network, addr, time.Second); err == nil {
			conn.Close()
			return nil, fmt.Errorf("a coordinator listens at %s already", addr)
		}
		if info, err := os.Lstat(addr); err == nil {
			if info.Mode().Type() != os.ModeSocket {
				return nil, fmt.Errorf("%s is not a socket", addr)
			}
			os.Remove(addr)
		}
	}
	return net.Listen(network, addr)
}

// Worker works for the coordinator at [Socket] until the job is over.
func Worker(mapf func(string, string) []KeyValue, reducef func(string, []string) string) {
	if err := WorkAt(context.Background(), Socket(), "", Course("", mapf, reducef), "."); err != nil {
		slog.Error("worker", "err", err)
	}
}

// WorkAt works for the coordinator at an address until the job is over, with intermediate and output files in dir, under a name that nobody
// else has had; "" stands for one that is made up.
func WorkAt(ctx context.Context, address, name string, app App, dir string) error {
	d, err := store.NewDir(dir)
	if err != nil {
		return err
	}
	client := NewClient(address)
	defer client.Close()
	host, _ := os.Hostname()
	if name == "" {
		name = fmt.Sprintf("%s-%d-%s", host, os.Getpid(), NewID())
	}
	return RunWorker(ctx, WorkerConfig{
		Name: name, Host: host,
		App: app, Coordinator: client, Store: d, Log: slog.Default(),
	})
}
