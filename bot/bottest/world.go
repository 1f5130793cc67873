// Package bottest is a small world for the decisions of package bot: a
// repository, its checks and pull requests, and apps that build and release,
// all in memory and with a clock that only the test moves. What the bot does to
// apps passes through the real platform.Performer, so that "look before you
// act" is tried together with the decisions.
package bottest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
	"github.com/headstart-cd/headstart/platform"
)

// Repo is the repository of every World.
var Repo = bot.Repo{Owner: "acme", Name: "shop"}

// World is the simulated truth. What is exported may be read at any time, and
// set where its comment does not say otherwise.
type World struct {
	Repo        bot.Repo
	Visibility  bot.Visibility
	Now         time.Time
	Commits     map[string]*Commit
	Heads       map[string]string // branch → commit
	Pulls       map[int]*Pull
	Required    []bot.RequiredCheck
	NoRules     bool // GitHub says 404 for the rules of the branch
	Apps        map[string]*App
	Statuses    map[string]map[string]bot.Status // commit → context → as last set
	Deployments []*Deployment
	Comments    map[int]*Comment    // by pull request
	Alerts      []bot.WriteAlert    // as they were written last
	Sick        map[string]Sickness // commits and apps that answer badly

	// BuildTime and ReleaseTime are how long what begins from now on takes; 0:
	// until EndBuild or EndRelease says so.
	BuildTime, ReleaseTime time.Duration
	// CopyTime is the same for copies of databases; see EndCopy.
	CopyTime time.Duration
	// Absent is what sources lack, by tree.
	Absent map[string]*bot.Absent
	// ExportSubst are the trees in which a .gitattributes has export-subst.
	ExportSubst map[string]bool

	// Breaks says whether a commit's build or its release phase fails; may be nil.
	Breaks       func(sha string) (build, release bool)
	UserComments []*UserComment
	Replies      []Answered
	seen         map[seenComment]bool // comments, as the store remembers them
	Roles        map[string]bot.Role  // of people; nobody else has one
	Teams        map[string][]string  // slug → members
	Gone         map[string]bool      // artifacts that the platform has destroyed
	// Changes compares two commits for /plan; nil: nothing lies between them.
	Changes func(bot.ReadChanges) bot.ChangesRead

	// MostCommits is how many commits GitHub lists of who made what; 0: all.
	MostCommits int
	IDs         map[string]int64 // of accounts, by login in small letters, where Rename has changed them

	// MostFiles is how many files GitHub lists of a comparison; 0: all.
	MostFiles int

	// Moved, if not nil, is told of each app whose builds or releases changed.
	Moved func(app string)

	// Interpipeline performs what pipelines do to one another; nil: there is only one.
	Interpipeline func(bot.Target, bot.Effect) (bot.Fact, error)

	// Fault says how the next performance of an effect goes wrong; may be nil.
	Fault func(bot.Effect) Fault

	Requests     map[string]int // GitHub requests so far, by kind of action
	late         []late
	artifacts    int
	copies       int
	commentsMade int    // comments of people and answers to them, counted
	asking       string // the name of the pipeline whose effect is being performed
}

// Commit is a commit of the repository.
type Commit struct {
	SHA, Tree, Title, Author string
	File                     bot.ConfigRead // the pipeline's file as of the commit
	Checks                   []bot.Check    // nothing replaces what was set before
	Suites                   []bot.Suite
	Pull                     int                   // the pull request that was merged as it; 0: none
	Files                    []string              // that it changed
	Parent                   string                // the commit it was pushed after; empty: none
	Undoes                   string                // a commit whose changes it takes back, besides its own; empty: none
	CoAuthors                []string              // that its message names
	Pusher                   string                // who pushed it; empty: its author
	Signed                   bool                  // its author's signature is verified
	Pipelines                map[string]bot.Config // the pipelines of a file that names several; nil: it is File
}

// Pull is a pull request.
type Pull struct {
	bot.PullRequestChanged
	TestMerge, TestTree string
	Unmade              bool     // GitHub has not made the test merge
	Made                []Commit // that were pushed to it, where that matters
}

// Deployment is a GitHub Deployment with its newest status.
type Deployment struct {
	Pipeline string
	ID       int64
	Do       bot.CreateDeployment
	Status   bot.Status
}

// Comment is the bot's comment on a pull request.
type Comment struct {
	ID     int64
	Body   string
	Writes int
}

// Fault is how a performance goes wrong.
type Fault struct {
	Kind   FaultKind
	Reason string
	After  time.Duration // with FaultRetry
	Limit  bool          // with FaultRetry
}

// FaultKind is the way in which a performance goes wrong.
type FaultKind string

// The faults: refused, refused because what was named is gone or for what GitHub
// does not know (yet), nothing done and the caller knows it, the answer lost
// before or after the effect, an effect that comes true some time after its
// answer was lost, and a performer that never comes back.
const (
	NoFault      FaultKind = ""
	FaultRefuse  FaultKind = "refused"
	FaultGone    FaultKind = "gone"
	FaultMissing FaultKind = "missing"
	FaultRetry   FaultKind = "retry"
	FaultLost    FaultKind = "lost"
	FaultUnseen  FaultKind = "unseen"
	FaultLate    FaultKind = "late"
	FaultHang    FaultKind = "hang"
)

// NewWorld returns an empty world in which it is noon.
func NewWorld() *World {
	return &World{
		Repo: Repo, Visibility: bot.Private,
		Now:     time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC),
		Commits: map[string]*Commit{}, Heads: map[string]string{}, Pulls: map[int]*Pull{}, Apps: map[string]*App{},
		Statuses: map[string]map[string]bot.Status{}, Comments: map[int]*Comment{}, Sick: map[string]Sickness{}, Requests: map[string]int{},
	}
}

// Push moves a branch and returns the facts that GitHub's webhook brings.
func (w *World) Push(branch string, c Commit, forced bool) []bot.Fact {
	if c.Tree == "" {
		c.Tree = "tree-" + c.SHA
	}
	before := w.Heads[branch]
	if w.Commits[c.SHA] == nil {
		if c.Parent == "" && !forced {
			c.Parent = before
		}
		w.Commits[c.SHA] = &c
	}
	k := w.Commits[c.SHA]
	if before == "" {
		before = strings.Repeat("0", 40)
	}
	w.Heads[branch] = k.SHA
	return []bot.Fact{w.Installed(), bot.Pushed{
		Branch: branch, Before: before, After: k.SHA, Tree: k.Tree, Title: k.Title, Author: k.Author,
		PushedAt: w.Now.Truncate(time.Second), Forced: forced, By: w.Account(c.by()),
	}}
}

// Installed is the fact that comes with every delivery.
func (w *World) Installed() bot.Fact {
	return bot.Installed{Installation: 7, DefaultBranch: "main", Visibility: w.Visibility}
}

// Report sets a check of a commit and returns the fact of its webhook.
func (w *World) Report(sha string, k bot.Check) bot.Fact {
	k.At = w.Now
	c := w.Commits[sha]
	i := slices.IndexFunc(c.Checks, func(o bot.Check) bool { return o.Kind == k.Kind && o.Name == k.Name && o.AppID == k.AppID })
	c.Checks = slices.Clone(c.Checks)
	if i < 0 {
		c.Checks = append(c.Checks, k)
	} else {
		c.Checks[i] = k
	}
	return bot.CheckReported{SHA: sha, Check: k}
}

// Perform performs one effect as the rooms at the edge do. It returns false for
// a performer that never comes back.
func (w *World) Perform(target bot.Target, e bot.Effect) (bot.Fact, error, bool) {
	var fault Fault
	if w.Fault != nil {
		fault = w.Fault(e)
	}
	switch fault.Kind {
	case FaultRefuse:
		return nil, &bot.Refused{Reason: fault.Reason}, true
	case FaultGone:
		return nil, &bot.Refused{Reason: fault.Reason, Err: bot.ErrNotFound}, true
	case FaultMissing:
		return nil, &bot.Refused{Reason: fault.Reason, Missing: true}, true
	case FaultRetry:
		return nil, &bot.Retryable{Reason: fault.Reason, After: fault.After, Limit: fault.Limit}, true
	case FaultLost:
		return nil, &bot.Unknown{Reason: fault.Reason}, true
	case FaultHang:
		return nil, nil, false
	}
	var fact bot.Fact
	var err error
	w.asking = target.Pipeline.Name
	switch bot.TraitsOf(e.Do).To {
	case bot.ToPipelines:
		if w.Interpipeline == nil {
			return nil, &bot.Refused{Reason: "there is only one pipeline"}, true
		}
		fact, err = w.Interpipeline(target, e)
	case bot.ToPlatform:
		fact, err = w.onPlatform(target, e, fault.Kind == FaultLate)
	case bot.ToWeb:
		fact = w.Web(e.Do.(bot.Probe))
	default:
		fact, err = w.onGitHub(e)
	}
	if fault.Kind == FaultUnseen {
		return nil, &bot.Unknown{Reason: fault.Reason}, true
	}
	return fact, err, true
}

// GitHub performs an effect on GitHub, for whoever brings faults of its own.
func (w *World) GitHub(e bot.Effect) (bot.Fact, error) { return w.onGitHub(e) }

// onGitHub performs an effect on GitHub, and counts the requests that the room
// github makes for it.
func (w *World) onGitHub(e bot.Effect) (bot.Fact, error) {
	count := func(n int) { w.Requests[bot.NameOf(e.Do)] += n }
	switch do := e.Do.(type) {
	case bot.ReadConfig:
		count(1)
		ref := do.Ref
		if h, ok := w.Heads[ref]; ok {
			ref = h
		}
		c := w.Commits[ref]
		if c == nil {
			return nil, &bot.Refused{Reason: "no such commit", Err: bot.ErrNotFound}
		}
		f := c.fileOf(w.asking)
		f.Ref = do.Ref
		return f, nil
	case bot.ReadChecks:
		count(3) // check runs, statuses, branch
		c := w.Commits[do.SHA]
		read := bot.ChecksRead{SHA: do.SHA, Checks: slices.Clone(c.Checks)}
		if h := w.Commits[w.Heads[do.Branch]]; h != nil {
			read.Head = bot.Head{SHA: h.SHA, Tree: h.Tree, Title: h.Title, Author: h.Author}
		}
		if do.Required {
			count(1)
			read.Required = &bot.Required{Checks: w.Required, Missing: w.NoRules}
		}
		if do.Suites {
			count(1)
			read.Suites = append([]bot.Suite{}, c.Suites...)
		}
		return read, nil
	case bot.ReadHead:
		count(1)
		read := bot.HeadRead{Branch: do.Branch}
		if h := w.Commits[w.Heads[do.Branch]]; h != nil {
			read.Head = bot.Head{SHA: h.SHA, Tree: h.Tree, Title: h.Title, Author: h.Author}
		}
		return read, nil
	case bot.ReadRules:
		count(2)
		return bot.RulesRead{Branch: do.Branch, Required: bot.Required{Checks: w.Required}}, nil
	case bot.ListPullRequests:
		count(1)
		return w.listPulls(), nil
	case bot.ReadPullRequest:
		count(2)
		p := w.Pulls[do.Number]
		read := bot.PullRequestRead{PullRequestChanged: p.PullRequestChanged, Unmade: p.Unmade}
		if !p.Unmade {
			read.TestMerge, read.TestTree = p.TestMerge, p.TestTree
		}
		return read, nil
	case bot.FindPullRequest:
		count(1)
		f := bot.PullRequestFound{SHA: do.SHA}
		if p := w.Pulls[w.Commits[do.SHA].Pull]; p != nil {
			f.Number, f.Title, f.Author = p.Number, p.Title, p.Author
		}
		return f, nil
	case bot.SetStatus:
		count(1)
		if w.Statuses[do.SHA] == nil {
			w.Statuses[do.SHA] = map[string]bot.Status{}
		}
		w.Statuses[do.SHA][do.Context] = do.Status
		return bot.Acknowledged{}, nil
	case bot.CreateDeployment:
		count(1)
		for _, d := range w.Deployments {
			if e.Unsure && d.Pipeline == w.asking && d.Do.SHA == do.SHA && d.Do.Stage == do.Stage && d.Do.Promotion == do.Promotion {
				return bot.DeploymentCreated{ID: d.ID}, nil
			}
		}
		d := &Deployment{Pipeline: w.asking, ID: int64(len(w.Deployments) + 1), Do: do}
		w.Deployments = append(w.Deployments, d)
		return bot.DeploymentCreated{ID: d.ID}, nil
	case bot.SetDeploymentStatus:
		count(1)
		w.Deployments[do.ID-1].Status = do.Status
		return bot.Acknowledged{}, nil
	case bot.WriteComment:
		count(1)
		c := w.Comments[do.Number]
		if c == nil {
			c = &Comment{ID: int64(100 + do.Number)}
			w.Comments[do.Number] = c
		}
		if do.ID == 0 {
			count(1) // looks for one first
		}
		c.Body = words.WithDetails(do.Body, nil) // there are no pages
		c.Writes++
		return bot.CommentWritten{ID: c.ID, URL: fmt.Sprintf("https://github.example/pull/%d", do.Number)}, nil
	case bot.WriteAlert:
		count(1)
		id := do.ID
		for i, a := range w.Alerts {
			if a.Number == do.Number && a.Stage == do.Stage && a.Promotion == do.Promotion {
				id = int64(i + 1)
				w.Alerts[i].Body = do.Body
			}
		}
		if id == 0 {
			w.Alerts = append(w.Alerts, do)
			id = int64(len(w.Alerts))
		}
		return bot.CommentWritten{ID: id}, nil
	}
	if do, ok := e.Do.(bot.ReadSource); ok {
		count(1)
		read := bot.SourceRead{Of: bot.SourceOfTree, Absent: w.Absent[do.Tree]}
		if w.ExportSubst[do.Tree] {
			read.Of = bot.SourceOfCommit
		}
		return read, nil
	}
	if do, ok := e.Do.(bot.ReadFiles); ok {
		count(1)
		files, all := w.Differ(do.Base, do.Head)
		read := bot.FilesRead{Base: do.Base, Head: do.Head, Files: files, Complete: all, Relation: w.Relation(do.Base, do.Head)}
		if base, head := w.Commits[do.Base], w.Commits[do.Head]; base != nil && head != nil {
			read.Same = base.Tree == head.Tree
		}
		return read, nil
	}
	if fact, err, ok := w.onSteering(e.Do); ok {
		return fact, err
	}
	return nil, &bot.Refused{Reason: "GitHub does not perform " + bot.NameOf(e.Do)}
}

// Differ lists the files that the commits after base changed, up to head, and
// reports whether they are all: base must come before head.
func (w *World) Differ(base, head string) (files []string, all bool) {
	undone := map[string]bool{} // commits that were taken back, and were not met yet
	for sha := head; sha != base; {
		c := w.Commits[sha]
		if c == nil || c.Parent == "" {
			return nil, false
		}
		if !undone[sha] {
			files = append(files, c.Files...)
		}
		delete(undone, sha)
		if sha = c.Parent; c.Undoes != "" {
			undone[c.Undoes] = true
		}
	}
	for sha := range undone { // base has them
		files = append(files, w.Commits[sha].Files...)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	if w.MostFiles > 0 && len(files) >= w.MostFiles {
		return files[:w.MostFiles], false
	}
	return files, len(files) > 0
}

// Relation is how a commit stands to another one; empty where one of them is none of
// the repository's.
func (w *World) Relation(base, head string) bot.Relation {
	contains := func(sha, other string) bool {
		for c := w.Commits[sha]; c != nil; c = w.Commits[c.Parent] {
			if c.SHA == other {
				return true
			}
		}
		return false
	}
	switch {
	case w.Commits[base] == nil || w.Commits[head] == nil:
		return ""
	case base == head:
		return bot.RelationIdentical
	case contains(head, base):
		return bot.RelationAhead
	case contains(base, head):
		return bot.RelationBehind
	}
	return bot.RelationDiverged
}

// performer is the real one, over this world's apps.
func (w *World) performer(makeLate bool) *platform.Performer {
	allow, err := platform.ParseAllow(w.Repo.String() + "=*")
	if err != nil {
		panic(err)
	}
	apps := &apps{w: w, late: makeLate}
	return &platform.Performer{
		Platforms: map[string]platform.Platform{bot.PlatformHeroku: apps, bot.PlatformLocal: apps},
		Allow:     allow, Source: apps,
	}
}
