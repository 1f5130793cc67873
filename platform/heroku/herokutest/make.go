package herokutest

import (
	"regexp"
	"slices"
	"strings"
)

// Apps that are made by the API.

var appNames = regexp.MustCompile(`^[a-z][a-z0-9-]{1,28}[a-z0-9]$`)

func (s *Server) createApp(c *call) (any, error) {
	var body struct{ Name, Region, Stack, Team string }
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	switch {
	case !appNames.MatchString(body.Name):
		return nil, invalid("Name must start with a letter, end with a letter or digit and can only contain lowercase letters, digits, and dashes.")
	case slices.ContainsFunc(s.apps, func(a *App) bool { return a.name == body.Name }):
		return nil, invalid("Name %s is already taken", body.Name)
	case body.Team != "" && c.r.URL.Path != "/teams/apps":
		return nil, invalid("An app of a team is made at /teams/apps.")
	}
	a := s.newApp(body.Name)
	if body.Stack != "" {
		a.stack = body.Stack
	}
	return created{a.object()}, nil
}

func (s *Server) updateBuildpacks(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	var body struct {
		Updates []struct{ Buildpack string }
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	a.packs = nil
	for _, u := range body.Updates {
		a.packs = append(a.packs, strings.TrimPrefix(u.Buildpack, "urn:buildpack:"))
	}
	return s.listBuildpacks(c)
}

func (s *Server) createCoupling(c *call) (any, error) {
	var body struct{ App, Pipeline, Stage string }
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	p, err := s.pipeline(body.Pipeline)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(s.apps, func(a *App) bool { return a.name == body.App || a.id == body.App })
	switch {
	case i < 0:
		return nil, notFound("app", body.App)
	case s.apps[i].coupling != nil:
		return nil, invalid("app is already added to a pipeline")
	case !slices.Contains([]string{"test", "review", "development", "staging", "production"}, body.Stage):
		return nil, invalid("stage is not a valid stage")
	}
	a := s.apps[i]
	a.coupling = &coupling{id: s.newID(), app: a, pipeline: p, stage: body.Stage, createdAt: c.now}
	return created{a.coupling.object()}, nil
}
