package webhooks

import (
	"encoding/json"
	"reflect"
	"strings"
)

// GitHub sends ten kilobytes and more about each event, of which a few hundred
// bytes matter. What takes the longest with a delivery would be to find out with
// encoding/json that it is JSON, and to step over what nobody wants. So that is
// done here, in one pass, and encoding/json reads what is left.

// deepest is how deep values may be nested, as in encoding/json.
const deepest = 10_000

// valid is json.Valid.
func valid(body []byte) bool {
	s := scan{in: body}
	return s.whole(nil)
}

// read is json.Unmarshal into the type that the shape is of. What is no JSON is
// left to it, for its error.
func read(body []byte, wanted *shape, v any) error {
	s := scan{in: body, out: make([]byte, 0, 2048)}
	if s.whole(wanted) {
		body = s.out
	}
	return json.Unmarshal(body, v)
}

// shape says which members of an object are wanted, and which of theirs. Of nil
// everything is.
type shape struct {
	members map[string]*shape
}

// shapeOf is the shape of a struct whose fields all have a name in their tag.
func shapeOf(t reflect.Type) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil
	}
	s := &shape{members: map[string]*shape{}}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		s.members[name] = shapeOf(t.Field(i).Type)
	}
	return s
}

// scan reads JSON from in. With out it copies there what is wanted.
type scan struct {
	in, out []byte
	at      int // in in
	depth   int
}

// whole reads a value that is all there is.
func (s *scan) whole(wanted *shape) bool {
	if !s.value(wanted) {
		return false
	}
	s.space()
	return s.at == len(s.in)
}

func (s *scan) space() {
	for s.at < len(s.in) {
		switch s.in[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// is steps over a byte that comes next.
func (s *scan) is(c byte) bool {
	s.space()
	if s.at < len(s.in) && s.in[s.at] == c {
		s.at++
		return true
	}
	return false
}

// value reads a value and copies what is wanted of it.
func (s *scan) value(wanted *shape) bool {
	s.space()
	if s.out == nil {
		return s.step()
	}
	if wanted != nil && s.at < len(s.in) && s.in[s.at] == '{' {
		return s.object(wanted)
	}
	from := s.at
	ok := s.step()
	s.out = append(s.out, s.in[from:s.at]...)
	return ok
}

// object reads an object and copies the members that are wanted.
func (s *scan) object(wanted *shape) bool {
	s.at++
	if s.depth++; s.depth > deepest {
		return false
	}
	s.out = append(s.out, '{')
	kept := 0
	for first := true; ; first = false {
		if s.is('}') {
			if !first {
				return false // after a comma
			}
			break
		}
		s.space()
		from := s.at
		if !s.text() {
			return false
		}
		quoted := s.in[from:s.at]
		if !s.is(':') {
			return false
		}
		inner, known := wanted.members[string(quoted[1:len(quoted)-1])]
		if known || odd(quoted) {
			if kept++; kept > 1 {
				s.out = append(s.out, ',')
			}
			s.out = append(append(s.out, quoted...), ':')
			if !s.value(inner) {
				return false
			}
		} else if s.space(); !s.step() {
			return false
		}
		if s.is(',') {
			continue
		}
		if s.is('}') {
			break
		}
		return false
	}
	s.depth--
	s.out = append(s.out, '}')
	return true
}

// odd reports whether a name that is none of those wanted may still be one for
// encoding/json: it knows escapes, and takes capital letters for small ones.
func odd(quoted []byte) bool {
	for _, c := range quoted[1 : len(quoted)-1] {
		if !(c >= 'a' && c <= 'z' || c == '_' || c >= '0' && c <= '9' || c == '-' || c == '+') {
			return true
		}
	}
	return false
}

// step steps over a value that begins here.
func (s *scan) step() bool {
	if s.at == len(s.in) {
		return false
	}
	switch c := s.in[s.at]; c {
	case '"':
		return s.text()
	case '{', '[':
		return s.nest(c)
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		return s.number()
	}
}

// nest steps over an object or an array.
func (s *scan) nest(begin byte) bool {
	s.at++
	if s.depth++; s.depth > deepest {
		return false
	}
	end := begin + 2 // in ASCII
	if !s.is(end) {
		for {
			if begin == '{' {
				if s.space(); !s.text() || !s.is(':') {
					return false
				}
			}
			if s.space(); !s.step() {
				return false
			}
			if s.is(',') {
				continue
			}
			if s.is(end) {
				break
			}
			return false
		}
	}
	s.depth--
	return true
}

func (s *scan) literal(word string) bool {
	if len(s.in)-s.at < len(word) || string(s.in[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

// plain are the bytes that stand for themselves in a string. Whether they are
// UTF-8 is of no matter to encoding/json.
var plain = func() (set [256]bool) {
	for c := range set {
		set[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return set
}()

// text steps over a string.
func (s *scan) text() bool {
	if s.at == len(s.in) || s.in[s.at] != '"' {
		return false
	}
	in, at := s.in, s.at+1
	for at < len(in) {
		switch c := in[at]; {
		case plain[c]:
			at++
		case c == '"':
			s.at = at + 1
			return true
		case c != '\\' || at+1 == len(in):
			return false
		case in[at+1] == 'u':
			if len(in)-at < 6 || !hexadecimal(in[at+2:at+6]) {
				return false
			}
			at += 6
		case strings.IndexByte(`"\/bfnrt`, in[at+1]) >= 0:
			at += 2
		default:
			return false
		}
	}
	return false
}

func hexadecimal(digits []byte) bool {
	for _, c := range digits {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}

// number steps over a number.
func (s *scan) number() bool {
	s.next('-')
	if !s.next('0') && !s.digits() {
		return false
	}
	if s.next('.') && !s.digits() {
		return false
	}
	if s.next('e') || s.next('E') {
		if !s.next('+') {
			s.next('-')
		}
		return s.digits()
	}
	return true
}

// next steps over a byte, if it is the one here.
func (s *scan) next(c byte) bool {
	if s.at < len(s.in) && s.in[s.at] == c {
		s.at++
		return true
	}
	return false
}

// digits steps over one digit or more.
func (s *scan) digits() bool {
	from := s.at
	for s.at < len(s.in) && s.in[s.at] >= '0' && s.in[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}
