package github

import (
	"cmp"
	"net/url"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// What is published links to Headstart's pages, if there are any. See [words.WithDetails].

// page returns the address of a pipeline's page, or of a part of the page of one of its commits; empty: there are no
// pages.
func (r repository) page(pipeline, sha, part string) string {
	if r.pages == "" {
		return ""
	}
	address := r.pages + "/p/" + url.PathEscape(r.repo.Owner) + "/" + url.PathEscape(r.repo.Name)
	if pipeline != "" {
		address += ":" + url.PathEscape(pipeline)
	}
	if sha != "" {
		address += "/c/" + url.PathEscape(sha)
	}
	if part != "" {
		address += "#" + url.PathEscape(part)
	}
	return address
}

// partURL returns the address of a part of a commit's page; empty: it has none, or there are no pages.
func (r repository) partURL(sha, part string) string {
	if part == "" {
		return ""
	}
	return r.page(r.pipeline, sha, part)
}

// targetOf returns what a status links to: the part of the commit's page, else its own address, else the pipeline's page.
func (r repository) targetOf(do bot.SetStatus) string {
	return cmp.Or(r.partURL(do.SHA, do.Part), do.Status.URL, r.page(r.pipeline, "", ""))
}

// withDetails completes the links of a comment.
func (r repository) withDetails(body string) string {
	if r.pages == "" {
		return words.WithDetails(body, nil)
	}
	return words.WithDetails(body, r.page)
}
