package bot

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot/calendar"
)

// Config is a pipeline's file with every default filled in. Package config makes it of
// valid files only, so nothing here validates it again.
type Config struct {
	Branch   string // the branch that goes to production; empty: the repository's default branch
	Platform string // where the apps live: PlatformHeroku or PlatformLocal
	Build    string // the command that builds a commit; empty: the platform has its own way
	Prepare  Prepare
	Checks   Checks
	Changes  []Class // classes of change, in the file's order
	Windows  []calendar.Window
	Freezes  []calendar.Freeze
	Paths    []string // globs: only pushes that change one of these files affect the pipeline; none: every push does
	Stages   []Stage  // in promotion order; at least one
	Insights Insights
}

// Insights says how the pipeline's numbers are counted. Its zero value stands in files that say nothing of it.
type Insights struct {
	FailureWindow time.Duration // how long after a release its failures are its own; 0: a day
	Zone          string        // whose clocks tell which day it is; empty: UTC
}

// The platforms a pipeline can name.
const (
	PlatformHeroku = "heroku"
	PlatformLocal  = "local"
)

// Prepare says how builds are made ahead of the checks.
type Prepare struct {
	Apps         []string // one build at a time on each; none: the first stage builds, after the checks
	PullRequests bool     // pull requests of this repository are built ahead of their merge
	// PullApps build pull requests and merge groups, and nothing else. Their builds serve
	// no commit of the branch. None: Apps build everything.
	PullApps []string
	Reuse    Reuse
}

// Reuse says which commits an artifact serves.
type Reuse string

// An artifact serves every commit with the git tree that it was built from, or
// only its own commit.
const (
	ReuseTree   Reuse = "tree"
	ReuseCommit Reuse = "commit"
)

// Checks says which checks must pass before a candidate enters the first stage. Zero
// value: the checks that GitHub requires of the branch, or everything that reports where
// it requires none. None and Names exclude each other.
type Checks struct {
	None  bool        // no check is waited for
	Names []CheckName // exactly these are waited for
}

// AsGitHubRequires reports whether the file leaves the choice of checks to GitHub.
func (c Checks) AsGitHubRequires() bool { return !c.None && len(c.Names) == 0 }

// Stage is a named step to production.
type Stage struct {
	Name string   // as in the status headstart/NAME
	Apps []string // in release order; at least one
	// Allow says who may command the stage; one match is enough. An entry is write,
	// maintain or admin (at least that permission), team/SLUG, or @LOGIN. All are lower
	// case, each stands once; write is the default.
	Allow        []string
	PullRequests bool // /promote works on an open pull request
	Production   bool // what is released here counts as deployed

	Rehearse    *Rehearse     // the release phase runs on a copy of a database first; nil: no rehearsal
	Verify      *Verify       // the proof that a release works; nil: its release phase alone
	Soak        time.Duration // how long a release must stay healthy before the next stage; 0: not at all
	Skip        []string      // the stage is skipped if a candidate changes these classes only
	Approval    bool          // every candidate needs an /approve
	FourEyes    bool          // the approver must have made nothing of what would go live
	Windows     []string      // promotions begin only inside of these; none: at any time
	Hold        []Hold        // what classes of change need in addition
	Maintenance []string      // classes of change that are released in maintenance mode
	Needs       []Need        // stages of other pipelines that go first
	OnFailure   OnFailure     // empty is FailureRollback
}

// Prefixes of teams and persons in Stage.Allow.
const (
	AllowTeam   = "team/"
	AllowPerson = "@"
)

// Stage finds a stage by its exact name.
func (c Config) Stage(name string) (Stage, bool) {
	for _, s := range c.Stages {
		if s.Name == name {
			return s, true
		}
	}
	return Stage{}, false
}

// StageNames lists the stages in promotion order.
func (c Config) StageNames() []string {
	names := make([]string, len(c.Stages))
	for i, s := range c.Stages {
		names[i] = s.Name
	}
	return names
}

// Production lists the stages whose releases count as deployments: those that say so, else the last one.
func (c Config) Production() (names []string) {
	for _, s := range c.Stages {
		if s.Production {
			names = append(names, s.Name)
		}
	}
	if n := len(c.Stages); len(names) == 0 && n > 0 {
		names = []string{c.Stages[n-1].Name}
	}
	return names
}

// FailureWindow is how long after a release its failures are its own.
func (c Config) FailureWindow() time.Duration {
	if c.Insights.FailureWindow == 0 {
		return 24 * time.Hour
	}
	return c.Insights.FailureWindow
}

// Apps lists every app that the pipeline names, once each: the prepare apps, those of pull
// requests, then those of the stages. An operator's allow-list is compared with it.
func (c Config) Apps() []string {
	apps := slices.Concat(c.Prepare.Apps, c.Prepare.PullApps)
	for _, s := range c.Stages {
		apps = append(apps, s.Apps...)
	}
	seen := make(map[string]bool, len(apps))
	return slices.DeleteFunc(apps, func(app string) bool {
		was := seen[app]
		seen[app] = true
		return was
	})
}

// SourceOf returns the app that the artifacts of a stage's app come from; empty if the app
// builds them itself. With head, it is the source for the head of a pull request.
func (c Config) SourceOf(app string, head bool) string {
	source := c.Stages[0].Apps[0]
	if prepare := c.Prepare; head && prepare.Apart() {
		source = prepare.PullApps[0]
	} else if len(prepare.Apps) > 0 {
		source = prepare.Apps[0]
	}
	if source == app {
		return ""
	}
	return source
}

// AnyFourEyes reports whether any stage has four eyes.
func (c Config) AnyFourEyes() bool {
	return slices.ContainsFunc(c.Stages, func(stage Stage) bool { return stage.FourEyes })
}

// The files of a commit and its build command decide what a build makes. Heroku's
// buildpacks belong to the app, so there the files alone decide. The embedded platform
// runs a command from the pipeline's file. There an artifact serves commits with the same
// tree and the same command.

// Recipe is how a commit's own version of the pipeline's file builds the commit. Zero: the
// file was not read, or is not valid.
type Recipe struct{ Platform, Command string }

func (c Config) Recipe() Recipe { return Recipe{Platform: c.Platform, Command: c.Build} }
