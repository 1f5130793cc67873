package github

import (
	"context"
	"fmt"
	"net/url"

	"github.com/headstart-cd/headstart/bot"
)

// What GitHub lists of a comparison on its first page, which alone has files:
// more than that differ where as many are listed.
const maxCompared = 300 // files

// readChanges compares two commits. The files are those that Head changed since
// the two parted, as in a pull request: where Base has commits that Head lacks,
// what those changed is not among them.
func (r repository) readChanges(ctx context.Context, do bot.ReadChanges) (bot.ChangesRead, error) {
	if do.Base == "" || do.Head == "" {
		return bot.ChangesRead{}, &bot.Refused{Reason: "Two commits are needed to compare."}
	}
	a := ask{what: fmt.Sprintf("compare %s with %s in %s", bot.Short(do.Base), bot.Short(do.Head), r.repo), needs: "Contents: read"}
	var answer comparison
	if err := r.get(ctx, a, "compare/"+url.PathEscape(do.Base)+"..."+url.PathEscape(do.Head), &answer); err != nil {
		return bot.ChangesRead{}, err
	}
	switch answer.Status {
	case "ahead", "behind", "diverged", "identical":
	default:
		return bot.ChangesRead{}, a.unreadable(fmt.Sprintf("there is no relation %q", answer.Status))
	}
	read := bot.ChangesRead{
		Base: do.Base, Head: do.Head, Relation: answer.Status, Total: max(answer.Total, len(answer.Commits)),
		Complete: len(answer.Files) < maxCompared && len(answer.Commits) >= answer.Total,
	}
	for _, c := range answer.Commits {
		by := bot.ChangedBy{SHA: c.SHA, Title: bot.Title(c.Commit.Message), Author: c.Author.Login}
		if by.Author == "" {
			by.Author = bot.Title(c.Commit.Author.Name)
		}
		read.Commits = append(read.Commits, by)
	}
	for _, f := range answer.Files {
		if f.Status == "renamed" && f.Previous != "" {
			read.Files = append(read.Files, f.Previous)
		}
		if f.Name != "" {
			read.Files = append(read.Files, f.Name)
		}
	}
	return read, nil
}

// comparison is the answer of GET …/compare/{base}...{head}: what is needed of
// it, which is little of the megabytes that it may have.
type comparison struct {
	Status  string
	Total   int `json:"total_commits"`
	Commits []struct {
		SHA    string
		Commit struct {
			Message string
			Author  struct{ Name string }
		}
		Author struct{ Login string } // null if no account has the author's address
	}
	Files []struct {
		Name     string `json:"filename"`
		Previous string `json:"previous_filename"`
		Status   string
	}
}
