package doctor

import (
	"context"
	"sync"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// GitHub is what is asked of GitHub. Errors are of bot's kinds.
type GitHub interface {
	// Lead returns how far GitHub's clock is ahead of this machine's.
	Lead(ctx context.Context) (time.Duration, error)
	App(ctx context.Context) (GitHubApp, error)
	Hook(ctx context.Context) (Hook, error)
	// Attempts lists the newest attempts to deliver a webhook, the newest first.
	Attempts(ctx context.Context) ([]Attempt, error)
	Installations(ctx context.Context) ([]Installation, error)
	// InstalledOn returns the installation that serves a repository. Refused with bot.ErrNotFound: there is none.
	InstalledOn(ctx context.Context, repo bot.Repo) (int64, error)
	// MergeQueue reports whether a branch has a merge queue.
	MergeQueue(ctx context.Context, t bot.Target, branch string) (bool, error)
	// Perform reads what one of bot's actions names.
	Perform(ctx context.Context, t bot.Target, e bot.Effect) (bot.Fact, error)
}

// HerokuAPI is what is asked of Heroku. Errors are of bot's kinds.
type HerokuAPI interface {
	Credentials(ctx context.Context) (Credentials, error)
	// Inspect is the preflight's look at an app beside the one that builds for it.
	Inspect(ctx context.Context, app, source string) (bot.Inspected, error)
	Buildpacks(ctx context.Context, app string) ([]string, error)
	Webhooks(ctx context.Context, app string) ([]HerokuHook, error)
	// AutomaticDeploys returns the branch that Heroku deploys to an app by itself; empty: it does not.
	AutomaticDeploys(ctx context.Context, app string) (branch string, err error)
}

// Known is a pipeline to be looked at.
type Known struct {
	Target   bot.Target // without an Installation: the App's is looked for
	Branch   string     // empty: the repository's default branch
	PushedAt time.Time  // of the newest commit; zero: none is known
	Reported []bot.Check
	// Never lists the contexts which GitHub requires before a merge, and which Headstart sets only after it or never.
	Never func(bot.Config, bot.Required) []string
}

// Ports are what [Examine] asks. Those that are nil are not asked.
type Ports struct {
	GitHub GitHub
	Heroku HerokuAPI
	Now    func() time.Time // nil: time.Now
}

// How much is looked at, and for how long. A pipeline takes up to eleven requests to GitHub (one more for each
// .gitattributes), an app up to eight to Heroku.
const (
	mostPipelines = 20
	mostApps      = 60
	atOnce        = 6
	readWithin    = 15 * time.Second
	lookWithin    = 45 * time.Second // a page has a minute
)

// Examine completes the facts, which have what is known without asking anybody, and judges them. It ends within a
// minute: what was not read by then counts as unreadable.
func Examine(ctx context.Context, p Ports, f *Facts, known []Known) Report {
	if p.Now == nil {
		p.Now = time.Now
	}
	began := p.Now()
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	f.Now = began
	r := Report{At: began, Left: max(0, len(known)-mostPipelines)}
	known = known[:len(known)-r.Left]
	f.Pipelines = make([]Pipeline, len(known))
	x := &readings{ctx: ctx, slots: make(chan struct{}, atOnce)}
	if p.GitHub != nil {
		x.all(
			func() { f.Lead = read(ctx, p.GitHub.Lead) },
			func() { f.GitHub = read(ctx, p.GitHub.App) },
			func() { f.Hook = read(ctx, p.GitHub.Hook) },
			func() { f.Attempts = read(ctx, p.GitHub.Attempts) },
			func() { f.Installations = read(ctx, p.GitHub.Installations) },
		)
		if f.GitHub.ok() { // else each of these says the same once more
			for i, k := range known {
				x.begin(func() { f.Pipelines[i] = readPipeline(ctx, p.GitHub, k, began) })
			}
		}
		x.wait()
	}
	if p.Heroku != nil {
		f.Heroku = read(ctx, p.Heroku.Credentials)
		if f.Heroku.ok() {
			f.Apps = herokuApps(f.Pipelines)
			for i := range f.Apps {
				x.begin(func() { readApp(ctx, p.Heroku, &f.Apps[i]) })
			}
			x.wait()
		}
	}
	r.Findings, r.Took = Judge(f), p.Now().Sub(began)
	return r
}

// readings runs several readings at a time.
type readings struct {
	ctx   context.Context
	slots chan struct{}
	group sync.WaitGroup
}

func (x *readings) begin(read func()) {
	x.group.Go(func() {
		x.slots <- struct{}{}
		defer func() { <-x.slots }()
		read()
	})
}

func (x *readings) all(list ...func()) {
	for _, read := range list {
		x.begin(read)
	}
	x.wait()
}

func (x *readings) wait() { x.group.Wait() }

// read makes one reading.
func read[T any](ctx context.Context, ask func(context.Context) (T, error)) Read[T] {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	v, err := ask(ctx)
	return Read[T]{Value: v, Err: err, Done: true}
}

// perform makes the reading of one of bot's actions.
func perform[F bot.Fact](ctx context.Context, g GitHub, t bot.Target, at time.Time, do bot.Action) Read[F] {
	return read(ctx, func(ctx context.Context) (F, error) {
		fact, err := g.Perform(ctx, t, bot.Effect{Do: do, At: at})
		found, _ := fact.(F)
		return found, err
	})
}

func readPipeline(ctx context.Context, g GitHub, k Known, at time.Time) Pipeline {
	p := Pipeline{Key: k.Target.Pipeline, PushedAt: k.PushedAt, Reported: k.Reported}
	if k.Target.Installation == 0 {
		p.Installed = read(ctx, func(ctx context.Context) (int64, error) { return g.InstalledOn(ctx, p.Key.Repo) })
		if k.Target.Installation = p.Installed.Value; p.Installed.Err != nil {
			return p
		}
	}
	p.File = perform[bot.ConfigRead](ctx, g, k.Target, at, bot.ReadConfig{Ref: k.Branch})
	if !p.configured() {
		return p
	}
	branch := k.Branch
	if branch == "" {
		branch = p.File.Value.Config.Branch
	}
	if branch == "" {
		return p
	}
	head := perform[bot.HeadRead](ctx, g, k.Target, at, bot.ReadHead{Branch: branch})
	p.Queue = read(ctx, func(ctx context.Context) (bool, error) { return g.MergeQueue(ctx, k.Target, branch) })
	if head.Err != nil {
		p.Source = Read[bot.SourceRead]{Err: head.Err, Done: true}
		return p
	}
	sha, tree := head.Value.Head.SHA, head.Value.Head.Tree
	p.Checks = perform[bot.ChecksRead](ctx, g, k.Target, at, bot.ReadChecks{SHA: sha, Branch: branch, Required: true})
	p.Source = perform[bot.SourceRead](ctx, g, k.Target, at, bot.ReadSource{SHA: sha, Tree: tree})
	if required := p.Checks.Value.Required; required != nil && k.Never != nil {
		p.Never = k.Never(p.File.Value.Config, *required)
	}
	return p
}

// herokuApps lists the apps of the pipelines on Heroku, each once: as it is used first.
func herokuApps(pipelines []Pipeline) (list []HerokuApp) {
	seen := map[string]bool{}
	add := func(a HerokuApp) {
		if !seen[a.Name] && len(list) < mostApps {
			seen[a.Name] = true
			list = append(list, a)
		}
	}
	for _, p := range pipelines {
		cfg := p.File.Value.Config
		if !p.configured() || cfg.Platform == bot.PlatformLocal {
			continue
		}
		for _, app := range append(cfg.Prepare.Apps[:len(cfg.Prepare.Apps):len(cfg.Prepare.Apps)], cfg.Prepare.PullApps...) {
			add(HerokuApp{Name: app, Prepare: true})
		}
		for _, stage := range cfg.Stages {
			for _, app := range stage.Apps {
				add(HerokuApp{Name: app, Source: cfg.SourceOf(app, false)})
			}
		}
	}
	return list
}

func readApp(ctx context.Context, h HerokuAPI, a *HerokuApp) {
	a.Inspected = read(ctx, func(ctx context.Context) (bot.Inspected, error) { return h.Inspect(ctx, a.Name, a.Source) })
	if a.Inspected.Err != nil || a.Inspected.Value.Problem != "" {
		return
	}
	a.Hooks = read(ctx, func(ctx context.Context) ([]HerokuHook, error) { return h.Webhooks(ctx, a.Name) })
	a.Auto = read(ctx, func(ctx context.Context) (string, error) { return h.AutomaticDeploys(ctx, a.Name) })
	if a.Source == "" {
		return
	}
	a.Buildpacks = read(ctx, func(ctx context.Context) ([]string, error) { return h.Buildpacks(ctx, a.Name) })
	a.Of = read(ctx, func(ctx context.Context) ([]string, error) { return h.Buildpacks(ctx, a.Source) })
}
