package web

import (
	"context"
	"fmt"

	"github.com/headstart-cd/headstart/bot"
)

// homePage is everything that a person may see, by repository.
type homePage struct {
	Repositories []repositoryGroup
	Needs        int // pipelines that need somebody
}

type repositoryGroup struct {
	Repo      string
	URL       string // on GitHub
	Pipelines []pipelineCard
}

// pipelineCard is one pipeline on the home page.
type pipelineCard struct {
	Name, Path string
	Summary    summary
	Stages     []stageRow
}

// welcome is the home page of somebody who is not signed in. It shows nothing but how to.
func (s *site) welcome() answer {
	return answer{page: "welcome", title: "Headstart", data: struct{ Unset []string }{s.unset}}
}

func (s *site) home(v *visit) (answer, error) {
	if v.person == nil {
		return s.welcome(), nil
	}
	if err := s.look(v); err != nil {
		return answer{}, err
	}
	var page homePage
	for _, k := range v.sees {
		r, err := s.reading(v.Context(), k.Pipeline, v.seesPipeline)
		if err != nil {
			return answer{}, err
		}
		if r == nil {
			continue // it was forgotten meanwhile
		}
		repo := k.Pipeline.Repo.String()
		if n := len(page.Repositories); n == 0 || page.Repositories[n-1].Repo != repo {
			page.Repositories = append(page.Repositories, repositoryGroup{Repo: repo, URL: s.github + "/" + repo})
		}
		card := pipelineCard{Name: k.Pipeline.Name, Path: pathOf(k.Pipeline), Summary: r.summary(), Stages: r.stages()}
		if card.Name == "" {
			card.Name = k.Pipeline.Repo.Name
		}
		if card.Summary.Level == needsSomebody {
			page.Needs++
		}
		group := &page.Repositories[len(page.Repositories)-1]
		group.Pipelines = append(group.Pipelines, card)
	}
	return answer{page: "home", title: "Pipelines", data: page}, nil
}

// reading loads a pipeline, as of now, for somebody who sees certain others; nil: there is none any more.
func (s *site) reading(ctx context.Context, key bot.Key, sees func(bot.Key) bool) (*reading, error) {
	state, version, err := s.pipelines.Load(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("show %s: %w", key, err)
	}
	if version == 0 {
		return nil, nil
	}
	return newReading(state, s.now(), s.github, sees), nil
}

// deliveries lists what could not be processed.
func (s *site) deliveries(v *visit) (answer, error) {
	failed, err := s.operations.Failed(v.Context())
	if err != nil {
		return answer{}, err
	}
	now := s.now()
	type row struct {
		Delivery
		Moment moment
	}
	rows := make([]row, len(failed))
	for i, d := range failed {
		rows[i] = row{d, momentOf(d.At, now)}
	}
	return answer{page: "deliveries", title: "Failed deliveries", data: rows}, nil
}
