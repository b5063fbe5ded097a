// Package screen knows what a writer can show: whether it is a terminal, how wide
// it is, and whether it takes colour.
package screen

import (
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"
)

// Screen is a writer and what it can show. The zero value of Live and Colour is
// right for a file or a pipe.
type Screen struct {
	io.Writer
	Live   bool // lines can be written over
	Colour bool
	Width  func() int // in columns, 0 for no limit; never nil
}

// Of looks at a file. NO_COLOR (see no-color.org) turns colours off, a terminal that
// is called dumb gets neither colours nor lines that move.
func Of(f *os.File) Screen {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) || os.Getenv("TERM") == "dumb" {
		return Plain(f)
	}
	return Screen{Writer: f, Live: true, Colour: os.Getenv("NO_COLOR") == "", Width: func() int {
		width, _, err := term.GetSize(fd)
		if err != nil || width <= 0 {
			return 80
		}
		return width
	}}
}

// Plain is a screen for text only.
func Plain(w io.Writer) Screen { return Screen{Writer: w, Width: func() int { return 0 }} }

// Style is how a text stands out.
type Style string

// The styles; the zero value is plain.
const (
	Good  Style = "\x1b[32m"
	Bad   Style = "\x1b[1;31m"
	Faint Style = "\x1b[2m"
	Bold  Style = "\x1b[1m"
)

const reset = "\x1b[0m"

// Paint gives text the style, if the screen takes colour.
func (s Screen) Paint(style Style, text string) string {
	if !s.Colour || style == "" || text == "" {
		return text
	}
	return string(style) + text + reset
}

// Cut shortens text to at most width columns; 0 is no limit. A letter counts as one
// column, which is true of all that we print.
func Cut(text string, width int) string {
	if width <= 0 || utf8.RuneCountInString(text) <= width {
		return text
	}
	runes := []rune(text)
	return string(runes[:width-1]) + "…"
}
