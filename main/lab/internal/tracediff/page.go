package tracediff

import (
	_ "embed"
	"html/template"
	"io"

	"6.824/labrpc/labtest/trace"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// Page writes a self-contained HTML page: the traces side by side where they part, at
// every level, with so many events of context.
func Page(w io.Writer, a, b *trace.Trace, context int) error {
	type section struct {
		Level
		*Parting
	}
	data := struct {
		A, B      *trace.Trace
		Strangers string
		Sections  []section
	}{A: a, B: b, Strangers: Strangers(a, b)}
	for _, l := range Levels {
		data.Sections = append(data.Sections, section{l, Diff(a, b, l, context)})
	}
	return pageTemplate.Execute(w, data)
}
