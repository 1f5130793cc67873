package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
)

// What GitHub lists of a comparison on its first page, which alone has files:
// more than that differ where as many are listed.
const maxCompared = 300 // files

// readChanges compares two commits. The files are those that Head changed since
// the two parted, as in a pull request: where Base has commits that Head lacks,
// what those changed is not among them.
func (r repository) readChanges(ctx context.Context, do bot.ReadChanges) (bot.ChangesRead, error) {
	answer, err := r.compare(ctx, do.Base, do.Head)
	if err != nil {
		return bot.ChangesRead{}, err
	}
	read := bot.ChangesRead{
		Base: do.Base, Head: do.Head, Relation: answer.Status, Total: max(answer.Total, len(answer.Commits)),
		Complete: len(answer.Files) < maxCompared && len(answer.Commits) >= answer.Total,
	}
	for _, c := range answer.Commits {
		by := bot.ChangedBy{SHA: c.SHA, Title: redact.Title(c.Commit.Message), Author: c.Author.Login}
		if by.Author == "" {
			by.Author = redact.Title(c.Commit.Author.Name)
		}
		read.Commits = append(read.Commits, by)
	}
	read.Files = answer.files()
	return read, nil
}

// readFiles reads which files differ between two commits. All of them are known
// only where Head comes after Base: else what GitHub compares with is not Base but
// where the two parted. An unknown Base, as after history was replaced, is no error:
// nothing is known of what differs.
func (r repository) readFiles(ctx context.Context, do bot.ReadFiles) (bot.FilesRead, error) {
	read := bot.FilesRead{Base: do.Base, Head: do.Head}
	answer, err := r.compare(ctx, do.Base, do.Head)
	if errors.Is(err, bot.ErrNotFound) {
		return read, r.mustExist(ctx, do.Head)
	}
	if err != nil {
		return bot.FilesRead{}, err
	}
	read.Files, read.Relation = answer.files(), bot.Relation(answer.Status)
	tree := answer.Base.Commit.Tree.SHA
	read.Same = answer.Status == "identical" || tree != "" && tree == answer.tree()
	// Commits that bring no file are rare, and an answer that left them out is not
	// to be taken for one.
	ahead := answer.Status == "ahead" && len(answer.Files) > 0 && len(answer.Files) < maxCompared
	read.Complete = ahead || answer.Status == "identical"
	return read, nil
}

// compare asks GitHub what lies between two commits. A commit that it does not
// know is a refusal that wraps [bot.ErrNotFound].
func (r repository) compare(ctx context.Context, base, head string) (comparison, error) {
	if base == "" || head == "" {
		return comparison{}, &bot.Refused{Reason: "Two commits are needed to compare."}
	}
	a := ask{what: fmt.Sprintf("compare %s with %s in %s", bot.Short(base), bot.Short(head), r.repo), needs: "Contents: read"}
	var answer comparison
	if err := r.get(ctx, a, "compare/"+url.PathEscape(base)+"..."+url.PathEscape(head), &answer); err != nil {
		return comparison{}, err
	}
	switch answer.Status {
	case "ahead", "behind", "diverged", "identical":
		return answer, nil
	}
	return comparison{}, a.unreadable(fmt.Sprintf("there is no relation %q", answer.Status))
}

// comparison is the answer of GET …/compare/{base}...{head}: what is needed of
// it, which is little of the megabytes that it may have.
type comparison struct {
	Status string
	Base   struct {
		Commit struct{ Tree struct{ SHA string } }
	} `json:"base_commit"`
	Total   int `json:"total_commits"`
	Commits []struct {
		SHA    string
		Commit struct {
			Message string
			Author  struct{ Name string }
			Tree    struct{ SHA string }
		}
		Author struct{ Login string } // null if no account has the author's address
	}
	Files []struct {
		Name     string `json:"filename"`
		Previous string `json:"previous_filename"`
		Status   string
	}
}

// tree is that of the compared head; empty where its commit is not listed.
func (c comparison) tree() string {
	if n := len(c.Commits); n > 0 && n == c.Total {
		return c.Commits[n-1].Commit.Tree.SHA
	}
	return ""
}

// files lists the paths that differ, those of renamed files by both names.
func (c comparison) files() []string {
	var list []string
	for _, f := range c.Files {
		if f.Status == "renamed" && f.Previous != "" {
			list = append(list, f.Previous)
		}
		if f.Name != "" {
			list = append(list, f.Name)
		}
	}
	return list
}
