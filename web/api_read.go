package web

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/web/api"
)

// mostListed bounds the pipelines of one answer.
const mostListed = 100

func (s *site) apiPipelines(ctx context.Context, in *struct {
	After string `query:"after" maxLength:"400" doc:"The name after which the list goes on."`
}) (*body[api.PipelineList], error) {
	c := callerOf(ctx)
	all, err := s.fleet.list(ctx)
	if err != nil {
		return nil, err
	}
	out := &body[api.PipelineList]{api.PipelineList{Pipelines: []api.PipelineInList{}}}
	rest := all.known
	for after := keyNamed(in.After); in.After != "" && len(rest) > 0 && compareKeys(rest[0].Pipeline, after) <= 0; {
		rest = rest[1:]
	}
	sees := s.seesBy(ctx, c.Token, all)
	for len(rest) > 0 {
		some := rest[:min(mostListed, len(rest))] // so that no more are asked about than are listed, and a few
		rest = rest[len(some):]
		seen, err := s.readers.among(ctx, c.Token, some)
		if err != nil {
			return nil, err
		}
		for _, k := range seen {
			if len(out.Body.Pipelines) == mostListed {
				out.Body.Next = out.Body.Pipelines[mostListed-1].Name
				return out, nil
			}
			r, err := s.reading(ctx, k.Pipeline, sees)
			if err != nil {
				return nil, err
			}
			if r != nil {
				out.Body.Pipelines = append(out.Body.Pipelines, api.PipelineInList{Name: k.Pipeline.String(), Page: s.pageAt(pathOf(k.Pipeline)), Summary: apiSummary(r.summary())})
			}
		}
	}
	return out, nil
}

func (s *site) apiPipeline(ctx context.Context, in *PipelinePath) (*body[api.Pipeline], error) {
	r, v, err := s.readFor(ctx, *in)
	if err != nil {
		return nil, err
	}
	state := r.view.State
	out := api.Pipeline{
		Name: v.key.String(), Page: s.pageAt(pathOf(v.key)), Repository: r.repoURL(), Branch: state.Branch(), Configured: state.Configured, Config: r.explained.Config,
		Summary: apiSummary(r.summary()), Stages: []api.StageState{}, OnItsWay: []api.OnItsWay{},
	}
	if state.Freeze.Active(r.view.Now) {
		out.Freeze = state.Freeze.Text()
	}
	for _, row := range r.stages() {
		out.Stages = append(out.Stages, apiStageState(row))
	}
	for _, x := range r.explained.Candidates {
		if c := state.Candidate(x.SHA); c != nil {
			is := r.onItsWay(c, x)
			out.OnItsWay = append(out.OnItsWay, api.OnItsWay{Commit: apiCommit(is.Commit), Pushed: c.Pushed().UTC(), Summary: apiSummary(is), Stages: r.apiWays(c, x)})
		}
	}
	return &body[api.Pipeline]{out}, nil
}

func (s *site) apiCandidate(ctx context.Context, in *struct {
	PipelinePath
	SHA string `path:"sha" maxLength:"40" doc:"The commit, or how it begins: at least 7 characters." example:"3f2a91c"`
}) (*body[api.Candidate], error) {
	r, v, err := s.readFor(ctx, in.PipelinePath)
	if err != nil {
		return nil, err
	}
	sha := strings.ToLower(in.SHA)
	page, err := s.candidatePage(ctx, v.key, sha, r.sees)
	if err != nil {
		return nil, err
	}
	if page == nil {
		return nil, huma.Error404NotFound(notThere)
	}
	out := api.Candidate{
		Commit: apiCommit(page.Commit), Pushed: timeOf(page.Pushed), Took: page.Took, Classes: listOf(page.Classes), Summary: apiSummary(page.Summary),
		Stages: []api.Way{}, Along: apiCommits(page.Along), Promotions: apiPromotions(page.Promotions),
	}
	if c := r.find(sha); c != nil {
		explained := gate.CandidateExplained{}
		for _, x := range r.explained.Candidates {
			if x.SHA == c.SHA {
				explained = x
			}
		}
		out.Stages = r.apiWays(c, explained)
		sha = c.SHA
	}
	rows, err := s.history.ChangesOf(ctx, v.key, []string{sha})
	if row, kept := rows[sha]; err == nil && kept && row.Outcome != "" {
		out.Outcome = outcomeOf(row)
	}
	return &body[api.Candidate]{out}, err
}

func (s *site) apiStage(ctx context.Context, in *struct {
	PipelinePath
	Stage  string `path:"stage" maxLength:"200" example:"production"`
	Before string `query:"before" maxLength:"60" doc:"Where an earlier answer says that the history goes on."`
}) (*body[api.Stage], error) {
	r, v, err := s.readFor(ctx, in.PipelinePath)
	if err != nil {
		return nil, err
	}
	page, err := s.stagePage(ctx, v.key, in.Stage, in.Before, r.sees)
	if err != nil {
		return nil, err
	}
	if page == nil {
		return nil, huma.Error404NotFound(notThere)
	}
	out := api.Stage{
		StageState: apiStageState(page.Row), Frozen: page.Frozen, Rules: listOf(page.Rules), Back: []api.Back{}, History: apiPromotions(page.History),
	}
	for _, b := range page.Back {
		out.Back = append(out.Back, apiBack(b))
	}
	_, out.Next, _ = strings.Cut(page.Older, "?before=")
	return &body[api.Stage]{out}, nil
}

func (s *site) apiAudit(ctx context.Context, in *struct {
	PipelinePath
	Who    string `query:"who" maxLength:"100" doc:"Only commands of this login."`
	Has    string `query:"has" maxLength:"100" doc:"Only commands with this text."`
	Result string `query:"result" enum:"done,refused" doc:"Only those that were carried out, or only the others."`
	Before string `query:"before" maxLength:"100" doc:"Where an earlier answer says that the list goes on."`
}) (*body[api.Audit], error) {
	_, v, err := s.readFor(ctx, in.PipelinePath)
	if err != nil {
		return nil, err
	}
	f := AuditFilter{Who: strings.TrimPrefix(oneLine(in.Who), "@"), Has: oneLine(in.Has), Before: auditCursor(in.Before), Limit: auditOnPage + 1}
	if in.Result != "" {
		done := in.Result == "done"
		f.OK = &done
	}
	rows, err := s.history.Audit(ctx, v.key, f)
	if err != nil {
		return nil, err
	}
	out := api.Audit{Rows: []api.AuditRow{}}
	if len(rows) > auditOnPage {
		rows = rows[:auditOnPage]
		out.Next = cursorOf(rows[auditOnPage-1])
	}
	for _, a := range rows {
		out.Rows = append(out.Rows, api.AuditRow{ID: a.ID, At: a.At.UTC(), Who: a.Who, Role: a.Role, Via: a.Via, Pull: a.Pull, Command: a.Command, OK: a.OK, Answer: a.Answer})
	}
	return &body[api.Audit]{out}, nil
}

// cursorOf says where a list of commands goes on after one; auditCursor reads it.
func cursorOf(a history.Audit) string { return fmt.Sprintf("%d.%s", a.At.UnixMicro(), a.ID) }

func (s *site) pageAt(path string) string { return strings.TrimSuffix(s.url.String(), "/") + path }

func apiCommit(c commit) api.Commit {
	return api.Commit{SHA: c.SHA, Title: c.Title, Author: c.Author, Pull: c.Pull, URL: c.URL}
}

// apiCommitOr returns nil for no commit.
func apiCommitOr(c commit) *api.Commit {
	if c.Short == "" {
		return nil
	}
	is := apiCommit(c)
	return &is
}

func apiCommits(list []commit) []api.Commit {
	out := []api.Commit{}
	for _, c := range list {
		out = append(out, apiCommit(c))
	}
	return out
}

func apiSummary(s summary) api.Summary {
	text := s.Text
	if s.Commit.Short != "" {
		text = s.Commit.Short + " " + text
	}
	return api.Summary{Level: string(s.Level), Sentence: strings.TrimSpace(text + " " + s.Reason), Next: s.Next, Who: s.Who, Since: timeOf(s.Since), Expected: timeOf(s.Expected)}
}

func apiStageState(row stageRow) api.StageState {
	is := api.StageState{
		Name: row.Name, Live: apiCommitOr(row.Live), Since: timeOf(row.Since), Lock: row.Lock, Locked: timeOf(row.Locked), Releasing: row.Way, Notes: listOf(row.Notes), Apps: []string{},
	}
	for _, app := range row.Apps {
		is.Apps = append(is.Apps, app.Name)
	}
	return is
}

func apiBack(b backRow) api.Back {
	c := apiCommit(b.Commit)
	c.SHA = b.sha
	return api.Back{Commit: c, Proved: timeOf(b.Proved), Gone: b.Gone, Bad: b.Bad}
}

func apiPromotions(rows []promotionRow) []api.Promotion {
	out := []api.Promotion{}
	for _, p := range rows {
		out = append(out, api.Promotion{
			Stage: p.Stage, Commit: apiCommitOr(p.Commit), Kind: p.Kind, Why: p.Why, Result: p.Result, Reason: p.Reason, Began: timeOf(p.Began), Took: p.Took, Commits: p.Commits,
		})
	}
	return out
}

// apiWays tells of each stage how far a candidate is there, and what it waits for, if it is on its way.
func (r *reading) apiWays(c *pipeline.Candidate, x gate.CandidateExplained) []api.Way {
	ways, explained := []api.Way{}, map[string]stageGates{}
	for _, g := range r.gatesOf(x) {
		explained[g.Stage] = g
	}
	for _, stage := range r.view.State.Config.StageNames() {
		p, g := c.Progress[stage], explained[stage]
		way := api.Way{Stage: stage, State: "waits", Text: p.Reason, Shut: []api.Gate{}, Open: listOf(g.Open)}
		if word := progressWord(p.State); p.State == pipeline.ProgressReleasing {
			way.State = "releasing"
		} else if word != "" {
			way.State = word
		}
		for _, s := range g.Shut {
			way.Shut = append(way.Shut, api.Gate{Name: s.Name, Text: s.Text, Next: s.Next, Who: s.Who, Closed: s.Closed, Since: timeOf(s.Since), Until: timeOf(s.Until)})
		}
		ways = append(ways, way)
	}
	return ways
}

// timeOf returns a moment's time; nil: there is none.
func timeOf(m moment) *time.Time {
	at, err := time.Parse(time.RFC3339, m.Machine)
	if err != nil {
		return nil
	}
	return &at
}

// listOf returns a list that is [] in JSON, and never null.
func listOf(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
