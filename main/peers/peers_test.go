package peers

import (
	"fmt"
	"sync"
	"testing"
)

// cluster is three nodes in this process. propose returns when the command is applied
// on the leader.
type cluster interface {
	propose(command []byte) error
	close()
}

// contenders are the clusters that are measured.
var contenders = []struct {
	name  string
	start func(testing.TB) cluster
}{
	{"ours", startOurs},
	{"etcd-Node", startEtcdNode},
	{"etcd-RawNode", startEtcdRawNode},
	{"hashicorp", startHashicorp},
	{"hashicorp-tuned", startHashicorpTuned},
}

// commandSize is in bytes.
const commandSize = 100

// BenchmarkPropose measures commands that were proposed and applied: three nodes, in
// memory, 1, 64 and 1,024 clients that each wait for one command before the next.
func BenchmarkPropose(b *testing.B) {
	for _, contender := range contenders {
		for _, clients := range []int{1, 64, 1024} {
			b.Run(fmt.Sprintf("%s/clients=%d", contender.name, clients), func(b *testing.B) {
				c := contender.start(b)
				defer c.close()
				drive(b, c, clients)
			})
		}
	}
}

// drive has the clients propose b.N commands between them.
func drive(b *testing.B, c cluster, clients int) {
	b.ReportAllocs()
	b.ResetTimer()
	var wait sync.WaitGroup
	for i := range clients {
		wait.Go(func() {
			for n := i; n < b.N; n += clients {
				command := make([]byte, commandSize)
				copy(command, fmt.Sprintf("client %d command %d", i, n))
				if err := c.propose(command); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// TestContenders proves that what is measured works at all.
func TestContenders(t *testing.T) {
	for _, contender := range contenders {
		t.Run(contender.name, func(t *testing.T) {
			c := contender.start(t)
			defer c.close()
			for i := range 100 {
				if err := c.propose(fmt.Appendf(nil, "command %d", i)); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
