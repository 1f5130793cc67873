package heroku

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	heroku "github.com/heroku/heroku-go/v5"

	"github.com/headstart-cd/headstart/bot"
)

// ociPrefix marks an artifact that is an OCI image and not a slug.
const ociPrefix = "oci:"

// promotionPrefix marks the handle of a release that a promotion has not made
// yet: what follows is the promotion's id.
const promotionPrefix = "promotion:"

// wireRelease is a release with what v5 of heroku-go lacks.
type wireRelease struct {
	heroku.Release
	OCIImage *struct {
		ID string `json:"id"`
	} `json:"oci_image"`
	Eligible *bool `json:"eligible_for_rollback"` // nil where Heroku does not say
}

func (r wireRelease) artifact() string {
	switch {
	case r.Slug != nil && r.Slug.ID != "":
		return r.Slug.ID
	case r.OCIImage != nil && r.OCIImage.ID != "":
		return ociPrefix + r.OCIImage.ID
	}
	return ""
}

// newest is the version of an app's newest release, as it was seen.
type newest struct {
	version int
	seen    time.Time
}

// current is the release that an app was seen to run.
type current struct {
	release  string
	artifact string
	seen     time.Time
}

// Releases lists the newest releases of an app, newest first. Heroku's list
// does not carry commits: they are known for artifacts that were built or
// promoted by this process, and looked up for the one that the app runs.
func (h *Heroku) Releases(ctx context.Context, app string) ([]bot.Release, error) {
	var found []wireRelease
	err := h.do(ctx, read("list the releases of "+app, app), func(ctx context.Context) error {
		if err := h.api.Get(ctx, &found, "/apps/"+app+"/releases", nil, &heroku.ListRange{Field: "version", Descending: true, Max: listed}); err != nil {
			return err
		}
		return checkList(found, checkRelease)
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b wireRelease) int { return cmp.Compare(b.Version, a.Version) })
	seen := newest{seen: h.clock()}
	releases := make([]bot.Release, 0, len(found))
	runs := false
	for _, f := range found {
		seen.version = max(seen.version, f.Version)
		f.Current = f.Current && !runs // should Heroku name two, the newer one counts
		if runs = runs || f.Current; f.Current {
			remember(&h.memory, h.memory.currents, app, current{f.ID, f.artifact(), h.clock()})
			h.learnCommit(ctx, app, f)
		}
		releases = append(releases, h.release(app, f))
	}
	remember(&h.memory, h.memory.newest, app, seen)
	return releases, nil
}

// learnCommit looks up which commit a slug was built from. Not knowing it is no
// error: the artifact is what counts.
func (h *Heroku) learnCommit(ctx context.Context, app string, r wireRelease) {
	if r.Slug == nil || r.Slug.ID == "" {
		return
	}
	if _, known := recall(&h.memory, h.memory.commits, r.Slug.ID); known {
		return
	}
	commit := ""
	err := h.do(ctx, read("look at a slug of "+app, app, r.Slug.ID), func(ctx context.Context) error {
		slug, err := h.api.SlugInfo(ctx, app, r.Slug.ID)
		if err == nil && slug.Commit != nil && fullSHA.MatchString(*slug.Commit) {
			commit = *slug.Commit
		}
		return err
	})
	if err == nil {
		remember(&h.memory, h.memory.commits, r.Slug.ID, commit)
	}
}

// fullSHA is a commit as the bot names it. Slugs of other origins may carry any
// text there.
var fullSHA = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// Release looks at one release, or at the promotion that is going to make it. A failed one has its output read, unless it
// was followed to its end.
func (h *Heroku) Release(ctx context.Context, app, id string) (bot.Release, error) {
	if promotion, ok := strings.CutPrefix(id, promotionPrefix); ok {
		return h.promoted(ctx, app, promotion)
	}
	found, err := h.releaseByID(ctx, app, id)
	if err != nil {
		return bot.Release{}, err
	}
	if found.Current {
		remember(&h.memory, h.memory.currents, app, current{found.ID, found.artifact(), h.clock()})
	}
	h.learnCommit(ctx, app, found)
	if found.Status == "failed" && found.OutputStreamURL != nil {
		h.last(ctx, app, found.ID, *found.OutputStreamURL) // for people
	}
	return h.release(app, found), nil
}

func (h *Heroku) releaseByID(ctx context.Context, app, id string) (found wireRelease, err error) {
	err = h.do(ctx, read("look at a release of "+app, app, id), func(ctx context.Context) error {
		if err := h.api.Get(ctx, &found, "/apps/"+app+"/releases/"+id, nil, nil); err != nil {
			return err
		}
		return cmp.Or(checkRelease(found), checkID("release", id, found.ID))
	})
	return found, err
}

// asked is a promotion that this process asked for.
type asked struct {
	app      string // that was promoted to
	artifact string
	after    int  // the version of the app's newest release before
	listed   bool // its release was looked for among the app's
}

// promoted looks at what became of a promotion: nothing yet, the release that
// it made, or a failure before there was one.
//
// Where it is known what to look for, the app's releases come first: they tell
// in one request what the promotion's targets and the release tell in two. If
// nothing is there yet, the next look is at the targets, which say why.
func (h *Heroku) promoted(ctx context.Context, app, promotion string) (bot.Release, error) {
	if a, ok := recall(&h.memory, h.memory.asked, promotion); ok && a.app == app && !a.listed {
		a.listed = true
		remember(&h.memory, h.memory.asked, promotion, a)
		return h.promotedTo(ctx, a, promotion)
	}
	var targets []heroku.PipelinePromotionTarget
	err := h.do(ctx, read("look at a promotion to "+app, app, promotion), func(ctx context.Context) error {
		if err := h.api.Get(ctx, &targets, "/pipeline-promotions/"+promotion+"/promotion-targets", nil, nil); err != nil {
			return err
		}
		return checkList(targets, checkTarget)
	})
	if err != nil {
		return bot.Release{}, err
	}
	target, err := h.targetOf(ctx, app, targets)
	if err != nil {
		return bot.Release{}, err
	}
	pending := promising(app, promotion)
	if target == nil {
		return pending, nil // Heroku has not got to it
	}
	reason := ""
	if target.ErrorMessage != nil {
		reason = h.clean(*target.ErrorMessage)
	}
	if target.Release == nil || target.Release.ID == "" {
		if target.Status == "failed" {
			pending.Status, pending.Reason = bot.ReleaseFailed, reason
			if reason == "" {
				pending.Reason = "Heroku could not promote to " + app + " and does not say why"
			}
			if saysGone(reason) {
				pending.Status = bot.ReleaseExpired
			}
		}
		return pending, nil
	}
	if target.Status == "pending" {
		pending.ID = target.Release.ID // its own page tells the rest, when it is next looked at
		return pending, nil
	}
	r, err := h.Release(ctx, app, target.Release.ID)
	if err != nil {
		return bot.Release{}, err
	}
	// A promotion is only as good as its target says.
	if target.Status == "failed" && !r.Current {
		if r.Status = bot.ReleaseFailed; saysGone(reason) {
			r.Status = bot.ReleaseExpired
		}
		if reason != "" {
			r.Reason = reason
		}
	}
	return r, nil
}

// promising is the release that a promotion has not made yet.
func promising(app, promotion string) bot.Release {
	return bot.Release{ID: promotionPrefix + promotion, App: app, Status: bot.ReleasePending}
}

// promotedTo looks for the release of a promotion among the app's: the first of
// the artifact that was made since.
func (h *Heroku) promotedTo(ctx context.Context, a asked, promotion string) (bot.Release, error) {
	releases, err := h.Releases(ctx, a.app)
	if err != nil {
		return bot.Release{}, err
	}
	for _, r := range slices.Backward(releases) {
		if r.Version > a.after && r.Artifact == a.artifact {
			return r, nil
		}
	}
	return promising(a.app, promotion), nil
}

// targetOf picks the app's target. The bot promotes to one app at a time, so
// there is nothing to pick unless somebody else made the promotion.
func (h *Heroku) targetOf(ctx context.Context, app string, targets []heroku.PipelinePromotionTarget) (*heroku.PipelinePromotionTarget, error) {
	switch len(targets) {
	case 0:
		return nil, nil
	case 1:
		return &targets[0], nil
	}
	c, err := h.coupling(ctx, app)
	if err != nil {
		return nil, err
	}
	for i := range targets {
		if targets[i].App.ID == c.app {
			return &targets[i], nil
		}
	}
	return nil, &bot.Refused{Reason: fmt.Sprintf("the promotion has no target %s", app), Platform: true, Err: bot.ErrNotFound}
}

// release translates a release. One whose status is none of those that Heroku
// documents counts as pending: it is looked at again, until it ends in a way that
// is known or the bot's patience does.
func (h *Heroku) release(app string, f wireRelease) bot.Release {
	r := bot.Release{
		ID: f.ID, App: app, Version: f.Version, Artifact: f.artifact(), Current: f.Current,
		Description: h.clean(f.Description), CreatedAt: f.CreatedAt,
		OutputURL: "https://dashboard.heroku.com/apps/" + app + "/activity/releases/" + f.ID,
	}
	r.Commit, _ = recall(&h.memory, h.memory.commits, r.Artifact)
	switch f.Status {
	case "succeeded":
		r.Status = bot.ReleaseSucceeded
	case "failed":
		r.Status, r.Reason = bot.ReleaseFailed, "The release phase failed; what ran before keeps running"
	case "expired":
		r.Status, r.Reason = bot.ReleaseExpired, "Heroku has destroyed what this release ran"
	default:
		r.Status = bot.ReleasePending
	}
	if r.Status != bot.ReleasePending {
		h.follower.see(app, r.ID, "", false)
	} else if f.OutputStreamURL != nil { // it has a release phase
		h.follower.see(app, r.ID, *f.OutputStreamURL, true)
	}
	return r
}
