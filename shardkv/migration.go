package shardkv

import (
	"context"
	"strings"
	"time"

	"6.824/labrpc"
	"6.824/raft/rsm/clerk"
)

const (
	// pollEvery is how often the controller is asked for the next configuration when nothing hints that there is one.
	pollEvery = 100 * time.Millisecond
	// retryAfter is when another attempt is made to hand over a shard.
	retryAfter = 15 * time.Millisecond
	// linger is what is waited before anything is looked at. Entries are applied many at a time, and it is what they come to that
	// counts: a new leader would else send off, one after the other, what earlier leaders had handed over long ago; and how much of
	// it, would be up to the scheduler.
	linger = 100 * time.Microsecond
)

// follow takes the configurations one after the other, while this server leads.
func (kv *ShardKV) follow() {
	for clerk.Sleep(kv.ctx, linger) == nil {
		switch v := kv.view.Load(); {
		case !kv.leads():
		case !settled(v.states):
			// What is missing may be in the log already, put there by an earlier leader: then it is committed when an entry of this one is
			// (Raft extended, §5.4.2), which a read sees to.
			kv.rsm.Read(kv.ctx, func() {})
		case kv.advance(v.config.Num + 1):
			continue
		}
		kv.await(kv.news, pollEvery)
	}
}

// advance takes the configuration of a number, if there is one.
func (kv *ShardKV) advance(num int) bool {
	next, err := kv.ctrler.Query(kv.ctx, num)
	if err != nil || next.Num != num {
		return false
	}
	_, err = kv.rsm.Propose(kv.ctx, op{Kind: configure, Config: next})
	return err == nil
}

// handOver sends shard i to its new owner whenever it is leaving, while this server leads, and forgets it when it has arrived.
func (kv *ShardKV) handOver(i int) {
	for clerk.Sleep(kv.ctx, linger) == nil {
		switch v := kv.view.Load(); {
		case v.states[i] != Leaving:
			kv.await(kv.parting[i], 0)
		case kv.leads() && kv.send(v, i):
			kv.rsm.Propose(kv.ctx, op{Kind: forget, Shard: i, Num: v.config.Num})
		default:
			kv.await(nil, retryAfter)
		}
	}
}

// send sends a leaving shard to its new owner. It says whether that has it for good.
func (kv *ShardKV) send(v *view, i int) bool {
	content, err := v.leaving[i].encode()
	if err != nil {
		return false
	}
	to := kv.group(v.config.Groups[v.config.Shards[i]])
	reply, _, err := clerk.Ask[InstallReply](kv.ctx, to, "ShardKV.Install", &InstallArgs{v.config.Num, i, content}, 1)
	return err == nil && reply.Refusal == "" && reply.Err == OK
}

// group are the servers of these names.
func (kv *ShardKV) group(names []string) *clerk.Servers {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	key := strings.Join(names, "\x00")
	if kv.groups[key] == nil {
		kv.groups[key] = clerk.New(endsTo(names, kv.makeEnd))
	}
	return kv.groups[key]
}

// endsTo makes ends to servers.
func endsTo(names []string, makeEnd func(string) *labrpc.ClientEnd) (ends []*labrpc.ClientEnd) {
	for _, name := range names {
		ends = append(ends, makeEnd(name))
	}
	return ends
}

// await waits for a token, for d, unless that is 0, or for Kill.
func (kv *ShardKV) await(token <-chan struct{}, d time.Duration) {
	ctx := kv.ctx
	if d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	select {
	case <-token:
	case <-ctx.Done():
	}
}
