package kvtest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"6.824/labrpc/labtest"
)

// asked is what a client asks for beside the kind of its operation, as data.
type asked struct {
	Key     string `json:"key"`
	Value   string `json:"value,omitempty"`
	Version int64  `json:"version,omitempty"`
	Within  string `json:"within,omitempty"` // of a client with the richer API: when it gives up
}

// playing is a client that does what it did in a run.
type playing struct {
	*clerk
	gone bool // it has given up, so that nobody may be this client any more
}

// player plays what clients asked for in a run.
func (c *Cluster) player() func(actor int, o labtest.Operation) {
	client := func(string) *playing { return &playing{} }
	return labtest.InTurn(client, func(p *playing, o labtest.Operation) {
		if !p.gone {
			c.playOne(p, o)
		}
	})
}

// playOne does one operation.
func (c *Cluster) playOne(p *playing, o labtest.Operation) {
	var id int
	var a asked
	if _, err := fmt.Sscanf(o.Node, "client/%d", &id); err != nil || json.Unmarshal(o.Arg, &a) != nil || a.Key == "" {
		c.Violate("the case makes sense", "", `it is a client/N that asks for get, put, append, putif or delete, with {"key":…}: %s %v`, o.Node, o)
		return
	}
	rich := a.Within != "" && c.im.client != nil
	if p.clerk == nil {
		k, d := c.dial(id)
		if rich {
			k.rich = c.im.client(d)
		} else {
			k.ck = c.im.clerk(d)
		}
		p.clerk = k
	}
	switch {
	case p.rich != nil:
		ctx := context.Background()
		if d, err := time.ParseDuration(a.Within); err == nil {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, d)
			defer cancel()
		}
		if _, ok := p.do(ctx, Op{Kind: o.Op, Key: a.Key, Value: a.Value, Version: a.Version}); !ok {
			p.gone = true
			p.hangup()
		}
	case o.Op == "get":
		p.Get(a.Key)
	case o.Op == "put":
		p.Put(a.Key, a.Value)
	case o.Op == "append":
		p.Append(a.Key, a.Value)
	default:
		c.Violate("the case makes sense", "", "with the course's API clients can't ask for %q", o.Op)
	}
}
