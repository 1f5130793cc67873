package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/bot/words"
	"github.com/headstart-cd/headstart/store"
)

// freezeCommand stops every promotion of every pipeline, also while the server
// runs: it writes to the server's database, which every instance looks at.
type freezeCommand struct {
	DatabaseURL string   `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"The database of the server: sqlite:PATH or postgres://…"`
	For         string   `placeholder:"DURATION" help:"How long, such as 30m, 4h or 2d (default: until 'headstart unfreeze')."`
	By          string   `placeholder:"NAME" help:"Name to record (default: your OS user)."`
	Show        bool     `help:"Show whether promotions are frozen, and change nothing."`
	Reason      []string `arg:"" optional:"" help:"Why; shown to everybody whose deploy waits."`
}

// unfreezeCommand ends it.
type unfreezeCommand struct {
	DatabaseURL string `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"The database of the server: sqlite:PATH or postgres://…"`
	By          string `placeholder:"NAME" help:"Name to record (default: your OS user)."`
}

// Run freezes, or says what is frozen.
func (c *freezeCommand) Run(ctx context.Context, out console) error {
	now := time.Now()
	reason := redact.Redact(strings.Join(strings.Fields(strings.Join(c.Reason, " ")), " "))
	word := bot.OperatorFreeze{On: true, By: recordedName(c.By), Reason: reason, At: now}
	switch lasts, ok := words.ParseDuration(c.For); {
	case c.Show:
		return withOperator(ctx, c.DatabaseURL, func(db *store.Operator) error {
			f, err := db.Freeze(ctx)
			if err == nil {
				fmt.Fprintln(out.out, frozenText(f, now))
			}
			return err
		})
	case reason == "":
		return usage("the reason is missing: headstart freeze [--for 4h] REASON")
	case c.For == "":
	case !ok || lasts == 0:
		return usage("--for %s is no duration: write 30m, 4h, 2d or 1h30m", c.For)
	case lasts > command.MaxLock:
		return usage("--for is at most %d days; without it everything stays frozen until headstart unfreeze", command.MaxLock/(24*time.Hour))
	default:
		word.Until = now.Add(lasts).Round(time.Second)
	}
	return saveFreeze(ctx, c.DatabaseURL, word, out)
}

// Run ends the freeze.
func (c *unfreezeCommand) Run(ctx context.Context, out console) error {
	return saveFreeze(ctx, c.DatabaseURL, bot.OperatorFreeze{By: recordedName(c.By), At: time.Now()}, out)
}

// saveFreeze saves the operator's word and repeats it.
func saveFreeze(ctx context.Context, url string, word bot.OperatorFreeze, out console) error {
	return withOperator(ctx, url, func(db *store.Operator) error {
		saved, err := db.SetFreeze(ctx, word)
		if err != nil {
			return err
		}
		what := "unfreeze"
		if saved.On {
			what = "freeze: " + saved.Reason
		}
		if err := noteDone(ctx, db, store.Doing{At: saved.At, Who: saved.By, What: what}); err != nil {
			return err
		}
		fmt.Fprintf(out.out, "%s\nRunning servers notice within seconds; releases in progress will finish.\n", frozenText(saved, word.At))
		return nil
	})
}

func withOperator(ctx context.Context, url string, do func(*store.Operator) error) error {
	db, err := store.OpenOperator(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close(ctx))
}

// frozenText says what the operator's word means now.
func frozenText(f bot.OperatorFreeze, now time.Time) string {
	by := ""
	if f.By != "" {
		by = " by " + f.By
	}
	at := f.At.UTC().Format(time.RFC3339)
	switch {
	case f.At.IsZero():
		return "Not frozen."
	case !f.On:
		return fmt.Sprintf("Not frozen (lifted%s at %s).", by, at)
	case !f.Active(now):
		return fmt.Sprintf("Not frozen (the freeze ended at %s).", f.Until.UTC().Format(time.RFC3339))
	case f.Until.IsZero():
		return fmt.Sprintf("Everything is frozen%s since %s, until `headstart unfreeze`: %s", by, at, f.Reason)
	}
	return fmt.Sprintf("Everything is frozen%s since %s, until %s: %s", by, at, f.Until.UTC().Format(time.RFC3339), f.Reason)
}

// recordedName is the name that was given, else the account's.
func recordedName(name string) string {
	if name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "" // a container may have no account for its number
}
