package simulation

import (
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// recorded is [historyTells] of one commit.
func (s *sim) recorded(c engine.Change) {
	st := s.store
	st.events = append(st.events, c.Events...)
	if err := st.history.Take(c.History, c.State); err != nil {
		s.breaks(historyTells, "%v", err)
	}
	if len(c.Events) > 0 && st.commits%4 == 0 {
		s.waitsForItsGate(c)
	}
}

// waitsForItsGate holds what is recorded of where time goes to the gates as they were when that was decided.
func (s *sim) waitsForItsGate(c engine.Change) {
	onTheirWay := map[string]bool{}
	for _, x := range gate.NewView(&c.State, c.At).Explain().Candidates {
		onTheirWay[x.SHA] = true
		k := c.State.Candidate(x.SHA)
		if k.Way.Ending.Outcome == pipeline.OutcomeLive {
			continue // it was live before there was another stage, or before it was taken back
		}
		if k.Way.Ending.Outcome != "" {
			s.breaks(historyTells, "%s is on its way, and is recorded to be %s since %s", k.SHA, k.Way.Ending.Outcome, k.Way.Ending.At)
		}
		for i, at := range x.Stages {
			if at.State == pipeline.ProgressLive || at.State == pipeline.ProgressSkipped {
				continue
			}
			r, _ := c.State.RunOf(k)
			if at.State != "" || i == 0 && (k.GreenAt.IsZero() || r.Active()) {
				break
			}
			want := history.Part(at.Blocked.Name)
			if want == "" {
				want = history.Part(gate.Freshness)
			}
			if k.Way.Part != want {
				s.breaks(historyTells, "%s waits for %q before %s, and is recorded to spend its time with %q", k.SHA, want, at.Stage, k.Way.Part)
			}
			break
		}
	}
	for _, k := range c.State.Candidates {
		if c.State.Configured && !onTheirWay[k.SHA] && k.Way.Ending.Outcome == "" {
			s.breaks(historyTells, "%s will go no further, and is recorded to be on its way", k.SHA)
		}
	}
}

// told is [historyTells] of what really happened: every release of ours that ended is in the row of its promotion.
// And it is the same whatever was committed together.
func (s *sim) told() {
	rows := map[released]history.Promotion{}
	for _, row := range s.store.history.Rows() {
		switch row := row.(type) {
		case history.Promotion:
			rows[released{row.Stage, row.N}] = row
			if row.Result == "" {
				s.breaks(historyTells, "promotion %d to %s is told to be under way at the end", row.N, row.Stage)
			}
		case history.Change:
			for _, w := range row.Waits {
				if w.Part == "" {
					s.breaks(historyTells, "the change %s spent %s with nothing", row.SHA, w.For)
				}
			}
		}
	}
	for _, r := range s.truth.requests {
		made := s.made(r)
		if r.n == 0 || made == nil || r.endless { // a build on the stage's own app does not know its promotion
			continue
		}
		row, ok := rows[released{r.stage, r.n}]
		switch {
		case made.Status == bot.ReleaseFailed && row.Result == history.ResultProved:
			s.breaks(historyTells, "the release on %s by promotion %d to %s is %s, and is told to be %+v", r.app, r.n, r.stage, made.Status, row)
		case made.Status != bot.ReleaseSucceeded: // it may have been repeated
		case !ok:
			s.breaks(historyTells, "promotion %d to %s released %s, and is not told of", r.n, r.stage, r.sha)
		case row.SHA != r.sha && !(row.SHA == "" && strings.Contains(r.sha, " of ")): // "v1 of staging": nobody knows its commit
			s.breaks(historyTells, "promotion %d to %s released %s, and is told to be of %+v", r.n, r.stage, r.sha, row)
		}
	}
	if err := s.store.history.AddsUp(s.Now); err != nil {
		s.breaks(historyTells, "%v", err)
	}
	if s.store.commits%2 > 0 {
		return // folding every event again takes its time
	}
	one, err := bottest.Replay(pipeline.State{Pipeline: key}, s.store.events)
	if err != nil {
		s.breaks(historyTells, "%v", err)
	}
	if diff := s.store.history.Differs(one); diff != "" {
		s.breaks(historyTells, "with every event in a commit of its own, there are other rows: %s", diff)
	}
}

// released is the key of a promotion's row.
type released struct {
	stage string
	n     int
}
