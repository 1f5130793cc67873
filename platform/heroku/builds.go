package heroku

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	heroku "github.com/heroku/heroku-go/v5"

	"github.com/headstart-cd/headstart/bot"
)

// listed is how many builds or releases a list asks for.
const listed = 25

// idleFor is how long an app that was seen without a pending build counts as
// idle. StartBuild looks again after that.
const idleFor = 3 * time.Second

// StartBuild builds a commit on an app. Heroku does not say what happens to two
// builds of one app, so a second one beside a pending one is not asked for.
func (h *Heroku) StartBuild(ctx context.Context, app string, src bot.Source) (bot.Build, error) {
	op := write(fmt.Sprintf("build %s on %s", short(src.Commit), app), app)
	if err := op.check(); err != nil {
		return bot.Build{}, err
	}
	done, ok := h.memory.takeTurn(ctx, app)
	if !ok {
		return bot.Build{}, h.classify(op, &exchange{}, ctx.Err())
	}
	defer done()
	if seen, ok := recall(&h.memory, h.memory.idle, app); !ok || h.clock().Sub(seen) > idleFor {
		builds, err := h.builds(ctx, app)
		if err != nil {
			return bot.Build{}, err
		}
		if b := pendingOf(builds); b != nil {
			return bot.Build{}, &bot.Retryable{Reason: fmt.Sprintf("%s is still building %s, and builds one commit at a time", app, short(commitOf(*b)))}
		}
	}
	h.memory.starting(app)
	var opts heroku.BuildCreateOpts
	opts.SourceBlob.URL, opts.SourceBlob.Version = &src.URL, &src.Commit
	var made *heroku.Build
	err := h.do(ctx, op, func(ctx context.Context) (err error) {
		if made, err = h.api.BuildCreate(ctx, app, opts); err != nil {
			return err
		}
		return checkBuild(*made)
	})
	if err != nil {
		return bot.Build{}, err
	}
	b := h.build(app, *made)
	b.Commit = cmp.Or(b.Commit, src.Commit)
	return b, nil
}

// Builds lists the newest builds of an app, newest first.
func (h *Heroku) Builds(ctx context.Context, app string) ([]bot.Build, error) {
	found, err := h.builds(ctx, app)
	if err != nil {
		return nil, err
	}
	builds := make([]bot.Build, 0, len(found))
	judged := 0
	for i, f := range found {
		if i == 0 { // the one that somebody may be waiting for
			if err := h.learnImage(ctx, app, f); err != nil {
				return nil, err
			}
		}
		if f.Status == "failed" && judged < mostJudged {
			judged++
			h.judge(ctx, app, f)
		}
		builds = append(builds, h.build(app, f))
	}
	return builds, nil
}

// mostJudged is how many failed builds of a list have their output read.
const mostJudged = 3

// builds asks for the list. heroku-go's own BuildList returns its result before
// it is filled, by the letter of Go's order of evaluation.
func (h *Heroku) builds(ctx context.Context, app string) ([]heroku.Build, error) {
	var found []heroku.Build
	starts, _ := recall(&h.memory, h.memory.starts, app)
	err := h.do(ctx, read("list the builds of "+app, app), func(ctx context.Context) error {
		if err := h.api.Get(ctx, &found, "/apps/"+app+"/builds", nil, &heroku.ListRange{Field: "started_at", Descending: true, Max: listed}); err != nil {
			return err
		}
		return checkList(found, checkBuild)
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b heroku.Build) int { return b.CreatedAt.Compare(a.CreatedAt) })
	if pendingOf(found) == nil {
		h.memory.seenIdle(app, starts, h.clock())
	} else {
		forget(&h.memory, h.memory.idle, app)
	}
	return found, nil
}

func pendingOf(builds []heroku.Build) *heroku.Build {
	if i := slices.IndexFunc(builds, func(b heroku.Build) bool { return b.Status != "succeeded" && b.Status != "failed" }); i >= 0 {
		return &builds[i]
	}
	return nil
}

// Build looks at one build. A failed one has its output read, once, to tell why.
func (h *Heroku) Build(ctx context.Context, app, id string) (bot.Build, error) {
	found, err := h.look(ctx, app, id)
	if err != nil {
		return bot.Build{}, err
	}
	if found.Status == "failed" {
		h.judge(ctx, app, *found)
	}
	if err := h.learnImage(ctx, app, *found); err != nil {
		return bot.Build{}, err
	}
	return h.build(app, *found), nil
}

func (h *Heroku) look(ctx context.Context, app, id string) (found *heroku.Build, err error) {
	err = h.do(ctx, read(fmt.Sprintf("look at a build of %s", app), app, id), func(ctx context.Context) (err error) {
		if found, err = h.api.BuildInfo(ctx, app, id); err != nil {
			return err
		}
		return cmp.Or(checkBuild(*found), checkID("build", id, found.ID))
	})
	return found, err
}

// learnImage finds out which OCI image the build of a Fir app left: its release
// tells. Of another build there is nothing to learn.
func (h *Heroku) learnImage(ctx context.Context, app string, b heroku.Build) error {
	release := releaseOf(b)
	if b.Status != "succeeded" || slugOf(b) != "" || release == "" {
		return nil
	}
	if _, known := recall(&h.memory, h.memory.images, release); known {
		return nil
	}
	r, err := h.releaseByID(ctx, app, release)
	if err != nil {
		return err
	}
	if r.OCIImage != nil {
		remember(&h.memory, h.memory.images, release, r.OCIImage.ID)
	}
	return nil
}

// CancelBuild stops a pending build. v5 of heroku-go has no method for it.
func (h *Heroku) CancelBuild(ctx context.Context, app, id string) error {
	err := h.do(ctx, write("cancel a build of "+app, app, id), func(ctx context.Context) error {
		return h.api.Delete(ctx, nil, "/apps/"+app+"/builds/"+id)
	})
	var refused *bot.Refused
	var unknown *bot.Unknown
	switch {
	case err == nil, errors.As(err, &unknown):
		// Heroku calls a cancelled build failed. Who asked knows better.
		remember(&h.memory, h.memory.cancelled, id, true)
	case errors.As(err, &refused):
		b, lookErr := h.look(ctx, app, id)
		if lookErr == nil && (b.Status == "succeeded" || b.Status == "failed") {
			return nil
		}
	}
	return err
}

// unnamedFor is how long a build that succeeded may not name what it left.
const unnamedFor = 10 * time.Minute

// build translates a build. One whose status is none of those that Heroku
// documents counts as pending: it keeps its app busy and is looked at again,
// until it ends in a way that is known or the bot's patience does. One that
// succeeded and does not say what it left counts as pending for a while, and then
// as errored: there is nothing to release.
func (h *Heroku) build(app string, f heroku.Build) bot.Build {
	b := bot.Build{
		ID: f.ID, App: app, Commit: commitOf(f), Status: bot.BuildPending, CreatedAt: f.CreatedAt,
		OutputURL: "https://dashboard.heroku.com/apps/" + app + "/activity/builds/" + f.ID,
	}
	switch f.Status {
	case "succeeded":
		b.Status, b.FinishedAt = bot.BuildSucceeded, f.UpdatedAt
		b.Artifact, b.Release = slugOf(f), releaseOf(f)
		if c, ok := recall(&h.memory, h.memory.currents, app); ok && c.seen.Before(f.UpdatedAt) {
			forget(&h.memory, h.memory.currents, app) // the build has released since
		}
		if image, ok := recall(&h.memory, h.memory.images, b.Release); ok && b.Artifact == "" {
			b.Artifact = ociPrefix + image
		}
		if b.Artifact == "" && h.clock().Sub(f.UpdatedAt) < unnamedFor {
			b.Status, b.FinishedAt = bot.BuildPending, time.Time{}
		} else if b.Artifact == "" {
			b.Status, b.Reason = bot.BuildErrored, "Heroku says that the build succeeded, but not what it left"
		}
		if b.Artifact != "" && b.Commit != "" {
			remember(&h.memory, h.memory.commits, b.Artifact, b.Commit)
		}
	case "failed":
		b.Status, b.FinishedAt, b.Reason = bot.BuildFailed, f.UpdatedAt, "The build failed; its output says why"
		if v, ok := recall(&h.memory, h.memory.verdicts, f.ID); ok {
			b.Status, b.Reason = v.status, v.reason
		}
		if cancelled, _ := recall(&h.memory, h.memory.cancelled, f.ID); cancelled {
			b.Status, b.Reason = bot.BuildCancelled, "The build was cancelled"
		}
	}
	h.follower.see(app, b.ID, f.OutputStreamURL, b.Status == bot.BuildPending)
	return b
}

func commitOf(b heroku.Build) string {
	if v := b.SourceBlob.Version; v != nil && fullSHA.MatchString(*v) {
		return *v
	}
	return "" // somebody else's, who wrote there what they liked
}

func slugOf(b heroku.Build) string {
	if b.Slug == nil {
		return ""
	}
	return b.Slug.ID
}

func releaseOf(b heroku.Build) string {
	if b.Release == nil {
		return ""
	}
	return b.Release.ID
}

func short(commit string) string { return commit[:min(8, len(commit))] }
