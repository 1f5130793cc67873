package setup

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The steps, each with the answers of a form or of a terminal. What they return is shown, and the step stays open.

// answers are what a person has said, by the names of the page's fields.
type answers = url.Values

// longestName is how many characters the name of an App may have.
const longestName = 34

var (
	isLogin = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$`)
	isName  = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,33})$`) // GitHub takes at most 34 characters
)

// server takes where the server will run, and whose the App will be.
func (s *Setup) server(_ context.Context, a answers) error {
	if s.now().App != nil {
		return errors.New("the App is made already, for the address that it was made with: change that on the App's settings page, or begin anew with `headstart setup --again`")
	}
	at, err := url.Parse(strings.TrimRight(strings.TrimSpace(a.Get("url")), "/"))
	switch {
	case err != nil || at.Host == "":
		return errors.New("the address of the server is no URL: expected one such as https://headstart.example.com")
	case at.Scheme != "https":
		return fmt.Errorf("the address of the server begins with %s://: expected https, so that nobody reads or changes what GitHub sends", at.Scheme)
	case at.User != nil || at.RawQuery != "" || at.Fragment != "":
		return errors.New("the address of the server has more than a host and a path: expected one such as https://headstart.example.com")
	}
	organization := ""
	if a.Get("whose") == "organization" {
		if organization = strings.TrimPrefix(strings.TrimSpace(a.Get("organization")), "@"); !isLogin.MatchString(organization) {
			return errors.New("the organization's name is missing, or cannot be one: expected the name in its address on GitHub, as in github.com/acme")
		}
	}
	name := strings.TrimSpace(a.Get("name"))
	if name == "" {
		name = at.Hostname()[:min(len(at.Hostname()), longestName)] // which nobody else's App has
	}
	if !isName.MatchString(name) {
		return errors.New("the App's name needs 1 to 34 letters, digits, spaces, dots or hyphens")
	}
	s.change(func(p *progress) {
		p.URL, p.Organization, p.Name, p.State = at, organization, name, secret()
	})
	return nil
}

// again opens the first step once more, as long as there is no App.
func (s *Setup) again(context.Context, answers) error {
	s.change(func(p *progress) {
		if p.App == nil {
			p.URL, p.State = nil, ""
		}
	})
	return nil
}

// created takes the code with which GitHub sends the person back, and keeps the App's credentials.
func (s *Setup) created(ctx context.Context, a answers) error {
	p := s.now()
	if p.App != nil {
		return nil // the page was loaded again
	}
	if p.URL == nil || !same(p.State, a.Get("state")) {
		return errors.New("GitHub sent you back from another setup than this one: begin anew with the first step")
	}
	app, err := s.o.GitHub.Convert(ctx, a.Get("code"))
	if err != nil {
		return err
	}
	return s.keep(app)
}

// registered takes an App that the person has made in GitHub's form.
func (s *Setup) registered(ctx context.Context, a answers) error {
	p := s.now()
	if p.URL == nil || p.App != nil {
		return errors.New("there is an App, or no address of the server yet")
	}
	id, err := strconv.ParseInt(a.Get("id"), 10, 64)
	if err != nil {
		return errors.New("the App ID is a number, which stands on the App's page above the client ID")
	}
	app, err := s.o.GitHub.Register(ctx, App{ID: id, PrivateKey: []byte(a.Get("key")), ClientSecret: a.Get("secret"), WebhookSecret: secret() + secret()}, hookOf(p.URL))
	if err != nil {
		return err
	}
	return s.keep(app)
}

// keep keeps an App's credentials.
func (s *Setup) keep(app App) error {
	p := s.now()
	values := map[string]string{
		"HEADSTART_URL": p.URL.String(), "GITHUB_APP_ID": strconv.FormatInt(app.ID, 10), "GITHUB_WEBHOOK_SECRET": app.WebhookSecret,
		"GITHUB_CLIENT_ID": app.ClientID, "GITHUB_CLIENT_SECRET": app.ClientSecret,
		"GITHUB_PRIVATE_KEY": base64.StdEncoding.EncodeToString(app.PrivateKey), "HEADSTART_SESSION_KEY": secret() + secret(),
	}
	if p.Organization == "" {
		values["HEADSTART_OPERATORS"] = "@" + app.Owner
	}
	maps.Copy(values, s.o.Further)
	where, err := s.o.Save(values)
	if err != nil {
		return fmt.Errorf("the App %s was made, and its credentials could not be kept (delete the App on GitHub, and begin anew): %w", app.Name, err)
	}
	s.change(func(p *progress) { p.App, p.Where, p.State = &app, where, "" })
	return nil
}

// look asks GitHub where the App is installed, and whether its ping arrived.
func (s *Setup) look(ctx context.Context, _ answers) error {
	app := s.now().App
	if app == nil {
		return errors.New("there is no App yet: do the steps before")
	}
	list, err := s.o.GitHub.Repositories(ctx, *app)
	if err != nil {
		return err
	}
	ping, err := s.o.GitHub.Ping(ctx, *app)
	if err != nil {
		return err
	}
	s.change(func(p *progress) { p.Repositories, p.Ping, p.Looked = list, ping, s.o.Now() })
	return nil
}

// lookAgain looks if the App is not installed yet, and the last look is a while ago: the page of that step loads itself
// again and again.
func (s *Setup) lookAgain(ctx context.Context) {
	p := s.now()
	if p.App == nil || len(p.Repositories) > 0 || s.o.Now().Sub(p.Looked) < lookEvery {
		return
	}
	problem := ""
	if err := s.look(ctx, nil); err != nil {
		problem = reasonOf(err)
	}
	s.change(func(p *progress) { p.Problem = problem })
}

// heroku takes an authorization, or that there is none.
func (s *Setup) heroku(ctx context.Context, a answers) error {
	if a.Get("without") != "" {
		if s.o.Host != nil {
			return errors.New("an app on Heroku runs no other apps: paste an authorization")
		}
		return s.withoutHeroku()
	}
	key := strings.TrimSpace(a.Get("key"))
	if key == "" || strings.ContainsAny(key, " \t\n") {
		return errors.New("the authorization is missing: paste the token that `heroku authorizations:create` prints")
	}
	account, list, err := s.o.Heroku.Pipelines(ctx, key)
	if err != nil {
		return err
	}
	values := map[string]string{"HEROKU_API_KEY": key}
	if s.o.Host != nil {
		if err := s.seeHost(ctx, key); err != nil {
			return err
		}
		values["HEADSTART_TRUSTED_PROXIES"] = routers
	}
	where, err := s.o.Save(values)
	if err != nil {
		return fmt.Errorf("the authorization could not be kept: %w", err)
	}
	s.change(func(p *progress) { p.Account, p.Pipelines, p.Where, p.NoHeroku = account, list, where, false })
	s.mu.Lock()
	s.key = key
	s.mu.Unlock()
	if p := s.now(); len(list) == 1 && len(p.Repositories) == 1 {
		return s.choose(ctx, p.Repositories[0], list[0]) // there is no choice
	}
	if len(list) == 0 {
		return fmt.Errorf("%s sees no pipeline on Heroku: make one with `heroku pipelines:create`, and paste the authorization again", account)
	}
	return nil
}

// withoutHeroku has the server run the apps itself, for the first of the repositories.
func (s *Setup) withoutHeroku() error {
	p := s.now()
	if len(p.Repositories) == 0 {
		return errors.New("the App is installed on no repository yet: do the steps before")
	}
	repository, chosen := p.Repositories[0], embedded(p.Repositories[0])
	where, err := s.o.Save(map[string]string{"HEADSTART_LOCAL": "true", "HEADSTART_ALLOW": propose(repository, chosen).Allow})
	if err != nil {
		return fmt.Errorf("the choice could not be kept: %w", err)
	}
	s.change(func(p *progress) { p.NoHeroku, p.Repository, p.Chosen, p.Where = true, &repository, &chosen, where })
	return nil
}

// pipeline takes which repository is deployed to which apps.
func (s *Setup) pipeline(ctx context.Context, a answers) error {
	p := s.now()
	i := slices.IndexFunc(p.Repositories, func(x Repository) bool { return x.Name.String() == a.Get("repository") })
	j := slices.IndexFunc(p.Pipelines, func(x Pipeline) bool { return x.Name == a.Get("pipeline") })
	if i < 0 || j < 0 {
		return errors.New("choose a repository and a pipeline")
	}
	return s.choose(ctx, p.Repositories[i], p.Pipelines[j])
}

func (s *Setup) choose(ctx context.Context, repository Repository, chosen Pipeline) error {
	if !slices.ContainsFunc(chosen.Apps, func(a StagedApp) bool { return a.Stage != "development" }) {
		return fmt.Errorf("the pipeline %s has no app to release to: add one, as with `heroku pipelines:add %s -a APP -s production`, and paste the authorization again", chosen.Name, chosen.Name)
	}
	plan, err := s.o.Heroku.Plan(ctx, s.herokuKey(), chosen)
	if err != nil {
		return err
	}
	where, err := s.o.Save(map[string]string{"HEADSTART_ALLOW": propose(repository, chosen).Allow})
	if err != nil {
		return fmt.Errorf("the choice could not be kept: %w", err)
	}
	s.change(func(p *progress) { p.Repository, p.Chosen, p.Plan, p.Where = &repository, &chosen, &plan, where })
	return nil
}

func (s *Setup) herokuKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key
}

// make makes on Heroku what was listed, as far as the person wants it.
func (s *Setup) make(ctx context.Context, a answers) error {
	p := s.now()
	if p.Plan == nil {
		return nil // it was made
	}
	plan, key, webhooks := *p.Plan, "", ""
	if a.Get("prepare") == "" {
		plan.Prepare = ""
	}
	if a.Get("webhooks") != "" {
		key, webhooks = secret()+secret(), p.URL.JoinPath("webhooks", "heroku").String()
	}
	if a.Get("not") == "" && (plan.Prepare != "" || webhooks != "") {
		var vars []string
		for _, name := range plan.Vars {
			if slices.Contains(a["var"], name) {
				vars = append(vars, name)
			}
		}
		if err := s.o.Heroku.Make(ctx, s.herokuKey(), plan, vars, webhooks, key); err != nil {
			return err
		}
		if key != "" {
			if _, err := s.o.Save(map[string]string{"HEROKU_WEBHOOK_SECRET": key}); err != nil {
				return fmt.Errorf("the secret of Heroku's webhooks could not be kept: %w", err)
			}
		}
		if plan.Prepare != "" {
			chosen := *p.Chosen
			chosen.Apps = append([]StagedApp{{plan.Prepare, "development"}}, chosen.Apps...)
			s.change(func(p *progress) { p.Chosen = &chosen })
		}
	}
	s.change(func(p *progress) { p.Plan = nil })
	return nil
}

// finish ends the setup.
func (s *Setup) finish(w http.ResponseWriter, r *http.Request) {
	if !s.inside(r) {
		s.outside(w)
		return
	}
	s.write(w, http.StatusOK, "finished", s.now())
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.done:
	default:
		close(s.done)
	}
}
