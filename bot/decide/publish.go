package decide

import (
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/bot/render"
)

func (d *decision) publish() {
	for i := range d.State.Candidates {
		c := &d.State.Candidates[i]
		d.publishConfig(c)
		if d.State.Affects(c) != bot.AffectedYes {
			continue // nothing is published for a commit that does not affect the pipeline
		}
		d.publishStatus(c.SHA, bot.BuildContext, c.Published, render.BuildStatus(d.View, c, d.starting))
		for _, stage := range render.StagesOf(d.View, c) {
			d.publishStatus(c.SHA, bot.ContextOf(stage), c.Published, render.StageStatus(d.View, c, stage))
			d.publishDeployment(c, stage)
		}
		d.endDeployments(c)
	}
	d.publishStrays()
	d.publishAdopted()
	d.publishFromPulls()
	d.publishGroups()
	d.publishAlerts()
	for _, n := range pipeline.SortedKeys(d.State.Pulls) {
		p := d.State.Pulls[n]
		d.publishPull(p)
		d.publishComment(p)
	}
}

func (d *decision) publishStatus(sha, context string, published map[string]pipeline.Published, want *render.Notice) {
	last := published[context]
	again := render.RepeatDue(d.View, last.RepeatAt)
	again = d.retryDue(last.Refusal) || again
	if want == nil && (last.Uncertain || again) && last.State != "" {
		want = render.NewNotice(last.State, last.Text, "").InPhase(last.Phase)
	}
	if want != nil {
		want.Text = redact.Cut(want.Text, bot.MaxStatusText)
	}
	if want == nil || alreadyPublished(last, want) && !again {
		return
	}
	d.want(pipeline.StatusKey(sha, context), bot.SetStatus{SHA: sha, Context: d.State.Context(context), Status: want.Status, Phase: want.Phase, Part: d.partOfPage(sha, context, want.Status)})
}

// partOfPage is the part of a commit's page that a status links to; empty: none. Only the branch's candidates have pages. What
// is live links to the app.
func (d *decision) partOfPage(sha, context string, s bot.Status) string {
	switch {
	case d.State.Position(sha) < 0, context == bot.ConfigContext:
		return ""
	case context == bot.BuildContext:
		return "build"
	case s.State == bot.StatusSuccess && s.URL != "":
		return ""
	}
	return "stage-" + strings.TrimPrefix(context, "headstart/")
}

// alreadyPublished reports whether an equivalent status is published already. Within one phase the text is not renewed:
// the comment has the details of what is waited for. Which later commit took over does not matter.
func alreadyPublished(published pipeline.Published, want *render.Notice) bool {
	if published.State != want.State || published.Uncertain {
		return false
	}
	if want.State == bot.StatusPending || want.Phase != "" {
		return published.Phase == want.Phase
	}
	return published.Text == want.Text
}

// publishConfig publishes an error of the pipeline's file on the commit that caused it.
func (d *decision) publishConfig(c *pipeline.Candidate) {
	switch {
	case !publishesConfig(d.State):
	case c.ConfigProblem != "":
		d.publishStatus(c.SHA, bot.ConfigContext, c.Published, render.NewNotice(bot.StatusFailure, c.ConfigProblem, ""))
	case c.Published[bot.ConfigContext].State == bot.StatusFailure && c.ConfigRead:
		d.publishStatus(c.SHA, bot.ConfigContext, c.Published, render.NewNotice(bot.StatusSuccess, "The configuration is valid", ""))
	}
}

// publishAlerts publishes the alerts of failures.
func (d *decision) publishAlerts() {
	for _, a := range d.State.Alerts {
		if a.Text != a.Body && (!a.Refused || d.retryDue(a.Refusal)) {
			d.want(pipeline.AlertKey(a.Stage, a.Promotion), bot.WriteAlert{Number: a.Number, Stage: a.Stage, Promotion: a.Promotion, ID: a.ID, Body: a.Text})
		}
	}
}

// publishPull publishes, on a pull request's head, its build ahead of the merge.
func (d *decision) publishPull(p pipeline.PullRequest) {
	if last := p.Published[bot.BuildContext]; p.PublishedHead != "" && p.PublishedHead != p.Head && !last.Settled() && d.State.Candidate(p.PublishedHead) == nil {
		d.publishStatus(p.PublishedHead, bot.BuildContext, p.Published, render.EndWaiting(last, "Not built here: newer commits were pushed"))
		return
	}
	if p.Head == "" || d.candidateOwnsStatus(p.Head) {
		return
	}
	published := p.Published
	if p.PublishedHead != p.Head {
		published = nil
	}
	w := render.PullStatus(d.View, p, d.starting)
	if w == nil {
		text := "Not built here: the pull request is closed"
		if p.Open {
			text = "Not built here: not known yet whether it has to be"
		}
		w = render.EndWaiting(published[bot.BuildContext], text)
	}
	d.publishStatus(p.Head, bot.BuildContext, published, w)
}

// candidateOwnsStatus reports whether a commit's headstart/build belongs to a candidate of the branch that has a status
// to publish.
func (d *decision) candidateOwnsStatus(sha string) bool {
	if d.State.Position(sha) < 0 {
		return false
	}
	c := d.State.Candidate(sha)
	return d.State.Affects(c) == bot.AffectedYes && (c.Published[bot.BuildContext].State != "" || render.BuildStatus(d.View, c, d.starting) != nil)
}

// publishSection sends this pipeline's section of a pull request's comment.
func (d *decision) publishSection(p pipeline.PullRequest, body string, neverGreen bool) {
	if body == "" || saysTheSame(body, p.Comment.Body) {
		return
	}
	d.want(pipeline.SectionKey(p.Number), bot.SendSection{Section: bot.Section{Pipeline: d.State.Pipeline.Name, Number: p.Number, Body: body, NeverGreen: neverGreen, At: d.Now}})
}
