package bot

import (
	"fmt"
	"strconv"
	"strings"
)

// Key names a pipeline: a repository, and the pipeline's name in its file. The single
// pipeline of a repository has an empty name.
type Key struct {
	Repo Repo
	Name string
}

// String is "owner/name", or "owner/name:pipeline" for a named pipeline.
func (k Key) String() string {
	if k.Name == "" {
		return k.Repo.String()
	}
	return k.Repo.String() + ":" + k.Name
}

// Repo names a repository on GitHub.
type Repo struct{ Owner, Name string }

// ParseRepo reads "owner/name".
func ParseRepo(s string) (Repo, error) {
	owner, name, ok := strings.Cut(s, "/")
	if !ok || owner == "" || name == "" || strings.Contains(name, "/") {
		return Repo{}, fmt.Errorf("%q is no repository: expected OWNER/NAME", s)
	}
	return Repo{owner, name}, nil
}

// String is "owner/name".
func (r Repo) String() string { return r.Owner + "/" + r.Name }

// Nameless stands for a repository whose current name is unknown, because another one has
// its old name. Its pipelines rest under it until the repository is seen again.
func Nameless(id int64) Repo { return Repo{Owner: nameless, Name: strconv.FormatInt(id, 10)} }

// Nameless reports whether the name is a stand-in, unknown to GitHub.
func (r Repo) Nameless() bool { return r.Owner == nameless }

// nameless is an owner that cannot exist on GitHub.
const nameless = "~"

// Target is where the effects of a pipeline happen.
type Target struct {
	Pipeline     Key
	RepoID       int64  // GitHub's number of the repository; 0: unknown
	Installation int64  // of the GitHub App, on the repository's account
	Platform     string // as the pipeline's file names it; empty until the file was read
}

// Short abbreviates a commit's SHA. For a release whose commit is unknown, such as "v41 of
// production", it is the version.
func Short(sha string) string {
	if name, _, ok := strings.Cut(sha, " "); ok {
		return name
	}
	if len(sha) > 7 {
		return sha[:7]
	}
	return sha
}

func IsZero(sha string) bool {
	for _, r := range sha {
		if r != '0' {
			return false
		}
	}
	return true
}

// CommentOf returns the comment that a fact brings to a pipeline; 0: none. A pipeline
// without a name gets comments by webhooks; the others get them from it.
func (k Key) CommentOf(f Fact) int64 {
	switch f := f.(type) {
	case Commented:
		if k.Name == "" {
			return f.ID
		}
	case CommandsRouted:
		return f.ID
	case Asked:
		return f.ID
	}
	return 0
}
