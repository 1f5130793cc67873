package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// step is a stage of a pipeline of the file.
type step struct{ pipeline, stage string }

func (s step) String() string {
	if s.pipeline == "" {
		return s.stage
	}
	return s.pipeline + ":" + s.stage
}

// checkNeeds looks at the needs that are about the file's own pipelines: each
// must name a stage that exists, and none may wait for itself. Without the
// repository nobody knows which they are.
func checkNeeds(pipelines []named, repo bot.Repo, p *problems) {
	if repo == (bot.Repo{}) {
		return
	}
	waits := waitsOf(pipelines)
	for _, pl := range pipelines {
		stages, _ := pl.value.get("stages")
		for _, s := range stages.items {
			needs, _ := s.get("needs")
			name, ok := s.get("name")
			if !ok {
				continue
			}
			for _, n := range needs.items {
				if n.bad {
					continue
				}
				need := readNeed(n.text)
				if !sameRepo(need.Pipeline.Repo, repo) {
					continue
				}
				from, to := step{pl.name, name.text}, step{need.Pipeline.Name, need.Stage}
				if _, exists := waits[to]; !exists && unnamed(pipelines, to.pipeline) {
					continue // it may be the stage whose name was refused
				}
				if message, hint := waits.refuse(from, to, need.Pipeline.Repo); message != "" {
					p.add(n.at, n.key, message, hint)
					continue
				}
				waits[from] = append(waits[from], to)
			}
		}
	}
}

// unnamed reports whether a pipeline has a stage without a good name.
func unnamed(pipelines []named, pipeline string) bool {
	return slices.ContainsFunc(pipelines, func(pl named) bool {
		stages, _ := pl.value.get("stages")
		return pl.name == pipeline && slices.ContainsFunc(stages.items, func(s value) bool { _, ok := s.get("name"); return !ok })
	})
}

// sameRepo compares as GitHub does, which tells no capitals apart.
func sameRepo(a, b bot.Repo) bool {
	return strings.EqualFold(a.Owner, b.Owner) && strings.EqualFold(a.Name, b.Name)
}

// waits says for each step of a file which ones must be as new before.
type waits map[step][]step

// waitsOf lists every stage, which waits for the one before it.
func waitsOf(pipelines []named) waits {
	all := waits{}
	for _, pl := range pipelines {
		stages, _ := pl.value.get("stages")
		var before []step
		for _, s := range stages.items {
			if name, ok := s.get("name"); ok {
				this := step{pl.name, name.text}
				all[this] = append(all[this], before...)
				before = []step{this}
			}
		}
	}
	return all
}

// refuse says why one step cannot wait for another; the message is empty if it
// can.
func (w waits) refuse(from, to step, repo bot.Repo) (message, hint string) {
	if _, exists := w[to]; !exists {
		return w.unknown(to, repo)
	}
	switch {
	case from == to:
		return fmt.Sprintf("the stage %s would wait for itself", from.stage), "remove it"
	case from.pipeline == to.pipeline && w.way(from, to) != nil:
		return fmt.Sprintf("%s goes before %s anyway: the stages of one pipeline go in order", to.stage, from.stage), "remove it"
	}
	if way := w.way(to, from); way != nil {
		names := []string{from.String()}
		for i, s := range way {
			switch {
			case i < 3 || i >= len(way)-2:
				names = append(names, s.String())
			case i == 3:
				names = append(names, "…")
			}
		}
		return fmt.Sprintf("the stage %s would wait for itself: %s", from, strings.Join(names, " → ")), "remove one of these needs"
	}
	return "", ""
}

// unknown is about a need of this repository that names no stage of it.
func (w waits) unknown(to step, repo bot.Repo) (message, hint string) {
	var pipelines, stages []string
	for s := range w {
		pipelines = append(pipelines, s.pipeline)
		if s.pipeline == to.pipeline {
			stages = append(stages, s.stage)
		}
	}
	slices.Sort(pipelines)
	pipelines = slices.Compact(pipelines)
	slices.Sort(stages)
	several := !slices.Contains(pipelines, "")
	switch {
	case several && to.pipeline == "":
		return fmt.Sprintf("this file has several pipelines, expected %s:PIPELINE:%s", repo, to.stage), "its pipelines are " + oneOf(pipelines, "and")
	case !several && to.pipeline != "":
		return fmt.Sprintf("this file has one pipeline, which has no name, expected %s:STAGE", repo), ""
	case stages == nil:
		hint = didYouMean(to.pipeline, pipelines)
		if hint == "" {
			hint = "its pipelines are " + oneOf(pipelines, "and")
		}
		return "this file has no pipeline " + quote(to.pipeline), hint
	}
	hint = didYouMean(to.stage, stages)
	if hint == "" {
		hint = "its stages are " + oneOf(stages, "and")
	}
	if to.pipeline != "" {
		return fmt.Sprintf("the pipeline %s has no stage %s", to.pipeline, quote(to.stage)), hint
	}
	return "this pipeline has no stage " + quote(to.stage), hint
}

// way lists the steps from one to another that it waits for, both included; nil
// if it waits for it in no way.
func (w waits) way(from, to step) []step {
	seen := map[step]bool{}
	var find func(s step) []step
	find = func(s step) []step {
		if s == to {
			return []step{s}
		}
		if seen[s] {
			return nil
		}
		seen[s] = true
		for _, next := range w[s] {
			if rest := find(next); rest != nil {
				return append([]step{s}, rest...)
			}
		}
		return nil
	}
	return find(from)
}
