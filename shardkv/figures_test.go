package shardkv

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/raft"
	"6.824/shardctrler"
)

var figures = flag.Bool("figures", false, "measure, in virtual time: go test ./shardkv -run Figures -figures -v")

// inBubble runs f with a store of n groups in virtual time, that no fault touches. Group g has the gid 100+g.
func inBubble(t *testing.T, n int, conditions labrpc.Conditions, f func(ctx context.Context, admin *shardctrler.Client, client func(name string) *Client)) {
	synctest.Test(t, func(t *testing.T) {
		net := labrpc.NewNetwork(labrpc.Options{Seed: 1, Settle: synctest.Wait})
		net.SetDefault(conditions)
		dial := func(from string, to []string) (ends []*labrpc.ClientEnd) {
			for _, name := range to {
				ends = append(ends, net.Dial(from, name))
			}
			return ends
		}
		var kill []func()
		serve := func(name string, k func(), receivers ...any) {
			server := labrpc.MakeServer()
			for _, r := range receivers {
				server.AddService(labrpc.MakeService(r))
			}
			net.AddServer(name, server)
			kill = append(kill, k)
		}
		ctrlers := namesOf("ctrler")
		for me, name := range ctrlers {
			sc := shardctrler.StartServer(dial(name, ctrlers), me, raft.MakePersister())
			serve(name, sc.Kill, sc, sc.Raft())
		}
		for g := range n {
			names := namesOf(fmt.Sprint(100 + g))
			for me, name := range names {
				kv := StartServer(dial(name, names), me, raft.MakePersister(), -1, 100+g, dial(name, ctrlers),
					func(to string) *labrpc.ClientEnd { return net.Dial(name, to) })
				serve(name, kv.Kill, kv, kv.rf)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		f(ctx, shardctrler.NewClient(dial("admin", ctrlers)), func(name string) *Client {
			return NewClient(dial(name, ctrlers), func(to string) *labrpc.ClientEnd { return net.Dial(name, to) })
		})
		cancel()
		for _, k := range kill {
			k()
		}
		net.Cleanup()
		time.Sleep(30 * time.Second) // let them end
	})
}

// joining is the request for groups to join.
func joining(groups ...int) map[int][]string {
	m := map[int][]string{}
	for _, g := range groups {
		m[100+g] = namesOf(fmt.Sprint(100 + g))
	}
	return m
}

// oneKey is a key of a shard.
func oneKey(shard int) string { return string(rune('0' + (shard+2)%10)) }

func percentile(all []time.Duration, p float64) time.Duration {
	slices.Sort(all)
	return all[int(float64(len(all)-1)*p)]
}

// A change's time: from when the controller has the new configuration until the last shard that moved was read and written at its new owner. A shard's
// unavailability: the longest that an operation of a client took that does one after the other, less what one takes without a change.
func TestFiguresOfChanges(t *testing.T) {
	if !*figures {
		t.Skip("see -figures")
	}
	for _, delay := range []time.Duration{time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
		for _, size := range []int{1 << 10, 100 << 10, 1 << 20} {
			inBubble(t, 2, labrpc.Conditions{Delay: labrpc.Uniform(delay/2, delay*3/2), Bandwidth: 100 << 20}, func(ctx context.Context, admin *shardctrler.Client, client func(string) *Client) {
				_, err := admin.Join(ctx, joining(0, 1))
				require.NoError(t, err)
				ck := client("filler")
				for shard := range nShards {
					for part := 0; part < size; part += 32 << 10 {
						_, err := ck.Put(ctx, fmt.Sprint(oneKey(shard), part), strings.Repeat("x", min(size, 32<<10)))
						require.NoError(t, err)
					}
				}
				var mu sync.Mutex
				var changes, moving, staying []time.Duration
				for round := range 10 {
					before, _ := admin.Query(ctx, -1)
					half := round%2 == 0
					var target [nShards]bool // which move: five of the ten
					moved := 0
					for shard, gid := range before.Shards {
						if gid == 100 && half || gid == 101 && !half {
							target[shard] = moved < 3
							moved++
						}
					}
					var clients sync.WaitGroup
					over := false
					worst := make([]time.Duration, nShards)
					for shard := range nShards {
						own := client(fmt.Sprint("client ", round, " ", shard))
						clients.Go(func() {
							for {
								mu.Lock()
								if over {
									mu.Unlock()
									return
								}
								mu.Unlock()
								began := time.Now()
								own.Put(ctx, oneKey(shard), "v")
								took := time.Since(began)
								mu.Lock()
								worst[shard] = max(worst[shard], took)
								mu.Unlock()
								time.Sleep(time.Millisecond + time.Duration(shard)*time.Microsecond)
							}
						})
					}
					time.Sleep(time.Second)
					mu.Lock()
					clear(worst)
					mu.Unlock()
					began := time.Now()
					for shard := range nShards {
						if target[shard] {
							_, err := admin.Move(ctx, shard, map[bool]int{true: 101, false: 100}[half])
							require.NoError(t, err)
						}
					}
					probe := client(fmt.Sprint("probe ", round))
					for shard := range nShards {
						if target[shard] {
							probe.Put(ctx, oneKey(shard), "v")
						}
					}
					changes = append(changes, time.Since(began))
					time.Sleep(time.Second)
					mu.Lock()
					over = true
					mu.Unlock()
					clients.Wait()
					for shard, d := range worst {
						if target[shard] {
							moving = append(moving, d)
						} else {
							staying = append(staying, d)
						}
					}
				}
				t.Logf("delay %4v, shard of %4d KiB: three moves, until all are served: %v; longest operation on a shard that moves: p50 %v p99 %v; that stays: p50 %v p99 %v", delay, size>>10,
					percentile(changes, 0.5).Round(time.Millisecond), percentile(moving, 0.5).Round(time.Millisecond), percentile(moving, 0.99).Round(time.Millisecond),
					percentile(staying, 0.5).Round(time.Millisecond), percentile(staying, 0.99).Round(time.Millisecond))
			})
		}
	}
}

// Throughput when a link carries 1 MB/s, so that each group can take only so much, and clients write values of 1,000 bytes, each to one shard.
func TestFiguresOfGroups(t *testing.T) {
	if !*figures {
		t.Skip("see -figures")
	}
	for _, n := range []int{1, 2, 4, 8} {
		inBubble(t, n, labrpc.Conditions{Delay: labrpc.Uniform(500*time.Microsecond, 1500*time.Microsecond), Bandwidth: 1 << 20}, func(ctx context.Context, admin *shardctrler.Client, client func(string) *Client) {
			var all []int
			for g := range n {
				all = append(all, g)
			}
			_, err := admin.Join(ctx, joining(all...))
			require.NoError(t, err)
			var mu sync.Mutex
			done, over := 0, false
			var clients sync.WaitGroup
			for shard := range nShards {
				for i := range 8 {
					ck := client(fmt.Sprint("client ", shard, " ", i))
					clients.Go(func() {
						for {
							_, err := ck.Put(ctx, fmt.Sprint(oneKey(shard), i), strings.Repeat("x", 1000))
							mu.Lock()
							if over || err != nil {
								mu.Unlock()
								return
							}
							done++
							mu.Unlock()
						}
					})
				}
			}
			time.Sleep(2 * time.Second)
			mu.Lock()
			from := done
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			t.Logf("%d groups: %d writes per virtual second", n, done-from)
			over = true
			mu.Unlock()
			clients.Wait()
		})
	}
}
