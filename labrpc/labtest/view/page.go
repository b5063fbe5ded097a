package view

import (
	"embed"
	"encoding/json"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"6.824/labrpc/labtest/trace"
)

//go:embed page
var pageFiles embed.FS

// scripts are the parts of the page's program, in their order.
var scripts = []string{"model.js", "lens.js", "raft.js", "shards.js", "tasks.js", "ledger.js", "operations.js", "diagram.js", "panels.js", "main.js"}

var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"seconds": func(d time.Duration) string { return (&trace.Event{At: d}).Stamp() },
	"commas":  commas,
}).ParseFS(pageFiles, "page/page.html"))

// mostContent is how many bytes of states and contents a page holds. What does not fit is that of the earliest messages.
const mostContent = 6 << 20

// writePage writes the page: the template, with style, program and data in it.
func writePage(w io.Writer, d *Diagram) error {
	data, cut := d.pageData()
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	var notes []string
	if d.First > 0 {
		notes = append(notes, "This page has "+d.leftOut()+".")
	}
	if cut > 0 {
		notes = append(notes, "It has no room for what the first "+commas(cut)+" messages say.")
	}
	if len(d.Contents) == 0 && d.sends() {
		notes = append(notes, "The trace does not have what messages say: it is of one run of many that did not fail. Run it by its seed for that.")
	}
	if d.Footer == nil {
		notes = append(notes, "The process ended in the middle of the run; this is what it left.")
	}
	var script strings.Builder
	for _, name := range scripts {
		script.WriteString(file(name))
	}
	return pageTemplate.Execute(w, map[string]any{
		"D": d, "Notes": notes, "Data": template.JS(text), "Style": template.CSS(file("page.css")), "Script": template.JS(script.String()), //nolint:gosec // our own files, and JSON that json.Marshal has escaped
		"Last": d.lastRows(25), "Events": len(d.Events), "Shown": len(d.Events) - d.First,
	})
}

func file(name string) string {
	b, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is in the binary
	}
	return string(b)
}

// sends says whether any message was sent.
func (d *Diagram) sends() bool {
	for i := range d.Events {
		if d.Events[i].Kind == "sent" {
			return true
		}
	}
	return false
}

// pageData is the diagram in columns: an item per event, and -1 or 0 where there is nothing. Names, texts, states and contents are in
// tables of their own, where equal ones are once.
type pageData struct {
	Header  trace.Header      `json:"header"`
	Footer  *trace.Footer     `json:"footer"`
	Orders  []trace.Order     `json:"orders"`
	Bands   []Band            `json:"bands"`
	Lanes   []string          `json:"lanes"`
	First   int               `json:"first"` // that is drawn
	Break   int               `json:"break"`
	Strings []string          `json:"strings"` // 0 is ""
	Values  []json.RawMessage `json:"values"`  // 0 is null

	Seq    []int    `json:"seq"`  // each less the one before
	At     []int64  `json:"at"`   // ns, each less the one before
	Kind   []int    `json:"kind"` // string
	Lane   []int    `json:"lane"`
	Peer   []int    `json:"peer"`   // lane of the message's other end
	Method []int    `json:"method"` // string
	N      []uint64 `json:"n"`
	Copy   []int    `json:"copy"`
	Bytes  []int    `json:"bytes"`
	Text   []int    `json:"text"` // string
	Cause  []int    `json:"cause"`
	Reply  []int    `json:"reply"` // 1: of a reply
	State  []int    `json:"state"` // value
	Says   []int    `json:"says"`  // value: content of the message
}

// pageData makes the columns; cut is of how many messages the content was left out.
func (d *Diagram) pageData() (p *pageData, cut int) {
	p = &pageData{Header: d.Header, Footer: d.Footer, Orders: d.Orders, Bands: d.Bands, Lanes: d.Lanes, Break: d.Break, Strings: []string{""}, Values: []json.RawMessage{json.RawMessage("null")}}
	stringAt := table(&p.Strings)
	values := map[string]int{"null": 0, "": 0}
	size := 0
	valueAt := func(v json.RawMessage) int {
		at, known := values[string(v)]
		if !known {
			at = len(p.Values)
			values[string(v)] = at
			p.Values = append(p.Values, v)
			size += len(v)
		}
		return at
	}
	kept := d.kept()
	index := make([]int, len(d.Events)) // in the page
	before := trace.Event{}
	for _, i := range kept {
		e := &d.Events[i]
		if i < d.First {
			p.First++
		}
		index[i] = len(p.Seq)
		p.Seq, p.At = append(p.Seq, e.Seq-before.Seq), append(p.At, int64(e.At-before.At))
		p.Kind, p.Lane, p.Peer = append(p.Kind, stringAt(e.Kind)), append(p.Lane, d.Lane[i]), append(p.Peer, d.peer(i))
		p.Method, p.Text = append(p.Method, stringAt(e.Method)), append(p.Text, stringAt(e.Text))
		p.Copy, p.Bytes = append(p.Copy, e.Copy), append(p.Bytes, e.Bytes)
		p.N = append(p.N, e.N)
		cause := Nowhere
		if c := d.Cause[i]; c >= d.First {
			cause = index[c]
		}
		p.Cause = append(p.Cause, cause)
		p.Reply = append(p.Reply, map[bool]int{true: 1}[d.Reply[i]])
		p.State = append(p.State, valueAt(e.State))
		before = *e
	}
	if p.Break = Nowhere; d.Break >= d.First {
		p.Break = index[d.Break]
	}
	p.Says = make([]int, len(kept))
	for k := len(kept) - 1; k >= p.First; k-- { // the last first: there is room for so many
		e := &d.Events[kept[k]]
		if content, ok := d.Contents[e.Seq]; ok && d.leaves(kept[k]) {
			if size > mostContent {
				cut++
				continue
			}
			p.Says[k] = valueAt(content)
		}
	}
	return p, cut
}

// kept is the events that are in the page: those that are shown, and before them those that say what the state is.
func (d *Diagram) kept() (kept []int) {
	for i := range d.Events {
		if i >= d.First || len(d.Events[i].State) > 0 {
			kept = append(kept, i)
		}
	}
	if more := len(kept) - (len(d.Events) - d.First) - MostEvents/2; more > 0 { // too many even of these
		kept = kept[more:]
	}
	return kept
}

// peer is the lane of a message's other end: of one that is lost, of that which it was for.
func (d *Diagram) peer(i int) int {
	e := &d.Events[i]
	if e.To == "" {
		return Nowhere
	}
	caller, server := slices.Index(d.Lanes, laneOf(e.Node)), slices.Index(d.Lanes, laneOf(e.To))
	if d.Lane[i] == caller || d.Lane[i] == Nowhere && !d.Reply[i] {
		return server
	}
	return caller
}

// table gives out numbers for strings.
func table(all *[]string) func(string) int {
	numbers := map[string]int{}
	for i, s := range *all {
		numbers[s] = i
	}
	return func(s string) int {
		at, known := numbers[s]
		if !known {
			at = len(*all)
			numbers[s] = at
			*all = append(*all, s)
		}
		return at
	}
}

// lastRows is the last events before the violation, or the end: what is there to read without a program.
func (d *Diagram) lastRows(n int) []trace.Event {
	end := len(d.Events)
	if d.Break != Nowhere {
		end = d.Break + 1
	}
	return d.Events[max(d.First, end-n):end]
}

// commas renders a number with its thousands parted.
func commas(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
