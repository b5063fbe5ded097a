// Package table prints a table with aligned columns, which fits a terminal.
package table

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"6.824/main/lab/internal/screen"
)

// Column is a column's head and how its cells stand.
type Column struct {
	Head  string
	Right bool // numbers
	Gives int  // if the table is too wide, the column may shrink down to this width; 0 keeps it
	Spare bool // if it is still too wide, the column is left out; the last that are spare go first
}

// Cell is a text and its style.
type Cell struct {
	Text  string
	Style screen.Style
}

// Table collects rows.
type Table struct {
	columns []Column
	rows    [][]Cell
}

// New makes an empty table.
func New(columns ...Column) *Table { return &Table{columns: columns} }

// Row adds a row of plain texts and Cells; missing cells are empty.
func (t *Table) Row(cells ...any) {
	row := make([]Cell, len(t.columns))
	for i, cell := range cells[:min(len(cells), len(row))] {
		switch c := cell.(type) {
		case Cell:
			row[i] = c
		default:
			row[i].Text = fmt.Sprint(c)
		}
	}
	t.rows = append(t.rows, row)
}

// gap parts two columns.
const gap = "  "

// Print writes the table to s.
func (t *Table) Print(s screen.Screen) {
	t = t.fitting(s.Width())
	widths := t.widths(s.Width())
	head := make([]Cell, len(t.columns))
	for i, c := range t.columns {
		head[i] = Cell{c.Head, screen.Faint}
	}
	t.line(s, widths, head)
	for _, row := range t.rows {
		t.line(s, widths, row)
	}
}

// fitting is the table without the spare columns for which there is no room.
func (t *Table) fitting(limit int) *Table {
	for i := len(t.columns) - 1; limit > 0 && i >= 0; i-- {
		total := (len(t.columns) - 1) * len(gap)
		for _, w := range t.widths(limit) {
			total += w
		}
		if total <= limit {
			break
		}
		if t.columns[i].Spare {
			t = t.without(i)
		}
	}
	return t
}

func (t *Table) without(i int) *Table {
	less := New(slices.Delete(slices.Clone(t.columns), i, i+1)...)
	for _, row := range t.rows {
		less.rows = append(less.rows, slices.Delete(slices.Clone(row), i, i+1))
	}
	return less
}

func (t *Table) line(s screen.Screen, widths []int, row []Cell) {
	var b strings.Builder
	space := ""
	for i, cell := range row {
		text := screen.Cut(cell.Text, widths[i])
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
		painted := s.Paint(cell.Style, text)
		if t.columns[i].Right {
			painted, pad = pad+painted, ""
		}
		b.WriteString(space + painted)
		space = pad + gap
	}
	fmt.Fprintln(s, strings.TrimRight(b.String(), " "))
}

// widths is the columns' widths in a table that is at most limit wide, if that can be
// had; 0 is no limit.
func (t *Table) widths(limit int) []int {
	widths := make([]int, len(t.columns))
	total := (len(widths) - 1) * len(gap)
	for i, c := range t.columns {
		widths[i] = utf8.RuneCountInString(c.Head)
		for _, row := range t.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i].Text))
		}
		total += widths[i]
	}
	for ; limit > 0 && total > limit; total-- { // take from the widest that gives
		widest := -1
		for i, c := range t.columns {
			if c.Gives > 0 && widths[i] > c.Gives && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return widths
}
