package herokutest

import (
	"fmt"
	"maps"
	"time"
)

// App is one app of the stand-in. Tests set how it behaves; what they set
// holds for what is started from then on.
type App struct {
	s *Server

	id, name    string
	stack       string
	generation  string
	webURL      string
	maintenance bool
	createdAt   time.Time

	builds    []*build
	releases  []*release // by version, the first is version 1
	config    map[string]string
	formation map[string]*process
	features  map[string]bool
	oneOffs   []*oneOff
	hooks     []*webhook
	coupling  *coupling // nil while in no pipeline
	packs     []string  // buildpacks, in their order
	deploys   string    // the branch that Heroku deploys by itself; empty: none
	// permissions are what the token's account has on an app of somebody else's;
	// nil: it is the owner.
	permissions []string

	buildTakes    time.Duration
	buildFailure  string
	nextBuild     string            // why the next build fails
	commitFailure map[string]string // why the build of a commit fails
	refuse        *apiError
	busy          Busy
	busyBuilds    int
	releaseTakes  time.Duration
	releaseFails  string
	nextRelease   string // why the next release phase fails
	targetTakes   time.Duration
	targetFails   string
	overlaps      int
	outputEarly   time.Duration                                 // see OutputEndsEarly
	respond       func(commit string) (status int, body string) // nil: as Serve says
}

// Busy is what an app does with a build that is asked for while another one is
// pending. Heroku does not say, so each is possible.
type Busy int

// SideBySide runs both builds at once, QueueBuild starts the second when the
// first has ended, RefuseBuild answers 409.
const (
	SideBySide Busy = iota
	QueueBuild
	RefuseBuild
)

// AddApp makes an app on the stack heroku-24 with the two releases that every
// new app has. Its name must be free.
func (s *Server) AddApp(name string) *App {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newApp(name)
}

// newApp is AddApp for who has the lock.
func (s *Server) newApp(name string) *App {
	now := s.opts.Clock()
	a := &App{
		s: s, id: s.newID(), name: name, stack: "heroku-24", generation: "cedar",
		webURL: "https://" + name + ".herokuapp.com/", createdAt: now,
		config: map[string]string{}, formation: map[string]*process{}, features: map[string]bool{},
		commitFailure: map[string]string{},
	}
	s.apps = append(s.apps, a)
	for _, description := range []string{"Initial release", "Enable Logplex"} {
		a.newRelease(now, releaseSpec{description: description, instant: true})
	}
	return a
}

// App finds an app by its name, nil if there is none.
func (s *Server) App(name string) *App {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.findApp(name)
}

func (s *Server) findApp(identity string) *App {
	for _, a := range s.apps {
		if a.name == identity || a.id == identity {
			return a
		}
	}
	return nil
}

// app is the app that the request's path names.
func (s *Server) app(c *call) (*App, error) {
	if a := s.findApp(c.r.PathValue("app")); a != nil {
		return a, nil
	}
	return nil, notFound("app", c.r.PathValue("app"))
}

// set changes the app under the server's lock.
func (a *App) set(change func()) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	change()
}

// Name is the app's name.
func (a *App) Name() string { return a.name }

// ID is the app's UUID.
func (a *App) ID() string { return a.id }

// BuildTakes sets how long a build runs.
func (a *App) BuildTakes(d time.Duration) { a.set(func() { a.buildTakes = d }) }

// FailBuild lets every build fail with a reason; an empty reason ends that.
func (a *App) FailBuild(reason string) { a.set(func() { a.buildFailure = reason }) }

// FailNextBuild lets the build that is asked for next fail with a reason.
func (a *App) FailNextBuild(reason string) { a.set(func() { a.nextBuild = reason }) }

// FailCommit lets the build of one commit fail.
func (a *App) FailCommit(sha, reason string) { a.set(func() { a.commitFailure[sha] = reason }) }

// RefuseBuilds answers requests for builds with an error; a status of 0 ends
// that.
func (a *App) RefuseBuilds(status int, id, message string) {
	a.set(func() {
		a.refuse = nil
		if status != 0 {
			a.refuse = &apiError{status: status, id: id, message: message}
		}
	})
}

// WhenBusy sets what happens to a build while another one is pending.
func (a *App) WhenBusy(b Busy) { a.set(func() { a.busy = b }) }

// ReleaseTakes sets how long a release phase runs. Without one, releases
// succeed at once.
func (a *App) ReleaseTakes(d time.Duration) { a.set(func() { a.releaseTakes = d }) }

// FailRelease lets every release phase fail; an empty reason ends that.
func (a *App) FailRelease(reason string) { a.set(func() { a.releaseFails = reason }) }

// FailNextRelease lets the next release phase fail with a reason.
func (a *App) FailNextRelease(reason string) { a.set(func() { a.nextRelease = reason }) }

// PromotionTakes sets how long a promotion onto this app takes until it makes
// its release.
func (a *App) PromotionTakes(d time.Duration) { a.set(func() { a.targetTakes = d }) }

// FailPromotion lets promotions onto this app fail before they make a release;
// an empty message ends that.
func (a *App) FailPromotion(message string) { a.set(func() { a.targetFails = message }) }

// SetStack moves the app to another stack.
func (a *App) SetStack(stack string) { a.set(func() { a.stack = stack }) }

// SetGeneration makes the app a cedar (slugs) or a fir one (OCI images).
func (a *App) SetGeneration(g string) {
	a.set(func() {
		a.generation = g
		if g == "fir" {
			a.stack = "cnb"
		}
	})
}

// SetWebURL sets where the app says that it is reached, where a test serves
// something there.
func (a *App) SetWebURL(u string) { a.set(func() { a.webURL = u }) }

// SetConfig sets a config var without making a release.
func (a *App) SetConfig(name, value string) { a.set(func() { a.config[name] = value }) }

// Config is a copy of the config vars.
func (a *App) Config() map[string]string {
	a.s.lockSettled()
	defer a.s.mu.Unlock()
	return maps.Clone(a.config)
}

// Maintenance tells whether maintenance mode is on.
func (a *App) Maintenance() bool {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.maintenance
}

// BusyBuilds counts the builds that were asked for while another one was
// pending. A careful client has none.
func (a *App) BusyBuilds() int {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.busyBuilds
}

// Overlaps counts the releases that were made while the release phase of
// another one was running.
func (a *App) Overlaps() int {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.overlaps
}

func (a *App) ref() object     { return object{"id": a.id} }
func (a *App) fullRef() object { return object{"id": a.id, "name": a.name} }

func named(name string) object {
	return object{"id": fmt.Sprintf("5ac3b5d0-0000-4000-8000-%012x", len(name)*7919+int(name[0])), "name": name}
}

func (a *App) object() object {
	var released time.Time
	var size any
	if cur := a.current(); cur != nil {
		released = cur.createdAt
		if cur.slug != nil {
			size = cur.slug.size
		}
	}
	return object{
		"id": a.id, "name": a.name, "acm": false, "archived_at": nil, "buildpack_provided_description": nil,
		"build_stack": named(a.stack), "stack": named(a.stack), "created_at": stamp(a.createdAt), "updated_at": stamp(a.createdAt),
		"git_url": "https://git.heroku.com/" + a.name + ".git", "internal_routing": nil, "maintenance": a.maintenance,
		"owner": a.owner(), "organization": nil, "team": nil, "space": nil, "region": named("us"),
		"released_at": nullable(released), "repo_size": nil, "slug_size": size, "web_url": a.webURL,
		"generation": named(a.generation),
	}
}

func (s *Server) getApp(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	if a.permissions != nil && len(a.permissions) == 0 {
		return nil, forbidden()
	}
	return a.object(), nil
}

func (s *Server) listApps(*call) (any, error) {
	l := list{fields: []field{byString("id"), byString("name"), byString("updated_at")}}
	for _, a := range s.apps {
		l.items = append(l.items, a.object())
	}
	return l, nil
}

func (s *Server) patchApp(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	var body struct {
		Maintenance *bool   `json:"maintenance"`
		BuildStack  *string `json:"build_stack"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if !a.may("operate") {
		return nil, forbidden()
	}
	if body.Maintenance != nil {
		a.maintenance = *body.Maintenance
	}
	if body.BuildStack != nil {
		a.stack = *body.BuildStack
	}
	return a.object(), nil
}

func (s *Server) filterApps(c *call) (any, error) {
	var body struct {
		In struct {
			ID []string `json:"id"`
		} `json:"in"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	l := list{fields: []field{byString("id"), byString("name"), byString("updated_at")}}
	for _, id := range body.In.ID {
		if a := s.findApp(id); a != nil {
			o := a.object()
			o["joined"], o["locked"] = false, false
			delete(o, "organization")
			delete(o, "acm")
			l.items = append(l.items, o)
		}
	}
	return l, nil
}
