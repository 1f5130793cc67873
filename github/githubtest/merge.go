package githubtest

import (
	"errors"
	"fmt"
	"strings"
)

// errConflict is what cannot be merged without a person.
var errConflict = errors.New("there are merge conflicts")

// MergeOptions say how to merge a pull request.
type MergeOptions struct {
	Method       string // merge (default), squash or rebase
	By           string // login, DefaultUser if empty
	DeleteBranch bool   // as GitHub does when the repository is set so
	// PullRequestFirst sends the pull_request event before the push; they have
	// no order on GitHub.
	PullRequestFirst bool
}

// Merge lands the pull request on its base with real commits, and returns the
// new tip. It emits a push and a pull_request closed event.
func (p *PullRequest) Merge(opts MergeOptions) (Commit, error) {
	r := p.repo
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if opts.By == "" {
		opts.By = DefaultUser
	}
	if p.state != "open" {
		return Commit{}, fmt.Errorf("merge #%d: it is closed", p.number)
	}
	tip, err := p.land(opts)
	if err != nil {
		return Commit{}, fmt.Errorf("merge #%d: %w", p.number, err)
	}
	ref := "refs/heads/" + p.base
	if err := r.setRefFile(ref, tip); err != nil {
		return Commit{}, fmt.Errorf("merge #%d: %w", p.number, err)
	}
	moved := []refChange{{ref, p.baseSHA, tip}}
	// Closed before the push is announced, so that the push does not merge it again.
	p.merged, p.mergedAt, p.mergedBy, p.mergeCommit, p.state = true, r.s.now(), opts.By, tip, "closed"
	if opts.PullRequestFirst {
		p.close(opts.By)
	}
	if err := r.announce(moved, opts.By); err != nil {
		return Commit{}, err
	}
	if !opts.PullRequestFirst {
		p.close(opts.By)
	}
	if opts.DeleteBranch {
		if err := p.from.moveRef("refs/heads/"+p.head, "", opts.By); err != nil {
			return Commit{}, err
		}
	}
	return r.commit(tip)
}

// land makes the commits of a merge and returns what the base's tip becomes.
func (p *PullRequest) land(opts MergeOptions) (string, error) {
	r := p.repo
	now := r.s.now()
	by, web := signatureOf(opts.By, now), Signature{"GitHub", "noreply@github.com", now}
	switch opts.Method {
	case "", "merge":
		tree, err := r.mergeTrees(p.baseSHA, p.headSHA)
		if err != nil {
			return "", err
		}
		message := fmt.Sprintf("Merge pull request #%d from %s/%s\n\n%s", p.number, p.from.owner.login, p.head, p.title)
		return r.writeSigned(tree, message, by, web, p.baseSHA, p.headSHA)
	case "squash":
		tree, err := r.mergeTrees(p.baseSHA, p.headSHA)
		if err != nil {
			return "", err
		}
		message := fmt.Sprintf("%s (#%d)", p.title, p.number)
		return r.writeSigned(tree, message, signatureOf(p.user, now), web, p.baseSHA)
	case "rebase":
		return r.rebase(p.baseSHA, p.headSHA, by)
	}
	return "", fmt.Errorf("there is no merge method %q", opts.Method)
}

// writeSigned makes a commit as GitHub does itself.
func (r *Repo) writeSigned(tree, message string, author, committer Signature, parents ...string) (string, error) {
	sha, err := r.writeCommit(tree, message, author, committer, parents...)
	if err == nil && !r.s.opts.Unsigned {
		r.sign(sha)
	}
	return sha, err
}

// MergeByPush makes a merge commit of a pull request by hand, with files of one's own in
// it, and pushes it to the base: GitHub calls the pull request merged, too.
func (p *PullRequest) MergeByPush(by string, files map[string]string) (Commit, error) {
	r := p.repo
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	tree, err := r.mergeTrees(p.baseSHA, p.headSHA)
	if err != nil {
		return Commit{}, err
	}
	edits := map[string]*treeEntry{}
	for path, content := range files {
		sha, err := r.write("blob", []byte(content))
		if err != nil {
			return Commit{}, err
		}
		edits[path] = &treeEntry{mode: "100644", kind: "blob", sha: sha}
	}
	if tree, err = r.graft(tree, edits); err != nil {
		return Commit{}, err
	}
	now := r.s.now()
	// Anybody may write that GitHub was it.
	tip, err := r.writeCommit(tree, fmt.Sprintf("Merge pull request #%d", p.number), signatureOf(p.user, now), Signature{"GitHub", webEmail, now}, p.baseSHA, p.headSHA)
	if err != nil {
		return Commit{}, err
	}
	if err := r.moveRef("refs/heads/"+p.base, tip, by); err != nil {
		return Commit{}, err
	}
	return r.commit(tip)
}

// mergeTrees merges two commits and returns the tree, or errConflict.
func (r *Repo) mergeTrees(ours, theirs string) (string, error) {
	if tree, err := r.mergedTree(ours, theirs); err == nil {
		return tree, nil
	}
	out, err := r.s.git.run(r.dir, "merge-tree", "--write-tree", "--no-messages", ours, theirs)
	if exitCode(err) == 1 {
		return "", errConflict
	}
	if err != nil {
		return "", fmt.Errorf("%w (git 2.38 or newer is needed)", err)
	}
	tree, _, _ := strings.Cut(out, "\n")
	return tree, nil
}

// rebase puts the commits of head that base lacks onto it, one by one.
func (r *Repo) rebase(base, head string, by Signature) (string, error) {
	commits, err := r.s.git.log(r.dir, "--reverse", "--no-merges", head, "^"+base)
	if err != nil {
		return "", err
	}
	tip := base
	for _, c := range commits {
		if len(c.Parents) == 0 {
			return "", errConflict
		}
		onto, err := r.commit(tip)
		if err != nil {
			return "", err
		}
		// A three-way merge whose base is the commit's own parent: it is the
		// merge base of the commit and of a commit on that parent that looks
		// like the tip.
		stand, err := r.writeCommit(onto.Tree, "tip", by, by, c.Parents[0])
		if err != nil {
			return "", err
		}
		tree, err := r.mergeTrees(stand, c.SHA)
		if err != nil {
			return "", err
		}
		if tip, err = r.writeCommit(tree, c.Message, c.Author, by, tip); err != nil {
			return "", err
		}
	}
	return tip, nil
}

// computeMerge makes the test merge refs/pull/N/merge of an open pull request,
// unless it is there.
func (p *PullRequest) computeMerge() error {
	if p.state != "open" || p.mergeable != nil {
		return nil
	}
	r := p.repo
	can := false
	tree, err := r.mergeTrees(p.baseSHA, p.headSHA)
	switch {
	case errors.Is(err, errConflict):
		p.mergeable, p.mergeCommit = &can, ""
		return r.setRefFile(p.ref("merge"), "")
	case err != nil:
		return err
	}
	now := r.s.now()
	sha, err := r.writeCommit(tree, fmt.Sprintf("Merge %s into %s", p.headSHA, p.baseSHA),
		signatureOf(p.user, now), Signature{"GitHub", "noreply@github.com", now}, p.baseSHA, p.headSHA)
	if err != nil {
		return err
	}
	if err := r.setRefFile(p.ref("merge"), sha); err != nil {
		return err
	}
	can = true
	p.mergeable, p.mergeCommit = &can, sha
	return nil
}

// TestMerge is the commit refs/pull/N/merge, computed now. It fails when there
// are conflicts.
func (p *PullRequest) TestMerge() (Commit, error) {
	p.repo.s.mu.Lock()
	defer p.repo.s.mu.Unlock()
	if err := p.computeMerge(); err != nil {
		return Commit{}, fmt.Errorf("merge #%d for a test: %w", p.number, err)
	}
	if p.mergeable == nil || !*p.mergeable {
		return Commit{}, fmt.Errorf("merge #%d for a test: %w", p.number, errConflict)
	}
	return p.repo.commit(p.mergeCommit)
}
