package web

import (
	"context"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// pipelinePage is where a pipeline stands.
type pipelinePage struct {
	Key, Path        string
	Repo, URL        string // URL: of the repository on GitHub
	Branch, Platform string
	Config           string // why the newest file is not in force; empty: it is
	Frozen           string // why nothing is promoted; empty: it is not
	Summary          summary
	Map              valueStream
	Gates            []stageGates // of what the summary is about
	Stages           []stageRow
	Way              []wayRow
	Last             []changeRow // the newest changes that have ended
	Live, Seen       string      // where the page is followed, and what it shows now
	Parts            []part
}

// pipelineParts are the parts of the page that change.
var pipelineParts = []string{"facts", "now", "map", "stages", "way", "why", "last"}

func (s *site) pipeline(v *visit) (answer, error) {
	page, err := s.pipelinePage(v.Context(), v.key, v.seesPipeline)
	if err != nil {
		return answer{}, err
	}
	if page == nil {
		return notFound, nil
	}
	page.Live, page.Seen = pathOf(v.key)+"/live", digest(page.Parts...)
	return answer{page: "pipeline", title: v.key.String(), data: page}, nil
}

// pipelinePage makes the page with its parts; nil: there is no such pipeline.
func (s *site) pipelinePage(ctx context.Context, key bot.Key, sees func(bot.Key) bool) (*pipelinePage, error) {
	r, err := s.reading(ctx, key, sees)
	if err != nil || r == nil {
		return nil, err
	}
	state := r.view.State
	page := &pipelinePage{
		Key: key.String(), Path: pathOf(key), Repo: key.Repo.String(), URL: r.repoURL(), Branch: state.Branch(), Platform: state.Config.Platform,
		Summary: r.summary(), Map: r.valueStream(), Gates: r.gates(), Stages: r.stages(), Way: r.way(), Config: r.explained.Config,
	}
	if state.Freeze.Active(r.view.Now) {
		page.Frozen = state.Freeze.Text()
	}
	if page.Last, err = s.lastChanges(ctx, r, changesOnPage); err != nil {
		return nil, err
	}
	page.Parts, err = partsOf("pipeline", pipelineParts, page)
	return page, err
}

// followPipeline tells of changes of the page.
func (s *site) followPipeline(v *visit) (answer, error) {
	return s.follow(v, "pipeline", func(ctx context.Context, sees func(bot.Key) bool) ([]part, error) {
		page, err := s.pipelinePage(ctx, v.key, sees)
		if err != nil || page == nil {
			return nil, err
		}
		return page.Parts, nil
	})
}

// follow tells of changes of a page about a pipeline. partsFor makes its parts for somebody who sees certain other pipelines;
// none: there is no such page. Viewers who see the same of the pipelines that it needs watch one topic.
func (s *site) follow(v *visit, page string, partsFor func(ctx context.Context, sees func(bot.Key) bool) ([]part, error)) (answer, error) {
	parts, err := partsFor(v.Context(), v.seesPipeline)
	if err != nil {
		return answer{}, err
	}
	if parts == nil {
		return notFound, nil
	}
	r, err := s.reading(v.Context(), v.key, v.seesPipeline)
	if err != nil || r == nil {
		return notFound, err
	}
	key, visible, names := v.key, map[bot.Key]bool{}, []string{page, v.key.String()}
	for _, stage := range r.view.State.Config.Stages {
		for _, need := range stage.Needs {
			if v.seesPipeline(need.Pipeline) && !visible[need.Pipeline] {
				visible[need.Pipeline] = true
				names = append(names, need.Pipeline.String())
			}
		}
	}
	return answer{follows: &watched{
		name:    strings.Join(names, " "),
		version: func(ctx context.Context) (int64, error) { return s.pipelines.Version(ctx, key) },
		parts: func(ctx context.Context) ([]part, error) {
			return partsFor(ctx, func(k bot.Key) bool { return visible[k] })
		},
	}}, nil
}
