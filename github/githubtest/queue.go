package githubtest

import (
	"errors"
	"fmt"
	"strings"
)

// MergeGroup is what the merge queue is about to merge: the pull requests that were
// there before it, and one more, on a branch of the queue's own.
type MergeGroup struct {
	repo    *Repo
	pulls   []*PullRequest // in the order in which they are merged
	landed  []string       // the commit that each of them becomes
	base    string         // branch
	baseSHA string         // that the group was made on
	ref     string         // of the queue's branch
	gone    bool
}

// QueueOptions say how pull requests enter the merge queue.
type QueueOptions struct {
	After  *MergeGroup // the group before it in the queue; nil: it is the first
	Method string      // merge (default) or squash
	// Quiet makes the group without its merge_group event, as if it were lost.
	Quiet bool
}

// Enqueue makes a merge group of pull requests: real merge commits on a branch
// gh-readonly-queue/BASE/pr-N-SHA. It emits the push of that branch, and then
// merge_group checks_requested.
func (r *Repo) Enqueue(opts QueueOptions, pulls ...*PullRequest) (*MergeGroup, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if len(pulls) == 0 {
		return nil, errors.New("make a merge group: there is no pull request in it")
	}
	last := pulls[len(pulls)-1]
	g := &MergeGroup{repo: r, base: last.base, baseSHA: r.refs["refs/heads/"+last.base]}
	if opts.After != nil {
		g.baseSHA = opts.After.head()
		g.pulls = append(g.pulls, opts.After.pulls...)
		g.landed = append(g.landed, opts.After.landed...)
	}
	tip := g.baseSHA
	for _, p := range pulls {
		if p.state != "open" || p.base != g.base {
			return nil, fmt.Errorf("make a merge group: #%d is closed, or goes into another branch", p.number)
		}
		var err error
		if tip, err = p.queueOn(tip, opts.Method); err != nil {
			return nil, fmt.Errorf("make a merge group of #%d: %w", p.number, err)
		}
		g.pulls, g.landed = append(g.pulls, p), append(g.landed, tip)
	}
	g.ref = fmt.Sprintf("refs/heads/gh-readonly-queue/%s/pr-%d-%s", g.base, last.number, g.baseSHA)
	if err := r.moveRef(g.ref, tip, queueUser); err != nil {
		return nil, err
	}
	if opts.Quiet {
		return g, nil
	}
	return g, g.emit("checks_requested", nil)
}

// queueUser is who pushes the queue's branches.
const queueUser = "github-merge-queue"

// queueOn lands a pull request on a commit that is not its base's tip (yet).
func (p *PullRequest) queueOn(tip, method string) (string, error) {
	on := *p
	on.baseSHA = tip
	return on.land(MergeOptions{Method: method, By: p.user})
}

func (g *MergeGroup) head() string { return g.landed[len(g.landed)-1] }

// Head is the commit on which the required checks run.
func (g *MergeGroup) Head() string { return g.head() }

// Branch is the queue's branch, without refs/heads/.
func (g *MergeGroup) Branch() string { return strings.TrimPrefix(g.ref, "refs/heads/") }

// Missing lists the required contexts that are not good on the group's head: what the
// queue waits for.
func (g *MergeGroup) Missing() []string {
	g.repo.s.mu.Lock()
	defer g.repo.s.mu.Unlock()
	return g.missing()
}

func (g *MergeGroup) missing() (names []string) {
	r := g.repo
	good := map[string]bool{}
	for _, s := range r.latestStatuses(g.head()) {
		good[strings.ToLower(s.context)] = s.state == "success"
	}
	for _, suite := range r.suites {
		for _, run := range suite.latest() {
			if suite.sha == g.head() {
				good[strings.ToLower(run.name)] = run.conclusion == "success" || run.conclusion == "neutral" || run.conclusion == "skipped"
			}
		}
	}
	for _, name := range r.requiredNames(g.base) {
		if !good[strings.ToLower(name)] {
			names = append(names, name)
		}
	}
	return names
}

// requiredNames lists what rulesets and classic protection require of a branch.
func (r *Repo) requiredNames(branch string) (names []string) {
	if p := r.protections[branch]; p != nil {
		for _, check := range p.checks {
			names = append(names, check.Context)
		}
	}
	for _, rule := range r.rules[branch] {
		list, _ := rule.Parameters["required_status_checks"].([]any)
		for _, check := range list {
			if one, ok := check.(obj); ok {
				names = append(names, fmt.Sprint(one["context"]))
			}
		}
	}
	return names
}

// Merge moves the branch to the group's head, as GitHub does once everything required is
// good there, and fails while it is not. It emits the push of the branch, the closed
// events of the pull requests, merge_group destroyed, and the deletion of the queue's
// branch.
func (g *MergeGroup) Merge() error {
	r := g.repo
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if g.gone {
		return errors.New("merge a group: it is gone")
	}
	if missing := g.missing(); len(missing) > 0 {
		return fmt.Errorf("merge a group: the queue waits for %s", strings.Join(missing, ", "))
	}
	tip := r.refs["refs/heads/"+g.base]
	if forward, err := r.s.git.isAncestor(r.dir, tip, g.head()); err != nil || !forward {
		return fmt.Errorf("merge a group: %s is not behind it: %w", g.base, err)
	}
	var closed []*PullRequest
	for i, p := range g.pulls {
		if p.state == "open" {
			// Before the push is announced, so that the push does not merge it again.
			p.merged, p.mergedAt, p.mergedBy, p.mergeCommit, p.state = true, r.s.now(), queueUser, g.landed[i], "closed"
			closed = append(closed, p)
		}
	}
	if err := r.moveRef("refs/heads/"+g.base, g.head(), queueUser); err != nil {
		return err
	}
	for _, p := range closed {
		p.close(queueUser)
	}
	return g.destroy("merged")
}

// Destroy takes the group out of the queue: invalidated, because what it was made on
// has changed, or dequeued, because a pull request left. It emits merge_group destroyed
// and the deletion of the queue's branch.
func (g *MergeGroup) Destroy(reason string) error {
	g.repo.s.mu.Lock()
	defer g.repo.s.mu.Unlock()
	if g.gone {
		return errors.New("destroy a merge group: it is gone")
	}
	return g.destroy(reason)
}

func (g *MergeGroup) destroy(reason string) error {
	g.gone = true
	if err := g.emit("destroyed", obj{"reason": reason}); err != nil {
		return err
	}
	return g.repo.moveRef(g.ref, "", queueUser)
}

func (g *MergeGroup) emit(action string, more obj) error {
	r := g.repo
	i := r.installation()
	if i == nil {
		return nil
	}
	head, err := r.commit(g.head())
	if err != nil {
		return err
	}
	who := func(s Signature) obj { return obj{"name": s.Name, "email": s.Email} }
	payload := obj{"merge_group": obj{
		"head_sha": head.SHA, "head_ref": g.ref, "base_sha": g.baseSHA, "base_ref": "refs/heads/" + g.base,
		"head_commit": obj{
			"id": head.SHA, "tree_id": head.Tree, "message": head.Message, "timestamp": timestamp(head.Committer.When),
			"author": who(head.Author), "committer": who(head.Committer),
		},
	}}
	for k, v := range more {
		payload[k] = v
	}
	r.s.emit(i, r, "merge_group", action, payload, queueUser)
	return nil
}
