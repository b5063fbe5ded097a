package labrpc

import (
	"bytes"
	"reflect"
	"slices"
	"time"
)

// A Message is what a hook sees of a request or a reply on its way.
type Message struct {
	From, To string // the caller and the server of the call, in replies too
	Method   string
	Reply    bool   // the message is the reply, and travels To→From
	N        uint64 // the number of the call on its link
	Body     any    // points to a private copy of the arguments or the reply; what the hook changes in it travels
}

// A Verdict is what a hook wants done with a message. The zero Verdict lets it pass.
type Verdict struct {
	Drop       bool          // it is lost, as by Conditions
	Delay      time.Duration // it takes this much longer
	Duplicates int           // it arrives this many times more
}

type hook struct{ see func(*Message) Verdict }

// Hook has f called with each message as it is sent, before the dice are rolled, if it is not cut off. If there are several hooks they are called in the order that
// they were set in, and each sees what those before it have changed. Verdicts add up. F must not block. In real time it is called from many
// goroutines at a time; in a simulation by the engine, in the one order. Remove removes the hook.
//
// Replies that report an error of the call (see [ErrNoMethod] and its like) have no content and are not shown to hooks.
func (n *Network) Hook(f func(*Message) Verdict) (remove func()) {
	h := &hook{f}
	n.setPolicy(func(p *policy) { p.hooks = append(p.hooks, h) })
	return func() {
		n.setPolicy(func(p *policy) {
			p.hooks = slices.DeleteFunc(slices.Clone(p.hooks), func(x *hook) bool { return x == h })
		})
	}
}

// OnRequest hooks f to the requests whose arguments are a T (or a *T), whatever their method.
func OnRequest[T any](n *Network, f func(*Message, *T) Verdict) (remove func()) {
	return on(n, false, f)
}

// OnReply hooks f to the replies that are a T.
func OnReply[T any](n *Network, f func(*Message, *T) Verdict) (remove func()) {
	return on(n, true, f)
}

func on[T any](n *Network, reply bool, f func(*Message, *T) Verdict) (remove func()) {
	return n.Hook(func(m *Message) Verdict {
		if body, ok := m.Body.(*T); ok && m.Reply == reply {
			return f(m, body)
		}
		return Verdict{}
	})
}

// inspect shows m to the hooks. If they change it, m is changed and original is as it was; else original is m.
func (n *Network) inspect(m *message, p *policy) (v Verdict, original *message) {
	if len(p.hooks) == 0 || m.err != nil {
		return v, m
	}
	body := m.wire.fresh(m.payload)
	if body == nil {
		return v, m
	}
	c := m.call
	shown := Message{From: c.route.link.from, To: c.route.link.to, Method: c.method, Reply: m.reply, N: c.number, Body: body}
	for _, h := range p.hooks {
		x := h.see(&shown)
		v.Drop = v.Drop || x.Drop
		v.Delay += x.Delay
		v.Duplicates += max(x.Duplicates, 0)
	}
	w, err := m.wire, error(nil)
	if reflect.TypeOf(shown.Body) != reflect.PointerTo(w.typ) { // it was replaced by something else
		w, err = wireFor(reflect.TypeOf(shown.Body))
	}
	var payload []byte
	if err == nil {
		payload, err = w.encode(nil, shown.Body)
	}
	if err != nil {
		n.complain(err)
		return v, m
	}
	if w == m.wire && bytes.Equal(payload, m.payload) {
		return v, m
	}
	before := *m
	m.wire, m.payload = w, payload
	if p.observer != nil {
		m.sum = w.codec.Sum(payload)
	}
	return v, &before
}
