package githubtest

import (
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// Small pages of a repository, a commit and a pull request, for people who follow a link to
// them: [Options.Pages]. Who is not signed in finds nothing there, as with a private
// repository of GitHub's.

var pageRoutes = []route{
	{"GET", "/{owner}/{repo}", byAnybody, "", showRepo},
	{"GET", "/{owner}/{repo}/commit/{sha}", byAnybody, "", showCommit},
	{"GET", "/{owner}/{repo}/pull/{number}", byAnybody, "", showPull},
}

//go:embed pages.html
var pagesText string

var pages = template.Must(template.New("pages").Parse(pagesText))

// shown is what a page shows; parts that are empty are left out.
type shown struct {
	Repo, Home, Title, Facts string
	Body                     template.HTML
	Commits                  []shownLink
	Statuses                 []shownStatus
	Files                    []string
	Comments                 []shownComment
}

type shownLink struct{ URL, Text, More string }

type shownStatus struct{ Mark, Context, Description, URL string }

type shownComment struct {
	User string
	Body template.HTML
}

// page answers with a page of the repository that the address names, if the browser is
// signed in.
func (c *call) page(fill func(*Repo, *shown) bool) answer {
	r := c.repos[strings.ToLower(c.vars["owner"]+"/"+c.vars["repo"])]
	if r == nil || c.signedIn() == "" {
		return notFound()
	}
	is := shown{Repo: r.FullName(), Home: r.html()}
	if !fill(r, &is) {
		return notFound()
	}
	var b strings.Builder
	if err := pages.Execute(&b, is); err != nil {
		return broken(err)
	}
	return answer{status: http.StatusOK, body: []byte(b.String()), header: http.Header{
		"Content-Type": {"text/html; charset=utf-8"}, "Cache-Control": {"no-store"},
		"Content-Security-Policy": {"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	}}
}

// showRepo lists the newest commits of the default branch, and the pull requests.
func showRepo(c *call) answer {
	return c.page(func(r *Repo, is *shown) bool {
		is.Title, is.Facts = r.FullName(), "Branch "+r.defaultBranch
		commits, err := r.s.git.log(r.dir, "--max-count=20", "refs/heads/"+r.defaultBranch)
		if err != nil {
			return true // there is none yet
		}
		for _, commit := range commits {
			is.Commits = append(is.Commits, r.linkTo(commit))
		}
		for n := r.lastNumber; n > 0; n-- {
			if i := r.issues[n]; i != nil && i.pull != nil {
				is.Commits = append(is.Commits, shownLink{fmt.Sprintf("%s/pull/%d", r.html(), n), fmt.Sprintf("#%d", n), i.title})
			}
		}
		return true
	})
}

func (r *Repo) linkTo(c Commit) shownLink {
	title, _, _ := strings.Cut(c.Message, "\n")
	return shownLink{r.html() + "/commit/" + c.SHA, c.SHA[:7], title}
}

func showCommit(c *call) answer {
	return c.page(func(r *Repo, is *shown) bool {
		commit, err := r.known(c.vars["sha"])
		if err != nil {
			return false
		}
		title, rest, _ := strings.Cut(commit.Message, "\n")
		is.Title = title
		is.Facts = fmt.Sprintf("%s by %s, %s UTC", commit.SHA[:7], commit.Author.Name, commit.Author.When.UTC().Format("2006-01-02 15:04:05"))
		is.Body = prose(rest)
		for _, parent := range commit.Parents {
			if p, err := r.commit(parent); err == nil {
				link := r.linkTo(p)
				link.More = "is its parent: " + link.More
				is.Commits = append(is.Commits, link)
			}
		}
		is.Statuses = r.shownStatuses(commit.SHA)
		is.Files = slices.Concat(commit.Added, commit.Modified, commit.Removed)
		slices.Sort(is.Files)
		return true
	})
}

func (r *Repo) shownStatuses(sha string) (list []shownStatus) {
	for _, s := range r.latestStatuses(sha) {
		mark := map[string]string{"success": "✓", "pending": "…"}[s.state]
		if mark == "" {
			mark = "✗"
		}
		list = append(list, shownStatus{mark, s.context, s.description, s.target})
	}
	return list
}

func showPull(c *call) answer {
	return c.page(func(r *Repo, is *shown) bool {
		i := r.issues[int(c.id("number"))]
		if i == nil || i.pull == nil {
			return false
		}
		state := i.state
		if i.pull.merged {
			state = "merged"
		}
		is.Title = fmt.Sprintf("%s #%d", i.title, i.number)
		is.Facts = fmt.Sprintf("%s by %s, from %s to %s", state, i.user, i.pull.head, i.pull.base)
		is.Body = prose(i.body)
		if head, err := i.pull.from.commit(i.pull.headSHA); err == nil {
			is.Commits = []shownLink{r.linkTo(head)}
			is.Statuses = r.shownStatuses(head.SHA)
		}
		for _, comment := range r.comments {
			if comment.issue == i {
				is.Comments = append(is.Comments, shownComment{comment.user, prose(comment.body)})
			}
		}
		return true
	})
}

var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM)) // leaves HTML out

// prose renders Markdown.
func prose(text string) template.HTML {
	var b strings.Builder
	if err := markdown.Convert([]byte(text), &b); err != nil {
		return template.HTML(template.HTMLEscapeString(text))
	}
	return template.HTML(b.String())
}
