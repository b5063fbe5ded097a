package ctrltest

import (
	"encoding/json"
	"fmt"
	"slices"

	"6.824/labrpc/labtest"
)

// asked is what a client asks for, beside the kind of the request, as data.
type asked struct {
	Groups []int `json:"groups,omitempty"` // that join or leave, or the one that gets the shard
	Shard  int   `json:"shard,omitempty"`
	Num    int   `json:"num,omitempty"` // of the configuration that is queried
}

// recorded is a clerk of whom is known what it asked for, and what it was answered.
type recorded struct {
	clerk  Clerk[Config]
	c      *Controller
	name   string
	number int
}

// invoke notes that a request begins, and returns what is to be called with its answer.
func (r *recorded) invoke(kind string, a asked) (answered func(any)) {
	r.c.Asks(kind, r.name, a)()
	if r.c.history == nil || kind == "query" && a.Num != -1 { // the model knows the latest configuration only
		return func(any) { r.c.ExitIfOver() }
	}
	q := request{Kind: kind}
	if kind == "join" || kind == "leave" {
		q.Groups = a.Groups
	}
	return r.c.history.Invoke(r.number, q)
}

func (r *recorded) Join(servers map[int][]string) {
	var gids []int
	for gid := range servers {
		gids = append(gids, gid)
	}
	slices.Sort(gids)
	done := r.invoke("join", asked{Groups: gids})
	r.clerk.Join(servers)
	done(nil)
}

func (r *recorded) Leave(gids []int) {
	done := r.invoke("leave", asked{Groups: slices.Clone(gids)})
	r.clerk.Leave(gids)
	done(nil)
}

func (r *recorded) Move(shard, gid int) {
	done := r.invoke("move", asked{Shard: shard, Groups: []int{gid}})
	r.clerk.Move(shard, gid)
	done(nil)
}

func (r *recorded) Query(num int) Config {
	done := r.invoke("query", asked{Num: num})
	config := r.clerk.Query(num)
	done(latest{config.Num, setOf(config.GIDs())})
	r.c.audit(config)
	return config
}

// player plays what clients asked for in a run.
func (c *Controller) player() func(actor int, o labtest.Operation) {
	client := func(name string) Clerk[Config] {
		var number int
		if _, err := fmt.Sscanf(name, "client/%d", &number); err != nil {
			return nil
		}
		return c.Clerk(number)
	}
	return labtest.InTurn(client, func(ck Clerk[Config], o labtest.Operation) {
		var a asked
		if ck == nil || json.Unmarshal(o.Arg, &a) != nil {
			o.Op = ""
		}
		switch o.Op {
		case "join":
			ck.Join(groups(a.Groups...))
		case "leave":
			ck.Leave(a.Groups)
		case "move":
			if len(a.Groups) > 0 {
				ck.Move(a.Shard, a.Groups[0])
			}
		case "query":
			ck.Query(a.Num)
		default:
			c.Violate("the case makes sense", "", `it is a client/N that asks for join or leave, with {"groups":[1,…]}, move, with {"shard":…,"groups":[1]}, or query, with {"num":-1}: %s %v`, o.Node, o)
		}
	})
}
