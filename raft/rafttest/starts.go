package rafttest

// starts is what Start has returned so far, where it said that the server leads: per term, which server that was, and the indices it
// has promised.
type starts map[int]*promises

type promises struct {
	server  int
	indices map[int]bool
}

// sawStart checks what Start has returned on a server that said it was the leader.
func (c *Cluster) sawStart(i, index, term int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if index < 1 || term < 1 {
		c.Violate("Start", "the course's Start", "%s says that it leads, and that the command will be at index %d in term %d. Both begin at 1.", c.names[i], index, term)
		return
	}
	p := c.starts[term]
	if p == nil {
		p = &promises{server: i, indices: map[int]bool{}}
		c.starts[term] = p
	}
	if p.server != i {
		c.Violate("Election Safety", "Raft extended, Figure 3", "%s took a command in term %d as its leader, and so did %s.", c.names[i], term, c.names[p.server])
	}
	if p.indices[index] {
		c.Violate("Start", "the course's Start", "%s has promised index %d to two commands in term %d. It must not promise anything when it leads no more, or hands over.", c.names[i], index, term)
	}
	p.indices[index] = true
}
