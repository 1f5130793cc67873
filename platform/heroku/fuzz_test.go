package heroku_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/heroku"
	"github.com/headstart-cd/headstart/platform/platformtest"
)

// The ids that the questions of the fuzz test name.
const (
	askedID   = "01234567-89ab-4def-8123-456789abcdef"
	askedSlug = "11111111-2222-4333-8444-555555555555"
)

// questions is everything that the platform asks of Heroku. An answer is the
// zero value where there was an error.
var questions = []struct {
	name   string
	writes bool
	ask    func(context.Context, *heroku.Heroku) (any, error)
}{
	{"describe an app", false, func(ctx context.Context, h *heroku.Heroku) (any, error) { return h.App(ctx, "shop-staging") }},
	{"list builds", false, func(ctx context.Context, h *heroku.Heroku) (any, error) { return h.Builds(ctx, "shop-prepare") }},
	{"look at a build", false, func(ctx context.Context, h *heroku.Heroku) (any, error) {
		return h.Build(ctx, "shop-prepare", askedID)
	}},
	{"start a build", true, func(ctx context.Context, h *heroku.Heroku) (any, error) {
		return h.StartBuild(ctx, "shop-prepare", bot.Source{Commit: sha(1), URL: "https://example.com/source?token=source-secret"})
	}},
	{"cancel a build", true, func(ctx context.Context, h *heroku.Heroku) (any, error) {
		return nil, h.CancelBuild(ctx, "shop-prepare", askedID)
	}},
	{"list releases", false, func(ctx context.Context, h *heroku.Heroku) (any, error) { return h.Releases(ctx, "shop-staging") }},
	{"look at a release", false, func(ctx context.Context, h *heroku.Heroku) (any, error) {
		return h.Release(ctx, "shop-staging", askedID)
	}},
	{"look at a promotion", false, func(ctx context.Context, h *heroku.Heroku) (any, error) {
		return h.Release(ctx, "shop-staging", "promotion:"+askedID)
	}},
	{"release a slug", true, func(ctx context.Context, h *heroku.Heroku) (any, error) {
		return h.Promote(ctx, platform.Promotion{Artifact: askedSlug, Commit: sha(1), To: "shop-staging"})
	}},
	{"promote", true, func(ctx context.Context, h *heroku.Heroku) (any, error) {
		return h.Promote(ctx, platform.Promotion{Artifact: askedSlug, Commit: sha(1), From: "shop-prepare", To: "shop-staging"})
	}},
	{"promote an image", true, func(ctx context.Context, h *heroku.Heroku) (any, error) {
		return h.Promote(ctx, platform.Promotion{Artifact: "oci:" + askedSlug, Commit: sha(1), From: "shop-prepare", To: "shop-staging"})
	}},
	{"roll back", true, func(ctx context.Context, h *heroku.Heroku) (any, error) {
		return h.Rollback(ctx, "shop-staging", askedID)
	}},
}

// babble is a server that answers each request with the next part of a script,
// and the last part for ever. A part is a line of a status and words, and the
// body:
//
//	206 loop
//	[]
//
// The words: "short" promises more than the body has, "drop" closes the
// connection, "loop" says that there is another page, and Key=value is a header.
// SERVER in a body is the server's own address.
type babble struct {
	url string

	mu       sync.Mutex
	parts    []string // guarded by mu
	requests int      // guarded by mu
}

// spoken are the headers that a script may set.
var spoken = []string{"Retry-After", "RateLimit-Remaining", "Location", "X-Heroku-Warning", "Content-Encoding"}

func (b *babble) say(script string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.parts, b.requests = strings.Split(script, "\n===\n"), 0
}

func (b *babble) asked() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests
}

func (b *babble) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	part := b.parts[min(b.requests, len(b.parts)-1)]
	b.requests++
	b.mu.Unlock()
	head, body, _ := strings.Cut(part, "\n")
	body = strings.ReplaceAll(body, "SERVER", b.url)
	words := strings.Fields(head)
	status := http.StatusOK
	if len(words) > 0 {
		if n, err := strconv.Atoi(words[0]); err == nil && n >= 200 && n <= 599 {
			status = n
		}
	}
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Type", "application/json")
	for _, word := range words {
		key, value, isHeader := strings.Cut(word, "=")
		switch {
		case word == "drop":
			panic(http.ErrAbortHandler)
		case word == "short":
			w.Header().Set("Content-Length", strconv.Itoa(len(body)+7))
		case word == "loop":
			w.Header().Set("Next-Range", "version ]1..; max=25")
		case isHeader && slices.Contains(spoken, key):
			w.Header().Set(key, value)
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// Whatever Heroku answers, the platform neither panics nor asks without end, and
// what it makes of it is either sound or an error of one of the three kinds, with
// a reason that people can be shown.
func FuzzAnswers(f *testing.F) {
	b := &babble{}
	server := httptest.NewServer(b)
	f.Cleanup(server.Close)
	b.url = server.URL
	f.Fuzz(func(t *testing.T, question uint8, script string) {
		if strings.Contains(strings.ToLower(script), "https:") {
			t.Skip("outputs would be asked for elsewhere")
		}
		h, err := heroku.New(heroku.Options{APIKey: token, URL: server.URL, Pause: noPause, Clock: func() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }})
		if err != nil {
			t.Fatal(err)
		}
		b.say(script)
		q := questions[int(question)%len(questions)]
		answer, err := q.ask(t.Context(), h)
		if n := b.asked(); n > 8 {
			t.Errorf("%s took %d requests", q.name, n)
		}
		if err != nil {
			soundError(t, q.name, q.writes, err)
			return
		}
		switch a := answer.(type) {
		case bot.App:
			if a.Name == "" || a.URL != "" && !strings.HasPrefix(a.URL, "http") {
				t.Errorf("an app is told as %+v", a)
			}
		case bot.Build:
			soundBuild(t, a)
		case []bot.Build:
			for _, one := range a {
				soundBuild(t, one)
			}
		case bot.Release:
			soundRelease(t, a)
		case []bot.Release:
			current := 0
			for i, one := range a {
				soundRelease(t, one)
				if one.Current {
					current++
				}
				if i > 0 && one.Version > a[i-1].Version {
					t.Errorf("v%d is listed after v%d", one.Version, a[i-1].Version)
				}
			}
			if current > 1 {
				t.Errorf("%d releases are current", current)
			}
		}
	})
}

func soundError(t *testing.T, what string, writes bool, err error) {
	kind, reason := platformtest.KindOf(err), ""
	var refused *bot.Refused
	var retryable *bot.Retryable
	var unknown *bot.Unknown
	switch {
	case errors.As(err, &refused):
		reason = refused.Reason
	case errors.As(err, &retryable):
		reason = retryable.Reason
		if retryable.After < 0 || retryable.After > time.Hour {
			t.Errorf("%s may be tried again after %v", what, retryable.After)
		}
	case errors.As(err, &unknown):
		reason = unknown.Reason
		if !writes {
			t.Errorf("to %s changes nothing and cannot be unknown: %v", what, err)
		}
	default:
		t.Errorf("to %s failed %s: %v", what, kind, err)
	}
	soundText(t, reason)
	if reason == "" {
		t.Errorf("to %s was %s without a reason", what, kind)
	}
	if text := err.Error(); strings.Contains(text, token) || strings.Contains(text, "source-secret") {
		t.Errorf("to %s failed with an error that gives a secret away: %s", what, text)
	}
}

// soundText is a text that may be shown, stored and put into a log.
func soundText(t *testing.T, text string) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || utf8.RuneCountInString(text) > 500 {
		t.Errorf("a text for people is %q", text)
	}
	if strings.Contains(text, token) {
		t.Errorf("a text for people gives the API key away: %q", text)
	}
}

var (
	uuid   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	commit = regexp.MustCompile(`^([0-9a-f]{40}([0-9a-f]{24})?)?$`)
)

func soundBuild(t *testing.T, b bot.Build) {
	known := []bot.BuildStatus{bot.BuildPending, bot.BuildSucceeded, bot.BuildFailed, bot.BuildErrored, bot.BuildCancelled}
	artifact := strings.TrimPrefix(b.Artifact, "oci:")
	if !uuid.MatchString(b.ID) || !slices.Contains(known, b.Status) || !commit.MatchString(b.Commit) ||
		b.CreatedAt.IsZero() || artifact != "" && !uuid.MatchString(artifact) || b.App != "shop-prepare" {
		t.Errorf("a build is told as %+v", b)
	}
	if b.Status == bot.BuildSucceeded && artifact == "" {
		t.Errorf("a build succeeded and left nothing: %+v", b)
	}
	soundText(t, b.Reason)
}

func soundRelease(t *testing.T, r bot.Release) {
	known := []bot.ReleaseStatus{bot.ReleasePending, bot.ReleaseSucceeded, bot.ReleaseFailed, bot.ReleaseExpired}
	promised, isPromise := strings.CutPrefix(r.ID, "promotion:")
	artifact := strings.TrimPrefix(r.Artifact, "oci:")
	if !uuid.MatchString(promised) || !slices.Contains(known, r.Status) || !commit.MatchString(r.Commit) ||
		artifact != "" && !uuid.MatchString(artifact) || r.App != "shop-staging" {
		t.Errorf("a release is told as %+v", r)
	}
	if isPromise && r.Current {
		t.Errorf("a release that was not made yet is current: %+v", r)
	}
	soundText(t, r.Reason)
	soundText(t, r.Description)
}
