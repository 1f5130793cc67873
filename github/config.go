package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
)

// readConfig reads the pipeline's file through the contents API, which serves files of up to 1 MB. If the file names
// other pipelines than the one that asks, the file is not found for it, and the names are returned.
func (r repository) readConfig(ctx context.Context, do bot.ReadConfig) (bot.ConfigRead, error) {
	read := bot.ConfigRead{Ref: do.Ref}
	a := ask{what: fmt.Sprintf("read %s of %s at %s", bot.ConfigPath, r.repo, refName(do.Ref)), needs: "Contents: read"}
	var file *gh.RepositoryContent
	err := a.do(ctx, func(ctx context.Context) (err error) {
		file, _, _, err = r.api.Repositories.GetContents(ctx, r.repo.Owner, r.repo.Name, bot.ConfigPath,
			&gh.RepositoryContentGetOptions{Ref: do.Ref})
		return err
	})
	if errors.Is(err, bot.ErrNotFound) {
		// GitHub answers 404 for a missing file, commit or repository alike.
		read.Unclear, err = r.mayLack(ctx, do.Ref)
		return read, err
	}
	if err != nil {
		return bot.ConfigRead{}, err
	}
	read.Found = true
	switch {
	case file == nil: // the answer was a list
		read.Problem = bot.ConfigPath + " is a folder, not a file"
		return read, nil
	case file.GetType() == "":
		return bot.ConfigRead{}, a.unreadable("the answer has no type")
	case file.GetType() != "file":
		read.Problem = fmt.Sprintf("%s is a %s, not a file", bot.ConfigPath, line(file.GetType(), 20))
		return read, nil
	case file.GetEncoding() == "none": // GitHub's encoding for files over 1 MB
		read.Problem = fmt.Sprintf("%s is too large: it has %d bytes", bot.ConfigPath, file.GetSize())
		return read, nil
	}
	content, err := file.GetContent()
	if err != nil {
		return bot.ConfigRead{}, a.unreadable(err.Error())
	}
	pipelines, err := r.parse(r.repo, []byte(content))
	if err != nil {
		read.Problem = problemOf(err)
		return read, nil
	}
	read.Config, read.Found = pipelines[r.pipeline]
	for name := range pipelines {
		if name != "" {
			read.Names = append(read.Names, name)
		}
	}
	slices.Sort(read.Names)
	return read, nil
}

// mayLack finds out whether a commit or a branch really has no file, after a 404. It may be too early for GitHub to
// show one: only a listing of the folder without the file is believed, otherwise the answer is unclear. It refuses if
// the App cannot see the commit or the branch.
func (r repository) mayLack(ctx context.Context, ref string) (unclear bool, err error) {
	folder, name := path.Split(bot.ConfigPath)
	for _, look := range []struct{ in, of string }{{"", path.Clean(folder)}, {"/" + path.Clean(folder), name}} {
		a := ask{what: fmt.Sprintf("list the files of %s at %s", r.repo, refName(ref)), needs: "Contents: read"}
		var listed []struct{ Name string }
		err := r.get(ctx, a, "contents"+look.in+"?ref="+url.QueryEscape(ref), &listed)
		if errors.Is(err, bot.ErrNotFound) {
			return true, r.mustExist(ctx, ref)
		}
		if err != nil {
			return true, err
		}
		if !slices.ContainsFunc(listed, func(e struct{ Name string }) bool { return e.Name == look.of }) {
			return len(listed) >= mostListed, nil
		}
	}
	return true, &bot.Retryable{Reason: fmt.Sprintf("GitHub lists %s at %s and does not show it yet", bot.ConfigPath, refName(ref))}
}

// mostListed is how many entries of a folder GitHub lists at most.
const mostListed = 1000

// mustExist refuses if the App cannot see the commit or the branch of a file
// that it did not find.
func (r repository) mustExist(ctx context.Context, ref string) error {
	what, path := fmt.Sprintf("read %s at %s", r.repo, refName(ref)), "branches/"+url.PathEscape(ref)
	switch {
	case ref == "":
		path = ""
	case isSHA(ref):
		path = "git/commits/" + ref
	}
	return r.get(ctx, ask{what: what, needs: "Contents: read"}, path, nil)
}

var sha = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

func isSHA(ref string) bool { return sha.MatchString(ref) }

// refName names a commit or a branch in a sentence.
func refName(ref string) string {
	switch {
	case ref == "":
		return "its default branch"
	case isSHA(ref):
		return bot.Short(ref)
	}
	return line(ref, 80)
}

// position matches a parser's position at the start of a line without the file's name.
var position = regexp.MustCompile(`^\[?(\d+)(?::(\d+))?\]?[:\s]\s*`)

// problemOf turns a parser's error into one sentence with its position.
func problemOf(err error) string {
	first, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	first = line(first, 300)
	switch at := position.FindStringSubmatch(first); {
	case strings.Contains(first, "headstart.yml"):
		return first
	case at != nil && at[2] != "":
		return fmt.Sprintf("%s:%s:%s: %s", bot.ConfigPath, at[1], at[2], first[len(at[0]):])
	case at != nil:
		return fmt.Sprintf("%s:%s: %s", bot.ConfigPath, at[1], first[len(at[0]):])
	case first == "":
		return bot.ConfigPath + " is not valid"
	}
	return bot.ConfigPath + ": " + first
}
