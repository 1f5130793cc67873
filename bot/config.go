package bot

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot/calendar"
)

// Config is what a pipeline's file asks for, with every default filled in. The
// room config makes one of a file that it found valid, so the methods and the
// decisions of this package don't check it again.
type Config struct {
	Branch   string // the branch that goes to production; empty: the repository's default branch
	Platform string // where the apps live: PlatformHeroku or PlatformLocal
	Build    string // the command that builds a commit; empty: the platform knows by itself
	Prepare  Prepare
	Checks   Checks
	Changes  []Class // classes of change, in the file's order
	Windows  []calendar.Window
	Freezes  []calendar.Freeze
	Paths    []string // globs: pushes that change none of these files are none of the pipeline's concern; none: every push is
	Stages   []Stage  // in the order a candidate passes them; at least one
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
	// PullApps build pull requests and merge groups, and nothing else does; what they
	// build serves no commit of the branch. None: Apps build for everybody.
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

// Checks says which checks must pass before a candidate enters the first
// stage. The zero value waits for what GitHub requires of the branch, and where
// that is nothing for everything that reports. None and Names exclude each
// other.
type Checks struct {
	None  bool        // no check is waited for
	Names []CheckName // exactly these are waited for
}

// AsGitHubRequires reports whether the file left the choice of checks to GitHub.
func (c Checks) AsGitHubRequires() bool { return !c.None && len(c.Names) == 0 }

// Stage is a named step to production.
type Stage struct {
	Name string   // as in the status headstart/NAME
	Apps []string // in the order they are released; at least one
	// Allow says who may command this stage; any one of them is enough: write,
	// maintain or admin for everybody with at least that permission, team/SLUG
	// for the members of a team, @LOGIN for a person. All in lower case, each
	// once; write is the default.
	Allow        []string
	PullRequests bool // /promote works on an open pull request

	Rehearse    *Rehearse     // the release phase is tried on a copy of a database; nil: it is not
	Verify      *Verify       // how a release is proved to work; nil: by its release phase alone
	Soak        time.Duration // how long it must stay healthy before the next stage; 0: not at all
	Skip        []string      // classes of change that pass the stage by, if there are no others
	Approval    bool          // nobody enters without somebody's /approve
	FourEyes    bool          // which must come from somebody who made nothing of what would go live
	Windows     []string      // nobody enters outside of these; none: there is no such rule
	Hold        []Hold        // what classes of change need besides
	Maintenance []string      // classes of change during whose release maintenance mode is on
	Needs       []Need        // stages of other pipelines that go first
	OnFailure   OnFailure     // empty is FailureRollback
}

// The beginnings of what Stage.Allow may name besides a permission.
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

// StageNames lists the stages in the order a candidate passes them.
func (c Config) StageNames() []string {
	names := make([]string, len(c.Stages))
	for i, s := range c.Stages {
		names[i] = s.Name
	}
	return names
}

// Apps lists every app that the pipeline names, once each: the prepare apps
// first, then those of pull requests, then those of the stages, in their order. An
// operator's allow-list is held against it.
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

// SourceOf is the app that the artifacts of a stage's app come from; empty if it
// builds them itself. Those from pull requests may come from another app.
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

// What a build makes is decided by the files of a commit and by how they are built.
// Heroku's buildpacks are the app's own affair, so there the files say it all. The
// embedded platform runs a command that the pipeline's file names: an artifact serves
// whoever has the same tree *and* is built by the same command.

// Recipe is how a commit's own version of the pipeline's file says that it is built;
// zero: that was not read, or the file is not a good one.
type Recipe struct{ Platform, Command string }

func (c Config) Recipe() Recipe { return Recipe{Platform: c.Platform, Command: c.Build} }
