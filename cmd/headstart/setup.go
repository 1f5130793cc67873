package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/setup"
	"github.com/headstart-cd/headstart/webhooks"
)

type setupCommand struct {
	File   string `default:"headstart.env" help:"Write the settings of the server into this file, which only you may read."`
	Print  bool   `xor:"kept" help:"Print the settings at the end, and write no file."`
	App    string `xor:"kept" placeholder:"NAME" help:"Set the settings as config vars of this app on Heroku, which Headstart runs on. The file keeps them until then."`
	Again  bool   `help:"Make a new App although the file has one."`
	Ask    bool   `name:"no-browser" help:"Ask in this terminal, and serve no page."`
	Addr   string `default:"127.0.0.1:8090" help:"Serve the pages of the setup at this address."`
	API    string `name:"github-api-url" env:"GITHUB_API_URL" default:"https://api.github.com" help:"GitHub's REST API; https://HOST/api/v3 on GitHub Enterprise Server."`
	URL    string `name:"github-url" env:"GITHUB_URL" help:"GitHub's pages, where they cannot be told from the API's address."`
	Heroku string `name:"heroku-api-url" env:"HEROKU_API_URL" default:"https://api.heroku.com" help:"Heroku's Platform API."`
}

// Help is shown by headstart setup --help.
func (setupCommand) Help() string {
	return "Opens a page that makes a GitHub App, lists your apps on Heroku, writes the settings of the server, and proposes the pipeline's file. On another machine than yours, forward the port: ssh -L 8090:127.0.0.1:8090 HOST. Or answer questions in the terminal with --no-browser: only GitHub's own pages need a browser then, on any machine."
}

// Run serves the pages, or asks, until the last step is done or ctx ends.
func (cmd setupCommand) Run(ctx context.Context, c console) error {
	kept := &settingsFile{path: cmd.File, print: cmd.Print, app: cmd.App, values: map[string]string{}}
	if err := cmd.mayBegin(); err != nil {
		return err
	}
	pages := cmd.URL
	if pages == "" {
		pages = github.PagesURL(cmd.API)
	}
	if u, err := url.Parse(pages); err != nil || u.Host == "" {
		return fmt.Errorf("GITHUB_URL %q is no address of GitHub's pages: expected https://github.com", pages)
	}
	options := setup.Options{
		GitHubURL: pages, GitHub: appMaker{cmd.API}, Heroku: appFinder{cmd.Heroku},
		Wants: setup.Wants{Permissions: github.Permissions(), Events: webhooks.Events()}, Save: kept.save, Further: cmd.elsewhere(),
	}
	if cmd.App != "" {
		options.Host = &setup.Host{App: cmd.App, Again: cmd.Again, Take: kept.take, Forget: kept.forget}
	}
	if cmd.Ask {
		if err := setup.New(options).Questions(ctx, newTypist(c)); err != nil {
			return kept.unfinished(c, err)
		}
		return kept.finish(c)
	}
	if err := cmd.serve(ctx, c, options); err != nil {
		return err
	}
	return kept.finish(c)
}

// serve serves the pages.
func (cmd setupCommand) serve(ctx context.Context, c console, o setup.Options) error {
	listener, err := net.Listen("tcp", cmd.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w (choose another address with --addr, or answer in the terminal with --no-browser)", err)
	}
	o.Own = &url.URL{Scheme: "http", Host: listener.Addr().String()}
	s := setup.New(o)
	fmt.Fprintf(c.out, "Open this link in your browser. It is good for one browser, and for an hour:\n\n  %s\n\n", s.Link())
	server := &http.Server{Handler: s.Handler(), ReadTimeout: time.Minute, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err = <-failed:
		return fmt.Errorf("serve the pages of the setup: %w", err)
	case <-ctx.Done():
	case <-s.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = server.Shutdown(end) // what is not answered by then is not worth waiting for
	return nil
}

// elsewhere are the settings that say where GitHub and Heroku are, as far as that is not where they usually are.
func (cmd setupCommand) elsewhere() map[string]string {
	values := map[string]string{}
	for _, v := range []struct{ variable, value, usual string }{
		{"GITHUB_API_URL", cmd.API, "https://api.github.com"}, {"GITHUB_URL", cmd.URL, ""}, {"HEROKU_API_URL", cmd.Heroku, "https://api.heroku.com"},
	} {
		if v.value != v.usual {
			values[v.variable] = v.value
		}
	}
	return values
}

// isApp is what an app on Heroku can be called.
var isApp = regexp.MustCompile(`^[a-z][a-z0-9-]{1,28}[a-z0-9]$`)

// mayBegin refuses to replace an App's credentials.
func (cmd setupCommand) mayBegin() error {
	if cmd.App != "" {
		if !isApp.MatchString(cmd.App) {
			return usage("--app %q cannot be an app on Heroku: expected its name, as in acme-headstart", cmd.App)
		}
		if _, err := os.Stat(cmd.File); err == nil {
			return fmt.Errorf("%s is there already, perhaps of a setup that did not end, and its settings would not become config vars: name another file with --file, or remove it", cmd.File)
		}
		return nil
	}
	if cmd.Print || cmd.Again {
		return nil
	}
	values, err := setup.ReadEnv(cmd.File)
	if err != nil {
		return fmt.Errorf("read the settings that are there: %w", err)
	}
	if id := values["GITHUB_APP_ID"]; id != "" {
		return fmt.Errorf("%s has the GitHub App %s already: start the server with headstart serve --env-file %s, or make another App with --again", cmd.File, id, cmd.File)
	}
	return nil
}

// appMaker is GitHub as the setup asks it.
type appMaker struct{ api string }

// Convert makes an App of a code.
func (m appMaker) Convert(ctx context.Context, code string) (setup.App, error) {
	a, err := github.Convert(ctx, m.api, code)
	return setup.App(a), err
}

// Register looks up an App, and says where its webhooks go.
func (m appMaker) Register(ctx context.Context, app setup.App, address string) (setup.App, error) {
	client, err := m.client(app)
	if err != nil {
		return setup.App{}, err
	}
	defer client.Close()
	a, err := client.Registered(ctx)
	if err != nil {
		return setup.App{}, err
	}
	app.Name, app.Page, app.Owner, app.ClientID = a.Name, a.Page, a.Owner, a.ClientID
	return app, client.SetHook(ctx, address, app.WebhookSecret)
}

func (m appMaker) client(app setup.App) (*github.Client, error) {
	return github.New(github.Options{AppID: app.ID, PrivateKey: app.PrivateKey, URL: m.api, ParseConfig: func(bot.Repo, []byte) (map[string]bot.Config, error) {
		return nil, errors.New("the setup reads no files")
	}})
}

// Repositories lists where the App is installed.
func (m appMaker) Repositories(ctx context.Context, app setup.App) ([]setup.Repository, error) {
	client, err := m.client(app)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	all, err := client.Installed(ctx)
	list := make([]setup.Repository, len(all))
	for i, r := range all {
		list[i] = setup.Repository(r)
	}
	return list, err
}

// Ping looks for GitHub's ping.
func (m appMaker) Ping(ctx context.Context, app setup.App) (setup.Ping, error) {
	client, err := m.client(app)
	if err != nil {
		return setup.Ping{}, err
	}
	defer client.Close()
	p, err := client.Ping(ctx)
	return setup.Ping{Sent: !p.At.IsZero(), Status: p.Status}, err
}
