package tinymr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"6.824/labrpc"
	"6.824/mr"
	"6.824/mr/store"
)

// Worker is what a worker has.
type Worker struct {
	End    *labrpc.ClientEnd
	Store  store.Store
	Read   func(name string) (string, error) // an input
	Map    func(file, contents string) []mr.KeyValue
	Reduce func(key string, values []string) string
	Gate   func() // passed before each step; a machine that stands still does so there
}

// patience is how long a worker goes on without an answer.
const patience = 30 * time.Second

// Run works until there is nothing left to do.
func (w Worker) Run(ctx context.Context) error {
	heard := time.Now()
	for ctx.Err() == nil {
		var o Order
		w.Gate()
		if w.End.Do("Coordinator.Ask", &AskArgs{}, &o) == nil && o.Kind != "" {
			heard = time.Now()
		} else if time.Since(heard) > patience {
			return errors.New("the coordinator does not answer")
		}
		if o.Kind == "leave" {
			return nil
		}
		if o.Kind == "map" || o.Kind == "reduce" {
			if w.do(o) == nil {
				w.report(ctx, o)
				heard = time.Now()
				continue
			}
		}
		sleep(ctx, 100*time.Millisecond)
	}
	return ctx.Err()
}

func (w Worker) do(o Order) error {
	if o.Kind == "map" {
		return w.doMap(o)
	}
	return w.doReduce(o)
}

// report says that a task is done, for some time.
func (w Worker) report(ctx context.Context, o Order) {
	for range 20 {
		var reply DoneReply
		w.Gate()
		if w.End.Do("Coordinator.Finish", &DoneArgs{o.Kind, o.N, o.Attempt}, &reply) == nil && reply.OK || ctx.Err() != nil {
			return
		}
		sleep(ctx, 200*time.Millisecond)
	}
}

func (w Worker) doMap(o Order) error {
	text, err := w.Read(o.File)
	if err != nil {
		return err
	}
	parts := make([][]mr.KeyValue, o.Reduces)
	for _, kv := range w.Map(o.File, text) {
		h := fnv.New32a()
		h.Write([]byte(kv.Key))
		r := int(h.Sum32()&0x7fffffff) % o.Reduces
		parts[r] = append(parts[r], kv)
	}
	for r, part := range parts {
		b, err := json.Marshal(part)
		if err != nil {
			return err
		}
		if err := w.write(intermediate(o.N, r, o.Attempt), b); err != nil {
			return err
		}
	}
	return nil
}

func (w Worker) doReduce(o Order) error {
	values := map[string][]string{}
	for m, attempt := range o.Maps {
		b, err := store.ReadFile(w.Store, intermediate(m, o.N, attempt))
		if err != nil {
			return err
		}
		var part []mr.KeyValue
		if err := json.Unmarshal(b, &part); err != nil {
			return err
		}
		for _, kv := range part {
			values[kv.Key] = append(values[kv.Key], kv.Value)
		}
	}
	var keys []string
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var out strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&out, "%v %v\n", key, w.Reduce(key, values[key]))
	}
	return w.write(output(o.N, o.Attempt), []byte(out.String()))
}

// write makes a file.
func (w Worker) write(name string, b []byte) error {
	w.Gate()
	f, err := w.Store.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
