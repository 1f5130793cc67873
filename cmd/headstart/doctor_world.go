package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/headstart-cd/headstart/bot"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/doctor"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/heroku"
	"github.com/headstart-cd/headstart/store"
	"github.com/headstart-cd/headstart/webhooks"
)

// examiner finds out how an installation with these settings is. It has connections of its
// own, so that a server's are not slowed down, and it counts what it asks.
type examiner struct {
	settings settings
	allow    platform.Allow
	now      func() time.Time
	problems []string
	github   *github.Client // nil: its settings cannot be used
	heroku   *heroku.Heroku // nil: there is no key
	asked    struct{ github, heroku atomic.Int64 }
}

func newExaminer(s settings, now func() time.Time) (_ *examiner, err error) {
	e := &examiner{settings: s, now: now, problems: lines(s.check())}
	if e.allow, err = platform.ParseAllow(s.Allow); err != nil {
		e.allow = platform.Allow{} // it is among the problems
	}
	if key, err := s.privateKey(); err == nil && s.GitHub.AppID > 0 && github.CheckKey(key) == nil {
		e.github, err = github.New(github.Options{
			AppID: s.GitHub.AppID, PrivateKey: key, URL: s.GitHub.APIURL, ParseConfig: parseConfig(e.allow), Events: webhooks.Events(), Now: now,
			Asked: func() { e.asked.github.Add(1) },
		})
		if err != nil {
			e.problems = append(e.problems, err.Error())
		}
	}
	if s.Heroku.APIKey != "" {
		if e.heroku, err = heroku.New(heroku.Options{APIKey: s.Heroku.APIKey, URL: s.Heroku.APIURL, Clock: now, Asked: func() { e.asked.heroku.Add(1) }}); err != nil {
			e.problems = append(e.problems, err.Error())
		}
	}
	return e, nil
}

// lines lists the errors that an error joins.
func lines(err error) (list []string) {
	var joined interface{ Unwrap() []error }
	switch {
	case err == nil:
	case errors.As(err, &joined):
		for _, one := range joined.Unwrap() {
			list = append(list, one.Error())
		}
	default:
		list = append(list, err.Error())
	}
	return list
}

func (e *examiner) close() {
	if e.github != nil {
		e.github.Close()
	}
	if e.heroku != nil {
		e.heroku.Close()
	}
}

// examine looks at everything, or of the repositories at one.
func (e *examiner) examine(ctx context.Context, repo string) doctor.Report {
	github, heroku := e.asked.github.Load(), e.asked.heroku.Load()
	f := &doctor.Facts{
		Now: e.now(), AppID: e.settings.GitHub.AppID, Problems: e.problems, Doubts: e.settings.warnings(), Backups: e.settings.Backups, Allowed: e.allow.NamesOf,
		HerokuHook: len(secrets(e.settings.Heroku.WebhookSecret)) > 0,
	}
	if url, err := e.settings.pagesURL(); err == nil && url != nil {
		f.URL = url.String()
	}
	if f.Backups != "" {
		at, err := newestFile(f.Backups)
		f.Backup = doctor.Read[time.Time]{Value: at, Err: err, Done: true}
	}
	known, err := e.known(ctx, f, repo)
	if err != nil {
		f.Database = doctor.Read[doctor.Database]{Err: err, Done: true}
	}
	ports := doctor.Ports{Now: e.now}
	if e.github != nil {
		ports.GitHub = gitHubOf{e.github}
	}
	if e.heroku != nil {
		ports.Heroku = herokuOf{e.heroku}
	}
	r := doctor.Examine(ctx, ports, f, known)
	r.GitHub, r.Heroku = int(e.asked.github.Load()-github), int(e.asked.heroku.Load()-heroku)
	return r
}

// known reads the database, and lists the pipelines that it knows, the busiest first, and
// the repositories that may deploy and that it does not know.
func (e *examiner) known(ctx context.Context, f *doctor.Facts, repo string) (list []doctor.Known, err error) {
	db, err := store.OpenOperator(ctx, e.settings.DatabaseURL)
	if err == nil {
		defer func() { err = errors.Join(err, db.Close(ctx)) }()
		list, err = e.remembered(ctx, db, f)
	}
	for _, allowed := range e.allow.Repositories() {
		if !slices.ContainsFunc(list, func(k doctor.Known) bool { return strings.EqualFold(k.Target.Pipeline.Repo.String(), allowed.String()) }) {
			key := bot.Key{Repo: allowed}
			list = append(list, knownAs(&botpipeline.State{Pipeline: key}))
		}
	}
	if repo != "" {
		list = slices.DeleteFunc(list, func(k doctor.Known) bool { return !strings.EqualFold(k.Target.Pipeline.Repo.String(), repo) })
	}
	return list, err
}

// remembered is what the database tells.
func (e *examiner) remembered(ctx context.Context, db *store.Operator, f *doctor.Facts) (list []doctor.Known, err error) {
	condition, err := db.Condition(ctx)
	if err != nil {
		return nil, err
	}
	f.Database = doctor.Read[doctor.Database]{Value: doctor.Database(condition), Done: true}
	counts, err := db.Counts(ctx)
	if err != nil {
		return nil, err
	}
	f.Heard = map[string]time.Time{}
	for _, c := range counts {
		f.Heard[c.Event] = c.Last
	}
	listed, err := db.Listing(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range listed {
		if l.Pipeline.Repo.Nameless() || !e.allow.Names(l.Pipeline.Repo) {
			continue // nothing of it is deployed
		}
		state, version, err := db.Load(ctx, l.Pipeline)
		if err != nil {
			return nil, err
		}
		if version > 0 && !(state.Multi() && state.Pipeline.Name == "") { // else its pipelines are listed
			list = append(list, knownAs(&state))
		}
	}
	slices.SortStableFunc(list, func(a, b doctor.Known) int { return cmp.Compare(b.PushedAt.UnixNano(), a.PushedAt.UnixNano()) })
	return list, nil
}

// knownAs is a pipeline by its state.
func knownAs(s *botpipeline.State) doctor.Known {
	k := doctor.Known{
		Target: bot.Target{Pipeline: s.Pipeline, RepoID: s.RepoID, Installation: s.Installation, Platform: s.Config.Platform}, Branch: s.Branch(),
		Never: func(cfg bot.Config, required bot.Required) []string {
			as := *s
			as.Configured, as.Config, as.Required = true, cfg, required
			return as.NeverGreen()
		},
	}
	for _, c := range s.Candidates {
		k.PushedAt = bot.Later(k.PushedAt, c.SeenAt)
		k.Reported = append(k.Reported, c.Reports.Checks...)
	}
	return k
}

// newestFile returns when the newest file of a folder was written, or that file; zero: the
// folder has none.
func newestFile(at string) (newest time.Time, err error) {
	info, err := os.Stat(at)
	if err != nil || !info.IsDir() {
		if err == nil {
			newest = info.ModTime()
		}
		return newest, err
	}
	entries, err := os.ReadDir(at)
	for _, entry := range entries {
		info, e := entry.Info()
		if e == nil && info.Mode().IsRegular() && path.Ext(entry.Name()) != ".partial" {
			newest = bot.Later(newest, info.ModTime())
		}
	}
	return newest, err
}

// gitHubOf is GitHub as the doctor knows it.
type gitHubOf struct{ *github.Client }

// App compares the App with what Headstart needs.
func (g gitHubOf) App(ctx context.Context) (doctor.GitHubApp, error) {
	app, err := g.Client.App(ctx)
	return doctor.GitHubApp{
		Slug: app.Slug, MissingPermissions: app.MissingPermissions(), ExcessPermissions: app.ExcessPermissions(),
		MissingEvents: app.MissingEvents(webhooks.Events()...), ExcessEvents: app.ExcessEvents(webhooks.Events()...),
	}, err
}

// Hook reads where GitHub sends webhooks.
func (g gitHubOf) Hook(ctx context.Context) (doctor.Hook, error) {
	hook, err := g.Client.Hook(ctx)
	return doctor.Hook(hook), err
}

// Attempts lists the newest attempts to deliver a webhook.
func (g gitHubOf) Attempts(ctx context.Context) ([]doctor.Attempt, error) {
	all, err := g.Client.Attempts(ctx)
	list := make([]doctor.Attempt, len(all))
	for i, a := range all {
		list[i] = doctor.Attempt(a)
	}
	return list, err
}

// Installations lists where the App is installed.
func (g gitHubOf) Installations(ctx context.Context) ([]doctor.Installation, error) {
	all, err := g.Client.Installations(ctx)
	list := make([]doctor.Installation, len(all))
	for i, a := range all {
		list[i] = doctor.Installation{Account: a.Account, Suspended: a.Suspended, Missing: a.Missing()}
	}
	return list, err
}

// herokuOf is Heroku as the doctor knows it.
type herokuOf struct{ *heroku.Heroku }

// Credentials reads what the API key is good for.
func (h herokuOf) Credentials(ctx context.Context) (doctor.Credentials, error) {
	c, err := h.Heroku.Credentials(ctx)
	return doctor.Credentials(c), err
}

// Webhooks lists the webhooks of an app.
func (h herokuOf) Webhooks(ctx context.Context, app string) ([]doctor.HerokuHook, error) {
	all, err := h.Heroku.Webhooks(ctx, app)
	list := make([]doctor.HerokuHook, len(all))
	for i, w := range all {
		list[i] = doctor.HerokuHook(w)
	}
	return list, err
}
