package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	json "github.com/go-json-experiment/json/v1"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
	"go.uber.org/zap"
)

// A token is narrowed when it is requested: to one repository, and to the permissions of the requests below. A stolen
// token allows nothing else. The repository is given by its number, which survives renames; by its name only while the
// number is unknown.

// inUse returns the permissions of a repository's token: those of this package's endpoints. merge_queues is not among
// them, because only webhooks need it.
func inUse() map[string]string {
	return map[string]string{
		"metadata": "read", "contents": "read", "checks": "read",
		"statuses": "write", "deployments": "write", "pull_requests": "write", "issues": "write",
	}
}

// forTeams returns the permissions of the token that reads teams, which only a pipeline's file with `allow: team/…`
// requires.
func forTeams() map[string]string {
	return map[string]string{"metadata": "read", teamPermission: "read"}
}

// scope is what a token is valid for.
type scope struct {
	installation int64
	id           int64  // of the repository; 0: unknown, and name is set, or with teams: none
	name         string // in lower case, without its owner; empty if id is set
	teams        bool
}

func (s scope) permissions() map[string]string {
	if s.teams {
		return forTeams()
	}
	return inUse()
}

// account is the shared state of an installation's sessions.
type account struct {
	id    int64
	limit *limit
	slots chan struct{} // one for each request under way

	mu sync.Mutex
	// granted is what the account allows the App, as read after a token was refused; nil: none was.
	granted map[string]string // guarded by mu; never changed in place
	until   time.Time         // guarded by mu: when granted is to be read again
	logged  string            // the missing permissions that were logged
}

// grantedFor is how long the granted permissions are believed. After that all are requested again, because an owner may
// have accepted them.
const grantedFor = time.Hour

// may returns which of the wanted permissions the account has granted, and until when that is believed; zero time: all.
func (a *account) may(wanted map[string]string, now time.Time) (map[string]string, time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.granted == nil || !now.Before(a.until) {
		return wanted, time.Time{}
	}
	common := both(wanted, a.granted)
	if maps.Equal(common, wanted) {
		return wanted, time.Time{}
	}
	return common, a.until
}

// sure reports whether the granted permissions are known.
func (a *account) sure(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.granted != nil && now.Before(a.until)
}

// both returns the intersection of two sets of permissions.
func both(wanted, granted map[string]string) map[string]string {
	levels := map[string]int{"read": 1, "write": 2, "admin": 3}
	common := map[string]string{}
	for name, level := range wanted {
		switch has := granted[name]; {
		case has == "":
		case levels[has] < levels[level]:
			common[name] = has
		default:
			common[name] = level
		}
	}
	return common
}

// source is where a session's tokens come from.
type source struct {
	*ghinstallation.Transport
	until time.Time // when to request all permissions again; zero: these tokens have all
}

// source returns a source of tokens for a scope, without a token yet.
func (c *Client) source(of scope, a *account) *source {
	asApp := ghinstallation.NewAppsTransportFromPrivateKey(repeat(charged{next: c.wire, limit: c.app.limit}, c.pause), c.appID, c.key)
	t := ghinstallation.NewFromAppsTransport(asApp, of.installation)
	t.BaseURL = strings.TrimSuffix(c.base.String(), "/")
	may, until := a.may(of.permissions(), c.now())
	t.InstallationTokenOptions = &gh.InstallationTokenOptions{Permissions: asOptions(may)}
	if of.id != 0 {
		t.InstallationTokenOptions.RepositoryIDs = []int64{of.id}
	} else if of.name != "" {
		t.InstallationTokenOptions.Repositories = []string{of.name}
	}
	return &source{t, until}
}

// asOptions names permissions as go-github does.
func asOptions(permissions map[string]string) *gh.InstallationPermissions {
	o := new(gh.InstallationPermissions)
	for name, into := range map[string]**string{
		"metadata": &o.Metadata, "contents": &o.Contents, "checks": &o.Checks, "statuses": &o.Statuses, "deployments": &o.Deployments,
		"pull_requests": &o.PullRequests, "issues": &o.Issues, teamPermission: &o.Members,
	} {
		if level, ok := permissions[name]; ok {
			*into = &level
		}
	}
	return o
}

// narrower reads what an account has granted, after GitHub has refused a token (422). It returns true if that is less
// than requested: then a token with the granted permissions is worth a request. Permissions are only removed, never
// added.
func (c *Client) narrower(ctx context.Context, of scope, a *account, asked *gh.InstallationTokenOptions) (bool, error) {
	if err := c.readGranted(ctx, of, a); err != nil {
		return false, err
	}
	may, _ := a.may(of.permissions(), c.now())
	return len(may) > 0 && !same(asked.Permissions, asOptions(may)), nil
}

// readGranted reads what an account has granted, unless that is known, and logs once what is missing.
func (c *Client) readGranted(ctx context.Context, of scope, a *account) error {
	if a.sure(c.now()) {
		return nil
	}
	var answer struct{ Permissions map[string]string }
	if _, err := fetch(withProgress(ctx, nil), c.app.api, fmt.Sprintf("app/installations/%d", of.installation), &answer); err != nil {
		return err
	}
	missing := strings.Join(lacking(answer.Permissions, inUse()), ", ")
	a.mu.Lock()
	defer a.mu.Unlock()
	a.granted, a.until = answer.Permissions, c.now().Add(grantedFor)
	if missing != "" && a.logged != missing {
		a.logged = missing
		c.log.Warn("an account has not granted the App everything that Headstart uses: its tokens go without it until an owner accepts it under Settings, GitHub Apps, Configure",
			zap.Int64("installation", of.installation), zap.String("missing", missing))
	}
	return nil
}

func same(a, b *gh.InstallationPermissions) bool {
	one, err := json.Marshal(a)
	other, err2 := json.Marshal(b)
	return err == nil && err2 == nil && string(one) == string(other)
}

// unprocessable reports whether GitHub refused a token as requested: it lacks a permission, or does not reach the
// repository.
func unprocessable(err error) bool {
	var refused *ghinstallation.HTTPError
	return errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode == http.StatusUnprocessableEntity
}

// mostConns is the least number of most recently used connections that are kept; at most twice as many are. One takes
// some ten kilobytes, its token is valid for an hour, and sweeps cover a hundred thousand repositories.
const mostConns = 2000

// conn returns the connection for a scope, new or kept.
func (c *Client) conn(of scope) *conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.conns[of]; known != nil {
		return known
	}
	if len(c.conns) >= mostConns {
		c.conns, c.before = map[scope]*conn{}, c.conns
	}
	if known := c.before[of]; known != nil {
		c.conns[of] = known
		return known
	}
	a := c.accounts[of.installation]
	if a == nil {
		a = &account{
			id: of.installation, limit: newLimit(c.now, c.metrics.left(fmt.Sprint(of.installation))),
			slots: make(chan struct{}, atOnce),
		}
		c.accounts[of.installation] = a
	}
	fresh := func() *source { return c.source(of, a) }
	made := c.connect(&session{
		wire: repeat(charged{next: c.wire, limit: a.limit}, c.pause), fresh: fresh, tokens: fresh(),
		narrower: func(ctx context.Context, asked *gh.InstallationTokenOptions) (bool, error) {
			return c.narrower(ctx, of, a, asked)
		},
		limit: a.limit, slots: a.slots, now: c.now, pause: c.pause,
	})
	if c.named != nil && !of.teams {
		made.session.named = func(ctx context.Context, repos []gh.Repository) {
			if len(repos) != 1 {
				return // it was not narrowed
			}
			if name, err := bot.ParseRepo(repos[0].GetFullName()); err == nil {
				c.named(ctx, of.installation, repos[0].GetID(), name)
			}
		}
	}
	c.conns[of] = made
	return made
}
