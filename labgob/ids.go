package labgob

import (
	"fmt"
	"reflect"
	"sync"
)

// An idTable is the sender's side of the types that a stream has defined. Ids are given out in the order in which the types are
// met, so the same values make the same stream in every process. (Those of encoding/gob count the types of the process.)
type idTable struct {
	ids  map[*wire]int32
	all  []*wire // in the order of their ids
	sent int     // so many of them have been defined
}

// append appends v to a stream, after the definitions of those types in it that are new to the stream.
func (t *idTable) append(dst []byte, v reflect.Value) ([]byte, error) {
	s, v, err := source(v)
	if err != nil {
		return dst, err
	}
	known := len(t.all)
	e := newEncoder(nil)
	defer e.free()
	e.buf, e.ids = e.spare, t
	e.buf = appendInt(e.buf, int64(t.id(s.wire)))
	err = e.top(s, v, 0)
	e.spare = e.buf
	if err == nil && len(e.buf) > maxMessage {
		err = fmt.Errorf("labgob: message of %d bytes is too large", len(e.buf))
	}
	if err != nil {
		t.rollback(known)
		return dst, err
	}
	if dst, err = t.define(dst); err != nil {
		return dst, err
	}
	dst = appendUint(dst, uint64(len(e.buf)))
	return append(dst, e.buf...), nil
}

// id returns the id of w, giving it one if it has none yet.
func (t *idTable) id(w *wire) int32 {
	if id := basicIDs[w.form]; id != 0 {
		return id
	}
	id, ok := t.ids[w]
	if !ok {
		if t.ids == nil {
			t.ids = map[*wire]int32{}
		}
		t.all = append(t.all, w)
		id = firstID + int32(len(t.all)) // 65 is where gob's documentation begins
		t.ids[w] = id
	}
	return id
}

// define appends the definitions of the types that have none yet, each as a message.
func (t *idTable) define(buf []byte) ([]byte, error) {
	e := newEncoder(buf)
	defer e.free()
	for ; t.sent < len(t.all); t.sent++ {
		w := t.all[t.sent]
		def := definitionOf(w, t.ids[w], t.id)
		from := len(e.buf)
		e.buf = appendInt(e.buf, -int64(t.ids[w]))
		if err := e.value(definitionNode().shape, reflect.ValueOf(&def).Elem(), 0); err != nil {
			return nil, err
		}
		e.insertCount(from)
	}
	return e.buf, nil
}

// rollback forgets the types from the nth on, which a value that failed has brought in: it shall leave no trace.
func (t *idTable) rollback(n int) {
	for _, w := range t.all[n:] {
		delete(t.ids, w)
	}
	t.all, t.sent = t.all[:n], n
}

// definitionNode reads type definitions.
var definitionNode = sync.OnceValue(func() *node {
	s := slotOf(reflect.TypeFor[definition]())
	n, err := nodeFor(s.wire, s.shape)
	if err != nil {
		panic(err) // no input leads here
	}
	return n
})
