package transcript

import (
	"fmt"
	"strings"
	"testing"
)

func expect(t *testing.T, what string, p Piece, at int64, text string, ended bool) {
	t.Helper()
	if p.At != at || p.Text != text || p.Next != at+int64(len(text)) || p.Ended != ended {
		t.Errorf("%s should be %q from %d on, ended: %t; got %q from %d to %d, ended: %t", what, text, at, ended, p.Text, p.At, p.Next, p.Ended)
	}
}

func TestLog(t *testing.T) {
	l := New("the launch code")
	expect(t, "an empty log", l.From(0), 0, "", false)
	more := l.From(0).More
	fmt.Fprint(l, "one\ntwo: the launch")
	select {
	case <-more:
	default:
		t.Error("who waits for more should be told")
	}
	expect(t, "a complete line", l.From(0), 0, "one\n", false)
	fmt.Fprint(l, " code and ghs_0123456789")
	expect(t, "a line that goes on", l.From(4), 4, "", false)
	fmt.Fprint(l, "abcdef.\n")
	expect(t, "two secrets, each in two pieces", l.From(4), 4, "two: [redacted] and [redacted]\n", false)
	l.Conceal("a new one")
	fmt.Fprint(l, "three: a new one\nfour")
	l.Close(true)
	fmt.Fprint(l, "too late\n")
	expect(t, "what follows", l.From(35), 35, "three: [redacted]\nfour\n", true)
	if p := l.From(1000); p.Text != "" || p.At != 1000 || p.Next != 1000 || p.More != nil {
		t.Errorf("behind the end there is nothing, got %+v", p)
	}
	if p := l.From(-3); p.At != 0 || !strings.HasPrefix(p.Text, "one\n") {
		t.Errorf("before the beginning is the beginning, got %+v", p)
	}
}

// The newest is kept, in whole lines, and of what has ended less.
func TestLogIsBounded(t *testing.T) {
	l := New()
	const lines = 100_000
	for i := range lines {
		fmt.Fprintf(l, "line %06d\n", i)
	}
	if len(l.raw) > Tail {
		t.Errorf("%d bytes wait to be redacted", len(l.raw))
	}
	p := l.From(0)
	if len(p.Text) > ring || len(p.Text) < ring-12 || !strings.HasPrefix(p.Text, "line ") || !strings.HasSuffix(p.Text, "line 099999\n") || p.Next != 12*lines || p.Next-p.At != int64(len(p.Text)) {
		t.Errorf("the last 256 kB should be there, got %d bytes from %d to %d: %.20q … %q", len(p.Text), p.At, p.Next, p.Text, p.Text[len(p.Text)-12:])
	}
	if cap(l.kept) > 2*ring {
		t.Errorf("the log holds %d bytes", cap(l.kept))
	}
	l.Close(false)
	if text, cut, complete := l.Last(); text != l.From(0).Text || !cut || complete {
		t.Errorf("its last part should be that, and not all: got %d bytes, %t, %t", len(text), cut, complete)
	}
	p = l.From(0)
	if len(p.Text) > Tail || len(p.Text) < Tail-12 || !strings.HasPrefix(p.Text, "line ") || p.Next != 12*lines {
		t.Errorf("the last 64 kB should be there, got %d bytes to %d", len(p.Text), p.Next)
	}
}

// A text that was cut off is read from its beginning again, and nothing is shown twice.
func TestLogIsReadAgain(t *testing.T) {
	l := New()
	fmt.Fprint(l.Again(), "\x00one\n\x00tw")
	again := l.Again()
	for _, piece := range []string{"on", "e\nt", "wo\nthree\n"} {
		fmt.Fprint(again, piece)
	}
	fmt.Fprint(l.Again(), "one\n") // cut off sooner than before
	fmt.Fprint(l.Again(), "one\ntwo\nthree\nfour\n")
	expect(t, "the text", l.From(0), 0, "one\ntwo\nthree\nfour\n", false)
}

func TestShelf(t *testing.T) {
	var s Shelf
	key := func(n int) Key { return Key{"shop", fmt.Sprint(n)} }
	if s.Get(key(1)) != nil {
		t.Error("an empty shelf has no log")
	}
	runs := New()
	s.Put(key(0), runs)
	for n := 1; n <= mostEnded+5; n++ {
		s.Put(key(n), Of("text\n", false))
	}
	if s.Get(key(0)) != runs || s.Get(key(5)) != nil || s.Get(key(6)) == nil {
		t.Error("what runs should be kept, and of what has ended the newest 32")
	}
	s.Put(key(0), Of("its end\n", false))
	expect(t, "the log that was replaced", runs.From(0), 0, "", true)
	expect(t, "the new one", s.Get(key(0)).From(0), 0, "its end\n", true)
}

// Of the end of a text the first line is left out, which may be half of a secret, and so is what may be of a key.
func TestEndOfText(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"cdefghij\nlast\n", "last\n"},
		{"abc\nDEFGhi\n-----END RSA PRIVATE KEY-----\nlast\n", "last\n"},
		{"abc\n" + strings.Repeat("QUJD", 16) + "\nlast\n", "last\n"},
		{"abc\n-----BEGIN KEY-----\nxyz\n-----END KEY-----\nlast", "[redacted]\nlast\n"},
		{"abc", ""},
	} {
		if text, cut, complete := Of(c.text, true).Last(); text != c.want || !cut || !complete {
			t.Errorf("of %q should be left %q, got %q, cut: %t, complete: %t", c.text, c.want, text, cut, complete)
		}
	}
	if text, cut, _ := Of("all\n", false).Last(); text != "all\n" || cut {
		t.Errorf("of a whole text nothing should be missing, got %q, cut: %t", text, cut)
	}
}
