package labgob_test

import (
	"bytes"
	"fmt"
	"reflect"

	"6.824/labgob"
)

// State that is persisted is written and read back value by value.
func Example() {
	var disk bytes.Buffer
	e := labgob.NewEncoder(&disk)
	e.Encode(7)                                   // currentTerm
	e.Encode([]entry{{6, "x = 1"}, {7, "y = 2"}}) // log

	var currentTerm int
	var log []entry
	d := labgob.NewDecoder(&disk)
	if err := d.Decode(&currentTerm); err != nil {
		fmt.Println("cannot restore the term:", err)
	}
	if err := d.Decode(&log); err != nil {
		fmt.Println("cannot restore the log:", err)
	}
	fmt.Println(currentTerm, log)
	// Output: 7 [{6 x = 1} {7 y = 2}]
}

func ExampleMarshal() {
	snapshot := func() []byte {
		store := map[string]string{}
		for i := range 100 {
			store[fmt.Sprint("key ", i)] = fmt.Sprint("value ", i)
		}
		b, err := labgob.Marshal(store)
		if err != nil {
			fmt.Println(err)
		}
		return b
	}
	b := snapshot()
	fmt.Println("equal maps have equal bytes:", bytes.Equal(b, snapshot()))

	var store map[string]string
	if err := labgob.Unmarshal(b, &store); err != nil {
		fmt.Println(err)
	}
	fmt.Println(len(store), store["key 17"])
	// Output:
	// equal maps have equal bytes: true
	// 100 value 17
}

func ExampleUnmarshal_damaged() {
	b, _ := labgob.Marshal([]string{"one", "two"})
	var got []string
	fmt.Println(labgob.Unmarshal(b[:len(b)-2], &got))
	var wrong []int
	fmt.Println(labgob.Unmarshal(b, &wrong))
	// Output:
	// unexpected EOF
	// labgob: cannot decode string into int
}

// The messages of a codec stand alone: the first is lost, and the others arrive in the wrong order.
func ExampleCodec() {
	type Vote struct {
		Term    int
		Granted bool
		Command any
	}
	codec, err := labgob.CodecFor(reflect.TypeFor[Vote]())
	if err != nil {
		fmt.Println(err)
		return
	}
	var messages [][]byte
	for term := range 3 {
		b, err := codec.Append(nil, Vote{Term: term, Granted: term > 1, Command: fmt.Sprint("command ", term)})
		if err != nil {
			fmt.Println(err)
		}
		messages = append(messages, b)
	}
	for _, i := range []int{2, 1} {
		var vote Vote
		if err := codec.Decode(messages[i], &vote); err != nil {
			fmt.Println(err)
		}
		fmt.Printf("%d bytes: %+v\n", len(messages[i]), vote)
	}
	// Output:
	// 25 bytes: {Term:2 Granted:true Command:command 2}
	// 23 bytes: {Term:1 Granted:false Command:command 1}
}

func ExampleRegister() {
	type Op struct{ Key, Value string }
	type Forgotten struct{ Key, Value string }
	type Entry struct{ Command any }
	labgob.Register(Op{})

	b, err := labgob.Marshal(Entry{Op{"k", "v"}})
	if err != nil {
		fmt.Println(err)
	}
	var got Entry
	if err := labgob.Unmarshal(b, &got); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%+v\n", got)

	_, err = labgob.Marshal(Entry{Forgotten{"k", "v"}})
	fmt.Println(err)
	// Output:
	// {Command:{Key:k Value:v}}
	// labgob: type labgob_test.Forgotten is sent in an interface but not registered; call labgob.Register (in labgob_test.Entry, field Command)
}

func ExampleFingerprint() {
	type Point struct {
		X, Y int
		Tags map[string]bool
	}
	a := Point{1, 2, map[string]bool{"red": true, "small": true}}
	b := &Point{1, 2, map[string]bool{"small": true, "red": true}}
	fmt.Println(labgob.Fingerprint(a) == labgob.Fingerprint(b), labgob.Fingerprint(a) == labgob.Fingerprint(Point{1, 3, nil}))
	// Output: true false
}
