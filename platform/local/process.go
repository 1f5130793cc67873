package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// identity tells one process of this machine from every other, also from one
// that got the same number later.
type identity struct {
	PID int `json:"pid"`
	// Started is when the process began, in the words of the operating system
	// and valid for this boot of the machine only; empty if it could not be read.
	Started string `json:"started"`
}

// running reports whether this very process still runs.
func (id identity) running() bool {
	return id.PID > 1 && id.Started != "" && startedAt(id.PID) == id.Started
}

// process is a shell command in a process group of its own.
type process struct {
	id   identity
	done chan struct{} // closed when the command has ended and its group is gone
	err  error         // how it ended, as exec.Cmd.Wait tells it; set before done is closed
}

// signal sends a signal to the whole group. A group that is gone is no error.
func (id identity) signal(s syscall.Signal) { _ = syscall.Kill(-id.PID, s) }

// stop ends the group: SIGTERM, then SIGKILL for whatever is left after grace.
// It returns when the process has ended.
func (pr *process) stop(grace time.Duration) {
	if grace > 0 {
		pr.id.signal(syscall.SIGTERM)
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-pr.done:
			return
		case <-timer.C:
		}
	}
	select {
	case <-pr.done: // its number may belong to somebody else by now
	default:
		pr.id.signal(syscall.SIGKILL)
		<-pr.done
	}
}

// processes starts processes and knows those that run.
type processes struct {
	// writing is held for reading while an executable file is written, and for
	// writing while a process starts: a child that is between fork and exec holds
	// the file open too, and Linux refuses to run what is open for writing.
	writing sync.RWMutex

	mu  sync.Mutex
	all map[*process]bool // guarded by mu
}

// atTheGate waits for a word on descriptor 3, and then becomes `sh -c` of its
// argument. If the other end of the gate closes without a word, it ends.
const atTheGate = `read -r word <&3 && exec 3<&- && exec /bin/sh -c "$1"`

// start runs a line with `sh -c` in dir, once record has returned. So if this
// process dies, what it started is either recorded or has not begun. If record
// fails, the line never runs. What it writes goes to out, whose errors are
// ignored; out is not used any more once done is closed.
func (ps *processes) start(line, dir string, env []string, out io.Writer, record func(identity) error) (*process, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer write.Close()
	gate, open, err := os.Pipe()
	if err != nil {
		read.Close()
		return nil, err
	}
	defer gate.Close()
	defer open.Close()
	cmd := exec.Command("/bin/sh", "-c", atTheGate, "sh", line)
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdout, cmd.Stderr = write, write
	cmd.ExtraFiles = []*os.File{gate} // descriptor 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	ps.writing.Lock()
	err = cmd.Start()
	ps.writing.Unlock()
	if err != nil {
		read.Close()
		return nil, err
	}

	pr := &process{id: identity{PID: cmd.Process.Pid, Started: startedAt(cmd.Process.Pid)}, done: make(chan struct{})}
	ps.mu.Lock()
	if ps.all == nil {
		ps.all = map[*process]bool{}
	}
	ps.all[pr] = true
	ps.mu.Unlock()

	copied := make(chan struct{})
	go func() {
		defer close(copied)
		copyOutput(out, read)
	}()
	go func() {
		err := cmd.Wait()
		pr.id.signal(syscall.SIGKILL) // what the command left behind in its group
		// A process that moved to a group of its own may hold the pipe for ever.
		cut := time.AfterFunc(time.Second, func() { _ = read.SetReadDeadline(time.Unix(1, 0)) })
		<-copied
		cut.Stop()
		read.Close()
		ps.mu.Lock()
		delete(ps.all, pr)
		ps.mu.Unlock()
		pr.err = err
		close(pr.done)
	}()
	if err := record(pr.id); err != nil {
		write.Close() // or the copying would wait for it
		pr.stop(0)
		return nil, err
	}
	_, _ = open.WriteString("go\n") // fails if it was killed already, which done tells
	return pr, nil
}

// copyOutput reads to the end whatever becomes of the writer, so that no process
// hangs because a disk is full.
func copyOutput(out io.Writer, in io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := in.Read(buf)
		if n > 0 {
			_, _ = out.Write(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// killAll kills every process that runs.
func (ps *processes) killAll() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for pr := range ps.all {
		pr.id.signal(syscall.SIGKILL)
	}
}

// endOrphan ends a group that a predecessor started, if its first process still
// runs and is certainly the one that was recorded. It reports whether there was
// one to end.
func endOrphan(id identity, grace time.Duration) bool {
	if !id.running() {
		return false
	}
	id.signal(syscall.SIGTERM)
	for deadline := time.Now().Add(grace); id.running() && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond) // nobody tells when somebody else's child ends
	}
	// While a member of the group lives, its number is not given away.
	id.signal(syscall.SIGKILL)
	return true
}

// howItEnded puts the end of a process into words: "exit status 1".
func howItEnded(err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "exit status 0"
	case errors.As(err, &exit):
		return exit.String()
	}
	return fmt.Sprint(err)
}
