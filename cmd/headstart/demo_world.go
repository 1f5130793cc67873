package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot/engine"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/platform/local"
)

const (
	demoRepo   = "acme/demo"
	demoSecret = "demo-webhook-secret"
	// demoViewer is who looks at the demo's pages.
	demoViewer = "you"
	// demoPatience is how long a commit may stand still, with nothing running.
	demoPatience = 20 * time.Second
)

// world is everything that runs during a demo.
type world struct {
	view   view
	gh     *githubtest.Server
	repo   *githubtest.Repo
	branch string
	app    demoApp
	ci     *demoCI
	port   int
	botURL string // of the bot, and of its pages
	link   string // signs the viewer in to the pages
	stop   func() // ends what runs, and waits for it
	pushes chan string
	pull   int // the pull request that the story's comments are on

	mu      sync.Mutex
	state   botpipeline.State // as last committed; guarded by mu
	moved   chan struct{}     // closed and renewed when state or CI moves; guarded by mu
	deploys []timeline        // that have ended, for the table
}

// openWorld starts everything. Nothing that it started is left when it fails.
func openWorld(ctx context.Context, cmd demoCommand, dir string, v view) (_ *world, err error) {
	if err := freePort(cmd.Port); err != nil {
		return nil, err
	}
	w := &world{view: v, port: cmd.Port, moved: make(chan struct{}), stop: func() {}, pushes: make(chan string, 100)}
	if w.gh, err = githubtest.New(githubtest.Options{Dir: filepath.Join(dir, "git"), Pages: true}); err != nil {
		return nil, fmt.Errorf("start the stand-in for GitHub: %w", err)
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if cmd.Repo != "" {
		w.app, w.repo, err = ownApp(ctx, w.gh, cmd, dir)
	} else if w.app, err = sampleApp(cmd.Port, time.Duration(cmd.CI)); err == nil {
		w.repo, err = w.gh.CreateRepo(demoRepo, githubtest.RepoOptions{})
	}
	if err != nil {
		return nil, err
	}
	w.branch = w.repo.DefaultBranch()
	w.ci = newDemoCI(w.repo, w.app.test, time.Duration(cmd.CI), w.notify)
	if err := w.startBot(ctx, dir); err != nil {
		return nil, err
	}
	w.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
		if sha, ok := pushedTo(d, w.branch); ok {
			select {
			case w.pushes <- sha:
			default: // only --keep listens
			}
		}
		return w.ci.take(d)
	})
	w.gh.SetWebhook(w.botURL+"/webhooks/github", demoSecret)
	return w, nil
}

// startBot starts the bot the way `serve` does, and CI beside it.
func (w *world) startBot(ctx context.Context, dir string) (err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			listener.Close()
		}
	}()
	w.botURL = "http://" + listener.Addr().String()
	s := settings{
		URL:         w.botURL,
		Sweep:       2 * time.Minute,
		Allow:       demoRepo + "=demo-*",
		DatabaseURL: "sqlite:" + filepath.Join(dir, "headstart.db"),
		Local:       "true",
		LocalDir:    filepath.Join(dir, "apps"),
		LocalAddr:   fmt.Sprintf("127.0.0.1:%d", w.port),
	}
	s.GitHub.AppID, s.GitHub.PrivateKey = w.gh.AppID(), string(w.gh.PrivateKeyPEM())
	s.GitHub.WebhookSecret, s.GitHub.ClientSecret, s.GitHub.APIURL = demoSecret, w.gh.ClientSecret(), w.gh.URL()
	if err := w.letIn(); err != nil {
		return err
	}
	// A build that is stopped leaves its temporary files: they go with the rest.
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return err
	}
	if err := w.setVars(s.LocalDir); err != nil {
		return err
	}
	srv, err := openServer(ctx, s, wiring{Logger: zap.NewNop(), Observe: w.observe, Environ: demoEnviron(tmp), Local: quickly})
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	group.Go(func() {
		if err := srv.serve(running, listener); err != nil {
			w.view.print("the bot stopped: %v", err)
		}
	})
	group.Go(func() { w.ci.work(running) })
	w.stop = func() {
		cancel()
		group.Wait()
	}
	return nil
}

// quickly makes the embedded platform give up early on what is without hope: somebody is
// watching. What is slow has the time that Heroku gives it.
func quickly(o *local.Options) { o.AstrayLimit, o.StopLimit = 3*time.Second, 2*time.Second }

// demoEnviron is this process's environment. Toolchains that look for themselves below HOME,
// which is another one in a build, are told where they are.
func demoEnviron(tmp string) []string {
	env := append(os.Environ(), "TMPDIR="+tmp)
	home, err := os.UserHomeDir()
	if err != nil {
		return env
	}
	for name, dir := range map[string]string{"CARGO_HOME": ".cargo", "RUSTUP_HOME": ".rustup"} {
		dir = filepath.Join(home, dir)
		if info, err := os.Stat(dir); err == nil && info.IsDir() && os.Getenv(name) == "" {
			env = append(env, name+"="+dir)
		}
	}
	return env
}

// setVars writes the config vars of the user's app.
func (w *world) setVars(apps string) error {
	if len(w.app.env) == 0 {
		return nil
	}
	for _, app := range []string{"demo-staging", "demo-production"} {
		dir := filepath.Join(apps, "apps", app)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "env"), []byte(strings.Join(w.app.env, "\n")+"\n"), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// letIn makes the link that signs the viewer in: with the stand-in for GitHub, as everybody signs in to the pages with GitHub.
func (w *world) letIn() error {
	w.gh.SetCallbackURLs(w.botURL + "/login/callback")
	w.link = w.gh.SignInLink(demoViewer, w.botURL+"/login?to=/p/"+demoRepo)
	return w.repo.SetRole(demoViewer, "write")
}

func (w *world) close() {
	w.stop()
	w.gh.Close()
}

// observe is told of everything that the bot commits.
func (w *world) observe(c engine.Commit) {
	w.mu.Lock()
	w.state = c.State
	w.mu.Unlock()
	w.notify()
}

func (w *world) notify() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.moved)
	w.moved = make(chan struct{})
}

func (w *world) look() (botpipeline.State, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, w.moved
}

// follow shows a commit's way until nothing more will happen to it. It fails when nothing
// has happened for [demoPatience], and says what people are told at the commit.
func (w *world) follow(ctx context.Context, title, sha string, pushed time.Time) (timeline, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(demoPatience)
	defer late.Stop()
	for {
		state, moved := w.look()
		t := timelineOf(title, sha, pushed, state, w.ci)
		w.view.show(t)
		if t.running() {
			late.Reset(demoPatience) // the platform bounds how long it may run
		}
		if t.ended() {
			w.deploys = append(w.deploys, t)
			if t.released() {
				w.view.runOn(ctx, t)
			}
			return t, nil
		}
		select {
		case <-ctx.Done():
			return t, context.Cause(ctx)
		case <-late.C:
			w.view.print("   Nothing has happened for %s. What the commit says:", duration(demoPatience))
			w.printStatuses(w.repo.Statuses(sha))
			return t, fmt.Errorf("the %s has not arrived", title)
		case <-moved:
		case <-tick.C:
		}
	}
}

// openPull pushes a branch with a change and opens a pull request of it.
func (w *world) openPull(branch, title string, files map[string]string) (*githubtest.PullRequest, error) {
	if _, err := w.repo.Push(branch, githubtest.Change{Files: files, Message: title}); err != nil {
		return nil, err
	}
	return w.repo.OpenPull(githubtest.PullOptions{Head: branch, Title: title})
}

func (w *world) merge(pull *githubtest.PullRequest) (githubtest.Commit, time.Time, error) {
	at := time.Now()
	commit, err := pull.Merge(githubtest.MergeOptions{})
	return commit, at, err
}

// nextPush waits for somebody to push.
func (w *world) nextPush(ctx context.Context) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case sha := <-w.pushes:
		return sha, nil
	}
}
