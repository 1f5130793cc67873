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
}

type laneState string

const (
	laneWaiting laneState = "waiting"
	laneRunning laneState = "running"
	laneDone    laneState = "done"
	laneFailed  laneState = "failed"
	laneNever   laneState = "never" // it will not happen, and that is right
)

func (l lane) took() time.Duration {
	if l.began.IsZero() || l.ended.IsZero() {
		return 0
	}
	return l.ended.Sub(l.began)
}

// timeline is how far one commit has come.
type timeline struct {
	title  string
	pushed time.Time
	lanes  []lane
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
	t.lanes = append(t.lanes, buildLane(sha, t.pushed, s), checksLane(sha, ci))
	checks := t.lanes[1]
	if !onBranch {
		return t
	}
	for _, stage := range s.Config.Stages {
		l := lane{name: stage.Name, state: laneWaiting}
		switch p := candidate.Progress[stage.Name]; p.State {
		case botpipeline.ProgressReleasing:
			l.state, l.began, l.note = laneRunning, p.StartedAt, "releasing"
		case botpipeline.ProgressLive:
			l.state, l.began, l.ended, l.note = laneDone, p.StartedAt, p.EndedAt, "live"
		case botpipeline.ProgressFailed:
			l.state, l.began, l.ended, l.note = laneFailed, p.StartedAt, p.EndedAt, p.Reason
		default:
			if checks.state == laneFailed {
				l.state, l.note = laneNever, "not released: "+demoCheck+" failed"
			}
		}
		t.lanes = append(t.lanes, l)
	}
	return t
}

func buildLane(sha string, pushed time.Time, s botpipeline.State) lane {
	l := lane{name: "build", state: laneWaiting}
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
		switch r.Status {
		case botpipeline.RunSucceeded:
			l.state, l.began, l.ended = laneDone, r.StartedAt, r.FinishedAt
			l.note = "on " + r.App
			if r.FinishedAt.Before(pushed) {
				l.began, l.ended = pushed, pushed
				l.note = fmt.Sprintf("none needed: #%d was built before the merge", r.Pull)
			}
		case botpipeline.RunFailed, botpipeline.RunErrored:
			l.state, l.began, l.ended, l.note = laneFailed, r.StartedAt, r.FinishedAt, r.Reason
		case botpipeline.RunStarting, botpipeline.RunRunning:
			l.state, l.began, l.note = laneRunning, r.StartedAt, "on "+r.App
		}
	}
	return l
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
