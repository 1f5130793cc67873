package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
)

// Whereabouts returns a repository's current name, as an installation of the App sees it; zero: the installation does
// not see it. GitHub sends the name with a token for the repository, and that token is kept. If a server does not, the
// names are requested, which redirect to the current one.
func (c *Client) Whereabouts(ctx context.Context, installation, id int64, names ...bot.Repo) (bot.Repo, error) {
	on := c.conn(scope{installation: installation, id: id})
	a := ask{what: fmt.Sprintf("find out the name of the repository %d", id), needs: "Metadata: read"}
	var now bot.Repo
	listed := false
	err := a.do(ctx, func(ctx context.Context) error {
		given, err := on.session.renew(withProgress(ctx, nil))
		if notThere(err) {
			listed = true
			return nil
		}
		if err != nil {
			return &tokenless{err}
		}
		now, listed = nameIn(given, id)
		return nil
	})
	if err != nil || listed {
		return now, err
	}
	for _, name := range names {
		if now, err = on.leadsTo(ctx, a, id, name); err != nil || now != (bot.Repo{}) {
			return now, err
		}
	}
	return bot.Repo{}, nil
}

// Leads reports whether a name leads to a repository: it is its name, or GitHub redirects from there.
func (c *Client) Leads(ctx context.Context, installation, id int64, name bot.Repo) (bool, error) {
	a := ask{what: fmt.Sprintf("find out whether %s leads to the repository %d", name, id), needs: "Metadata: read"}
	now, err := c.conn(scope{installation: installation, id: id}).leadsTo(ctx, a, id, name)
	return now != (bot.Repo{}), err
}

// leadsTo returns the repository's current name; zero: the given name does not lead there.
func (c *conn) leadsTo(ctx context.Context, a ask, id int64, name bot.Repo) (bot.Repo, error) {
	if name.Nameless() {
		return bot.Repo{}, nil
	}
	var answer gh.Repository
	err := a.do(ctx, func(ctx context.Context) error {
		_, err := fetch(ctx, c.api, "repos/"+name.String(), &answer)
		return err
	})
	if err != nil {
		if errors.Is(err, bot.ErrNotFound) {
			err = nil
		}
		return bot.Repo{}, err
	}
	now, _ := nameIn([]gh.Repository{answer}, id)
	return now, nil
}

// nameIn returns a repository's name among those of a token.
func nameIn(list []gh.Repository, id int64) (bot.Repo, bool) {
	for i := range list {
		if list[i].GetID() == id {
			name, err := bot.ParseRepo(list[i].GetFullName())
			return name, err == nil
		}
	}
	return bot.Repo{}, false
}

// notThere reports whether GitHub gives no token because the installation does not reach the repository, or is gone.
func notThere(err error) bool {
	var refused *gh.ErrorResponse
	if !errors.As(err, &refused) || refused.Response == nil || !fromGitHub(refused) {
		return false
	}
	switch refused.Response.StatusCode {
	case http.StatusUnprocessableEntity, http.StatusNotFound:
		return true
	}
	return false
}

// renew requests another token, and returns its repositories.
func (s *session) renew(ctx context.Context) ([]gh.Repository, error) {
	s.mu.Lock()
	before := s.tokens
	s.mu.Unlock()
	s.discard(before)
	tokens, _, err := s.token(ctx)
	if err != nil {
		return nil, err
	}
	return tokens.Repositories()
}

// same refuses an answer about another repository than requested. Public data can be read with any token, and a new
// repository may have got the name without a webhook yet.
func (r repository) same(id int64) error {
	if id == 0 || r.scope.id == 0 || id == r.scope.id {
		return nil
	}
	return &bot.Refused{Reason: fmt.Sprintf("%s is another repository on GitHub now (%d; its pipelines are of %d).", r.repo, id, r.scope.id)}
}
