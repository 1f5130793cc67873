// Package transcript keeps what builds and releases write while they run, for those who read along. A [Log] has the newest
// part of one, without secrets, and a [Shelf] has the logs of those that run and of the last ones that ended.
package transcript

import (
	"bytes"
	"strings"
	"sync"

	"github.com/headstart-cd/headstart/bot/redact"
)

const (
	// ring is how many bytes are kept of what runs.
	ring = 256 << 10
	// Tail is how many bytes are kept of what has ended.
	Tail = 64 << 10
)

// Log is what one build or release writes. Offsets count the bytes of what is shown, from its beginning: the same text
// has the same offsets, also in another process that reads it anew.
//
// What nobody reads is not redacted, which costs more than to keep it. Nothing leaves the log before it is.
type Log struct {
	mu       sync.Mutex
	stream   redact.Stream // guarded by mu
	raw      []byte        // guarded by mu: what is not redacted yet
	kept     []byte        // guarded by mu: the newest redacted lines; all are complete
	end      int64         // guarded by mu: where kept ends
	taken    int64         // guarded by mu: how many bytes were written; see Again
	cut      bool          // guarded by mu: something was written before the first line
	closed   bool          // guarded by mu
	settled  bool          // guarded by mu: closed, and all is redacted
	complete bool          // guarded by mu
	more     chan struct{} // guarded by mu: closed when there is more, or nothing more comes
}

// New returns an empty log. Known are secrets that it shows to nobody, whatever their form.
func New(known ...string) *Log {
	return &Log{stream: redact.Stream{Known: known}, more: make(chan struct{})}
}

// Of returns the log of what has ended. cut: the text is only the end of it. Then a first line that may be half of one, or
// a piece of a key, is left out.
func Of(text string, cut bool, known ...string) *Log {
	l := New(known...)
	if l.cut = cut; cut {
		text = redact.Headless(text)
	}
	_, _ = l.Write([]byte(text)) // never fails
	l.Close(true)
	return l
}

// Conceal adds a secret that is shown to nobody from now on.
func (l *Log) Conceal(known ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stream.Known = append(l.stream.Known[:len(l.stream.Known):len(l.stream.Known)], known...)
}

// Write adds what was written. It never fails. What comes after Close is not taken.
func (l *Log) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return len(text), nil
	}
	l.taken += int64(len(text))
	if l.raw = append(l.raw, text...); len(l.raw) > Tail {
		l.settle()
	}
	close(l.more)
	l.more = make(chan struct{})
	return len(text), nil
}

// Close says that nothing more comes; complete: that the text was read to its end. Closing twice is fine.
func (l *Log) Close(complete bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed, l.complete = true, complete
		close(l.more)
	}
}

// settle redacts what was written since it was called last. It is called with mu held.
func (l *Log) settle() {
	if l.settled {
		return
	}
	l.add(l.stream.Add(l.raw))
	l.raw = l.raw[:0]
	if l.closed {
		l.add(l.stream.End())
		l.kept, l.raw, l.settled = append([]byte(nil), newest(l.kept, Tail)...), nil, true
	}
}

// add is called with mu held.
func (l *Log) add(lines string) {
	l.kept = append(l.kept, lines...)
	l.end += int64(len(lines))
	if len(l.kept) > ring+ring/4 { // rarely, so that adding stays cheap
		l.kept = l.kept[:copy(l.kept, newest(l.kept, ring))]
	}
}

// newest returns the last whole lines that have at most so many bytes. Lines are shorter than that.
func newest(lines []byte, most int) []byte {
	if len(lines) <= most {
		return lines
	}
	at := len(lines) - most
	for lines[at-1] != '\n' {
		at++
	}
	return lines[at:]
}

// Piece is a part of a log.
type Piece struct {
	Text     string          // whole lines
	At, Next int64           // where it begins and ends
	Ended    bool            // nothing follows
	More     <-chan struct{} // closed when something was written, or nothing more comes; nil with Ended
}

// From returns what follows an offset. If that is not kept any more, the piece begins later. If it is ahead, as after the
// restart of a process that still reads, the piece is empty.
func (l *Log) From(at int64) Piece {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle()
	kept := newest(l.kept, ring)
	first := l.end - int64(len(kept))
	p := Piece{At: max(at, first), Ended: l.closed}
	p.Next = max(p.At, l.end)
	if p.At < l.end {
		p.Text = strings.ToValidUTF8(string(kept[p.At-first:]), "\uFFFD")
	}
	if !l.closed {
		p.More = l.more
	}
	return p
}

// Last returns the last 64 kB. cut: something was written before. complete: the text was read to its end, and nothing was
// written after.
func (l *Log) Last() (text string, cut, complete bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle()
	kept := newest(l.kept, Tail)
	return string(kept), l.cut || int64(len(kept)) < l.end, l.complete
}

// Again returns a writer for a text that is read anew from its beginning: what the log has already is left out. A text is
// read by one writer at a time.
func (l *Log) Again() *Again {
	l.mu.Lock()
	defer l.mu.Unlock()
	return &Again{log: l, skip: l.taken}
}

// Again writes to a log what follows its first bytes.
type Again struct {
	log  *Log
	skip int64
}

// Write never fails. Zero bytes, which keep a connection alive, are no part of the text.
func (a *Again) Write(text []byte) (int, error) {
	all := len(text)
	if bytes.IndexByte(text, 0) >= 0 {
		text = bytes.ReplaceAll(text, []byte{0}, nil)
	}
	n := min(a.skip, int64(len(text)))
	a.skip -= n
	_, _ = a.log.Write(text[n:])
	return all, nil
}
