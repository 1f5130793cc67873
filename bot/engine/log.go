package engine

import (
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
)

// The log has a line for each thing that has ended: a push, a build, a promotion, a verification, a rollback, a command,
// a commit that will not go live. It names the deliveries that led there. Each field has one name, in every line:
//
//	repository, pipeline, sha, stage, app, pull, result, reason, who, took
//	deliveries   the webhook that brought the commit, then those that led to this
//	effect       the effect's key; of a promotion, what the keys of its effects begin with

// lines are the messages, by what is noted.
var lines = map[history.NoteOf]string{
	history.NotePush:         "push",
	history.NoteFile:         "the pipeline's file is not valid",
	history.NoteBuild:        "build ended",
	history.NotePromotion:    "promotion ended",
	history.NoteRollback:     "rollback ended",
	history.NoteAutomatic:    "automatic rollback ended",
	history.NoteVerification: "verification ended",
	history.NoteCommand:      "command",
	history.NoteCommit:       "commit ended without going live",
	history.NoteLive:         "commit is live",
}

// tell logs what has happened to a pipeline. What did not succeed is a warning, with two exceptions: whoever gave
// a command is told that it was refused, and why a commit ended is the warning of another line.
func (e *Engine) tell(key bot.Key, notes []history.Note, because []string) {
	for i := range notes {
		n := &notes[i]
		level := zapcore.InfoLevel
		switch {
		case n.What == history.NoteLive: // its last promotion has said so
			level = zapcore.DebugLevel
		case n.Result == history.Failed && n.What != history.NoteCommand && n.What != history.NoteCommit:
			level = zapcore.WarnLevel
		}
		if line := e.log.Check(level, lines[n.What]); line != nil {
			line.Write(fieldsOf(key, n, causes(e.begun.of(key, n), because))...)
		}
	}
}

// begun are the deliveries that led to the promotions under way: what ends one is a look at the platform, which a timer
// causes. This instance alone knows them.
type begun struct {
	mu   sync.Mutex
	list map[promotion][]string // guarded by mu
}

type promotion struct {
	pipeline bot.Key
	stage    string
	n        int
}

// mostBegun bounds what is remembered: above it all is forgotten, and lines name fewer deliveries.
const mostBegun = 2000

// note remembers why promotions were begun.
func (b *begun) note(key bot.Key, effects []bot.Effect, because []string) {
	for i := range effects {
		do, ok := effects[i].Do.(bot.Promote)
		if !ok || len(because) == 0 {
			continue
		}
		b.mu.Lock()
		if b.list == nil || len(b.list) >= mostBegun {
			b.list = map[promotion][]string{}
		}
		p := promotion{key, do.Stage, do.Promotion}
		b.list[p] = causes(b.list[p], because)
		b.mu.Unlock()
	}
}

// of returns why a promotion was begun, and forgets it when it has ended.
func (b *begun) of(key bot.Key, n *history.Note) []string {
	if n.Promotion == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p := promotion{key, n.Stage, n.Promotion}
	list := b.list[p]
	if n.What != history.NoteVerification {
		delete(b.list, p)
	}
	return list
}

func fieldsOf(key bot.Key, n *history.Note, because []string) []zap.Field {
	f := ofPipeline(make([]zap.Field, 0, 14), key)
	text := func(name, value string) {
		if value != "" {
			f = append(f, zap.String(name, value))
		}
	}
	text("sha", n.SHA)
	text("stage", n.Stage)
	text("app", n.App)
	text("command", n.Command)
	text("result", n.Result)
	text("reason", n.Reason)
	text("who", n.Who)
	if n.Pull != 0 {
		f = append(f, zap.Int("pull", n.Pull))
	}
	if n.Promotion != 0 && n.What != history.NoteVerification {
		f = append(f, zap.String("effect", fmt.Sprintf("promote %s %d", n.Stage, n.Promotion)))
	}
	if took := n.Ended.Sub(n.Began); !n.Began.IsZero() && took > 0 && n.What != history.NotePush {
		f = append(f, zap.Duration("took", took))
	}
	return ofDeliveries(f, n.Delivery, because)
}

func ofPipeline(f []zap.Field, key bot.Key) []zap.Field {
	f = append(f, zap.Stringer("repository", key.Repo))
	if key.Name != "" {
		f = append(f, zap.String("pipeline", key.Name))
	}
	return f
}

func ofDeliveries(f []zap.Field, first string, because []string) []zap.Field {
	if list := causes(causes(nil, []string{first}), because); len(list) > 0 {
		f = append(f, zap.Strings("deliveries", list))
	}
	return f
}

// attempted logs the outcome of an attempt. What is refused is a warning; so is what is to be tried again, once an hour
// for all effects of a kind.
func (e *Engine) attempted(key bot.Key, f bot.Finished, took time.Duration, because []string) {
	level, message, repeats := zapcore.DebugLevel, "performed", ""
	switch f.Outcome {
	case bot.Refuse:
		level, message, repeats = zapcore.WarnLevel, "refused", key.String()+" "+f.Effect.Key+": "+f.Reason
	case bot.Retry:
		level, message, repeats = zapcore.WarnLevel, "it did not work; trying again", bot.NameOf(f.Effect.Do)+" again"
	case bot.Unsure:
		level, message, repeats = zapcore.WarnLevel, "its answer was lost; looking what became of it", bot.NameOf(f.Effect.Do)+" lost"
	}
	if repeats != "" && !e.repeats.worth(repeats, e.clock.Now()) {
		level = zapcore.DebugLevel
	}
	line := e.log.Check(level, message)
	if line == nil {
		return
	}
	fields := ofPipeline(make([]zap.Field, 0, 12), key)
	sha, stage := aboutOf(f.Effect.Do)
	if sha != "" {
		fields = append(fields, zap.String("sha", sha))
	}
	if stage != "" {
		fields = append(fields, zap.String("stage", stage))
	}
	fields = append(fields, zap.String("effect", f.Effect.Key), zap.Int("attempt", f.Effect.Attempt), zap.String("outcome", string(f.Outcome)))
	if f.Reason != "" {
		fields = append(fields, zap.String("reason", f.Reason))
	}
	line.Write(ofDeliveries(append(fields, zap.Duration("took", took)), e.broughtBy(key, sha), because)...)
}

// broughtBy is the delivery that brought a commit, as far as this instance remembers; empty: unknown.
func (e *Engine) broughtBy(key bot.Key, sha string) string {
	if r, ok := e.memory.recall(key); ok && sha != "" {
		if c := r.state.Candidate(sha); c != nil {
			return c.Delivery
		}
	}
	return ""
}

// aboutOf is the commit and the stage that an action is about; empty: none.
func aboutOf(do bot.Action) (sha, stage string) {
	switch do := do.(type) {
	case bot.StartBuild:
		return do.SHA, do.Stage
	case bot.WatchBuild:
		return "", do.Stage
	case bot.Promote:
		return do.SHA, do.Stage
	case bot.WatchRelease:
		return "", do.Stage
	case bot.LookAtApp:
		return "", do.Stage
	case bot.Inspect:
		return "", do.Stage
	case bot.Probe:
		return do.SHA, do.Stage
	case bot.SetMaintenance:
		return "", do.Stage
	case bot.CreateDeployment:
		return do.SHA, do.Stage
	case bot.SetDeploymentStatus:
		return do.SHA, do.Stage
	}
	if commits := bot.TraitsOf(do).About.Commits; len(commits) > 0 {
		return commits[0], ""
	}
	return "", ""
}

// warn logs what is tried again and again: once, and then once an hour while the error is the same.
func (e *Engine) warn(message string, err error) {
	if e.repeats.worth(message+": "+err.Error(), e.clock.Now()) {
		e.log.Warn(message, zap.Error(err))
	}
}

// repeats are the messages that were logged within the last hour.
type repeats struct {
	mu   sync.Mutex
	told map[string]time.Time // guarded by mu
}

const (
	tellAgain = time.Hour
	// mostRepeats bounds what is remembered: above it all is forgotten, and logged again.
	mostRepeats = 2000
)

// worth reports whether a message is worth a line: it was not logged within the last hour.
func (r *repeats) worth(message string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, ok := r.told[message]; ok && now.Sub(at) < tellAgain {
		return false
	}
	if r.told == nil || len(r.told) >= mostRepeats {
		r.told = map[string]time.Time{}
	}
	r.told[message] = now
	return true
}

// over forgets the message that begins with a prefix, and reports whether there was one.
func (r *repeats) over(prefix string) (was bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for message := range r.told {
		if len(message) >= len(prefix) && message[:len(prefix)] == prefix {
			delete(r.told, message)
			was = true
		}
	}
	return was
}
