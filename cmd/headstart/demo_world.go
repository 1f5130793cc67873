package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot/engine"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/github/githubtest"
)

const (
	demoRepo   = "acme/demo"
	demoSecret = "demo-webhook-secret"
	// demoViewer is who looks at the demo's pages.
	demoViewer = "you"
	// demoPatience is how long one deploy of the demo may take.
	demoPatience = 2 * time.Minute
)

// world is everything that runs during a demo.
type world struct {
	view   *view
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
func openWorld(ctx context.Context, cmd demoCommand, dir string, v *view) (_ *world, err error) {
	if err := freePort(cmd.Port); err != nil {
		return nil, err
	}
	w := &world{view: v, port: cmd.Port, moved: make(chan struct{}), stop: func() {}, pushes: make(chan string, 100)}
	if w.gh, err = githubtest.New(githubtest.Options{Dir: filepath.Join(dir, "git")}); err != nil {
		return nil, fmt.Errorf("start the stand-in for GitHub: %w", err)
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if cmd.Repo != "" {
		w.app, w.repo, err = ownApp(ctx, w.gh, cmd.Repo, cmd.Build)
	} else if w.app, err = sampleApp(cmd.Port); err == nil {
		w.repo, err = w.gh.CreateRepo(demoRepo, githubtest.RepoOptions{})
	}
	if err != nil {
		return nil, err
	}
	w.branch = w.repo.DefaultBranch()
	w.ci = newDemoCI(w.repo, w.app.test, cmd.CI, w.notify)
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
	srv, err := openServer(ctx, s, wiring{Logger: zap.NewNop(), Observe: w.observe, Environ: append(os.Environ(), "TMPDIR="+tmp)})
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

// follow shows a commit's way until nothing more will happen to it.
func (w *world) follow(ctx context.Context, title, sha string, pushed time.Time) (timeline, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, demoPatience, fmt.Errorf("%s has not arrived after %s", title, demoPatience))
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		state, moved := w.look()
		t := timelineOf(title, sha, pushed, state, w.ci)
		w.view.show(t)
		if t.ended() {
			w.deploys = append(w.deploys, t)
			return t, nil
		}
		select {
		case <-ctx.Done():
			return t, context.Cause(ctx)
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

// expectLive asks production what it answers, as people would.
func (w *world) expectLive(ctx context.Context, t timeline, n int) error {
	if _, ok := t.live(); !ok {
		return fmt.Errorf("%s did not get to production", t.title)
	}
	answer, err := w.get(ctx, "demo-production")
	if err != nil {
		return fmt.Errorf("ask production: %w", err)
	}
	line, _, _ := strings.Cut(answer, "\n")
	if w.app.shows != nil && !strings.Contains(answer, w.app.shows(n)) {
		return fmt.Errorf("production answers %q, and not the version that was deployed (%s)", line, w.app.shows(n))
	}
	w.view.print("   %s answers: %s", w.appURL("demo-production"), short(line, 78))
	return nil
}

// showStatuses says what people see at the commit on GitHub, once everything has
// been said.
func (w *world) showStatuses(ctx context.Context, sha string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 10*time.Second, fmt.Errorf("a status of %s stays pending", sha[:7]))
	defer cancel()
	for {
		_, moved := w.look()
		statuses := w.repo.Statuses(sha)
		if !slices.ContainsFunc(slices.Collect(maps.Values(statuses)), func(s githubtest.Status) bool { return s.State == "pending" }) {
			for _, context := range slices.Sorted(maps.Keys(statuses)) {
				mark := map[string]string{"success": "✓"}[statuses[context].State]
				w.view.print("   %s %-21s %s", cmp.Or(mark, "✗"), context, statuses[context].Description)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-moved:
		}
	}
}

// get asks an app through the router. The address is the loopback's own, so that
// it works where *.localhost is not resolved.
func (w *world) get(ctx context.Context, app string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", w.port), nil)
	if err != nil {
		return "", err
	}
	req.Host = fmt.Sprintf("%s.localhost:%d", app, w.port)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	return string(body), err
}

func (w *world) appURL(app string) string { return fmt.Sprintf("http://%s.localhost:%d", app, w.port) }

// nextPush waits for somebody to push.
func (w *world) nextPush(ctx context.Context) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case sha := <-w.pushes:
		return sha, nil
	}
}
