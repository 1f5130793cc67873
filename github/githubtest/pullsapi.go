package githubtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

var pullRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/pulls", byToken, "pull_requests:read", listPulls},
	{"POST", "/repos/{owner}/{repo}/pulls", byToken, "pull_requests:write", createPull},
	{"GET", "/repos/{owner}/{repo}/pulls/{pull_number}", byToken, "pull_requests:read", getPull},
	{"PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", byToken, "pull_requests:write", updatePull},
	{"GET", "/repos/{owner}/{repo}/pulls/{pull_number}/files", byToken, "pull_requests:read", listPullFiles},
	{"GET", "/repos/{owner}/{repo}/commits/{commit_sha...}/pulls", byToken, "pull_requests:read", listPullsOfCommit},
}

func listPulls(c *call) answer {
	pulls := slices.DeleteFunc(byNumber(c.repo.pulls), func(p *PullRequest) bool {
		state, head, base := c.query.Get("state"), c.query.Get("head"), c.query.Get("base")
		if state == "" {
			state = "open"
		}
		return state != "all" && p.state != state || base != "" && p.base != base ||
			strings.Contains(head, ":") && p.from.owner.login+":"+p.head != head
	})
	if c.query.Get("direction") == "asc" {
		slices.Reverse(pulls)
	}
	return list(c, pulls, (*PullRequest).json)
}

func getPull(c *call) answer {
	p := c.repo.pull(int(c.id("pull_number")))
	if p == nil {
		return notFound()
	}
	if p.mergeable == nil && p.unknown > 0 {
		p.unknown--
	} else if err := p.computeMerge(); err != nil {
		return broken(err)
	}
	return ok(p.fullJSON())
}

func createPull(c *call) answer {
	var in struct {
		Title, Body, Head, Base string
		Draft                   bool
	}
	if a, ok := c.decode(&in); !ok {
		return a
	}
	opts := PullOptions{Head: in.Head, Base: in.Base, Title: in.Title, Body: in.Body, User: c.botLogin(), Draft: in.Draft}
	if owner, branch, found := strings.Cut(in.Head, ":"); found {
		opts.Head, opts.From = branch, c.repos[strings.ToLower(owner+"/"+c.repo.name)]
	}
	p, err := c.repo.openPull(opts)
	if err != nil {
		return invalid("PullRequest", "head", "custom", err.Error())
	}
	return created(p.fullJSON())
}

func updatePull(c *call) answer {
	p := c.repo.pull(int(c.id("pull_number")))
	if p == nil {
		return notFound()
	}
	var in struct{ Title, Body, State *string }
	if a, ok := c.decode(&in); !ok {
		return a
	}
	if in.Title != nil {
		p.title = *in.Title
	}
	if in.Body != nil {
		p.body = *in.Body
	}
	p.updated = c.now()
	switch {
	case in.State == nil || *in.State == p.state:
		p.emit("edited", obj{"changes": obj{}}, c.botLogin())
	case *in.State == "closed":
		p.close(c.botLogin())
	default:
		return invalid("PullRequest", "state", "invalid", "")
	}
	return ok(p.fullJSON())
}

func listPullFiles(c *call) answer {
	p := c.repo.pull(int(c.id("pull_number")))
	if p == nil {
		return notFound()
	}
	_, files := p.size()
	some, header := page(c, files)
	return answer{status: http.StatusOK, header: header, body: c.repo.filesJSON(some, p.headSHA)}
}

// listPullsOfCommit finds the merged pull request that brought a commit to the
// default branch, or else the open ones that hold it.
func listPullsOfCommit(c *call) answer {
	r := c.repo
	sha, found := r.resolve(c.vars["commit_sha"])
	if !found {
		return noCommit(c.vars["commit_sha"])
	}
	onDefault, err := r.contains(sha, r.refs["refs/heads/"+r.defaultBranch])
	if err != nil {
		return broken(err)
	}
	var pulls []*PullRequest
	for _, p := range byNumber(r.pulls) {
		if p.merged && p.mergeCommit == sha {
			pulls = append(pulls, p)
			continue
		}
		if onDefault && !p.merged {
			continue
		}
		holds, err := r.holds(p, sha)
		if err != nil {
			return broken(err)
		}
		if holds {
			pulls = append(pulls, p)
		}
	}
	return list(c, pulls, (*PullRequest).json)
}

// holds says whether a commit is one of a pull request's own.
func (r *Repo) holds(p *PullRequest, sha string) (bool, error) {
	base := p.baseSHA
	if p.merged {
		landed, err := r.commit(p.mergeCommit)
		if err != nil || len(landed.Parents) == 0 {
			return false, err
		}
		base = landed.Parents[0]
	}
	of, err := r.ancestors(p.headSHA)
	without, err2 := r.ancestors(base)
	if err == nil && err2 == nil {
		return of[sha] && !without[sha], nil
	}
	out, err := r.s.git.run(r.dir, "rev-list", p.headSHA, "^"+base)
	if err != nil {
		return false, fmt.Errorf("list the commits of #%d: %w", p.number, err)
	}
	return slices.Contains(strings.Fields(out), sha), nil
}
