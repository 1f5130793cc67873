package steer

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// A command is about what its author saw. It may be handled seconds or hours later. If its subject has moved since, it
// is void. /lock and /cancel, which only close, are always obeyed.
//
// GitHub gives a comment's time in whole seconds of GitHub's clock. ActorRead tells how far that clock is ahead of
// ours. An event within the same second counts as later, since the order is unknown.

// lateAfter is how long an exact command is obeyed after it was written. Later, nobody waits for it any more.
const lateAfter = 2 * time.Minute

// since reports whether t, by our clock, is after the command was written.
func (x Execution) since(t time.Time) bool {
	return !t.IsZero() && x.sinceByGitHub(t.Add(x.Request.Actor.Ahead))
}

// sinceByGitHub is since for a time by GitHub's clock.
func (x Execution) sinceByGitHub(t time.Time) bool {
	last := x.Request.WrittenAt
	if x.Request.Via != "" { // by our own clock
		return !last.IsZero() && t.After(last)
	}
	if x.ties {
		t = t.Add(-time.Second)
	}
	return !last.IsZero() && !t.IsZero() && !t.Before(last)
}

// exact reports whether the command names a commit or a version.
func (x Execution) exact() bool { return x.Command.SHA != "" || x.Command.Version != 0 }

// late reports whether the command is older than lateAfter.
func (x Execution) late() bool {
	last := x.Request.WrittenAt
	return !last.IsZero() && x.At.Add(x.Request.Actor.Ahead).Sub(last) > lateAfter
}

// void refuses a command whose subject has changed since it was written: what changed, and the exact command to write
// instead.
func (x Execution) void(what, exactly string) string {
	return fmt.Sprintf("not done: %s after this was written (%s); if it is still wanted, say %s", what, words.Moment(x.Request.WrittenAt), exactly)
}

// written is the command as it was written, to be repeated, with the name of its pipeline.
func (x Execution) written() string {
	line := x.Command.Text
	if verb, rest, named := strings.Cut(line, " "); named && x.Command.Stage != "" { // the stage comes first
		line = verb + " " + x.State.Qualified(rest)
	}
	if i := strings.IndexAny(line, "@`<"); i > 0 {
		line = strings.TrimSpace(line[:i])
	}
	return line
}

// moved states what has begun, gone live or ended at a stage since the command was written; empty: nothing.
func (x Execution) moved(stage string) string {
	st := x.State.Stage(stage)
	if l := st.Lock; l != nil && l.Rollback && x.lockedSince(stage) {
		if l.By == "" {
			return "a release to " + stage + " failed"
		}
		return stage + " was rolled back"
	}
	var last time.Time
	what := x.releasedByHand(stage)
	note := func(t time.Time, format string, args ...any) {
		if x.since(t) && !t.Before(last) {
			last, what = t, fmt.Sprintf(format, args...)
		}
	}
	if st.Live.SHA != "" {
		note(st.Live.Since, "%s went live on %s", bot.Short(st.Live.SHA), stage)
	}
	for _, c := range x.State.All() {
		p := c.Progress[stage]
		switch p.State {
		case pipeline.ProgressReleasing:
			note(p.StartedAt, "the release of %s to %s began", bot.Short(c.SHA), stage)
		case pipeline.ProgressFailed:
			if !p.BuildFailed {
				note(p.EndedAt, "%s failed on %s", bot.Short(c.SHA), stage)
			}
		case pipeline.ProgressLive, pipeline.ProgressRolledBack:
			note(p.EndedAt, "%s went live on %s", bot.Short(c.SHA), stage)
		}
	}
	return what
}

// releasedByHand names a manual release to a stage since the command was written; empty: none.
func (x Execution) releasedByHand(stage string) string {
	for _, app := range pipeline.SortedKeys(x.State.Stage(stage).Apps) {
		if f := x.State.Stage(stage).Apps[app].Foreign; f != nil && x.since(f.At) {
			return fmt.Sprintf("%s was released to %s by hand", f.Name(), app)
		}
	}
	return ""
}

// lockedSince reports whether another comment has locked a stage since the command was written. Within one second the
// comments' numbers give the order.
func (x Execution) lockedSince(stage string) bool {
	l := x.State.Stage(stage).Lock
	switch {
	case l == nil || !x.since(l.At):
		return false
	case l.By == "" || l.Comment == 0:
		return true
	case l.Comment < 0 || x.Request.Comment < 0: // only comments are numbered in their order
		return l.Comment != x.Request.Comment
	case l.At.Add(x.Request.Actor.Ahead).Truncate(time.Second).After(x.Request.WrittenAt):
		return l.Comment != x.Request.Comment
	}
	return l.Comment > x.Request.Comment
}

// advanced names an earlier stage that a candidate has passed since the command was written; empty: none. A command
// without a stage meant that earlier stage. Events within the same second count as earlier: people wait for this moment
// to write.
func (x Execution) advanced(c *pipeline.Candidate, stage string) string {
	x.ties = true
	for _, name := range x.State.Config.StageNames() {
		if name == stage {
			break
		}
		if p := c.Progress[name]; x.since(p.EndedAt) {
			return fmt.Sprintf("%s passed %s", bot.Short(c.SHA), name)
		}
	}
	return ""
}

// headMoved refuses a command about an open pull request's head that has moved since; empty: it has not moved, or is
// named in full. A commit whose SHA begins alike can be made within minutes.
func (x Execution) headMoved(verb, stage string) string {
	head := x.Request.Actor.Pull.Head
	if !x.Request.HeadMoved || x.Command.SHA == head {
		return ""
	}
	named := bot.Short(head)
	if x.Command.SHA != "" {
		named = head
	}
	return x.void(bot.Short(head)+" was pushed to the pull request", fmt.Sprintf("%s %s %s", verb, cmp.Or(x.State.Qualified(stage), "STAGE"), named))
}

// headOrOther returns that the named commit may be the open pull request's head or one of the branch; empty: it is
// unambiguous.
func (x Execution) headOrOther() string {
	head, sha := x.Request.Actor.Pull.Head, x.Command.SHA
	if sha == "" || sha == head {
		return ""
	}
	for i := range x.State.Candidates {
		if c := x.State.Candidates[i].SHA; c != head && strings.HasPrefix(c, sha) {
			return fmt.Sprintf("%s may be %s, the head of this pull request, or %s on %s: name more of it", sha, head, c, x.State.Branch())
		}
	}
	return ""
}

// rollbackExactly is the exact command for what /rollback of a stage meant when it was written. The target is the
// proved commit before the one live at that time.
func (x Execution) rollbackExactly(stage string) string {
	var live *pipeline.Past
	st := x.State.Stage(stage)
	stays := !x.since(st.Live.Since) // the commit live now was live then
	for i := range st.Past {
		p := &st.Past[i]
		switch {
		case x.since(p.At):
		case live == nil:
			if !stays || p.SHA == st.Live.SHA {
				live = p
			}
		case p.Artifact != live.Artifact && !p.RolledBack && p.Gone == "":
			return fmt.Sprintf("/rollback %s to %s", x.State.Qualified(stage), bot.Short(p.SHA))
		}
	}
	return fmt.Sprintf("/rollback %s to SHA", x.State.Qualified(stage))
}
