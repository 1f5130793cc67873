package heroku

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"

	heroku "github.com/heroku/heroku-go/v5"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// A copy of a database is an add-on of the same plan that Heroku forks from the
// original. It is found again, and told from everything else, by its name, which
// is made of the copy's own: only an add-on of that name is ever deleted.

// database is the name of the attachment whose config var is DATABASE_URL.
const database = "DATABASE"

// addonOf is the name of a copy's add-on. Names of add-ons are unique on all of
// Heroku, so that the same copy is never made twice.
func addonOf(c platform.Copy) string {
	sum := sha256.Sum256([]byte(c.Name + "\x00" + c.App))
	return fmt.Sprintf("headstart-copy-%x", sum[:12])
}

var addonName = regexp.MustCompile(`^[a-zA-Z][A-Za-z0-9_-]+$`)

// MakeCopy begins to fork the database that one app has as DATABASE_URL, and
// attaches the fork as DATABASE_URL of the other one, which restarts that.
func (h *Heroku) MakeCopy(ctx context.Context, c platform.Copy) (bot.CopySeen, error) {
	name := addonOf(c)
	if found, err := h.addon(ctx, c.App, name); !errors.Is(err, bot.ErrNotFound) {
		return h.seenCopy(c, found, err)
	}
	own, err := h.attached(ctx, c.App)
	if err != nil {
		return bot.CopySeen{}, err
	}
	if own != "" {
		return bot.CopySeen{}, &bot.Refused{Platform: true, Reason: fmt.Sprintf(
			"%s has a database of its own, %s, as DATABASE_URL: an app for rehearsals must have none", c.App, h.clean(own))}
	}
	original, err := h.attached(ctx, c.From)
	if err != nil {
		return bot.CopySeen{}, err
	}
	if original == "" {
		return bot.CopySeen{}, &bot.Refused{Platform: true, Reason: fmt.Sprintf("%s has no database as DATABASE_URL", c.From)}
	}
	if !addonName.MatchString(original) {
		return bot.CopySeen{}, noSuch("add-on", original)
	}
	var source *heroku.AddOn
	err = h.do(ctx, read("look at the database of "+c.From, c.From), func(ctx context.Context) (err error) {
		if source, err = h.api.AddOnInfo(ctx, original); err == nil && source.Plan.Name == "" {
			err = errors.New("the database has no plan")
		}
		return err
	})
	if err != nil {
		return bot.CopySeen{}, err
	}
	as := database
	opts := heroku.AddOnCreateOpts{Plan: source.Plan.Name, Name: &name, Config: map[string]string{"fork": original}}
	opts.Attachment = &struct {
		Name *string `json:"name,omitempty" url:"name,omitempty,key"`
	}{&as}
	var made *heroku.AddOn
	op := operation{what: fmt.Sprintf("copy the database of %s for %s", c.From, c.App), changes: true, apps: []string{c.App, c.From}}
	err = h.do(ctx, op, func(ctx context.Context) (err error) {
		if made, err = h.api.AddOnCreate(ctx, c.App, opts); err != nil {
			return err
		}
		return checkAddon(*made)
	})
	if refused := new(bot.Refused); errors.As(err, &refused) {
		// An earlier request may have come true meanwhile: then its name is taken.
		if found, lookErr := h.addon(ctx, c.App, name); lookErr == nil {
			return h.seenCopy(c, found, nil)
		}
	}
	return h.seenCopy(c, made, err)
}

// seenCopy tells how a copy stands.
func (h *Heroku) seenCopy(c platform.Copy, found *heroku.AddOn, err error) (bot.CopySeen, error) {
	switch {
	case err != nil:
		return bot.CopySeen{}, err
	case found.State == "deprovisioned":
		return bot.CopySeen{}, &bot.Refused{Platform: true, Reason: fmt.Sprintf("Heroku could not provision the copy for %s, and took it away again", c.App)}
	}
	return bot.CopySeen{ID: found.ID, Ready: found.State == "provisioned"}, nil
}

func checkAddon(a heroku.AddOn) error {
	switch {
	case !resource.MatchString(a.ID):
		return errors.New("the add-on has no id")
	case a.State == "":
		return errors.New("the add-on has no state")
	}
	return nil
}

// addon looks at an add-on of an app.
func (h *Heroku) addon(ctx context.Context, app, name string) (found *heroku.AddOn, err error) {
	err = h.do(ctx, read("look at the copy for "+app, app), func(ctx context.Context) (err error) {
		if found, err = h.api.AddOnInfoByApp(ctx, app, name); err != nil {
			return err
		}
		if err := checkAddon(*found); err != nil {
			return err
		}
		if found.Name != name {
			return errors.New("it is another add-on")
		}
		return nil
	})
	return found, err
}

// attached is the name of the add-on that an app has as DATABASE_URL; empty if it
// has none.
func (h *Heroku) attached(ctx context.Context, app string) (string, error) {
	var found []heroku.AddOnAttachment
	err := h.do(ctx, read("list the databases of "+app, app), func(ctx context.Context) (err error) {
		found, err = h.api.AddOnAttachmentListByApp(ctx, app, &heroku.ListRange{Field: "name", Max: 1000})
		return err
	})
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(found, func(a heroku.AddOnAttachment) bool { return a.Name == database })
	if i < 0 {
		return "", nil
	}
	return found[i].Addon.Name, nil
}

// Copy looks at a copy.
func (h *Heroku) Copy(ctx context.Context, c platform.Copy) (bot.CopySeen, error) {
	found, err := h.addon(ctx, c.App, addonOf(c))
	return h.seenCopy(c, found, err)
}

// RemoveCopy deletes the add-on, which detaches it and restarts the app.
func (h *Heroku) RemoveCopy(ctx context.Context, c platform.Copy) error {
	name := addonOf(c)
	found, err := h.addon(ctx, c.App, name)
	if err == nil && c.ID != "" && found.ID != c.ID {
		return &bot.Refused{Platform: true, Reason: fmt.Sprintf("%s has another add-on by the name of the copy, %s", c.App, name)}
	}
	if err == nil {
		err = h.do(ctx, write("remove the copy from "+c.App, c.App), func(ctx context.Context) error {
			_, err := h.api.AddOnDelete(ctx, c.App, name)
			return err
		})
	}
	if errors.Is(err, bot.ErrNotFound) {
		return nil
	}
	return err
}
