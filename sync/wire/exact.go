package wire

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Nearly every text that is decoded is in canonical form already: bodies are stored in it, and clients sign ops in it. exact reads such a
// text in one go, where the general way decodes it, writes it again and compares. It takes nothing that the general way would not take,
// gives what that would give, and gives up on everything else: on what is not canonical, on escapes that are rare, on names that sort
// otherwise by UTF-16 than by UTF-8. Fuzz tests hold the two ways side by side.
//
// Texts inside values are parts of one copy of the whole text.
type exact struct {
	text string
	at   int
}

// exactValue reads a text that is one canonical value, nested at most so deep.
func exactValue(text []byte, depth int) (any, bool) {
	x, ok := newExact(text)
	if !ok {
		return nil, false
	}
	value, ok := x.value(depth)
	return value, ok && x.at == len(x.text)
}

// newExact begins to read. No canonical text holds a control character: there is no space in it, and in strings they are escaped.
func newExact(text []byte) (exact, bool) {
	if hasControl(text) || !utf8.Valid(text) {
		return exact{}, false
	}
	return exact{text: string(text)}, true
}

// hasControl reports whether an octet is below U+0020, eight octets at a time: taking 0x20 from such an octet borrows into its top bit,
// which was not set.
func hasControl(text []byte) bool {
	const low, top = 0x2020202020202020, 0x8080808080808080
	i := 0
	for ; len(text)-i >= 8; i += 8 {
		v := binary.LittleEndian.Uint64(text[i:])
		if (v-low)&^v&top != 0 {
			return true
		}
	}
	for ; i < len(text); i++ {
		if text[i] < ' ' {
			return true
		}
	}
	return false
}

// next takes one octet if it is the given one.
func (x *exact) next(c byte) bool {
	if x.at < len(x.text) && x.text[x.at] == c {
		x.at++
		return true
	}
	return false
}

// word takes a word.
func (x *exact) word(w string) bool {
	if len(x.text)-x.at >= len(w) && x.text[x.at:x.at+len(w)] == w {
		x.at += len(w)
		return true
	}
	return false
}

func (x *exact) value(depth int) (any, bool) {
	if x.at >= len(x.text) {
		return nil, false
	}
	switch x.text[x.at] {
	case '"':
		return x.string()
	case '{':
		return x.object(depth)
	case '[':
		return x.array(depth)
	case 't':
		return true, x.word("true")
	case 'f':
		return false, x.word("false")
	case 'n':
		return nil, x.word("null")
	}
	return x.number()
}

func (x *exact) object(depth int) (map[string]any, bool) {
	object := make(map[string]any, 8)
	ok := x.members(depth, func(name string, depth int) bool {
		value, ok := x.value(depth)
		object[name] = value
		return ok
	})
	return object, ok
}

// members takes an object, member by member. Names are in order, so none stands twice.
func (x *exact) members(depth int, member func(name string, depth int) bool) bool {
	if depth == 0 || !x.next('{') {
		return false
	}
	if x.next('}') {
		return true
	}
	last := ""
	for first := true; ; first = false {
		name, ok := x.string()
		if !ok || !first && name <= last || hasFourOctets(name) || !x.next(':') || !member(name, depth-1) {
			return false
		}
		last = name
		if !x.next(',') {
			return x.next('}')
		}
	}
}

func (x *exact) array(depth int) (any, bool) {
	array := []any{}
	if depth == 0 || !x.next('[') {
		return nil, false
	}
	if x.next(']') {
		return array, true
	}
	for {
		item, ok := x.value(depth - 1)
		if !ok {
			return nil, false
		}
		array = append(array, item)
		if !x.next(',') {
			return array, x.next(']')
		}
	}
}

// string takes a text. It is a part of what is read unless there is an escape in it.
func (x *exact) string() (string, bool) {
	if !x.next('"') {
		return "", false
	}
	begin := x.at
	length := strings.IndexByte(x.text[begin:], '"')
	if length < 0 {
		return "", false
	}
	text := x.text[begin : begin+length]
	if escape := strings.IndexByte(text, '\\'); escape >= 0 {
		x.at += escape
		return x.escaped(begin)
	}
	x.at += length + 1
	return text, true
}

// shortEscapes are the escapes of two characters that RFC 8785 writes. All others it writes as \u00XX, for characters that bodies do not
// hold.
var shortEscapes = [256]byte{'"': '"', '\\': '\\', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (x *exact) escaped(begin int) (string, bool) {
	out := append(make([]byte, 0, 2*(x.at-begin)+32), x.text[begin:x.at]...)
	for ; x.at < len(x.text); x.at++ {
		switch c := x.text[x.at]; {
		case c == '"':
			x.at++
			return string(out), true
		case c == '\\':
			if x.at++; x.at >= len(x.text) || shortEscapes[x.text[x.at]] == 0 {
				return "", false
			}
			out = append(out, shortEscapes[x.text[x.at]])
		default:
			out = append(out, c)
		}
	}
	return "", false
}

// plainDigits is how many digits an integer may have that every float64 of its size holds exactly.
const plainDigits = 15

func (x *exact) number() (float64, bool) {
	begin := x.at
	if n, ok := x.integer(); ok && (x.at == len(x.text) || !inNumber(x.text[x.at])) {
		return float64(n), true
	}
	for x.at = begin; x.at < len(x.text) && inNumber(x.text[x.at]); x.at++ {
	}
	text := x.text[begin:x.at]
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, false
	}
	return f, jsontext.Float(f).String() == text && text != "-0"
}

func inNumber(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// integer takes an integer of at most plainDigits digits. What follows is for the caller to look at.
func (x *exact) integer() (n int64, ok bool) {
	minus := x.next('-')
	begin := x.at
	for ; x.at < len(x.text) && x.at-begin <= plainDigits; x.at++ {
		c := x.text[x.at] - '0'
		if c > 9 {
			break
		}
		n = 10*n + int64(c)
	}
	digits := x.at - begin
	if digits == 0 || digits > plainDigits || x.text[begin] == '0' && (digits > 1 || minus) {
		return 0, false
	}
	if minus {
		n = -n
	}
	return n, true
}

// count takes an integer that is not negative.
func (x *exact) count() (uint64, bool) {
	n, ok := x.integer()
	return uint64(max(n, 0)), ok && n >= 0
}

// moment takes a time in UTC.
func (x *exact) moment() (time.Time, bool) {
	text, ok := x.string()
	if !ok || len(text) < len("2006-01-02T15:04:05Z") || text[len(text)-1] != 'Z' || text[10] != 'T' || text[19] != '.' && text[19] != 'Z' {
		return time.Time{}, false
	}
	var at time.Time
	err := at.UnmarshalText([]byte(text))
	return at, err == nil
}
