package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
)

// Tarball returns a link to the gzipped tarball of a commit. For a private repository the link works for five minutes,
// and gives anybody access to the code. It is a secret: request it right before its use. Its errors are bot.Refused and
// bot.Retryable.
func (c *Client) Tarball(ctx context.Context, target bot.Target, sha string) (string, error) {
	r, err := c.repository(target)
	if err != nil {
		return "", err
	}
	if !isSHA(sha) {
		return "", &bot.Refused{Reason: fmt.Sprintf("%q is no commit: a full SHA is needed for its source.", line(sha, 60))}
	}
	a := ask{what: fmt.Sprintf("get the source of %s at %s", r.repo, bot.Short(sha)), needs: "Contents: read"}
	var link string
	err = a.do(ctx, func(ctx context.Context) (err error) {
		link, err = r.archive(ctx, "repos/"+r.repo.String()+"/tarball/"+sha)
		return err
	})
	return link, err
}

// archive returns the target of the first redirect that does not come from a rename.
func (r repository) archive(ctx context.Context, path string) (string, error) {
	for range 3 {
		req, err := r.api.NewRequest(http.MethodGet, path, nil)
		if err != nil {
			return "", err
		}
		resp, err := r.bare.Do(req.WithContext(ctx))
		if err != nil {
			return "", err
		}
		defer drain(resp)
		switch resp.StatusCode {
		case http.StatusFound, http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			if err := gh.CheckResponse(resp); err != nil {
				return "", err
			}
			return "", fmt.Errorf("expected a redirect, GitHub answered %s", resp.Status)
		}
		location := resp.Header.Get("Location")
		to, err := req.URL.Parse(location)
		if err != nil || location == "" || to.Host == "" || (to.Scheme != "https" && to.Scheme != r.base.Scheme) {
			return "", errors.New("the redirect leads nowhere")
		}
		if resp.StatusCode == http.StatusFound {
			return to.String(), nil
		}
		if !r.ours(to) {
			return "", &bot.Refused{Reason: fmt.Sprintf("Could not get the source of %s: GitHub has moved it to another host.", r.repo)}
		}
		path = (&url.URL{Path: to.Path, RawPath: to.RawPath, RawQuery: to.RawQuery}).String()
	}
	return "", errors.New("too many redirects")
}
