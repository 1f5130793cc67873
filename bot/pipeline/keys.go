package pipeline

import (
	"fmt"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// The key of an effect is its identity: two effects of one key are never under way at
// once, and their attempts are counted together. The action, not the key, says what an
// effect is. All keys are made here.

const (
	HeadKey      = "head"
	RulesKey     = "rules"
	ListPullsKey = "list pull requests"
	OpenKey      = "open pipelines"
)

func ConfigKey(ref string) string { return "config " + ref }

func ChecksKey(sha string) string { return "checks " + sha }

func FindKey(sha string) string { return "find " + sha }

func FilesKey(base, head string) string { return "files " + base + " " + head }

func PeopleKey(base, head string) string { return "people " + base + " " + head }

func SourceKey(tree string) string { return "source " + tree }

func NeedKey(sha string, need bot.Need) string { return fmt.Sprintf("needs %s %s", sha, need) }

func RightsKey(sha, stage string) string { return fmt.Sprintf("rights %s %s", sha, stage) }

func AffectedKey(sha string) string { return "affected by " + sha }

func GroupAffectedKey(head string) string { return "affected by group " + head }

func PullAffectedKey(p PullRequest) string {
	return fmt.Sprintf("affected by pull %d %s", p.Number, p.Head)
}

func PullKey(p PullRequest) string { return fmt.Sprintf("pull %d %s", p.Number, p.Head) }

func ChangesOfKey(p PullRequest) string { return fmt.Sprintf("changes of %d %s", p.Number, p.Head) }

// Builds, releases and apps.

func BuildEffect(app, key string) string { return "build " + app + " " + key }

func WatchBuildKey(r BuildRun) string { return "watch build " + r.App + " " + r.ID }

func CancelKey(r BuildRun) string { return "cancel " + r.App + " " + r.ID }

// readPromoteKey reads a key of PromoteKey; !ok: another effect's key.
func readPromoteKey(key string) (stage string, n int, app string, ok bool) {
	read, err := fmt.Sscanf(key, "promote %s %d %s", &stage, &n, &app)
	return stage, n, app, err == nil && read == 3
}

func WatchReleaseKey(stage, app string, n int) string {
	return fmt.Sprintf("watch release %s %s %d", stage, app, n)
}

func LookKey(stage, app string) string { return fmt.Sprintf("look %s %s", stage, app) }

func ProbeKey(stage string, n int) string { return fmt.Sprintf("probe %s %d", stage, n) }

func InspectKey(do bot.Inspect) string { return "inspect " + do.App + " beside " + do.Source }

func MaintenanceKey(app string) string { return "maintenance " + app }

func LookMaintenanceKey(app string) string { return "look at maintenance of " + app }

func CopyKey(stage string, n int, app string) string {
	return fmt.Sprintf("copy %s %d %s", stage, n, app)
}

func WatchCopyKey(stage string, n int, app string) string { return "watch " + CopyKey(stage, n, app) }

func RemoveCopyKey(stage string, n int, app string) string { return "remove " + CopyKey(stage, n, app) }

// What people read.

func StatusKey(sha, context string) string { return "status " + sha + " " + context }

func DeploymentKey(stage string, n int) string { return fmt.Sprintf("deployment %s %d", stage, n) }

func DeploymentStatusKey(stage string, id int64) string {
	return fmt.Sprintf("deployment status %s %d", stage, id)
}

func CommentKey(pull int) string { return fmt.Sprintf("comment %d", pull) }

func SectionKey(pull int) string { return fmt.Sprintf("section %d", pull) }

func AlertKey(stage string, n int) string { return fmt.Sprintf("alert %s %d", stage, n) }

// Comments with commands.

func SeenKey(r *Request) string { return fmt.Sprintf("seen %d", r.Comment) }

func CloseKey(r *Request) string { return fmt.Sprintf("close %d", r.Comment) }

func ReplyKey(r *Request) string { return fmt.Sprintf("reply %d", r.Comment) }

func ActorKey(r *Request) string { return fmt.Sprintf("actor %d", r.Comment) }

func ChangesKey(r *Request) string { return fmt.Sprintf("changes %d", r.Comment) }

func PullOfKey(r *Request) string { return fmt.Sprintf("pull of comment %d", r.Comment) }

func RouteKey(r *Request) string { return fmt.Sprintf("affected by comment %d", r.Comment) }

func AddressKey(r *Request, pipeline string) string {
	return fmt.Sprintf("address %d %s", r.Comment, pipeline)
}

// KeyNames reports whether an effect's key contains a commit. An effect that waits for its
// next attempt is remembered by its key alone.
func KeyNames(key, sha string) bool {
	for word := range strings.FieldsSeq(key) {
		if word == sha {
			return true
		}
	}
	return false
}

// The key of a build says whom it may serve, what was built, and how. Commits with the
// same key share the artifact.
type BuiltAs struct {
	Whose string // BranchBuilds or pullBuilds; empty: it serves all
	Kind  string // OfCommit or ofTree
	id    string // SHA of the commit or the tree
	by    string // a digest of the command; empty on a platform with buildpacks
}

const (
	OfCommit = "commit "
	ofTree   = "tree "
)

func (k BuiltAs) key() string {
	by := ""
	if k.by != "" {
		by = " by " + k.by
	}
	return k.Whose + k.Kind + k.id + by
}

// ReadBuildKey reads the key of a build.
func ReadBuildKey(key string) (k BuiltAs) {
	for _, whose := range []string{BranchBuilds, pullBuilds} {
		if rest, ok := strings.CutPrefix(key, whose); ok {
			k.Whose, key = whose, rest
			break
		}
	}
	for _, kind := range []string{OfCommit, ofTree} {
		if rest, ok := strings.CutPrefix(key, kind); ok {
			k.Kind, key = kind, rest
		}
	}
	k.id, k.by, _ = strings.Cut(key, " by ")
	return k
}
