package main

import (
	"context"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/store"
	"github.com/headstart-cd/headstart/web"
)

// tokens are the store's tokens as the pages know them.
type tokens struct{ *store.Store }

// MakeToken keeps a token.
func (k tokens) MakeToken(ctx context.Context, t web.Token) error {
	return k.Store.MakeToken(ctx, store.Token(t))
}

// Token returns the token of a hash.
func (k tokens) Token(ctx context.Context, hash string) (web.Token, bool, error) {
	t, found, err := k.Store.Token(ctx, hash)
	return web.Token(t), found, err
}

// TokensOf lists a person's tokens.
func (k tokens) TokensOf(ctx context.Context, person int64) ([]web.Token, error) {
	list, err := k.Store.TokensOf(ctx, person)
	all := make([]web.Token, len(list))
	for i, t := range list {
		all[i] = web.Token(t)
	}
	return all, err
}

// reads asks GitHub whether an account reads a repository.
func reads(client *github.Client) web.Reads {
	return func(ctx context.Context, known web.Known, login string, id int64) (bool, error) {
		repo := known.Pipeline.Repo
		return client.Reads(ctx, repo, github.Repository{ID: known.RepoID, Owner: repo.Owner, Installation: known.Installation}, bot.Person{Login: login, ID: id})
	}
}
