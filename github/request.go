package github

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	json "github.com/go-json-experiment/json/v1"
	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
)

// maxPages bounds a list: a hundred pages of a hundred.
const maxPages = 100

// perPage is the most entries that GitHub lists on a page.
const perPage = 100

// pages reads a whole list, a hundred entries at a time.
func pages[T any](ctx context.Context, a ask, page func(context.Context, gh.ListOptions) ([]T, *gh.Response, error)) ([]T, error) {
	var all []T
	err := eachPage(ctx, a, page, func(items []T) bool {
		all = append(all, items...)
		return true
	})
	return all, err
}

// eachPage passes on the pages of a list until it ends or more returns false.
func eachPage[T any](ctx context.Context, a ask, page func(context.Context, gh.ListOptions) ([]T, *gh.Response, error), more func([]T) bool) error {
	opts := gh.ListOptions{PerPage: perPage}
	for range maxPages {
		var items []T
		var resp *gh.Response
		err := a.do(ctx, func(ctx context.Context) (err error) {
			items, resp, err = page(ctx, opts)
			return err
		})
		if err != nil {
			return err
		}
		if !more(items) || resp.NextPage <= opts.Page {
			return nil
		}
		opts.Page = resp.NextPage
	}
	return &bot.Refused{Reason: fmt.Sprintf("Could not %s: the list has more than %d entries.", a.what, maxPages*perPage)}
}

// get reads a path below the repository, for answers that go-github does not decode as needed. into may be nil.
func (r repository) get(ctx context.Context, a ask, path string, into any) error {
	return a.do(ctx, func(ctx context.Context) error {
		_, err := r.fetch(ctx, path, into)
		return err
	})
}

func (r repository) fetch(ctx context.Context, path string, into any) (*gh.Response, error) {
	return fetch(ctx, r.api, strings.TrimSuffix("repos/"+r.repo.String()+"/"+path, "/"), into)
}

func fetch(ctx context.Context, api *gh.Client, path string, into any) (*gh.Response, error) {
	req, err := api.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	// go-github would decode an answer at a third of this speed, and leave an empty one empty.
	var body bytes.Buffer
	resp, err := api.Do(ctx, req, &body)
	if err != nil || into == nil {
		return resp, err
	}
	if body.Len() == 0 {
		return resp, errors.New("the answer is empty")
	}
	return resp, json.Unmarshal(body.Bytes(), into)
}

// query adds the page to a path.
func query(path string, opts gh.ListOptions) string {
	path = fmt.Sprintf("%s?per_page=%d", path, opts.PerPage)
	if opts.Page > 0 {
		path += fmt.Sprintf("&page=%d", opts.Page)
	}
	return path
}
