package main

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/github/githubtest/contract"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
	"github.com/headstart-cd/headstart/setup"
)

// settingUp is a GitHub and a Heroku of a team that has no Headstart yet, and what `headstart setup` does there.
type settingUp struct {
	t      *testing.T
	gh     *githubtest.Server
	shop   *githubtest.Repo
	heroku *herokutest.Server
	apps   map[string]*herokutest.App
	file   string
	screen screen
	ended  chan error
}

// newSettingUp has `headstart setup` serve its pages.
func newSettingUp(t *testing.T, args ...string) *settingUp {
	t.Helper()
	s := newTeam(t, githubtest.Options{})
	s.serve(args...)
	return s
}

func (s *settingUp) serve(args ...string) {
	ctx, cancel := context.WithCancel(s.t.Context())
	go func() {
		s.ended <- run(ctx, append(s.args(), append(args, "--addr", "127.0.0.1:0")...), &s.screen, &s.screen)
	}()
	s.t.Cleanup(cancel)
}

func (s *settingUp) args() []string {
	return []string{"setup", "--file", s.file, "--github-api-url", s.gh.URL(), "--heroku-api-url", s.heroku.URL()}
}

// newTeam has a pipeline on Heroku and a repository on GitHub, and nothing else.
func newTeam(t *testing.T, o githubtest.Options) *settingUp {
	t.Helper()
	description, err := contract.Load("../../github/githubtest/testdata/github-openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	s := &settingUp{t: t, apps: map[string]*herokutest.App{}, file: filepath.Join(t.TempDir(), "headstart.env"), ended: make(chan error, 1)}
	o.Dir, o.Contract = t.TempDir(), description
	if s.gh, err = githubtest.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, err := range s.gh.ContractErrors() {
			t.Error(err)
		}
		s.gh.Close()
	})
	if s.shop, err = s.gh.CreateRepo(shopRepo, githubtest.RepoOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.shop.Push("main", githubtest.Change{Message: "First", Files: map[string]string{"Procfile": "web: ./web\n"}}); err != nil {
		t.Fatal(err)
	}
	if s.heroku, err = herokutest.New(herokutest.Options{SkipDownload: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.heroku.Close() })
	pipe := s.heroku.AddPipeline("shop")
	for _, app := range []struct{ name, stage string }{{stagingApp, "staging"}, {productionApp, "production"}} {
		s.apps[app.name] = s.heroku.AddApp(app.name)
		pipe.Couple(s.apps[app.name], app.stage)
	}
	staging := s.apps[stagingApp]
	staging.SetStack("heroku-22")
	staging.SetBuildpacks("heroku/nodejs")
	staging.SetConfig("NPM_TOKEN", "npm-token-5d21")
	staging.SetConfig("DATABASE_URL", "postgres://of-staging")
	staging.DeployAutomatically("main")
	return s
}

// printed is the link that the terminal shows.
func (s *settingUp) printed() (link string) {
	s.t.Helper()
	eventually(s.t, "the link is printed", func() bool {
		for word := range strings.FieldsSeq(s.screen.String()) {
			if strings.HasPrefix(word, "http://") {
				link = word
			}
		}
		return link != ""
	})
	return link
}

// made holds what is made on Heroku: an app that is like staging's, and knows only what it was told.
func (s *settingUp) made() {
	s.t.Helper()
	prepare := s.heroku.App(prepareApp)
	if prepare == nil {
		s.t.Fatalf("the app %s should be made", prepareApp)
	}
	s.apps[prepareApp] = prepare
	if config := prepare.Config(); len(config) != 1 || config["NPM_TOKEN"] != "npm-token-5d21" {
		s.t.Errorf("one config var should be copied, it has %v", config)
	}
}

// keepsSecrets holds that credentials are in the file, which only its owner reads, and nowhere else.
func (s *settingUp) keepsSecrets(n *newcomer) {
	s.t.Helper()
	if info, err := os.Stat(s.file); err != nil || info.Mode().Perm() != 0o600 {
		s.t.Errorf("only its owner should be able to read the file: %v, %v", info, err)
	}
	values, err := setup.ReadEnv(s.file)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range []string{"GITHUB_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET", "GITHUB_CLIENT_SECRET", "HEROKU_API_KEY", "HEROKU_WEBHOOK_SECRET", "HEADSTART_SESSION_KEY"} {
		if values[name] == "" {
			s.t.Errorf("the file lacks %s", name)
		}
		for i, page := range append(n.seen, s.screen.String()) {
			if strings.Contains(page, values[name]) {
				s.t.Errorf("what was shown (%d) has %s in it:\n%s", i, name, page)
			}
		}
	}
	if want := "acme/shop=" + stagingApp + "," + productionApp + "," + prepareApp; values["HEADSTART_ALLOW"] != want {
		s.t.Errorf("the repository should be allowed its apps alone, %q: %q", want, values["HEADSTART_ALLOW"])
	}
}

// deploys starts the server with what was written, merges what was proposed, and waits until it is live.
func (s *settingUp) deploys(editor *url.URL) {
	s.t.Helper()
	s.serves()
	commit := s.merges(editor)
	eventually(s.t, "the commit is live in production", func() bool {
		return s.shop.Statuses(commit.SHA)["headstart/production"].State == "success"
	})
}

// serves starts the server with what was written.
func (s *settingUp) serves() *process {
	s.t.Helper()
	values, err := setup.ReadEnv(s.file)
	if err != nil {
		s.t.Fatal(err)
	}
	addr := freeAddress(s.t)
	p := &process{cmd: exec.Command(os.Args[0], "serve", "--env-file", s.file), url: "http://" + addr, ended: make(chan error, 1)}
	p.cmd.Env = []string{
		roleVar + "=headstart", "PATH=" + os.Getenv("PATH"), "HEADSTART_ADDR=" + addr, "DATABASE_URL=sqlite:" + filepath.Join(s.t.TempDir(), "headstart.db"),
	}
	p.start(s.t)
	s.gh.SetWebhook(p.url+"/webhooks/github", values["GITHUB_WEBHOOK_SECRET"]) // the name server of this test
	return p
}

// merges merges what was proposed, and has its checks pass.
func (s *settingUp) merges(editor *url.URL) githubtest.Commit {
	s.t.Helper()
	file := editor.Query().Get("value")
	if editor.Query().Get("filename") != config.Path || editor.Path != "/acme/shop/new/main" {
		s.t.Errorf("the link should open GitHub's editor with the pipeline's file: %s", editor)
	}
	for app := range s.apps {
		s.apps[app].BuildTakes(time.Second)
	}
	commit, err := s.shop.Push("main", githubtest.Change{Message: "Deploy with Headstart", Files: map[string]string{config.Path: file}})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.shop.SetStatus(commit.SHA, githubtest.Status{Context: ciCheck, State: "success"}); err != nil {
		s.t.Fatal(err)
	}
	return commit
}
