package local

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/platform/transcript"
)

// How much of an output is kept. A web process writes for ever, so its output
// is rotated and between one and two times the limit remain; others are cut.
const (
	outputLimit = 8 << 20
	tailLimit   = 4 << 10
)

// output is a bounded file of what processes wrote. Writing never fails, so
// that a full disk does not look like a fault of the app.
type output struct {
	path   string
	limit  int
	rotate bool

	mu   sync.Mutex
	file *os.File // guarded by mu; nil once closed, or if it could not be opened
	size int      // guarded by mu
	tail []byte   // guarded by mu; the last bytes written
	cut  bool     // guarded by mu; more was written than the tail holds
	// secrets are never in what is shown as a reason.
	secrets []string // guarded by mu
	// log is for those who read along; nil: nobody may.
	log *transcript.Log
}

// openOutput opens a file for what a process writes, and appends to it if it is
// there. The same goes into a log; nil: into none.
func openOutput(path string, rotate bool, log *transcript.Log) *output {
	o := &output{path: path, limit: outputLimit, rotate: rotate, log: log}
	o.open()
	return o
}

func (o *output) open() {
	if err := os.MkdirAll(filepath.Dir(o.path), 0o700); err != nil {
		return
	}
	f, err := os.OpenFile(o.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	if info, err := f.Stat(); err == nil {
		o.size = int(info.Size())
	}
	o.file = f
}

// note writes a line of ours, which is never taken for the process's last line.
func (o *output) note(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.write([]byte(line + "\n"))
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tail = append(o.tail, b...)
	if extra := len(o.tail) - tailLimit; extra > 0 {
		o.tail, o.cut = append([]byte(nil), o.tail[extra:]...), true
	}
	o.write(b)
	return len(b), nil
}

// write is called with mu held.
func (o *output) write(b []byte) {
	if o.log != nil {
		_, _ = o.log.Write(b) // never fails
	}
	switch {
	case o.file == nil:
	case o.size+len(b) <= o.limit:
		o.append(b)
	case o.rotate:
		o.file.Close()
		_ = os.Rename(o.path, o.path+".old")
		o.file, o.size = nil, 0
		if o.open(); o.file != nil {
			o.append(b)
		}
	case o.size < o.limit:
		o.append(b[:o.limit-o.size])
		_, _ = io.WriteString(o.file, "\n(Headstart keeps no more of this output.)\n")
		o.size = o.limit
	}
}

func (o *output) append(b []byte) {
	n, _ := o.file.Write(b)
	o.size += n
}

func (o *output) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.file == nil {
		return nil
	}
	err := o.file.Close()
	o.file = nil
	return err
}

// conceal keeps secrets out of what is shown as a reason, and out of the log. The
// file itself has what was written.
func (o *output) conceal(secrets []string) {
	if o.log != nil {
		o.log.Conceal(secrets...)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.secrets = secrets
}

// lastLine is the last line written that is not empty, at most 200 characters
// of it and without secrets, to be shown as a reason.
func (o *output) lastLine() string {
	o.mu.Lock()
	text, secrets := string(o.tail), o.secrets
	if o.cut { // the first word may be half of a secret
		text = strings.TrimLeftFunc(text, func(r rune) bool { return !unicode.IsSpace(r) })
	}
	o.mu.Unlock()
	lines := strings.Split(redact.Redact(text, secrets...), "\n")
	for _, line := range slices.Backward(lines) {
		if line = redact.Line(line, 200); line != "" {
			return line
		}
	}
	return ""
}

// because adds the last line of the output to a sentence's beginning.
func (o *output) because(what string) string {
	if line := o.lastLine(); line != "" {
		return what + ": " + line
	}
	return what + "."
}
