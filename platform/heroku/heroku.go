// Package heroku runs apps on Heroku: the platform as heroku-go speaks to it.
//
// A build on Heroku leaves a slug, and makes a release of it on its own app. A
// promotion puts exactly one slug on another app: by a pipeline promotion where
// both apps are in one pipeline and the source runs that slug, so that Heroku's
// own pages show it as one; else by releasing the slug itself. Both are asked
// for with the thing that is to be released named, never "whatever is current".
// Going back with the config vars is Heroku's own rollback.
//
// Artifacts are named by the slug's id. Apps of the Fir generation have OCI
// images in place of slugs; those are named by `oci:` and the image's id, and
// travel by pipeline promotion only.
package heroku

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	heroku "github.com/heroku/heroku-go/v5"
	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/transcript"
)

var (
	_ platform.Platform = (*Heroku)(nil)
	_ platform.Outputs  = (*Heroku)(nil)
)

// Options says which Heroku to use, and as whom.
type Options struct {
	// APIKey is a token with the write-protected scope: HEROKU_API_KEY.
	APIKey string
	// URL of the API; empty means https://api.heroku.com.
	URL string
	// UserAgent names the bot to Heroku; empty means "headstart".
	UserAgent string
	// Clock tells how old a remembered answer is; nil means time.Now. It has to
	// move by itself: what is remembered for seconds is remembered for as long
	// as the clock stands.
	Clock func() time.Time
	// Alarm rings when Clock has come to a time; stop gives it up. Nil means that
	// time passes as it does.
	Alarm func(at time.Time) (c <-chan time.Time, stop func())
	// Pause waits before a read is made again, or returns why it has ended meanwhile;
	// nil: time passes as it does.
	Pause func(context.Context, time.Duration) error
	// OnChange is called, from any goroutine, when the output of a pending build or
	// release has ended: it has ended too, or will in a moment, and is worth a look.
	// It is called again after 1, 2 and 4 seconds, as long as no look finds the end.
	// It must return quickly. Nil follows no outputs. What is followed ends with
	// [Heroku.Close].
	OnChange func(app string)
	// Asked is called before each request, from any goroutine; nil: not called.
	Asked func()
	// Logger gets a line for each request at debug level; nil logs nothing.
	Logger *zap.Logger
}

// Heroku is the platform. Its methods may be called from many goroutines.
type Heroku struct {
	api *heroku.Service
	// connections is where Heroku keeps which app is connected to which repository.
	connections *heroku.Service
	transport   *http.Transport // of api
	outputs     *http.Client    // fetches outputs by their signed links, without the token
	url         string
	token       string
	clock       func() time.Time
	log         *zap.Logger
	limits      limits
	scope       scope
	memory      memory
	follower    *follower
	// transcripts have what builds and releases write. Their values of config vars are unknown here: only secrets that can be
	// told by their form or name are redacted.
	transcripts transcript.Shelf
}

// Output returns what a build or a release has written, as far as this process has read it; nil: it has not.
func (h *Heroku) Output(app, id string) *transcript.Log {
	return h.transcripts.Get(transcript.Key{App: app, ID: id})
}

// New prepares to speak to Heroku. It makes no request. Close it if it is told
// OnChange.
func New(o Options) (*Heroku, error) {
	if strings.TrimSpace(o.APIKey) == "" {
		return nil, errors.New("the API key for Heroku is missing: set HEROKU_API_KEY")
	}
	h := &Heroku{
		url: strings.TrimRight(o.URL, "/"), token: strings.TrimSpace(o.APIKey), clock: o.Clock, log: o.Logger,
		transport: newTransport(),
	}
	if h.url == "" {
		h.url = heroku.DefaultURL
	}
	if h.clock == nil {
		h.clock = time.Now
	}
	if h.log == nil {
		h.log = zap.NewNop()
	}
	if o.Pause == nil {
		o.Pause = wait
	}
	if o.Asked == nil {
		o.Asked = func() {}
	}
	if o.UserAgent == "" {
		o.UserAgent = "headstart"
	}
	h.memory.init()
	h.outputs = newOutputs(h.mayFetch)
	h.follower = newFollower(h, o)
	h.api = heroku.NewService(&http.Client{
		// heroku-go races when its Transport is nil, and has no timeout of its
		// own: do gives every call one.
		Transport: &heroku.Transport{
			BearerToken: h.token,
			UserAgent:   o.UserAgent,
			Transport:   repeat(&recording{next: h.transport, log: h.log, limits: &h.limits, scope: &h.scope, clock: h.clock, clean: h.clean, asked: o.Asked}, o.Pause),
		},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("a redirect was answered, and the API key goes nowhere else")
		},
	})
	h.api.URL = h.url
	connections := *h.api
	if h.connections = &connections; h.url == heroku.DefaultURL {
		connections.URL = integrations
	}
	return h, nil
}

// appFor is how long an app's name and address are taken as known.
const appFor = 30 * time.Minute

// place is where an app is.
type place struct {
	app  bot.App
	id   string
	seen time.Time
}

// App describes an app. What it says hardly ever changes, so that it is asked
// for twice an hour at most.
func (h *Heroku) App(ctx context.Context, app string) (bot.App, error) {
	if p, ok := recall(&h.memory, h.memory.places, app); ok && ctx.Err() == nil && h.clock().Sub(p.seen) <= appFor {
		return p.app, nil
	}
	var found *heroku.App
	err := h.do(ctx, read("look at "+app, app), func(ctx context.Context) (err error) {
		if found, err = h.api.AppInfo(ctx, app); err != nil {
			return err
		}
		return checkApp(*found)
	})
	if err != nil {
		return bot.App{}, err
	}
	return h.learnPlace(app, *found).app, nil
}

// Names and ids are put into paths, so what cannot be one is never sent.
var (
	appName  = regexp.MustCompile(`^[a-z][a-z0-9-]{0,61}[a-z0-9]$`)
	resource = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// noSuch is the refusal of something that cannot exist.
func noSuch(what, name string) error {
	return &bot.Refused{Reason: fmt.Sprintf("Heroku has no %s %q", what, name), Platform: true, Err: bot.ErrNotFound}
}
