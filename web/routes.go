package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
)

// viewer is who may see a page.
type viewer string

// The kinds of viewers. Whoever may not see a page gets the answer to a path that does not exist; before that, somebody
// who is not signed in is asked to.
const (
	everybody viewer = "everybody" // also without being signed in; the page shows nothing of any pipeline then
	signedIn  viewer = "signed in"
	reader    viewer = "reader"   // of the repository whose pipeline the path names, as GitHub says
	operator  viewer = "operator" // as HEADSTART_OPERATORS says
)

// route is one line of the table of pages.
type route struct {
	pattern string // as http.ServeMux has it
	viewer  viewer
	serve   func(*site, *visit) (answer, error)
}

// routes is the table of pages. What is not in it does not exist.
var routes = []route{
	{"GET /{$}", everybody, (*site).home},
	{"GET /live", signedIn, (*site).followHome},
	{"GET /wall", everybody, (*site).wall},
	{"POST /wall", everybody, (*site).beginWall},
	{"GET /wall/live", everybody, (*site).followWall},
	{"GET /login", everybody, (*site).login},
	{"GET /login/callback", everybody, (*site).callback},
	{"POST /logout", signedIn, (*site).logout},
	{"POST /logout/everywhere", signedIn, (*site).logoutEverywhere},
	{"GET /p/{owner}/{name}", reader, (*site).pipeline},
	{"GET /p/{owner}/{name}/live", reader, (*site).followPipeline},
	{"GET /p/{owner}/{name}/c/{sha}", reader, (*site).candidate},
	{"GET /p/{owner}/{name}/c/{sha}/live", reader, (*site).followCandidate},
	{"GET /p/{owner}/{name}/c/{sha}/output/{app}/{id}", reader, (*site).output},
	{"GET /p/{owner}/{name}/c/{sha}/output/{app}/{id}/live", reader, (*site).followOutput},
	{"GET /p/{owner}/{name}/s/{stage}", reader, (*site).stage},
	{"GET /p/{owner}/{name}/s/{stage}/live", reader, (*site).followStage},
	{"GET /p/{owner}/{name}/process", reader, (*site).process},
	{"GET /p/{owner}/{name}/insights", reader, (*site).insights},
	{"GET /insights", signedIn, (*site).allInsights},
	{"GET /p/{owner}/{name}/audit", reader, (*site).audit},
	{"GET /do/{owner}/{name}", reader, (*site).ask},
	{"POST /do/{owner}/{name}", reader, (*site).press},
	{"GET /do/{owner}/{name}/{id}", reader, (*site).asked},
	{"GET /do/{owner}/{name}/{id}/live", reader, (*site).followAsked},
	{"GET /tokens", signedIn, (*site).listTokens},
	{"POST /tokens", signedIn, (*site).makeToken},
	{"POST /tokens/revoke", signedIn, (*site).revokeToken},
	{"GET /deliveries", operator, (*site).deliveries},
	{"GET /audit", operator, (*site).serverAudit},
	{"GET /doctor", operator, (*site).doctor},
	{"GET /assets/{file}", everybody, (*site).asset},
	{"/", everybody, func(*site, *visit) (answer, error) { return notFound, nil }},
}

// visit is one request on its way to a page.
type visit struct {
	*http.Request
	person   *Person // nil: nobody is signed in
	operator bool
	key      bot.Key // with reader: the pipeline that the path names
	// After a look:
	all   *listing       // every pipeline
	shows map[int64]bool // the repositories that GitHub shows the person; others may be in it, too
}

// answer is what a route says: a page, a way to another one, a text, or bytes that never change.
type answer struct {
	status int
	page   string // name of a template
	title  string
	data   any
	wall   bool         // for a screen on the wall
	to     string       // redirects there, if it is not empty
	cookie *http.Cookie // set along; nil: none
	asset  *asset
	plain  *string // a text without markup; nil: none
	// follows is what the visitor wants to be told of; nil: nothing.
	follows *watched
	output  *outputRow // what the visitor reads along; nil: nothing
}

var notFound = answer{status: http.StatusNotFound, page: "missing", title: "Not found"}

// handler is the table as one handler.
func (s *site) handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) {
			v := &visit{Request: req, person: s.person(req.Context())}
			a, err := s.serve(v, r)
			if err != nil {
				a = s.trouble(v, err)
			}
			s.write(w, v, a)
		})
	}
	return mux
}

// serve decides whether the visitor may see the page, and makes it if so. It is the only way to a page.
func (s *site) serve(v *visit, r route) (answer, error) {
	if v.person == nil {
		if r.viewer == everybody {
			return r.serve(s, v)
		}
		return askToSignIn(v), nil
	}
	var err error
	if v.operator, err = s.isOperator(v.Context(), v.person.Login, v.person.ID); err != nil {
		return answer{}, err
	}
	switch r.viewer {
	case everybody, signedIn:
		return r.serve(s, v)
	case operator:
		if v.operator {
			return r.serve(s, v)
		}
		return notFound, nil
	case reader:
		key := keyIn(v.PathValue("owner"), v.PathValue("name"))
		for _, look := range []func(context.Context) (*listing, error){s.fleet.list, s.fleet.anew} { // another instance may have begun it
			if err := s.lookAt(v, look); err != nil {
				return answer{}, err
			}
			if k, found := v.all.named(key); found && k.shownBy(v.shows) {
				v.key = k.Pipeline
				return r.serve(s, v)
			}
		}
		return notFound, nil
	}
	return answer{}, fmt.Errorf("the route %s is for %q, whom nobody knows", r.pattern, r.viewer)
}

// look finds out what the person sees.
func (s *site) look(v *visit) error { return s.lookAt(v, s.fleet.list) }

// lookAt finds out what the person sees of a list.
func (s *site) lookAt(v *visit, list func(context.Context) (*listing, error)) (err error) {
	if v.all, err = list(v.Context()); err != nil {
		return err
	}
	at, err := s.sights.of(v.Context(), *v.person, v.all.known)
	v.shows = at.sees
	return err
}

// seesPipeline reports whether the person may see a pipeline.
func (v *visit) seesPipeline(key bot.Key) bool {
	k, found := v.all.named(key)
	return found && k.shownBy(v.shows)
}

// keyNamed reads a pipeline's name: acme/shop, or acme/shop:api.
func keyNamed(name string) bot.Key {
	owner, name, _ := strings.Cut(name, "/")
	return keyIn(owner, name)
}

// keyIn reads the pipeline in a path: acme/shop, or acme/shop:api.
func keyIn(owner, name string) bot.Key {
	name, pipeline, _ := strings.Cut(name, ":")
	return bot.Key{Repo: bot.Repo{Owner: owner, Name: name}, Name: pipeline}
}

// pathOf is where a pipeline's page is.
func pathOf(k bot.Key) string {
	path := "/p/" + url.PathEscape(k.Repo.Owner) + "/" + url.PathEscape(k.Repo.Name)
	if k.Name != "" {
		path += ":" + url.PathEscape(k.Name)
	}
	return path
}

// askToSignIn leads to where people sign in, and back to what they wanted to see.
func askToSignIn(v *visit) answer {
	if v.Method != http.MethodGet && v.Method != http.MethodHead {
		return answer{to: "/"}
	}
	return answer{to: "/login?" + url.Values{"to": {v.URL.RequestURI()}}.Encode()}
}

// trouble is the answer when no page could be made. A token that GitHub does not accept any more ends the session.
func (s *site) trouble(v *visit, err error) answer {
	var refused *bot.Refused
	var retry *bot.Retryable
	switch {
	case errors.As(err, &refused) && v.person != nil:
		if err := s.sessions.Destroy(v.Context()); err != nil {
			s.log.Error("end a session whose token GitHub does not accept any more", zap.Error(err))
		}
		return askToSignIn(v)
	case errors.As(err, &retry):
		s.log.Warn("a page could not be shown: GitHub does not answer", zap.Error(err))
		return message(http.StatusServiceUnavailable, "GitHub does not answer",
			"Headstart asks GitHub what you may see, and GitHub does not answer at the moment. Deploys go on. Try again in a minute.")
	case !errors.Is(err, context.Canceled):
		s.log.Error("a page could not be shown", zap.Error(err))
	}
	return message(http.StatusInternalServerError, "Something went wrong", "This page could not be made. The server's log says why. Try again in a minute.")
}

// message is a page that says one thing.
func message(status int, title, text string) answer {
	return answer{status: status, page: "message", title: title, data: text}
}
