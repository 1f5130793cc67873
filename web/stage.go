package web

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
)

// stagePage is one stage: what runs, what to go back to, and what ran before.
type stagePage struct {
	Key, Path  string // of the pipeline
	Name       string
	Row        stageRow
	Frozen     string   // why nothing is promoted; empty: it is not
	Rules      []string // who and when: in words
	Back       []backRow
	Command    string // that goes back to the first of them
	History    []promotionRow
	Older      string // where older ones are; empty: there are none
	Live, Seen string
	Parts      []part
}

var stageParts = []string{"facts", "runs", "back", "history"}

const (
	promotionsOnPage = 30
	changesOnPage    = 20
)

func (s *site) stage(v *visit) (answer, error) {
	page, err := s.stagePage(v.Context(), v.key, v.PathValue("stage"), v.URL.Query().Get("before"), v.seesPipeline)
	if err != nil {
		return answer{}, err
	}
	if page == nil {
		return notFound, nil
	}
	if v.URL.Query().Get("before") == "" {
		page.Live, page.Seen = page.Path+"/s/"+page.Name+"/live", digest(page.Parts...)
	}
	return answer{page: "stage", title: page.Name + " · " + page.Key, data: page}, nil
}

func (s *site) followStage(v *visit) (answer, error) {
	stage := v.PathValue("stage")
	return s.follow(v, "stage "+stage, func(ctx context.Context, sees func(bot.Key) bool) ([]part, error) {
		page, err := s.stagePage(ctx, v.key, stage, "", sees)
		if err != nil || page == nil {
			return nil, err
		}
		return page.Parts, nil
	})
}

// stagePage makes the page; nil: the pipeline has no such stage. before is the number of the promotion that the history
// begins after; empty: from the newest.
func (s *site) stagePage(ctx context.Context, key bot.Key, name, before string, sees func(bot.Key) bool) (*stagePage, error) {
	r, err := s.reading(ctx, key, sees)
	if err != nil || r == nil {
		return nil, err
	}
	if _, known := r.view.State.Config.Stage(name); !known {
		return nil, nil
	}
	page := &stagePage{Key: key.String(), Path: pathOf(key), Name: name, Back: r.back(name), Rules: s.explainStage(r.view.State.Config, name)}
	if freeze := r.view.State.Freeze; freeze.Active(r.view.Now) {
		page.Frozen = freeze.Text()
	}
	for _, row := range r.stages() {
		if row.Name == name {
			page.Row = row
		}
	}
	for i := range page.Back {
		if b := &page.Back[i]; r.acts && b.Gone == "" && !b.Bad {
			b.To = r.act("", "/rollback %s to %s", name, b.sha).To
		}
	}
	if slices.ContainsFunc(page.Back, func(b backRow) bool { return b.Gone == "" && !b.Bad }) {
		page.Command = "/rollback " + r.view.State.Qualified(name)
	}
	list, err := s.history.Promotions(ctx, key, name, cursor(name, before), promotionsOnPage+1)
	if err != nil {
		return nil, err
	}
	if len(list) > promotionsOnPage {
		list = list[:promotionsOnPage]
		last := list[promotionsOnPage-1]
		page.Older = fmt.Sprintf("%s/s/%s?before=%d.%d", page.Path, name, last.Began.UnixMicro(), last.N)
	}
	shas := make([]string, len(list))
	for i, p := range list {
		shas[i] = p.SHA
	}
	titles, err := s.history.ChangesOf(ctx, key, shas)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		page.History = append(page.History, r.promotionRow(p, titles))
	}
	page.Parts, err = partsOf("stage", stageParts, page)
	return page, err
}

// cursor reads where a page of history begins: after the promotion that began at a time, and has a number. Anything else
// begins with the newest.
func cursor(stage, before string) history.Promotion {
	var began, n int64
	if _, err := fmt.Sscanf(before, "%d.%d", &began, &n); err != nil {
		return history.Promotion{}
	}
	return history.Promotion{Stage: stage, N: int(n), Began: time.UnixMicro(began)}
}
