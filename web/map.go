package web

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
	"github.com/headstart-cd/headstart/web/vsm"
)

// mostColumns and mostRows are how many columns and half rows the stylesheet has classes for. A larger map is a list.
const (
	mostColumns = 24
	mostRows    = 24
)

// valueStream is the value stream map: how a change comes from the push to the last stage, and where the newest one is.
type valueStream struct {
	List          bool // it is too large to be drawn
	Width, Height int  // of the image with the lines
	Lines         []string
	Boxes         []mapBox // from left to right
}

// mapBox is a step of the way.
type mapBox struct {
	Name        string
	Word        string // its state in a word, beside the mark
	Level       level
	First, Then string // two lines; may be empty
	Path        string // where it leads; empty: nowhere
	Column, Row int    // for the stylesheet, from 1
}

// The steps before the first stage.
const (
	stepPush   = "push"
	stepBuild  = "build"
	stepChecks = "checks"
)

// valueStream draws the way of the newest candidate; the zero value while there is none and nothing is live.
func (r *reading) valueStream() valueStream {
	s := r.view.State
	if !s.Configured || len(s.Config.Stages) == 0 {
		return valueStream{}
	}
	c := r.subject()
	boxes := map[string]mapBox{}
	var names []string
	add := func(id string, b mapBox) {
		if _, there := boxes[id]; !there {
			names = append(names, id)
		}
		boxes[id] = b
	}
	first := r.view.FirstStage()
	edges := []vsm.Edge{{Before: stepPush, After: stepBuild}, {Before: stepPush, After: stepChecks}, {Before: stepBuild, After: "stage " + first}, {Before: stepChecks, After: "stage " + first}}
	add(stepPush, r.pushBox(c))
	add(stepBuild, r.buildBox(c))
	add(stepChecks, r.checksBox(c))
	for i, stage := range s.Config.Stages {
		id := "stage " + stage.Name
		add(id, r.stageBox(c, stage.Name))
		if i > 0 {
			edges = append(edges, vsm.Edge{Before: "stage " + s.Config.Stages[i-1].Name, After: id})
		}
		for _, need := range stage.Needs {
			needed := "need " + strings.ToLower(need.String())
			add(needed, r.needBox(c, need))
			edges = append(edges, vsm.Edge{Before: needed, After: id})
		}
	}
	plan := vsm.Lay(names, edges)
	is := valueStream{List: plan.Columns > mostColumns || plan.Rows > mostRows, Width: plan.Width(), Height: plan.Height()}
	for _, line := range plan.Lines {
		is.Lines = append(is.Lines, line.Path)
	}
	for _, place := range plan.Places {
		b := boxes[place.Box]
		b.Column, b.Row = place.Column+1, place.Row+1
		is.Boxes = append(is.Boxes, b)
	}
	return is
}

// subject is the newest candidate that is on its way, else the newest one; nil: there is none.
func (r *reading) subject() *pipeline.Candidate {
	s := r.view.State
	if len(r.explained.Candidates) > 0 {
		return s.Candidate(r.explained.Candidates[0].SHA)
	}
	return r.newest()
}

func (r *reading) pushBox(c *pipeline.Candidate) mapBox {
	if c == nil {
		return mapBox{Name: "push", Level: idle, Word: "none yet", First: "to " + r.view.State.Branch()}
	}
	is := r.commit(c.SHA)
	b := mapBox{Name: is.Short, Level: quiet, Word: "pushed", First: is.Title, Then: is.Author, Path: cmp.Or(is.Page, is.URL)}
	if is.Pull != 0 {
		b.Then = strings.TrimSpace(fmt.Sprintf("%s #%d", b.Then, is.Pull))
	}
	return b
}

func (r *reading) buildBox(c *pipeline.Candidate) mapBox {
	b := mapBox{Name: "build", Level: idle, Word: "none yet"}
	if usual := r.view.State.UsualBuild(); usual >= time.Second {
		b.Then = "usually " + took(usual)
	}
	if c == nil {
		return b
	}
	b.Path = r.candidatePath(c.SHA) + "#build"
	g := r.view.BuildGate(c)
	run, found := r.view.State.RunOf(c)
	b.Level, b.Word = levelOf(g)
	switch {
	case g.State != gate.Open:
		b.First = words.Capital(g.Text)
	case !found || run.FinishedAt.IsZero():
		b.First = "ready"
	case run.FinishedAt.Before(c.Pushed()):
		b.First = "was there already"
	default:
		b.First = fmt.Sprintf("%s on %s", words.Took(bot.Later(run.StartedAt, run.RunningAt), run.FinishedAt), run.App)
	}
	return b
}

func (r *reading) checksBox(c *pipeline.Candidate) mapBox {
	b := mapBox{Name: "checks", Level: idle, Word: "none yet"}
	if c == nil {
		return b
	}
	if r.view.State.Config.Checks.None {
		b.Level, b.Word, b.First = quiet, "not awaited", "the file says: none"
		return b
	}
	b.Path = r.candidatePath(c.SHA) + "#waterfall"
	g := r.view.ChecksGate(c)
	b.Level, b.Word = levelOf(g)
	if g.State != gate.Open {
		b.First = words.Capital(g.Text)
		return b
	}
	passed := 0
	for _, k := range c.Reports.Checks {
		if k.State == bot.CheckPassed {
			passed++
		}
	}
	b.First = fmt.Sprintf("%d passed", passed)
	if c.GreenAt.After(c.Pushed()) {
		b.Then = "green after " + words.Took(c.Pushed(), c.GreenAt)
	}
	return b
}

// stageBox tells what runs on a stage, and how far the candidate is with it.
func (r *reading) stageBox(c *pipeline.Candidate, stage string) mapBox {
	st := r.view.State.Stage(stage)
	b := mapBox{Name: stage, Level: idle, Word: "empty", First: "nothing live yet", Path: pathOf(r.view.State.Pipeline) + "/s/" + url.PathEscape(stage)}
	if st.Live.SHA != "" {
		b.Level, b.Word, b.First = quiet, "live", "live: "+bot.Short(st.Live.SHA)
	}
	if p := st.Promoting; p != nil {
		b.Level, b.Word, b.Then = moving, "moving", bot.Short(p.SHA)+" is being released"
		if p.Rollback != nil {
			b.Then = bot.Short(p.SHA) + " is being brought back"
		}
		return b
	}
	if g := r.view.LockGate(stage); g.State != gate.Open {
		b.Level, b.Word, b.Then = needsSomebody, "locked", words.Capital(g.Text)
		return b
	}
	if c == nil {
		return b
	}
	switch p := c.Progress[stage]; p.State {
	case pipeline.ProgressFailed, pipeline.ProgressRolledBack:
		b.Level, b.Word, b.Then = needsSomebody, progressWord(p.State), bot.Short(c.SHA)+" "+progressWord(p.State)
		return b
	case pipeline.ProgressSkipped:
		b.Then = bot.Short(c.SHA) + " passed it by"
		return b
	case "":
	default:
		return b
	}
	for _, x := range r.explained.Candidates {
		if x.SHA != c.SHA {
			continue
		}
		for _, at := range x.Stages {
			if at.Stage == stage && at.Blocked.Name != "" {
				if b.Level, b.Word = levelOf(at.Blocked); b.Level == moving { // the build, or the checks
					b.Level, b.Word = waits, "waits"
				}
				b.Then = words.Capital(at.Blocked.Text)
			}
		}
	}
	return b
}

// needBox tells of a stage of another pipeline. Of one that the viewer may not see it tells nothing but whether the
// candidate waits for it.
func (r *reading) needBox(c *pipeline.Candidate, need bot.Need) mapBox {
	b := mapBox{Name: "another pipeline", Level: idle, Word: "needed", First: "needed"}
	visible := r.sees(need.Pipeline)
	if visible {
		b.Name, b.Path = need.String(), pathOf(need.Pipeline)
	}
	if c == nil {
		return b
	}
	seen, asked := c.Needs[need.String()]
	switch {
	case !asked:
		return b
	case seen.Missing == "" && seen.SHA != "":
		b.Level, b.Word = quiet, "new enough"
	default:
		b.Level, b.Word = waits, "awaited"
	}
	if visible && seen.SHA != "" {
		b.First = "runs " + bot.Short(seen.SHA)
	}
	return b
}

// levelOf says how much attention a gate asks for, and that in a word.
func levelOf(g gate.Gate) (level, string) {
	switch {
	case g.State == gate.Open:
		return quiet, "done"
	case g.Name == gate.Approval:
		return needsSomebody, "asks for a yes"
	case g.State == gate.Closed && g.Name == gate.Order:
		return idle, "superseded"
	case g.State == gate.Closed:
		return needsSomebody, "stopped"
	case g.Name == gate.Build, g.Name == gate.Checks:
		return moving, "running"
	}
	return waits, "waits"
}

// took says a duration.
func took(d time.Duration) string { return words.Took(time.Unix(0, 0), time.Unix(0, 0).Add(d)) }
