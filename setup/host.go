package setup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Settings as config vars of the app on Heroku that the server runs on.

// routers are the networks of Heroku's routers, whose X-Forwarded-For is believed.
const routers = "10.0.0.0/8"

// setting is the name of a config var. Nobody sees its value.
type setting struct {
	Name     string
	Replaces bool // the app has one of this name
}

// settings lists what will be set.
func (s *Setup) settings() (list []setting) {
	has := s.now().Vars
	for _, name := range slices.Sorted(maps.Keys(s.o.Host.Take())) {
		list = append(list, setting{name, slices.Contains(has, name)})
	}
	return list
}

// seeHost looks whether the authorization is good for the host, and what that has.
func (s *Setup) seeHost(ctx context.Context, key string) error {
	vars, err := s.o.Heroku.VarNames(ctx, key, s.o.Host.App)
	if err != nil {
		return err
	}
	if slices.Contains(vars, "GITHUB_APP_ID") && !s.o.Host.Again {
		return fmt.Errorf("the app %s has a GITHUB_APP_ID already: to replace it by another App, begin anew with --again", s.o.Host.App)
	}
	s.change(func(p *progress) { p.Vars = vars })
	return nil
}

// configure sets the host's config vars.
func (s *Setup) configure(ctx context.Context, _ answers) error {
	p := s.now()
	if s.o.Host == nil || p.Chosen == nil || p.Configured {
		return errors.New("there is nothing to set")
	}
	if err := s.o.Heroku.SetVars(ctx, s.herokuKey(), s.o.Host.App, s.o.Host.Take()); err != nil {
		return err
	}
	s.change(func(p *progress) {
		p.Configured, p.Where = true, "the config vars of "+s.o.Host.App
	})
	if err := s.o.Host.Forget(); err != nil {
		return fmt.Errorf("the config vars are set, and the settings could not be removed here: %w", err)
	}
	return nil
}
