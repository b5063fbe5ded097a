package trace

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// AppendEvent appends the line of an event to dst. It does what encoding/json would, several times as fast: recording must not
// slow the simulation down.
func AppendEvent(dst []byte, e *Event) []byte {
	dst = append(dst, `{"seq":`...)
	dst = strconv.AppendInt(dst, int64(e.Seq), 10)
	dst = append(dst, `,"at":`...)
	dst = strconv.AppendInt(dst, int64(e.At), 10)
	dst = appendField(dst, `,"kind":`, e.Kind)
	dst = appendField(dst, `,"node":`, e.Node)
	dst = appendField(dst, `,"to":`, e.To)
	dst = appendField(dst, `,"method":`, e.Method)
	dst = appendNumber(dst, `,"n":`, e.N)
	dst = appendNumber(dst, `,"copy":`, uint64(e.Copy))
	dst = appendNumber(dst, `,"bytes":`, uint64(e.Bytes))
	dst = appendNumber(dst, `,"sum":`, e.Sum)
	dst = appendField(dst, `,"text":`, e.Text)
	if len(e.State) > 0 {
		dst = append(append(dst, `,"state":`...), e.State...)
	}
	return append(dst, "}\n"...)
}

// AppendLine appends the line of a Header, Content, Order or Footer.
func AppendLine(dst []byte, v any) ([]byte, error) {
	line, err := json.Marshal(v)
	if err != nil {
		return dst, err
	}
	return append(append(dst, line...), '\n'), nil
}

func appendField(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return appendString(append(dst, name...), value)
}

func appendNumber(dst []byte, name string, value uint64) []byte {
	if value == 0 {
		return dst
	}
	return strconv.AppendUint(append(dst, name...), value, 10)
}

// appendString appends s as JSON has it; bytes that are no UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' && c != '<' {
			i++
			continue
		}
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			if r, size = utf8.DecodeRuneInString(s[i:]); (r != utf8.RuneError || size > 1) && r != '\u2028' && r != '\u2029' {
				i += size
				continue
			}
		}
		dst = append(dst, s[from:i]...)
		switch r {
		case '"', '\\':
			dst = append(dst, '\\', byte(r))
		case '\n':
			dst = append(dst, `\n`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		}
		i += size
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}
