package web

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// candidatePage is one commit on its way, or at its end.
type candidatePage struct {
	Key, Path  string // of the pipeline
	Commit     commit
	Pushed     moment
	Classes    []string
	Summary    summary
	Waterfall  *waterfall // nil: the state has forgotten it
	Waits      []waitRow  // where its time went, once it has ended
	Took       string     // from the push to the end
	Outputs    []outputRow
	Acts       []act
	Gates      []stageGates
	Along      []commit // older commits that go live with it
	Differs    []differRow
	Promotions []promotionRow
	Said       []saidRow
	Did        []didRow
	Live, Seen string // where the page is followed; empty: nothing happens any more
	Parts      []part
}

// saidRow is what GitHub was told.
type saidRow struct{ What, State, Text string }

// didRow is what somebody did.
type didRow struct {
	Who, What, Answer string
	At                moment
}

var candidateParts = []string{"facts", "now", "waterfall", "waits", "output", "why", "along", "differs", "promotions", "said", "did"}

// candidatePath is where a candidate's page is.
func (r *reading) candidatePath(sha string) string {
	return pathOf(r.view.State.Pipeline) + "/c/" + sha
}

func (s *site) candidate(v *visit) (answer, error) {
	page, err := s.candidatePage(v.Context(), v.key, v.PathValue("sha"), v.seesPipeline)
	if err != nil {
		return answer{}, err
	}
	if page == nil {
		return notFound, nil
	}
	page.Live, page.Seen = page.Commit.Page+"/live", digest(page.Parts...)
	page.Outputs = s.filled(page.Outputs) // what is sent later has not the text of what runs: that has a stream of its own
	if page.Parts, err = partsOf("candidate", candidateParts, page); err != nil {
		return answer{}, err
	}
	return answer{page: "candidate", title: page.Commit.Short + " · " + page.Key, data: page}, nil
}

func (s *site) followCandidate(v *visit) (answer, error) {
	sha := v.PathValue("sha")
	return s.follow(v, "candidate "+sha, func(ctx context.Context, sees func(bot.Key) bool) ([]part, error) {
		page, err := s.candidatePage(ctx, v.key, sha, sees)
		if err != nil || page == nil {
			return nil, err
		}
		return page.Parts, nil
	})
}

// candidatePage makes the page, from the state as long as that knows the commit, and from history; nil: neither does.
func (s *site) candidatePage(ctx context.Context, key bot.Key, sha string, sees func(bot.Key) bool) (*candidatePage, error) {
	r, err := s.reading(ctx, key, sees)
	if err != nil || r == nil {
		return nil, err
	}
	c := r.find(sha)
	if c != nil {
		sha = c.SHA
	}
	rows, err := s.history.ChangesOf(ctx, key, []string{sha})
	row, kept := rows[sha]
	if err != nil || c == nil && !kept {
		return nil, err
	}
	page := &candidatePage{Key: key.String(), Path: pathOf(key)}
	if kept {
		page.fromRow(r, row)
	}
	if c != nil {
		page.fromState(r, c)
	}
	if page.Outputs, err = s.outputsOf(ctx, r, sha, c); err != nil {
		return nil, err
	}
	page.linkOutputs()
	promotions, err := s.history.PromotionsOf(ctx, key, sha)
	if err != nil {
		return nil, err
	}
	for _, p := range promotions {
		page.Promotions = append(page.Promotions, r.promotionRow(p, rows))
	}
	page.Parts, err = partsOf("candidate", candidateParts, page)
	return page, err
}

// linkOutputs leads from the waterfall to the outputs.
func (page *candidatePage) linkOutputs() {
	if page.Waterfall == nil {
		return
	}
	for i := range page.Waterfall.Rows {
		row := &page.Waterfall.Rows[i]
		for _, o := range page.Outputs {
			if o.stage == "" && row.ID == stepBuild || o.stage != "" && row.ID == "stage-"+o.stage {
				row.Path = "#" + o.ID
			}
		}
	}
}

// find returns the candidate of a SHA, or of its beginning; nil: there is none, or there are several.
func (r *reading) find(sha string) (found *pipeline.Candidate) {
	if len(sha) < 7 {
		return nil
	}
	for _, c := range r.view.State.All() {
		if strings.HasPrefix(c.SHA, sha) {
			if found != nil && found.SHA != c.SHA {
				return nil
			}
			found = c
		}
	}
	return found
}

// fromRow tells what history knows.
func (page *candidatePage) fromRow(r *reading, c history.Change) {
	page.Commit, page.Pushed, page.Classes = r.commitOf(c), momentOf(c.PushedAt, r.view.Now), c.Classes
	page.Summary = summary{Level: idle, Commit: page.Commit, Text: outcomeOf(c) + ".", Since: momentOf(c.EndedAt, r.view.Now)}
	if c.Outcome == history.OutcomeLive {
		page.Summary.Level, page.Summary.Text = quiet, "went live."
	}
	if !c.EndedAt.IsZero() {
		page.Waits, page.Took = waitsOf(c), words.Took(c.PushedAt, c.EndedAt)
	}
}

// fromState tells what the state knows, which is more.
func (page *candidatePage) fromState(r *reading, c *pipeline.Candidate) {
	s := r.view.State
	page.Commit, page.Pushed = r.commit(c.SHA), momentOf(c.Pushed(), r.view.Now)
	page.Commit.Page = r.candidatePath(c.SHA)
	for _, d := range c.Diffs {
		for _, class := range d.Classes {
			if !slices.Contains(page.Classes, class) {
				page.Classes = append(page.Classes, class)
			}
		}
	}
	if s.Configured {
		fall := r.waterfall(c)
		page.Waterfall = &fall
	}
	for _, x := range r.explained.Candidates {
		if x.SHA == c.SHA {
			page.Summary, page.Gates = r.onItsWay(c, x), r.gatesOf(x)
		}
	}
	if end := r.ended(c); page.Summary.Text == "" || page.Gates == nil && end.Level == needsSomebody {
		page.Summary = end
	}
	page.Along, page.Differs, page.Acts = r.along(c), r.differs(c), r.actsFor(c)
	page.Said, page.Did = r.said(c), r.did(c)
}

// ended says how a candidate ended that history does not know.
func (r *reading) ended(c *pipeline.Candidate) summary {
	if is, failed := r.failed(c); failed {
		if c != r.newest() {
			is.Next = "" // a newer one goes first
		}
		return is
	}
	is := summary{Level: idle, Commit: r.commit(c.SHA), Text: "is not on its way any more."}
	for _, stage := range r.view.State.Config.StageNames() {
		if p := c.Progress[stage]; p.State == pipeline.ProgressLive {
			is.Level, is.Text, is.Since = quiet, "went live on "+stage+".", momentOf(p.EndedAt, r.view.Now)
		}
	}
	return is
}

// along lists the older commits that become live with it in the last stage: those after what is live there.
func (r *reading) along(c *pipeline.Candidate) (list []commit) {
	s := r.view.State
	if !s.Configured || c.FromPull {
		return nil
	}
	last := r.view.LastStage()
	if c.Progress[last].Passed() {
		return nil
	}
	from, to := s.Position(s.Stage(last).Live.SHA), s.Position(c.SHA)
	for i := to - 1; i > from && from >= 0; i-- {
		one := r.commit(s.Candidates[i].SHA)
		one.Page = r.candidatePath(s.Candidates[i].SHA)
		list = append(list, one)
	}
	return list
}

// said lists what GitHub shows of the commit.
func (r *reading) said(c *pipeline.Candidate) (rows []saidRow) {
	for _, context := range slices.Sorted(maps.Keys(c.Published)) {
		p := c.Published[context]
		rows = append(rows, saidRow{"status " + context, string(p.State), p.Text})
	}
	for _, d := range c.Deployments {
		rows = append(rows, saidRow{fmt.Sprintf("deployment to %s, promotion %d", d.Stage, d.Promotion), string(d.Published.State), d.Published.Text})
	}
	return rows
}

// did lists the commands on its pull request, and who let it in.
func (r *reading) did(c *pipeline.Candidate) (rows []didRow) {
	for i := range r.view.State.Requests {
		q := &r.view.State.Requests[i]
		if c.Pull == 0 || q.Number != c.Pull {
			continue
		}
		for n, cmd := range q.Commands {
			row := didRow{Who: q.User, What: cmd.Text, At: momentOf(q.WrittenAt, r.view.Now)}
			if n < len(q.Answers) {
				row.Answer = q.Answers[n].Text
			}
			rows = append(rows, row)
		}
	}
	return rows
}
