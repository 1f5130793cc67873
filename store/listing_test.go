package store_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// resting is the state of a pipeline of two stages on which nothing is on its way.
func resting(s pipeline.State) pipeline.State {
	s.Configured, s.ConfigRef = true, "main"
	s.Config.Stages = []bot.Stage{{Name: "staging", Apps: []string{"shop-staging"}}, {Name: "production", Apps: []string{"shop"}}}
	s.Stages = map[string]*pipeline.StageState{"production": {Live: pipeline.Live{SHA: shaOf("a"), Since: noon}}}
	return s
}

func testListing(t *testing.T, open opener) {
	s := open.open(t)
	expect := func(when string, key bot.Key, id, version int64, rests bool) {
		t.Helper()
		list, err := s.Listing(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range list {
			if l.Pipeline != key {
				continue
			}
			if l.RepoID != id || l.Installation != 7 || l.Version != version || l.Resting() != rests {
				t.Errorf("%s: expected the number %d, version %d, resting %t; got %+v", when, id, version, rests, l)
			}
			if !rests {
				return
			}
			want := history.Rest{Stages: []history.RestingStage{{Name: "staging"}, {Name: "production", SHA: shaOf("a"), Since: noon}}}
			if got, err := l.Rest(); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: expected to be kept of it: %+v; got %+v, %v", when, want, got, err)
			}
			return
		}
		t.Errorf("%s: %s should be listed: %+v", when, key, list)
	}
	web, all := bot.Key{Repo: oldName, Name: "web"}, bot.Key{Repo: newName}
	for id, key := range map[int64]bot.Key{1: web, 2: all} {
		if err := s.Settle(t.Context(), key.Repo, id, ""); err != nil {
			t.Fatal(err)
		}
		c := numbered(key.Repo, key.Name, id, 0)
		if key == web {
			c.State = resting(c.State)
		}
		commit(t, s, c)
	}
	expect("at rest from the beginning", web, 1, 1, true)
	expect("without a file", all, 2, 1, false)
	c := numbered(web.Repo, web.Name, 1, 1)
	c.State = resting(c.State)
	c.State.Candidates = []pipeline.Candidate{{SHA: shaOf("b"), SeenAt: noon.Add(time.Hour), Way: pipeline.Way{Since: noon}}}
	commit(t, s, c)
	expect("with a commit on its way", web, 1, 2, false)
	c = numbered(web.Repo, web.Name, 1, 2)
	c.State = resting(c.State)
	commit(t, s, c)
	expect("at rest again", web, 1, 3, true)

	// An earlier version of Headstart writes no such thing, and what it leaves is not believed. The next start makes up for it.
	if err := s.WriteAsBefore(t.Context(), web); err != nil {
		t.Fatal(err)
	}
	expect("after an earlier version's change", web, 1, 4, false)
	if _, err := s.FillHistory(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect("after the next start", web, 1, 4, true)
}

// What went forward for the first time and was proved is a deploy of the day on which it began.
func testDeploys(t *testing.T, open opener) {
	s := open.open(t)
	n := 0
	promotion := func(stage string, day int, change func(*history.Promotion)) history.Entry {
		n++
		at := noon.AddDate(0, 0, day)
		p := history.Promotion{Stage: stage, N: n, SHA: shaOf("b"), Replaced: shaOf("a"), Kind: history.KindForward, Began: at, Released: at, Proved: at, Ended: at, Result: history.ResultProved}
		if change != nil {
			change(&p)
		}
		return p
	}
	c := change(0)
	c.History = []history.Entry{
		promotion("production", -1, nil), // before
		promotion("production", 0, nil), promotion("production", 2, nil), promotion("production", 2, nil),
		promotion("staging", 1, nil),
		promotion("production", 1, func(p *history.Promotion) { p.Kind = history.KindRollback }),
		promotion("production", 1, func(p *history.Promotion) { p.Proved, p.Result = time.Time{}, history.ResultFailed }),
		promotion("production", 1, func(p *history.Promotion) { p.Replaced = p.SHA }),
	}
	commit(t, s, c)
	other := bot.Key{Repo: bot.Repo{Owner: "acme", Name: "other"}}
	got, err := s.History().Deploys(t.Context(), map[bot.Key]string{shop: "production", other: "production"}, noon.Add(-time.Hour))
	if want := map[bot.Key][]int{shop: {1, 0, 2}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("expected the deploys %v, got %v, %v", want, got, err)
	}
}
