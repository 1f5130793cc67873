package bot

import (
	"fmt"
	"strings"
)

// An effect is known by its key: two of the same key are never under way at once, and
// their attempts are counted together. Nobody reads what an effect is from its key: its
// action says that. All keys are made here.

const (
	headKey      = "head"
	rulesKey     = "rules"
	listPullsKey = "list pull requests"
	openKey      = "open pipelines"
)

func configKey(ref string) string          { return "config " + ref }
func checksKey(sha string) string          { return "checks " + sha }
func findKey(sha string) string            { return "find " + sha }
func filesKey(base, head string) string    { return "files " + base + " " + head }
func peopleKey(base, head string) string   { return "people " + base + " " + head }
func sourceKey(tree string) string         { return "source " + tree }
func needKey(sha string, need Need) string { return fmt.Sprintf("needs %s %s", sha, need) }
func rightsKey(sha, stage string) string   { return fmt.Sprintf("rights %s %s", sha, stage) }
func affectedKey(sha string) string        { return "affected by " + sha }
func groupAffectedKey(head string) string  { return "affected by group " + head }
func pullAffectedKey(p PullRequest) string {
	return fmt.Sprintf("affected by pull %d %s", p.Number, p.Head)
}
func pullKey(p PullRequest) string      { return fmt.Sprintf("pull %d %s", p.Number, p.Head) }
func changesOfKey(p PullRequest) string { return fmt.Sprintf("changes of %d %s", p.Number, p.Head) }

// What is done about builds, releases and apps.

func buildEffect(app, key string) string { return "build " + app + " " + key }
func watchBuildKey(r BuildRun) string    { return "watch build " + r.App + " " + r.ID }
func cancelKey(r BuildRun) string        { return "cancel " + r.App + " " + r.ID }
func promoteKey(stage string, n int, app string) string {
	return fmt.Sprintf("promote %s %d %s", stage, n, app)
}

// readPromoteKey is what a key of promoteKey is about; !ok: it is of another effect.
func readPromoteKey(key string) (stage string, n int, app string, ok bool) {
	read, err := fmt.Sscanf(key, "promote %s %d %s", &stage, &n, &app)
	return stage, n, app, err == nil && read == 3
}

func watchReleaseKey(stage, app string, n int) string {
	return fmt.Sprintf("watch release %s %s %d", stage, app, n)
}
func lookKey(stage, app string) string     { return fmt.Sprintf("look %s %s", stage, app) }
func probeKey(stage string, n int) string  { return fmt.Sprintf("probe %s %d", stage, n) }
func inspectKey(do Inspect) string         { return "inspect " + do.App + " beside " + do.Source }
func maintenanceKey(app string) string     { return "maintenance " + app }
func lookMaintenanceKey(app string) string { return "look at maintenance of " + app }
func copyKey(stage string, n int, app string) string {
	return fmt.Sprintf("copy %s %d %s", stage, n, app)
}
func watchCopyKey(stage string, n int, app string) string  { return "watch " + copyKey(stage, n, app) }
func removeCopyKey(stage string, n int, app string) string { return "remove " + copyKey(stage, n, app) }

// What people are told.

func statusKey(sha, context string) string     { return "status " + sha + " " + context }
func deploymentKey(stage string, n int) string { return fmt.Sprintf("deployment %s %d", stage, n) }
func deploymentStatusKey(stage string, id int64) string {
	return fmt.Sprintf("deployment status %s %d", stage, id)
}
func commentKey(pull int) string          { return fmt.Sprintf("comment %d", pull) }
func sectionKey(pull int) string          { return fmt.Sprintf("section %d", pull) }
func alertKey(stage string, n int) string { return fmt.Sprintf("alert %s %d", stage, n) }

// What is done about a comment with commands.

func seenKey(r *Request) string    { return fmt.Sprintf("seen %d", r.Comment) }
func closeKey(r *Request) string   { return fmt.Sprintf("close %d", r.Comment) }
func replyKey(r *Request) string   { return fmt.Sprintf("reply %d", r.Comment) }
func actorKey(r *Request) string   { return fmt.Sprintf("actor %d", r.Comment) }
func changesKey(r *Request) string { return fmt.Sprintf("changes %d", r.Comment) }
func pullOfKey(r *Request) string  { return fmt.Sprintf("pull of comment %d", r.Comment) }
func routeKey(r *Request) string   { return fmt.Sprintf("affected by comment %d", r.Comment) }
func addressKey(r *Request, pipeline string) string {
	return fmt.Sprintf("address %d %s", r.Comment, pipeline)
}

// keyNames reports whether a commit is among the words of an effect's key. An effect that
// waits for its next attempt is remembered by its key alone.
func keyNames(key, sha string) bool {
	for word := range strings.FieldsSeq(key) {
		if word == sha {
			return true
		}
	}
	return false
}

// A build is remembered by a key of its own: for whom it may be, what was built, and how.
// Whoever has the same key shares the artifact.
type builtAs struct {
	whose string // branchBuilds or pullBuilds; empty: everybody's
	kind  string // ofCommit or ofTree
	id    string // of the commit, or of the tree
	by    string // a digest of the command; empty on a platform with buildpacks
}

const (
	ofCommit = "commit "
	ofTree   = "tree "
)

func (k builtAs) key() string {
	by := ""
	if k.by != "" {
		by = " by " + k.by
	}
	return k.whose + k.kind + k.id + by
}

// readKey is what a build is remembered as, by its key.
func readKey(key string) (k builtAs) {
	for _, whose := range []string{branchBuilds, pullBuilds} {
		if rest, ok := strings.CutPrefix(key, whose); ok {
			k.whose, key = whose, rest
			break
		}
	}
	for _, kind := range []string{ofCommit, ofTree} {
		if rest, ok := strings.CutPrefix(key, kind); ok {
			k.kind, key = kind, rest
		}
	}
	k.id, k.by, _ = strings.Cut(key, " by ")
	return k
}
