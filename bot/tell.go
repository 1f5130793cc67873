package bot

import (
	"slices"
	"strings"
	"time"
)

// What people are told is derived from the state and compared with what they
// were told last; only the difference becomes effects. So nothing is forgotten
// when something fails in between, and everything ends in the truth.

// maxStatusText is GitHub's limit on the description of a status, in characters.
const maxStatusText = 140

func (d *decision) tell() {
	for i := range d.s.Candidates {
		c := &d.s.Candidates[i]
		d.tellConfig(c)
		if d.s.concerns(c) != ConcernYes {
			continue // nobody is told of what does not concern the pipeline
		}
		d.tellStatus(c.SHA, buildContext, c.Told, d.buildStatus(c, d.starting))
		for _, stage := range d.stagesOf(c) {
			d.tellStatus(c.SHA, contextOf(stage), c.Told, d.stageStatus(c, stage))
			d.tellDeployment(c, stage)
		}
		d.endDeployments(c)
	}
	d.tellStrays()
	d.tellAdopted()
	d.tellGuests()
	d.tellGroups()
	d.tellAlerts()
	for _, n := range sortedKeys(d.s.Pulls) {
		p := d.s.Pulls[n]
		d.tellPull(p)
		d.tellComment(p)
	}
}

const (
	buildContext  = "headstart/build"
	configContext = "headstart/config"
)

func contextOf(stage string) string { return "headstart/" + stage }

// stagesOf lists the stages that a candidate has something to say about: those
// of the pipeline's file, and those that it knew once.
func (d *view) stagesOf(c *Candidate) []string {
	var list []string
	if d.s.Configured {
		list = d.s.Config.StageNames()
	}
	add := func(stage string) {
		if !slices.Contains(list, stage) {
			list = append(list, stage)
		}
	}
	for _, stage := range sortedKeys(c.Passages) {
		add(stage)
	}
	for _, context := range sortedKeys(c.Told) {
		if context != buildContext && context != configContext {
			add(strings.TrimPrefix(context, "headstart/"))
		}
	}
	return list
}

// saying is a status that people should see; nil: none.
type saying struct {
	Status
	phase Phase
}

func say(state StatusState, text, url string) *saying {
	return &saying{Status: Status{State: state, Text: cut(text, maxStatusText), URL: url}}
}

func sayPending(phase Phase, text, url string) *saying {
	return say(StatusPending, text, url).in(phase)
}

func (w *saying) in(phase Phase) *saying {
	w.phase = phase
	return w
}

func (d *decision) tellStatus(sha, context string, told map[string]Saying, want *saying) {
	said := told[context]
	again := d.again(said.Again)
	again = d.later(said.Unheard) || again
	if want == nil && (said.Doubt || again) && said.State != "" {
		want = say(said.State, said.Text, "").in(said.Phase)
	}
	if want != nil {
		want.Text = cut(want.Text, maxStatusText)
	}
	if want == nil || same(said, want) && !again {
		return
	}
	d.want(statusKey(sha, context), SetStatus{SHA: sha, Context: d.s.context(context), Status: want.Status, Phase: want.phase})
}

// again reports whether the time has come to say something once more.
func (d *view) again(at time.Time) bool { return !at.IsZero() && d.due(at) }

// final reports whether something was said that is meant to stay.
func (s Saying) final() bool { return s.State != "" && s.State != StatusPending && !s.Doubt }

// settled reports whether nothing more is to be said: what was said is the end of it,
// and nothing else may still be heard over it.
func (s Saying) settled() bool {
	return s.State != StatusPending && !s.Doubt && s.Again.IsZero()
}

// same reports whether people were told as much already. Within one phase a
// text is not renewed: the details of what is waited for are the comment's, and
// which of the later commits took over does not matter.
func same(told Saying, want *saying) bool {
	if told.State != want.State || told.Doubt {
		return false
	}
	if want.State == StatusPending || want.phase != "" {
		return told.Phase == want.phase
	}
	return told.Text == want.Text
}

// tellConfig says at the commit that broke the pipeline's file that it did.
func (d *decision) tellConfig(c *Candidate) {
	switch {
	case !d.s.tellsConfig():
	case c.ConfigProblem != "":
		d.tellStatus(c.SHA, configContext, c.Told, say(StatusFailure, c.ConfigProblem, ""))
	case c.Told[configContext].State == StatusFailure && c.ConfigRead:
		d.tellStatus(c.SHA, configContext, c.Told, say(StatusSuccess, "The configuration is valid", ""))
	}
}

// gone ends a status that waits for something that the pipeline's file no longer
// asks for; nil if there is none.
func (d *view) gone(c *Candidate, context, text string) *saying {
	if told := c.Told[context]; told.State == StatusPending || told.Doubt || told.Phase == PhaseGone {
		return say(StatusError, text, "").in(PhaseGone)
	}
	return nil
}

func (d *view) appURL(stage string) string {
	cfg, _ := d.s.Config.Stage(stage)
	for _, app := range cfg.Apps {
		if u := d.s.Stages[stage].Apps[app].URL; u != "" {
			return u
		}
	}
	return ""
}
