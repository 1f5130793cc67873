package bot

import (
	"slices"
	"strings"
	"time"
)

// What people read is derived from the state and compared with what was published last;
// only the difference becomes effects. So nothing is forgotten when something fails in
// between, and everything ends in the truth.

// maxStatusText is GitHub's limit on the description of a status, in characters.
const maxStatusText = 140

func (d *decision) publish() {
	for i := range d.s.Candidates {
		c := &d.s.Candidates[i]
		d.publishConfig(c)
		if d.s.affects(c) != AffectedYes {
			continue // nothing is published of what does not affect the pipeline
		}
		d.publishStatus(c.SHA, buildContext, c.Published, d.buildStatus(c, d.starting))
		for _, stage := range d.stagesOf(c) {
			d.publishStatus(c.SHA, contextOf(stage), c.Published, d.stageStatus(c, stage))
			d.publishDeployment(c, stage)
		}
		d.endDeployments(c)
	}
	d.publishStrays()
	d.publishAdopted()
	d.publishFromPulls()
	d.publishGroups()
	d.publishAlerts()
	for _, n := range sortedKeys(d.s.Pulls) {
		p := d.s.Pulls[n]
		d.publishPull(p)
		d.publishComment(p)
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
	for _, stage := range sortedKeys(c.Progress) {
		add(stage)
	}
	for _, context := range sortedKeys(c.Published) {
		if context != buildContext && context != configContext {
			add(strings.TrimPrefix(context, "headstart/"))
		}
	}
	return list
}

// notice is a status that people should see; nil: none.
type notice struct {
	Status
	phase Phase
}

func newNotice(state StatusState, text, url string) *notice {
	return &notice{Status: Status{State: state, Text: cut(text, maxStatusText), URL: url}}
}

func pendingNotice(phase Phase, text, url string) *notice {
	return newNotice(StatusPending, text, url).inPhase(phase)
}

func (w *notice) inPhase(phase Phase) *notice {
	w.phase = phase
	return w
}

func (d *decision) publishStatus(sha, context string, published map[string]Published, want *notice) {
	last := published[context]
	again := d.repeatDue(last.RepeatAt)
	again = d.retryDue(last.Refusal) || again
	if want == nil && (last.Uncertain || again) && last.State != "" {
		want = newNotice(last.State, last.Text, "").inPhase(last.Phase)
	}
	if want != nil {
		want.Text = cut(want.Text, maxStatusText)
	}
	if want == nil || alreadyPublished(last, want) && !again {
		return
	}
	d.want(statusKey(sha, context), SetStatus{SHA: sha, Context: d.s.context(context), Status: want.Status, Phase: want.phase})
}

// repeatDue reports whether the time has come to say something once more.
func (d *view) repeatDue(at time.Time) bool { return !at.IsZero() && d.due(at) }

// final reports whether something was said that is meant to stay.
func (s Published) final() bool { return s.State != "" && s.State != StatusPending && !s.Uncertain }

// settled reports whether nothing more is to be said: what was said is the end of it,
// and nothing else may still overwrite it.
func (s Published) settled() bool {
	return s.State != StatusPending && !s.Uncertain && s.RepeatAt.IsZero()
}

// alreadyPublished reports whether as much is published already. Within one phase a
// text is not renewed: the details of what is waited for are the comment's, and
// which of the later commits took over does not matter.
func alreadyPublished(published Published, want *notice) bool {
	if published.State != want.State || published.Uncertain {
		return false
	}
	if want.State == StatusPending || want.phase != "" {
		return published.Phase == want.phase
	}
	return published.Text == want.Text
}

// publishConfig says at the commit that broke the pipeline's file that it did.
func (d *decision) publishConfig(c *Candidate) {
	switch {
	case !d.s.publishesConfig():
	case c.ConfigProblem != "":
		d.publishStatus(c.SHA, configContext, c.Published, newNotice(StatusFailure, c.ConfigProblem, ""))
	case c.Published[configContext].State == StatusFailure && c.ConfigRead:
		d.publishStatus(c.SHA, configContext, c.Published, newNotice(StatusSuccess, "The configuration is valid", ""))
	}
}

// gone ends a status that waits for something that the pipeline's file no longer
// asks for; nil if there is none.
func (d *view) gone(c *Candidate, context, text string) *notice {
	if published := c.Published[context]; published.State == StatusPending || published.Uncertain || published.Phase == PhaseGone {
		return newNotice(StatusError, text, "").inPhase(PhaseGone)
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
