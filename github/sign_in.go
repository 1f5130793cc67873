package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
	"golang.org/x/oauth2"
	"golang.org/x/sync/errgroup"
)

// SignInOptions are what people need to sign in with GitHub.
type SignInOptions struct {
	ClientID     string // the App's; empty: GitHub is asked for it
	ClientSecret string
	URL          string // of GitHub's pages; empty: derived from the API's, see PagesURL
	Callback     string // where GitHub sends people back to; one of the App's callback URLs
}

// SignIn signs people in with the App's own client ID, and finds out what GitHub shows them. It is safe for concurrent
// use.
type SignIn struct {
	client *Client
	config oauth2.Config // without the client ID

	mu       sync.Mutex
	clientID string // guarded by mu; empty: not known yet
}

// SignIn returns what signs people in. It does not call GitHub.
func (c *Client) SignIn(o SignInOptions) (*SignIn, error) {
	if o.URL == "" {
		o.URL = PagesURL(strings.TrimSuffix(c.base.String(), "/"))
	}
	pages, err := url.Parse(o.URL)
	if err != nil || pages.Host == "" {
		return nil, fmt.Errorf("GITHUB_URL %q is no address of GitHub's pages: expected https://github.com", redact.Redact(o.URL))
	}
	return &SignIn{client: c, clientID: o.ClientID, config: oauth2.Config{
		ClientSecret: o.ClientSecret, RedirectURL: o.Callback,
		Endpoint: oauth2.Endpoint{
			AuthURL: pages.JoinPath("login/oauth/authorize").String(), TokenURL: pages.JoinPath("login/oauth/access_token").String(), AuthStyle: oauth2.AuthStyleInParams,
		},
	}}, nil
}

// PagesURL returns where GitHub's pages are, from its API's address: https://github.com for api.github.com, the host
// of GitHub Enterprise Server for https://HOST/api/v3, else the API's own origin. Empty: api is no address.
func PagesURL(api string) string {
	u, err := url.Parse(api)
	switch {
	case api == "":
		return "https://github.com"
	case err != nil || u.Host == "":
		return ""
	case strings.EqualFold(u.Hostname(), "api.github.com"):
		return "https://github.com"
	}
	return u.Scheme + "://" + u.Host
}

// Visitor is a person who has signed in.
type Visitor struct {
	ID    int64
	Login string
	Token string    // of GitHub's, for what the person may see
	Until time.Time // when Token ends, at most visitorsLast from now
}

// visitorsLast is how long GitHub's tokens of people are good. If the App's do not end, they are forgotten after that.
const visitorsLast = 8 * time.Hour

// Address returns the address of GitHub's page that asks a person to sign in. GitHub sends the person back with state.
// verifier is the secret of PKCE, which [SignIn.Login] needs again.
func (s *SignIn) Address(ctx context.Context, state, verifier string) (string, error) {
	config, err := s.withID(ctx)
	if err != nil {
		return "", err
	}
	return config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)), nil
}

// withID returns the configuration with the App's client ID, and asks GitHub for that once.
func (s *SignIn) withID(ctx context.Context) (*oauth2.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clientID == "" {
		app, err := s.client.App(ctx)
		if err != nil {
			return nil, err
		}
		if app.ClientID == "" {
			return nil, &bot.Refused{Reason: "GitHub does not tell the App's client ID: set GITHUB_CLIENT_ID."}
		}
		s.clientID = app.ClientID
	}
	config := s.config
	config.ClientID = s.clientID
	return &config, nil
}

// Login exchanges the code that GitHub sent a person back with. The refresh token is thrown away. Its errors are of
// bot's kinds; Refused: the code is not good, or the App's secret is not.
func (s *SignIn) Login(ctx context.Context, code, verifier string) (Visitor, error) {
	config, err := s.withID(ctx)
	if err != nil {
		return Visitor{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.client.timeout)
	defer cancel()
	// Not by the wire: this is no request to the API.
	direct := &http.Client{Transport: s.client.wire.next, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	token, err := config.Exchange(context.WithValue(ctx, oauth2.HTTPClient, direct), code, oauth2.VerifierOption(verifier))
	if err != nil {
		return Visitor{}, explainExchange(err)
	}
	left := visitorsLast
	if !token.Expiry.IsZero() {
		left = min(left, time.Until(token.Expiry)) // oauth2 reads the machine's clock
	}
	v := Visitor{Token: token.AccessToken, Until: s.client.now().Add(left)}
	a := ask{what: "read who signed in"}
	var user gh.User
	if err := a.do(ctx, func(ctx context.Context) error {
		_, err := fetch(ctx, s.as(v.Token), "user", &user)
		return err
	}); err != nil {
		return Visitor{}, err
	}
	if v.ID, v.Login = user.GetID(), user.GetLogin(); v.ID == 0 || v.Login == "" {
		return Visitor{}, a.unreadable("the account has no number or no login")
	}
	return v, nil
}

// explainExchange turns an error of the exchange into an outcome. Its text has neither the code nor the secret, which
// only the request has.
func explainExchange(err error) error {
	var answered *oauth2.RetrieveError
	if !errors.As(err, &answered) || answered.ErrorCode == "" {
		return &bot.Retryable{Reason: "GitHub did not answer whether the sign-in is good.", Err: errors.New("exchange a code for a token")}
	}
	cause := errors.New(line(answered.ErrorCode+": "+answered.ErrorDescription, 200))
	if answered.ErrorCode == "incorrect_client_credentials" {
		return &bot.Refused{Reason: "GitHub does not accept the App's client secret: check GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET.", Err: cause}
	}
	return &bot.Refused{Reason: "GitHub does not accept the code of this sign-in: sign in again.", Err: cause}
}

// Repository is one that may be shown to people.
type Repository struct {
	ID           int64
	Owner        string // login of the account that has it
	Installation int64  // of the App, as last heard; 0: unknown
}

// installationsAtOnce is how many installations are read side by side for one person.
const installationsAtOnce = 4

// Sees returns the numbers of those of the known repositories that GitHub shows to the person with the token. Only
// installations with known repositories are read, and only until all of these were found: people may have thousands of
// others. Refused: the token is not good any more.
func (s *SignIn) Sees(ctx context.Context, token string, known []Repository) (map[int64]bool, error) {
	api := s.as(token)
	type installation struct {
		ID      int64
		Account struct{ Login string }
	}
	all, err := pages(ctx, ask{what: "list what a person sees"}, func(ctx context.Context, page gh.ListOptions) ([]installation, *gh.Response, error) {
		var some struct{ Installations []installation }
		resp, err := fetch(ctx, api, query("user/installations", page), &some)
		return some.Installations, resp, err
	})
	if err != nil {
		return nil, ofPerson(err)
	}
	var mu sync.Mutex
	seen := map[int64]bool{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(installationsAtOnce)
	for _, i := range all {
		wanted := map[int64]bool{}
		for _, r := range known {
			if r.Installation == i.ID || strings.EqualFold(r.Owner, i.Account.Login) {
				wanted[r.ID] = true
			}
		}
		if len(wanted) == 0 {
			continue
		}
		group.Go(func() error {
			found, err := s.seenOf(ctx, api, i.ID, wanted)
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(seen, found)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, ofPerson(err)
	}
	return seen, nil
}

// ofPerson says of a refusal that it is the person's token, not the App's credentials.
func ofPerson(err error) error {
	var refused *bot.Refused
	if !errors.As(err, &refused) {
		return err
	}
	return &bot.Refused{Reason: "GitHub does not accept the token of this sign-in any more: sign in again.", Err: refused.Err}
}

// seenOf returns those of the wanted repositories that GitHub shows of one installation. One that it does not show at
// all, because it is suspended or the person has not signed in to the organization, has none.
func (s *SignIn) seenOf(ctx context.Context, api *gh.Client, id int64, wanted map[int64]bool) (map[int64]bool, error) {
	found := map[int64]bool{}
	hidden := false
	err := eachPage(ctx, ask{what: "list the repositories that a person sees"}, func(ctx context.Context, page gh.ListOptions) ([]gh.Repository, *gh.Response, error) {
		var some struct{ Repositories []gh.Repository }
		resp, err := fetch(ctx, api, query(fmt.Sprintf("user/installations/%d/repositories", id), page), &some)
		var refused *gh.ErrorResponse
		hidden = errors.As(err, &refused) && refused.Response != nil && fromGitHub(refused) &&
			slices.Contains([]int{http.StatusForbidden, http.StatusNotFound}, refused.Response.StatusCode)
		return some.Repositories, resp, err
	}, func(some []gh.Repository) bool {
		for i := range some {
			if wanted[some[i].GetID()] {
				found[some[i].GetID()] = true
			}
		}
		return len(found) < len(wanted)
	})
	if hidden {
		err = nil
	}
	return found, err
}

// as returns go-github with a person's token. It has a rate limit of its own: a person's requests are not charged to
// an installation.
func (s *SignIn) as(token string) *gh.Client {
	c := s.client
	limit := newLimit(c.now, func(int) {}) // shown nowhere: people are many
	api := gh.NewClient(&http.Client{
		Transport: bearer{token: token, next: repeat(charged{next: c.wire, limit: limit}, c.pause)}, Timeout: c.timeout, CheckRedirect: c.follow,
	})
	api.BaseURL, api.UserAgent = c.base, "headstart"
	return api
}

// bearer signs requests with a person's token.
type bearer struct {
	token string
	next  http.RoundTripper
}

// RoundTrip sends a request.
func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	signed := req.Clone(req.Context()) // a RoundTripper must leave its request alone
	signed.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(signed)
}
