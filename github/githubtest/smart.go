package githubtest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cgi"
	"sort"
	"strings"
)

// isGitPath says whether a request is git's own: /OWNER/NAME.git/....
func isGitPath(path string) bool {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 3)
	return len(parts) == 3 && strings.HasSuffix(parts[1], ".git")
}

// serveGit speaks git's smart HTTP through `git http-backend`. Nobody has to
// prove who they are: the server listens on loopback. Who pushes is the user of
// the request's basic authentication, or else who committed the pushed tip.
func (s *Server) serveGit(w http.ResponseWriter, r *http.Request) {
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 3)
	s.mu.Lock()
	repo := s.repos[strings.ToLower(parts[0]+"/"+strings.TrimSuffix(parts[1], ".git"))]
	if repo != nil && strings.HasSuffix(r.URL.Path, "/info/refs") {
		for _, p := range repo.pulls {
			_ = p.computeMerge() // a conflict leaves no refs/pull/N/merge
		}
	}
	s.mu.Unlock()
	if repo == nil {
		http.NotFound(w, r)
		return
	}
	// CGI cannot pass on a body whose length is unknown, and git sends large
	// packs in chunks.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	r.URL.Path = strings.TrimPrefix(repo.dir, s.dir+"/repos") + "/" + parts[2]
	user, _, _ := r.BasicAuth()
	backend := &cgi.Handler{
		Path: s.git.bin, Args: []string{"http-backend"}, Dir: repo.dir,
		Env:    append(s.git.env[:len(s.git.env):len(s.git.env)], "GIT_PROJECT_ROOT="+s.dir+"/repos", "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=somebody"),
		Stderr: io.Discard, // git sends what it has to say to the client
	}
	backend.ServeHTTP(w, r)
	if strings.HasSuffix(r.URL.Path, "/git-receive-pack") {
		if err := s.receive(repo, user); err != nil {
			panic(http.ErrAbortHandler) // the pusher must not believe that all went well
		}
	}
}

// receive finds out what a push changed, and announces it.
func (s *Server) receive(r *Repo, by string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, err := r.readRefs()
	if err != nil {
		return err
	}
	var changes []refChange
	for ref, sha := range now {
		if r.refs[ref] != sha {
			changes = append(changes, refChange{ref, r.refs[ref], sha})
		}
	}
	for ref, sha := range r.refs {
		if now[ref] == "" {
			changes = append(changes, refChange{ref, sha, ""})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	sort.Slice(changes, func(a, b int) bool { return changes[a].ref < changes[b].ref })
	if by == "" {
		by = r.pusher(changes)
	}
	s.account(by, "User")
	return r.announce(changes, by)
}

// pusher guesses who pushed from a committer's e-mail address.
func (r *Repo) pusher(changes []refChange) string {
	for _, c := range changes {
		if sha, found := r.resolve(c.after); c.after != "" && found {
			if commit, err := r.commit(sha); err == nil {
				if name, _, _ := strings.Cut(commit.Committer.Email, "@"); goodName(name) {
					return name
				}
			}
		}
	}
	return DefaultUser
}
