package shardtest

import (
	"encoding/json"
	"fmt"
	"slices"

	"6.824/labrpc/labtest"
)

// asked is what is asked for beside the kind of the operation, as data: clients get, put and append, and the
// administrator has groups join and leave, and moves shards.
type asked struct {
	Key    string `json:"key,omitempty"`
	Value  string `json:"value,omitempty"`
	Groups []int  `json:"groups,omitempty"` // gids that join or leave, or one that gets the shard
	Shard  int    `json:"shard,omitempty"`
}

// administrator is the client of the controller.
const administrator = "client/admin"

// player plays what clients and the administrator asked for in a run, of groups that are there.
func (st *Store) player() func(actor int, o labtest.Operation) {
	client := func(name string) *recorded {
		var id int
		if _, err := fmt.Sscanf(name, "client/%d", &id); err != nil {
			return nil
		}
		return st.clerk(id)
	}
	return labtest.InTurn(client, func(ck *recorded, o labtest.Operation) {
		var a asked
		switch {
		case len(o.Arg) > 0 && json.Unmarshal(o.Arg, &a) != nil:
		case o.Node == administrator && st.playAdmin(o.Op, a):
			return
		case ck != nil && ck.play(o.Op, a):
			return
		}
		st.Violate("the case makes sense", "", `it is a client/N that asks for get, put or append, with {"key":…,"value":…}, or %s for join or leave, with {"groups":[100,…]}, or move, with {"shard":…,"groups":[101]}: %s %v`,
			administrator, o.Node, o)
	})
}

// playAdmin says whether there is such a change.
func (st *Store) playAdmin(op string, a asked) bool {
	groups := slices.DeleteFunc(slices.Clone(a.Groups), func(gid int) bool { return gid < gidOf(0) || gid >= gidOf(len(st.Groups)) })
	for i := range groups {
		groups[i] -= gidOf(0)
	}
	switch {
	case op != "join" && op != "leave" && op != "move":
		return false
	case len(groups) == 0:
	case op == "join":
		st.Join(groups...)
	case op == "leave":
		st.Leave(groups...)
	default:
		st.Move(a.Shard, groups[0])
	}
	return true
}

// play says whether there is such an operation.
func (r *recorded) play(op string, a asked) bool {
	switch {
	case a.Key == "":
		return false
	case op == "get":
		r.Get(a.Key)
	case op == "put":
		r.Put(a.Key, a.Value)
	case op == "append":
		r.Append(a.Key, a.Value)
	default:
		return false
	}
	return true
}
