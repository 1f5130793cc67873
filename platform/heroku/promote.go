package heroku

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	heroku "github.com/heroku/heroku-go/v5"
	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// How long an app's place in a pipeline, and the release that it was seen to
// run, are taken as known. A promotion names the release that it copies, so
// that what was seen a moment ago may be old but never wrong; and a refusal
// makes both be forgotten.
const (
	couplingFor = 30 * time.Minute
	currentFor  = 30 * time.Second
)

// coupling is an app's place in a pipeline; without a pipeline it is in none.
type coupling struct {
	app      string // the app's id
	pipeline string
	seen     time.Time
}

// Promote puts an artifact on an app.
//
// If the app that it comes from is in the same pipeline and runs the artifact,
// that very release is promoted, and the promotion is the handle of a release
// that does not exist yet. Otherwise the slug is released as such.
func (h *Heroku) Promote(ctx context.Context, p platform.Promotion) (bot.Release, error) {
	op := write(fmt.Sprintf("release %s on %s", short(p.Commit), p.To), p.To)
	if err := op.check(); err != nil {
		return bot.Release{}, err
	}
	image := strings.HasPrefix(p.Artifact, ociPrefix)
	if !resource.MatchString(strings.TrimPrefix(p.Artifact, ociPrefix)) {
		return bot.Release{}, noSuch("artifact", p.Artifact)
	}
	if p.Commit != "" {
		remember(&h.memory, h.memory.commits, p.Artifact, p.Commit)
	}
	r, promoted, err := h.promoteInPipeline(ctx, op, p)
	if promoted || err != nil {
		return r, err
	}
	if image {
		return bot.Release{}, &bot.Refused{Platform: true, Reason: fmt.Sprintf(
			"%s is a Fir app: it takes promotions only from an app in its pipeline that runs the same image, and %s does not", p.To, nameOr(p.From, "no app"))}
	}
	return h.releaseSlug(ctx, op, p)
}

func nameOr(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}

// promoteInPipeline promotes from one app to the other if it can. Promoted says
// whether it did; if not, and without an error, there is nothing to promote.
func (h *Heroku) promoteInPipeline(ctx context.Context, op operation, p platform.Promotion) (r bot.Release, promoted bool, err error) {
	if p.From == "" || p.From == p.To {
		return r, false, nil
	}
	from, err := h.coupling(ctx, p.From)
	if err != nil || from.pipeline == "" {
		return r, false, readOnly(err)
	}
	to, err := h.target(ctx, p.To, from)
	if err != nil || to.pipeline != from.pipeline {
		return r, false, readOnly(err)
	}
	release, err := h.running(ctx, p.From, p.Artifact)
	if err != nil || release == "" {
		return r, false, readOnly(err)
	}
	r, err = h.postPromotion(ctx, op, p, from, to, release)
	var refused *bot.Refused
	if errors.As(err, &refused) {
		// It certainly had no effect. What was remembered may be out of date.
		forget(&h.memory, h.memory.couplings, p.From, p.To)
		forget(&h.memory, h.memory.places, p.To) // where it is in a pipeline is asked for the next time
		forget(&h.memory, h.memory.currents, p.From)
		if !strings.HasPrefix(p.Artifact, ociPrefix) { // a slug can be released without a pipeline
			h.log.Info("heroku refused a promotion; releasing the slug itself", zap.String("app", p.To), zap.Error(err))
			return bot.Release{}, false, nil
		}
	}
	if err == nil {
		remember(&h.memory, h.memory.couplings, p.To, to)
	}
	return r, true, err
}

// target is the place of the app that is promoted to. Where its id is known but
// not its pipeline, it is supposed to be in the one of the app that is promoted
// from: Heroku refuses the promotion if it is not, and nothing was asked in vain
// where it is.
func (h *Heroku) target(ctx context.Context, app string, from coupling) (coupling, error) {
	if c, ok := recall(&h.memory, h.memory.couplings, app); !ok || h.clock().Sub(c.seen) > couplingFor {
		if p, ok := recall(&h.memory, h.memory.places, app); ok {
			return coupling{app: p.id, pipeline: from.pipeline, seen: h.clock()}, nil
		}
	}
	return h.coupling(ctx, app)
}

// readOnly passes on an error of a look before the promotion. What may not be
// looked at, or does not exist, is no reason to give up: releasing the slug
// will tell.
func readOnly(err error) error {
	var refused *bot.Refused
	if errors.As(err, &refused) {
		return nil
	}
	return err
}

// postPromotion asks for a promotion of one release. v5 of heroku-go cannot
// name the release.
func (h *Heroku) postPromotion(ctx context.Context, op operation, p platform.Promotion, from, to coupling, release string) (bot.Release, error) {
	type ref struct {
		ID string `json:"id"`
	}
	type appRef struct {
		App ref `json:"app"`
	}
	var body struct {
		Pipeline ref `json:"pipeline"`
		Source   struct {
			App     ref `json:"app"`
			Release ref `json:"release"`
		} `json:"source"`
		Targets []appRef `json:"targets"`
	}
	body.Pipeline.ID, body.Source.App.ID, body.Source.Release.ID = from.pipeline, from.app, release
	body.Targets = []appRef{{App: ref{to.app}}}
	var made heroku.PipelinePromotion
	before, looked := recall(&h.memory, h.memory.newest, p.To)
	err := h.do(ctx, op, func(ctx context.Context) error {
		if err := h.api.Post(ctx, &made, "/pipeline-promotions", &body); err != nil {
			return err
		}
		if !resource.MatchString(made.ID) {
			return errors.New("the promotion has no id")
		}
		return nil
	})
	if err != nil {
		return bot.Release{}, err
	}
	if took := made.Source.Release.ID; took != "" && took != release {
		return bot.Release{}, &bot.Unknown{Reason: fmt.Sprintf("Heroku was asked to promote one release of %s and took another one", p.From)}
	}
	if looked && h.clock().Sub(before.seen) <= currentFor {
		remember(&h.memory, h.memory.asked, made.ID, asked{app: p.To, artifact: p.Artifact, after: before.version})
	}
	r := promising(p.To, made.ID)
	r.Artifact, r.Commit, r.Description, r.CreatedAt = p.Artifact, p.Commit, p.Description, made.CreatedAt
	return r, nil
}

// releaseSlug releases a slug on an app, whatever app it was built on.
func (h *Heroku) releaseSlug(ctx context.Context, op operation, p platform.Promotion) (bot.Release, error) {
	opts := heroku.ReleaseCreateOpts{Slug: p.Artifact}
	if p.Description != "" {
		opts.Description = &p.Description
	}
	var made wireRelease
	err := h.do(ctx, op, func(ctx context.Context) error {
		if err := h.api.Post(ctx, &made, "/apps/"+p.To+"/releases", &opts); err != nil {
			return err
		}
		return checkRelease(made)
	})
	if err != nil {
		return bot.Release{}, h.refusedSlug(ctx, p, err)
	}
	if took := made.artifact(); took != "" && took != p.Artifact {
		return bot.Release{}, &bot.Unknown{Reason: fmt.Sprintf("Heroku was asked to release one slug on %s and took another one", p.To)}
	}
	return h.release(p.To, made), nil
}

// refusedSlug tells a slug that Heroku has destroyed from the other reasons why
// it may not be released.
func (h *Heroku) refusedSlug(ctx context.Context, p platform.Promotion, err error) error {
	var refused *bot.Refused
	if !errors.As(err, &refused) || errors.Is(err, bot.ErrNotFound) {
		return err
	}
	gone := &bot.Refused{Reason: refused.Reason, Platform: true, Err: fmt.Errorf("%w: %w", bot.ErrNotFound, err)}
	if saysGone(refused.Reason) {
		return gone
	}
	on := nameOr(p.From, p.To)
	lookErr := h.do(ctx, read("look at a slug of "+on, on, p.Artifact), func(ctx context.Context) error {
		_, err := h.api.SlugInfo(ctx, on, p.Artifact)
		return err
	})
	if !errors.Is(lookErr, bot.ErrNotFound) {
		return err
	}
	return gone
}

// saysGone reports whether a sentence of Heroku's says that a slug does not exist
// any more: "Couldn't find that slug."
func saysGone(text string) bool {
	return strings.Contains(strings.ToLower(text), "find that slug")
}

// running is the id of the release by which an app runs an artifact now, empty
// if it runs something else.
func (h *Heroku) running(ctx context.Context, app, artifact string) (string, error) {
	c, ok := recall(&h.memory, h.memory.currents, app)
	if !ok || c.artifact != artifact || h.clock().Sub(c.seen) > currentFor {
		forget(&h.memory, h.memory.currents, app)
		if _, err := h.Releases(ctx, app); err != nil {
			return "", err
		}
		c, _ = recall(&h.memory, h.memory.currents, app)
	}
	if c.artifact != artifact {
		return "", nil
	}
	return c.release, nil
}

// coupling finds an app's pipeline.
func (h *Heroku) coupling(ctx context.Context, app string) (coupling, error) {
	if c, ok := recall(&h.memory, h.memory.couplings, app); ok && h.clock().Sub(c.seen) <= couplingFor {
		return c, nil
	}
	c := coupling{seen: h.clock()}
	err := h.do(ctx, read("look at the pipeline of "+app, app), func(ctx context.Context) error {
		found, err := h.api.PipelineCouplingInfoByApp(ctx, app)
		if err != nil {
			return err
		}
		if !resource.MatchString(found.App.ID) || !resource.MatchString(found.Pipeline.ID) {
			return errors.New("the coupling names no app or no pipeline")
		}
		c.app, c.pipeline = found.App.ID, found.Pipeline.ID
		return nil
	})
	if err != nil && !errors.Is(err, bot.ErrNotFound) {
		return coupling{}, err
	}
	remember(&h.memory, h.memory.couplings, app, c)
	return c, nil
}
