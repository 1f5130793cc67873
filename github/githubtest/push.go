package githubtest

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// DefaultUser is who acts when nobody is named.
const DefaultUser = "mona"

// Change is one commit to be made.
type Change struct {
	Files      map[string]string // path to content; these are added or replaced
	Executable map[string]string // as Files, with the executable bit
	Submodules map[string]string // path to the commit of another repository
	Delete     []string          // paths
	Message    string            // "Change PATH" if empty
	Author     string            // login, DefaultUser if empty; also who commits, unless By says otherwise
	By         Signature         // what the commit says of its author and committer; anybody may write anything there
	Pusher     string            // login of who pushes it; Author if empty
	Signed     bool              // with a signature of the committer's that GitHub verifies
	From       string            // commit that a new branch starts at; the default branch's tip if empty
}

// Commit puts one commit with these files on a branch and pushes it. A branch
// that does not exist starts at the tip of the default one.
func (r *Repo) Commit(branch string, files map[string]string) (Commit, error) {
	return r.Push(branch, Change{Files: files})
}

// Push makes the commits on top of a branch, in one push by the author of the
// last, and returns the new tip.
func (r *Repo) Push(branch string, changes ...Change) (Commit, error) {
	if len(changes) == 0 {
		return Commit{}, errors.New("push: there is no commit to push")
	}
	changes = slices.Clone(changes)
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	ref := "refs/heads/" + branch
	from := r.refs[ref]
	if from == "" {
		from = r.refs["refs/heads/"+r.defaultBranch]
		if changes[0].From != "" {
			var found bool
			if from, found = r.resolve(changes[0].From); !found {
				return Commit{}, fmt.Errorf("push to %s: there is no commit %s", branch, changes[0].From)
			}
		}
	}
	for i, c := range changes {
		if c.Author == "" {
			changes[i].Author = DefaultUser
		}
		if c.Pusher == "" {
			changes[i].Pusher = changes[i].Author
		}
		r.s.account(changes[i].Author, "User")
	}
	tip, err := r.pile(from, changes)
	if errors.Is(err, errUseGit) {
		tip, err = r.importCommits(ref, from, changes)
	} else if err == nil {
		err = r.setRefFile(ref, tip)
	}
	if err != nil {
		return Commit{}, fmt.Errorf("push to %s: %w", branch, err)
	}
	if err := r.announce([]refChange{{ref, r.refs[ref], tip}}, changes[len(changes)-1].Pusher); err != nil {
		return Commit{}, fmt.Errorf("push to %s: %w", branch, err)
	}
	return r.commit(tip)
}

// pile makes commits on top of one another and returns the last one; from is
// empty for the first commit of all.
func (r *Repo) pile(from string, changes []Change) (tip string, err error) {
	tree, tip := emptyTree, from
	if from != "" {
		c, err := r.readCommit(from)
		if err != nil {
			return "", err
		}
		tree = c.Tree
	}
	for _, c := range changes {
		edits := map[string]*treeEntry{}
		for _, path := range c.Delete {
			edits[path] = nil
		}
		for mode, files := range map[string]map[string]string{"100644": c.Files, "100755": c.Executable} {
			for path, content := range files {
				sha, err := r.write("blob", []byte(content))
				if err != nil {
					return "", err
				}
				edits[path] = &treeEntry{mode: mode, kind: "blob", sha: sha}
			}
		}
		for path, commit := range c.Submodules {
			edits[path] = &treeEntry{mode: "160000", kind: "commit", sha: commit}
		}
		if tree, err = r.graft(tree, edits); err != nil {
			return "", err
		}
		var parents []string
		if tip != "" {
			parents = []string{tip}
		}
		who := c.who(r.s.now())
		if tip, err = r.writeCommit(tree, c.message(), who, who, parents...); err != nil {
			return "", err
		}
		if c.Signed {
			r.sign(tip)
		}
	}
	return tip, nil
}

// importCommits does the same through git, and points the ref at the last one.
func (r *Repo) importCommits(ref, from string, changes []Change) (tip string, err error) {
	var in strings.Builder
	for i, c := range changes {
		who, message := c.who(r.s.now()), c.message()
		fmt.Fprintf(&in, "commit %s\nmark :%d\nauthor %s\ncommitter %s\ndata %d\n%s\n", ref, i+1, who, who, len(message), message)
		switch {
		case i > 0:
			fmt.Fprintf(&in, "from :%d\n", i)
		case from != "":
			fmt.Fprintf(&in, "from %s\n", from)
		}
		for _, path := range c.Delete {
			fmt.Fprintf(&in, "D %s\n", quotePath(path))
		}
		for mode, files := range map[string]map[string]string{"100644": c.Files, "100755": c.Executable} {
			for path, content := range files {
				fmt.Fprintf(&in, "M %s inline %s\ndata %d\n%s\n", mode, quotePath(path), len(content), content)
			}
		}
		for path, commit := range c.Submodules {
			fmt.Fprintf(&in, "M 160000 %s %s\n", commit, quotePath(path))
		}
	}
	fmt.Fprintf(&in, "get-mark :%d\n", len(changes))
	return r.s.git.runWith(r.dir, strings.NewReader(in.String()), nil, "fast-import", "--quiet", "--date-format=raw")
}

func (c Change) message() string {
	if c.Message == "" {
		return "Change " + strings.Join(c.paths(), ", ")
	}
	return c.Message
}

func (c Change) paths() []string {
	paths := append([]string(nil), c.Delete...)
	for _, files := range []map[string]string{c.Files, c.Executable, c.Submodules} {
		for path := range files {
			paths = append(paths, path)
		}
	}
	sort.Strings(paths)
	return paths
}

// quotePath is how fast-import reads a path with unusual characters.
func quotePath(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
}

// CreateBranch starts a branch at a commit, branch or tag.
func (r *Repo) CreateBranch(branch, at string) error {
	return r.setRef("refs/heads/"+branch, at, DefaultUser)
}

// ForcePushBy is ForcePush by somebody.
func (r *Repo) ForcePushBy(branch, to, by string) error {
	return r.setRef("refs/heads/"+branch, to, by)
}

// ForcePush moves a branch to another commit, whatever was there.
func (r *Repo) ForcePush(branch, to string) error {
	return r.setRef("refs/heads/"+branch, to, DefaultUser)
}

// DeleteBranch deletes a branch.
func (r *Repo) DeleteBranch(branch string) error {
	return r.setRef("refs/heads/"+branch, "", DefaultUser)
}

// Tag puts a tag on a commit.
func (r *Repo) Tag(name, at string) error { return r.setRef("refs/tags/"+name, at, DefaultUser) }

// DeleteTag deletes a tag.
func (r *Repo) DeleteTag(name string) error { return r.setRef("refs/tags/"+name, "", DefaultUser) }

func (r *Repo) setRef(ref, to, by string) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	sha := ""
	if to != "" {
		var found bool
		if sha, found = r.resolve(to); !found {
			return fmt.Errorf("set %s: there is no commit %s", ref, to)
		}
	} else if r.refs[ref] == "" {
		return fmt.Errorf("delete %s: it does not exist", ref)
	}
	return r.moveRef(ref, sha, by)
}

// moveRef moves a ref on disk and announces it. sha "" deletes. The caller
// holds mu, as everywhere below.
func (r *Repo) moveRef(ref, sha, by string) error {
	if err := r.setRefFile(ref, sha); err != nil {
		return fmt.Errorf("set %s: %w", ref, err)
	}
	return r.announce([]refChange{{ref, r.refs[ref], sha}}, by)
}

// refChange is a ref that moved; "" means that it was not, or is no more.
type refChange struct{ ref, before, after string }

// announce remembers what moved and tells what follows from it: push events,
// synchronized and merged pull requests, a check suite of our own.
func (r *Repo) announce(changes []refChange, by string) error {
	tags := 0
	for _, c := range changes {
		if c.after == "" {
			delete(r.refs, c.ref)
		} else {
			r.refs[c.ref] = c.after
			r.arrived(c.ref, c.before)
			r.arrived(c.after, "")
		}
		if strings.HasPrefix(c.ref, "refs/tags/") {
			tags++
		}
	}
	r.pushed = r.s.now()
	for _, c := range changes {
		if tags > 3 || len(changes) > 5000 {
			break // GitHub sends no event for such a push
		}
		if err := r.emitPush(c, by); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if branch, isBranch := strings.CutPrefix(c.ref, "refs/heads/"); isBranch {
			if err := r.branchMoved(branch, c, by); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxPushCommits is how many commits a push event lists at most.
const maxPushCommits = 2048

func (r *Repo) emitPush(c refChange, by string) error {
	i := r.installation()
	if i == nil {
		return nil
	}
	payload := obj{
		"ref": c.ref, "before": shaOrZero(c.before), "after": shaOrZero(c.after), "base_ref": nil, "forced": false,
		"created": c.before == "", "deleted": c.after == "", "commits": []any{}, "head_commit": nil,
		"compare": fmt.Sprintf("%s/compare/%.12s...%.12s", r.html(), shaOrZero(c.before), shaOrZero(c.after)),
		"pusher":  obj{"name": by, "email": by + "@users.noreply.github.com"},
	}
	isBranch := strings.HasPrefix(c.ref, "refs/heads/")
	if c.after != "" {
		head, err := r.commit(c.after)
		if err != nil {
			return err
		}
		payload["head_commit"] = r.pushCommitJSON(head)
		if isBranch {
			fresh, err := r.newCommits(c)
			if err != nil {
				return err
			}
			list := []any{}
			for _, commit := range fresh {
				list = append(list, r.pushCommitJSON(commit))
			}
			payload["commits"] = list
		}
		if c.before != "" && isBranch {
			forward, err := r.contains(c.before, c.after)
			if err != nil {
				return err
			}
			payload["forced"] = !forward
		}
	}
	repository := r.json()
	repository["created_at"], repository["pushed_at"] = r.created.Unix(), r.pushed.Unix()
	repository["master_branch"], repository["stargazers"] = r.defaultBranch, 0
	payload["repository"] = repository
	r.s.emit(i, r, "push", "", payload, by)
	return nil
}

// newCommits lists, oldest first, what a moved branch brought: since before or,
// of a new branch, what no other branch has.
func (r *Repo) newCommits(c refChange) ([]Commit, error) {
	var until []string
	if c.before != "" {
		until = []string{c.before}
	} else {
		for ref, sha := range r.refs {
			if ref != c.ref && strings.HasPrefix(ref, "refs/heads/") {
				until = append(until, sha)
			}
		}
	}
	if list, err := r.line(c.after, until...); err == nil {
		return list, nil
	}
	args := []string{"--reverse", "--max-count=" + strconv.Itoa(maxPushCommits), c.after}
	for _, sha := range until {
		args = append(args, "^"+sha)
	}
	commits, err := r.s.git.log(r.dir, args...)
	for _, commit := range commits {
		r.commits[commit.SHA] = commit
	}
	return commits, err
}

func (r *Repo) pushCommitJSON(c Commit) obj {
	who := func(g Signature) obj {
		return obj{"name": g.Name, "email": g.Email, "username": g.login()}
	}
	return obj{
		"id": c.SHA, "tree_id": c.Tree, "distinct": true, "message": c.Message, "timestamp": timestamp(c.Committer.When),
		"url": r.html() + "/commit/" + c.SHA, "author": who(c.Author), "committer": who(c.Committer),
		"added": strings0(c.Added), "modified": strings0(c.Modified), "removed": strings0(c.Removed),
	}
}

// strings0 makes no list an empty one, which JSON tells apart.
func strings0(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func shaOrZero(sha string) string {
	if sha == "" {
		return zeroSHA
	}
	return sha
}
