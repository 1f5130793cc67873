package setup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// The steps as a terminal asks for them, in their order. Each hands what was answered to the step of the page.

func (q questions) server(ctx context.Context, _ page) error {
	q.who.Say("The server")
	at, err := q.ask(ctx, "Its address for GitHub and your team, as in https://headstart.example.com")
	if err != nil {
		return err
	}
	organization, err := q.ask(ctx, "Organization that owns the GitHub App, which is for its repositories only (empty: your own account)")
	if err != nil {
		return err
	}
	name, err := q.ask(ctx, "The App's name, which nobody else on GitHub may have (empty: the server's)")
	if err != nil {
		return err
	}
	whose := "person"
	if organization != "" {
		whose = "organization"
	}
	return q.Setup.server(ctx, answers{"url": {at}, "whose": {whose}, "organization": {organization}, "name": {name}})
}

func (q questions) github(ctx context.Context, p page) error {
	q.who.Say("The GitHub App")
	q.who.Say("Open this form in a browser, on any machine. Everything is filled in; choose \"Create GitHub App\" at its end:")
	q.who.Say("")
	q.who.Say("%s", filledIn(p.GitHub, p.Organization, p.URL, p.Name, q.o.Wants))
	q.who.Say("")
	q.who.Say("On the App's page then generate a client secret, and a private key: a file is downloaded.")
	id, err := q.ask(ctx, "App ID, a number (empty: change the address or the name)")
	if err != nil {
		return err
	}
	if id == "" {
		return q.again(ctx, nil)
	}
	secret, err := q.secret(ctx, "Client secret, with which people sign in to the pages (not shown)")
	if err != nil {
		return err
	}
	key, err := q.key(ctx)
	if err != nil {
		return err
	}
	if err := q.registered(ctx, answers{"id": {id}, "secret": {secret}, "key": {key}}); err != nil {
		return err
	}
	is := q.now()
	q.who.Say("Found %s, of %s. Its webhooks are signed with a new secret. The credentials are in %s.", is.App.Name, is.App.Owner, is.Where)
	return nil
}

// key asks for a file, or for the key itself.
func (q questions) key(ctx context.Context) (string, error) {
	for {
		path, err := q.ask(ctx, "File with the private key (empty: paste the key)")
		if err != nil {
			return "", err
		}
		if path == "" {
			break
		}
		text, err := os.ReadFile(path)
		if err == nil || !q.who.Patient() {
			return string(text), err
		}
		q.who.Say("%s", reasonOf(err))
	}
	question, text := "The private key, from BEGIN to END (not shown)", ""
	for {
		line, err := q.secret(ctx, question)
		if err != nil {
			return "", err
		}
		text += line + "\n"
		if line == "" || strings.HasPrefix(line, "-----END") || !strings.HasPrefix(text, "-----BEGIN") { // base64 is one line
			return text, nil
		}
		question = ""
	}
}

func (q questions) install(ctx context.Context, p page) error {
	q.who.Say("Where it is installed")
	q.who.Say("Choose the repositories that are to be deployed: %s/installations/new", p.App.Page)
	if _, err := q.ask(ctx, "Press Enter when it is installed"); err != nil {
		return err
	}
	if err := q.look(ctx, nil); err != nil {
		return err
	}
	is := q.now()
	if len(is.Repositories) == 0 {
		return errors.New("it is installed on no repository yet")
	}
	for _, r := range is.Repositories {
		q.who.Say("  %s", r.Name)
	}
	return nil
}

func (q questions) heroku(ctx context.Context, p page) error {
	q.who.Say("Heroku")
	q.who.Say("Make an authorization: heroku authorizations:create -s write-protected -d headstart")
	question := "Token (not shown; empty: run the apps on the server itself, with its rights)"
	if p.Host != "" {
		question = "Token (not shown)"
	}
	key, err := q.secret(ctx, question)
	if err != nil {
		return err
	}
	if key == "" {
		return q.Setup.heroku(ctx, answers{"without": {"1"}})
	}
	if err := q.Setup.heroku(ctx, answers{"key": {key}}); err != nil {
		return err
	}
	q.who.Say("%s sees %d %s.", q.now().Account, len(q.now().Pipelines), plural(len(q.now().Pipelines), "pipeline", "pipelines"))
	return nil
}

func (q questions) pipeline(ctx context.Context, p page) error {
	q.who.Say("What is deployed where")
	var repositories, pipelines []string
	for _, r := range p.Repositories {
		repositories = append(repositories, r.Name.String())
	}
	for _, one := range p.Pipelines {
		text := one.Name + ":"
		for _, a := range one.Apps {
			text += " " + a.Name
		}
		pipelines = append(pipelines, text)
	}
	i, err := q.pick(ctx, "Repository", repositories)
	if err != nil {
		return err
	}
	j, err := q.pick(ctx, "Pipeline on Heroku", pipelines)
	if err != nil {
		return err
	}
	return q.Setup.pipeline(ctx, answers{"repository": {repositories[i]}, "pipeline": {p.Pipelines[j].Name}})
}

func (q questions) make(ctx context.Context, p page) error {
	q.who.Say("What is missing on Heroku")
	q.who.Say("%s is released to %s; other apps it cannot use.", p.Repository.Name, p.Chosen.Name)
	for _, app := range slices.Sorted(maps.Keys(p.Plan.Automatic)) {
		q.who.Say("Heroku deploys %s from %s by itself. Turn that off on dashboard.heroku.com, or both deploy.", app, p.Plan.Automatic[app])
	}
	a := answers{}
	if p.Plan.Prepare != "" {
		q.who.Say("An app is missing that only builds: %s, like %s (%s). Without dynos it costs nothing.", p.Plan.Prepare, p.Plan.Like, p.Plan.How)
		yes, err := q.agree(ctx, "Make it, in the stage development of %s", p.Plan.Pipeline.Name)
		if err != nil {
			return err
		}
		if a.Set("prepare", yes); yes != "" && len(p.Plan.Vars) > 0 {
			q.who.Say("Config vars of %s: %s", p.Plan.Like, strings.Join(p.Plan.Vars, " "))
			names, err := q.ask(ctx, "Those that a build needs, which are copied (empty: none, as for most)")
			if err != nil {
				return err
			}
			a["var"] = strings.FieldsFunc(names, func(r rune) bool { return r == ' ' || r == ',' })
			for _, name := range a["var"] {
				if !slices.Contains(p.Plan.Vars, name) {
					return fmt.Errorf("%s has no config var %s", p.Plan.Like, name)
				}
			}
		}
	}
	yes, err := q.agree(ctx, "Have each app tell Headstart of its builds and releases, by a webhook")
	if err != nil {
		return err
	}
	a.Set("webhooks", yes)
	return q.Setup.make(ctx, a)
}

func (q questions) config(ctx context.Context, p page) error {
	q.who.Say("The settings of the server")
	q.who.Say("They become config vars of %s, which restarts once:", p.Host)
	for _, one := range p.Setting {
		note := ""
		if one.Replaces {
			note = " (replaces the one that is there)"
		}
		q.who.Say("  %s%s", one.Name, note)
	}
	yes, err := q.agree(ctx, "Set them")
	if err != nil {
		return err
	}
	if yes == "" {
		return &silence{errors.New("the config vars were not set")}
	}
	return q.configure(ctx, nil)
}

// file describes the last step, which is the person's.
func (q questions) file(p page) {
	q.who.Say("The pipeline's file, and the first deploy")
	if len(p.Proposal.Missing) > 0 {
		q.who.Say("There is no app yet that only builds. Make one:")
		for _, line := range p.Proposal.Missing {
			q.who.Say("  %s", line)
		}
	}
	start := fmt.Sprintf("Start the server where %s leads to.", p.URL)
	if p.Host != "" {
		start = fmt.Sprintf("Deploy Headstart to %s, unless it runs there.", p.Host)
	}
	q.who.Say("%s Then commit this file as .github/headstart.yml to a branch of %s,", start, p.Repository.Name)
	q.who.Say("and open a pull request into %s: Headstart answers in it, and merging it is the first deploy.", p.Repository.Branch)
	q.who.Say("")
	q.who.Say("%s", strings.TrimSuffix(p.Proposal.File, "\n"))
	q.who.Say("")
	q.who.Say("Or open GitHub's editor with the file filled in, in a browser on any machine, and choose \"Propose changes\":")
	q.who.Say("")
	q.who.Say("%s", p.Editor)
	q.who.Say("")
}
