package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// A copy of a database is a folder of the app that gets it, which a command of the
// pipeline's file fills. What a copy is, and where the original is, only that
// command knows.

// copyRecord is the copy that an app has.
type copyRecord struct {
	Name      string    `json:"name"`
	From      string    `json:"from"`
	Status    string    `json:"status"` // copyPending, copyReady or copyFailed
	Reason    string    `json:"reason,omitempty"`
	CreatedAt time.Time `json:"created_at"`
}

const (
	copyPending = "pending"
	copyReady   = "ready"
	copyFailed  = "failed"
)

// copyID is the ID of an app's copy: it has one at a time.
const copyID = "copy"

// pendingCopy is the command that fills an app's copy.
type pendingCopy struct {
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when it has ended and is recorded
}

var errNotWanted = errors.New("the copy is not wanted any more")

// copyDir is the folder of the app's copy.
func (a *app) copyDir() string { return filepath.Join(a.dir, "copy") }

// MakeCopy begins to run the command that fills the app's copy. It runs in the
// app's folder, with the app's config vars, and with
//
//	COPY_FROM, COPY_TO          the two apps
//	COPY_FROM_DIR               the folder of the one that is copied; its config vars are in the file env
//	COPY_TO_DIR                 where the copy is to be put: a folder that is empty, and removed with the copy
func (p *Platform) MakeCopy(ctx context.Context, c platform.Copy) (bot.CopySeen, error) {
	a, err := p.app(ctx, c.App)
	if err != nil {
		return bot.CopySeen{}, err
	}
	from, err := p.app(ctx, c.From)
	if err != nil {
		return bot.CopySeen{}, err
	}
	if c.Command == "" {
		return bot.CopySeen{}, &bot.Refused{Platform: true,
			Reason: "The embedded platform has no databases of its own: rehearse.command in the pipeline's file has to say how one is copied."}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if old := a.state.Copy; old != nil {
		if old.Name != c.Name {
			return bot.CopySeen{}, &bot.Retryable{Reason: fmt.Sprintf("%s still has the copy of another rehearsal.", a.name)}
		}
		return seenCopy(*old)
	}
	rec := copyRecord{Name: c.Name, From: c.From, Status: copyPending, CreatedAt: p.opts.Clock()}
	if err := a.changeLocked(func(s *state) { s.Copy = &rec }); err != nil {
		return bot.CopySeen{}, &bot.Retryable{Reason: "The copy could not be recorded.", Err: err}
	}
	runCtx, cancel := context.WithCancelCause(p.ctx)
	pending := &pendingCopy{cancel: cancel, done: make(chan struct{})}
	a.copying = pending
	if !p.spawn(func() { p.runCopy(runCtx, a, from, pending, c.Command) }) {
		a.copying = nil
		cancel(nil)
		if err := a.changeLocked(func(s *state) { s.Copy = nil }); err != nil {
			return bot.CopySeen{}, &bot.Unknown{Reason: "The embedded platform is stopping.", Err: err}
		}
		return bot.CopySeen{}, &bot.Retryable{Reason: "The embedded platform is stopping."}
	}
	return seenCopy(rec)
}

// seenCopy tells how a copy stands.
func seenCopy(rec copyRecord) (bot.CopySeen, error) {
	if rec.Status == copyFailed {
		return bot.CopySeen{}, &bot.Refused{Reason: rec.Reason}
	}
	return bot.CopySeen{ID: copyID, Ready: rec.Status == copyReady}, nil
}

// Copy looks at the app's copy.
func (p *Platform) Copy(ctx context.Context, c platform.Copy) (bot.CopySeen, error) {
	a, err := p.app(ctx, c.App)
	if err != nil {
		return bot.CopySeen{}, err
	}
	rec := a.read().Copy
	if rec == nil || rec.Name != c.Name {
		return bot.CopySeen{}, noSuch("copy", c.Name, c.App)
	}
	return seenCopy(*rec)
}

// runCopy runs the command to its end and records it.
func (p *Platform) runCopy(ctx context.Context, a, from *app, pending *pendingCopy, line string) {
	err := p.fillCopy(ctx, a, from, line)
	status, reason := copyReady, ""
	if err != nil {
		status, reason = copyFailed, fmt.Sprintf("The copy could not be made here: %v.", err)
		if said := sentence(""); errors.As(err, &said) {
			reason = string(said)
		}
		if p.ctx.Err() != nil {
			reason = "Headstart was stopped while the copy was made."
		}
	}
	a.mu.Lock()
	a.copying = nil
	err = a.settleLocked(func(s *state) {
		if s.Copy != nil {
			rec := *s.Copy
			rec.Status, rec.Reason = status, reason
			s.Copy = &rec
		}
		delete(s.Processes, "copy")
	})
	a.mu.Unlock()
	pending.cancel(nil)
	close(pending.done)
	if err != nil {
		p.log.Error("the end of a copy could not be saved", zap.String("app", a.name), zap.Error(err))
	}
	p.log.Debug("copy ended", zap.String("app", a.name), zap.String("from", from.name), zap.String("status", status), zap.String("reason", reason))
	p.opts.OnChange(a.name)
}

// fillCopy runs the command, in an empty folder's favour.
func (p *Platform) fillCopy(ctx context.Context, a, from *app, line string) error {
	if err := removeAll(a.copyDir()); err != nil {
		return err
	}
	if err := makeDir(a.copyDir(), 0o700); err != nil {
		return err
	}
	vars, err := readConfigVars(a.varsFile())
	if err != nil {
		return err
	}
	env := parseEnviron(p.opts.Environ).only(passed...)
	if env["PATH"] == "" {
		env["PATH"] = defaultPath
	}
	maps.Copy(env, vars)
	maps.Copy(env, environ{
		"HOME": a.copyDir(), "COPY_FROM": from.name, "COPY_FROM_DIR": from.dir, "COPY_TO": a.name, "COPY_TO_DIR": a.copyDir(),
	})
	file := a.outputFile("copy")
	_ = os.Remove(file) // of the copy before
	out := openOutput(file, false, nil)
	defer out.Close()
	out.conceal(vars.secrets())
	out.note("$ " + line)
	limited, cancel := context.WithTimeoutCause(ctx, p.opts.CopyLimit, errTooLong)
	defer cancel()
	err = p.run(limited, a, "copy", line, a.dir, env, out, p.opts.StopLimit)
	if errors.Is(err, errTooLong) {
		return sentence(fmt.Sprintf("The copy command ran longer than %v.", p.opts.CopyLimit))
	}
	return err
}

// RemoveCopy ends the command if it still runs, and removes the folder.
func (p *Platform) RemoveCopy(ctx context.Context, c platform.Copy) error {
	a, err := p.app(ctx, c.App)
	if err != nil {
		return err
	}
	a.mu.Lock()
	rec, pending := a.state.Copy, a.copying
	a.mu.Unlock()
	if rec == nil || rec.Name != c.Name {
		return nil
	}
	if pending != nil {
		pending.cancel(errNotWanted)
		select {
		case <-pending.done:
		case <-ctx.Done():
			return &bot.Retryable{Reason: "The command that makes the copy has not ended yet.", Err: ctx.Err()}
		}
	}
	err = removeAll(a.copyDir())
	if err == nil {
		err = a.change(func(s *state) { s.Copy = nil })
	}
	if err != nil {
		return &bot.Retryable{Reason: fmt.Sprintf("The copy could not be removed from %s.", a.name), Err: err}
	}
	return nil
}

// hasCopy reports whether the app's next releases have a copy to use.
func (a *app) hasCopy() bool {
	c := a.read().Copy
	return c != nil && c.Status == copyReady
}
