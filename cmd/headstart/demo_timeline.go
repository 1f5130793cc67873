package main

import (
	"fmt"
	"time"

	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
)

// lane is one line of a timeline: the build, the checks or a stage.
type lane struct {
	name         string
	began, ended time.Time // zero: not yet
	state        laneState
	note         string
	output       string // address of what the build or the release wrote; may be empty
}

type laneState string

const (
	laneWaiting laneState = "waiting"
	laneRunning laneState = "running"
	laneDone    laneState = "done"
	laneFailed  laneState = "failed"
	laneNever   laneState = "never" // it will not happen
)

func (l lane) took() time.Duration {
	if l.began.IsZero() || l.ended.IsZero() {
		return 0
	}
	return l.ended.Sub(l.began)
}

// timeline is how far one commit has come. Its lanes are the build, the checks and,
// on the branch, the stages.
type timeline struct {
	title  string
	pushed time.Time
	lanes  []lane
	ahead  time.Duration // what the build took that was made before the merge; 0: none was
}

// timelineOf reads a commit's timeline off the bot's own state and CI's.
func timelineOf(title, sha string, pushed time.Time, s botpipeline.State, ci *demoCI) timeline {
	t := timeline{title: title, pushed: pushed}
	candidate := botpipeline.Candidate{}
	onBranch := false
	for _, c := range s.Candidates {
		if c.SHA == sha {
			candidate, onBranch = c, true
			t.pushed = c.Pushed() // as the bot counts, so that its statuses and the table say the same
		}
	}
	var build lane
	build, t.ahead = buildLane(sha, t.pushed, s)
	t.lanes = append(t.lanes, build, checksLane(sha, ci))
	if !onBranch {
		return t
	}
	for _, stage := range s.Config.Stages {
		l := lane{name: stage.Name, state: laneWaiting}
		switch p := candidate.Progress[stage.Name]; p.State {
		case botpipeline.ProgressReleasing:
			l.state, l.began, l.note = laneRunning, p.StartedAt, "releasing, until it answers"
		case botpipeline.ProgressLive:
			l.state, l.began, l.ended, l.note = laneDone, p.StartedAt, p.EndedAt, "live"
		case botpipeline.ProgressFailed:
			l.state, l.began, l.ended, l.note, l.output = laneFailed, p.StartedAt, p.EndedAt, p.Reason, p.OutputURL
		default:
			if before, failed := t.failed(); failed {
				l.state, l.note = laneNever, "not released: "+whatFailed(before)
			}
		}
		t.lanes = append(t.lanes, l)
	}
	return t
}

// whatFailed names a lane that failed.
func whatFailed(l lane) string {
	switch l.name {
	case "build":
		return "the build failed"
	case "checks":
		return demoCheck + " failed"
	}
	return l.name + " failed"
}

// buildLane also tells how long a build took that was ready before the push.
func buildLane(sha string, pushed time.Time, s botpipeline.State) (l lane, ahead time.Duration) {
	l = lane{name: "build", state: laneWaiting}
	tree := ""
	for _, c := range s.Candidates {
		if c.SHA == sha {
			tree = c.Tree
		}
	}
	for _, p := range s.Pulls {
		if p.Head == sha && tree == "" {
			tree = p.TestTree
		}
	}
	for _, r := range s.Builds {
		if tree == "" || r.Tree != tree {
			continue
		}
		l.output = r.OutputURL
		switch r.Status {
		case botpipeline.RunSucceeded:
			l.state, l.began, l.ended = laneDone, r.StartedAt, r.FinishedAt
			l.note = "on " + r.App
			if r.FinishedAt.Before(pushed) {
				ahead = l.took()
				l.began, l.ended = pushed, pushed
				l.note = fmt.Sprintf("built ahead, for #%d", r.Pull)
			}
		case botpipeline.RunFailed, botpipeline.RunErrored:
			l.state, l.began, l.ended, l.note = laneFailed, r.StartedAt, r.FinishedAt, r.Reason
		case botpipeline.RunStarting, botpipeline.RunRunning:
			l.state, l.began, l.note = laneRunning, r.StartedAt, "on "+r.App
		}
	}
	return l, ahead
}

func checksLane(sha string, ci *demoCI) lane {
	l := lane{name: "checks", state: laneWaiting}
	r, ok := ci.run(sha)
	switch {
	case !ok:
	case r.ended.IsZero():
		l.state, l.began, l.note = laneRunning, r.began, demoCheck
	case r.passed:
		l.state, l.began, l.ended, l.note = laneDone, r.began, r.ended, demoCheck+" passed"
	default:
		l.state, l.began, l.ended, l.note = laneFailed, r.began, r.ended, demoCheck+" failed"
	}
	return l
}

// failed finds the first lane that failed.
func (t timeline) failed() (lane, bool) {
	for _, l := range t.lanes {
		if l.state == laneFailed {
			return l, true
		}
	}
	return lane{}, false
}

// running reports whether something runs whose end has to be waited for.
func (t timeline) running() bool {
	for _, l := range t.lanes {
		if l.state == laneRunning {
			return true
		}
	}
	return false
}

// ended reports whether nothing more will happen on the timeline.
func (t timeline) ended() bool {
	for _, l := range t.lanes {
		if l.state == laneWaiting || l.state == laneRunning {
			return false
		}
	}
	return true
}

// live is when the last lane ended, and whether every lane was passed.
func (t timeline) live() (time.Time, bool) {
	var last time.Time
	for _, l := range t.lanes {
		if l.state != laneDone {
			return time.Time{}, false
		}
		if l.ended.After(last) {
			last = l.ended
		}
	}
	return last, true
}

// released reports whether every lane was passed, the stages among them.
func (t timeline) released() bool {
	_, live := t.live()
	return live && len(t.lanes) > 2
}

// releases is how long the stages took together.
func (t timeline) releases() (sum time.Duration) {
	for _, l := range t.lanes[min(2, len(t.lanes)):] {
		sum += l.took()
	}
	return sum
}

// buildTook is how long the build took, before the merge or after it.
func (t timeline) buildTook() time.Duration { return max(t.lanes[0].took(), t.ahead) }

// without is how long the same commit takes from the push to production where each step
// waits for the one before: the checks, then the build, then the releases. Each of them takes
// as long as it took here. What has not ended is left out.
func (t timeline) without() time.Duration {
	var checks time.Duration
	if l := t.lanes[1]; !l.ended.IsZero() {
		checks = l.ended.Sub(t.pushed)
	}
	return checks + t.buildTook() + t.releases()
}
