package redact

import (
	"regexp"
	"strings"
	"unicode"
)

// Stream redacts text that comes in pieces, such as the output of a build while it runs. A secret that lies across two
// pieces is redacted, too: a line is returned once it is complete, and a key of several lines once its end has come. How
// the text was cut into pieces makes no difference to what is returned.
//
// A line is what a terminal would show of it: without control characters, and after a carriage return only what follows
// that. A Stream keeps at most 32 kB. Its zero value is ready, and knows no secrets but by their form.
type Stream struct {
	Known []string // secrets, whatever their form

	line []byte // the unfinished line
	over bool   // the line was too long; what is left of it is dropped
	held string // lines that may be the beginning of a key; empty: none
	ends bool   // with held: a line says where the key ends
}

const (
	// longestLine is how many bytes of a line are shown.
	longestLine = 16 << 10
	// longestKey is how many bytes are held back for the end of a key.
	longestKey = 16 << 10
	// dropped stands for the rest of a line that is too long.
	dropped = " […]"
)

var (
	// keyBegins and keyEnds are those of the textual encodings in forms.
	keyBegins = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]+-----`)
	keyEnds   = regexp.MustCompile(`-----END [A-Z0-9 ]+-----`)
	// packedBegins matches a line that ends within a key in base64, and packedGoesOn a line that continues it.
	packedBegins = regexp.MustCompile(`LS0tLS1CRUdJTi[A-Za-z0-9+/=]*\s*$`)
	packedGoesOn = regexp.MustCompile(`^\s*[A-Za-z0-9+/=]{20,}\s*$`)
)

// Add takes the next piece, and returns the lines that are complete now, each with a line break at its end.
func (s *Stream) Add(piece []byte) string {
	var out strings.Builder
	for len(piece) > 0 {
		n := len(piece)
		whole := false
		for i, b := range piece {
			if b == '\n' {
				n, whole = i, true
				break
			}
		}
		s.grow(piece[:n])
		if !whole {
			break
		}
		out.WriteString(s.complete(s.take()))
		piece = piece[n+1:]
	}
	return out.String()
}

// End returns what is left when the text has ended. The Stream can be used for another text then.
func (s *Stream) End() string {
	var out string
	if len(s.line) > 0 || s.over {
		out = s.complete(s.take())
	}
	return out + s.release()
}

// grow adds to the unfinished line, as long as that is not too long.
func (s *Stream) grow(piece []byte) {
	if room := longestLine - len(s.line); len(piece) > room {
		piece, s.over = piece[:room], true
	}
	s.line = append(s.line, piece...)
}

// take returns the line and begins the next one. Of a line that is too long the last word goes: it may be half of a
// secret.
func (s *Stream) take() string {
	line := string(s.line)
	if s.over {
		line = strings.TrimRightFunc(line, func(r rune) bool { return !unicode.IsSpace(r) })
		line = strings.TrimRightFunc(line, unicode.IsSpace) + dropped
	}
	s.line, s.over = s.line[:0], false
	return line
}

// complete takes a line, and returns the lines that can be shown now.
func (s *Stream) complete(line string) string {
	line = visible(line)
	switch {
	case s.held == "":
	case s.ends && len(s.held) < longestKey:
		s.held += line + "\n"
		if !withinKey(s.held) {
			return s.release()
		}
		return ""
	case !s.ends && len(s.held) < longestKey && packedGoesOn.MatchString(line):
		s.held += line + "\n"
		return ""
	default:
		return s.release() + s.complete(line)
	}
	switch {
	case withinKey(line):
		s.held, s.ends = line+"\n", true
		return ""
	case packedBegins.MatchString(line):
		s.held, s.ends = line+"\n", false
		return ""
	}
	return shown(line, s.Known)
}

// withinKey reports whether a text ends within a key.
func withinKey(text string) bool {
	begins := keyBegins.FindAllStringIndex(text, -1)
	return begins != nil && !keyEnds.MatchString(text[begins[len(begins)-1][1]:])
}

// release returns what was held back.
func (s *Stream) release() string {
	held := strings.TrimSuffix(s.held, "\n")
	s.held, s.ends = "", false
	if held == "" {
		return ""
	}
	return shown(held, s.Known)
}

// visible is text without the control characters of a terminal, but for tabs and carriage returns: they could hide a
// secret.
func visible(line string) string {
	if strings.Contains(line, "\x1b") {
		line = escapes.ReplaceAllString(line, "")
	}
	return strings.Map(func(r rune) rune {
		if r != '\t' && r != '\r' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(line, "\uFFFD"))
}

// shown redacts lines.
func shown(text string, known []string) string {
	var out strings.Builder
	for line := range strings.Lines(Redact(text, known...)) {
		line = strings.TrimRight(line, "\r\n")
		if i := strings.LastIndexByte(line, '\r'); i >= 0 {
			line = line[i+1:]
		}
		out.WriteString(line + "\n")
	}
	if out.Len() == 0 {
		return "\n"
	}
	return out.String()
}

// Headless returns what can be shown of a text whose beginning is missing: without its first line, which may begin within a
// secret, and without what may be the rest of a key of several lines.
func Headless(text string) string {
	_, text, _ = strings.Cut(text, "\n")
	if end := keyEnds.FindStringIndex(text); end != nil && !keyBegins.MatchString(text[:end[0]]) {
		_, text, _ = strings.Cut(text[end[1]:], "\n")
	}
	for {
		line, rest, found := strings.Cut(text, "\n")
		if !found || !packedGoesOn.MatchString(line) {
			return text
		}
		text = rest
	}
}
