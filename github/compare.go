package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
)

// GitHub's limit for the files of a comparison, which only the first page has. If as many are listed, more may differ.
const maxCompared = 300 // files

// readChanges compares two commits. The files are those that Head changed since the two parted, as in a pull request.
// Changes in commits of Base that Head lacks are not among them.
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

// readFiles reads which files differ between two commits. They are complete only if Head comes after Base: otherwise
// GitHub compares with the point where the two parted. An unknown Base, as after a forced push, is no error: the
// differences are then unknown.
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
	// Commits without files are rare, and an answer that omits the files must not count as one.
	ahead := answer.Status == "ahead" && len(answer.Files) > 0 && len(answer.Files) < maxCompared
	read.Complete = ahead || answer.Status == "identical"
	return read, nil
}

// compare reads the commits between two commits. An unknown commit is a refusal that wraps [bot.ErrNotFound].
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

// comparison has the needed fields of GET …/compare/{base}...{head}, a little of up to megabytes.
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

// tree returns the tree of the compared head; empty: its commit is not listed.
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
