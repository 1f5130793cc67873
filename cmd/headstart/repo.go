package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/store"
)

// repoCommand is about which repository is meant by a name, also while the server runs.
type repoCommand struct {
	List    repoListCommand    `cmd:"" help:"List the repositories that have pipelines, and those that were refused."`
	Confirm repoConfirmCommand `cmd:"" help:"Give a name to another repository than the one that had it."`
}

type repoListCommand struct {
	DatabaseURL string `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"The database of the server: sqlite:PATH or postgres://…"`
	Allow       string `env:"HEADSTART_ALLOW" placeholder:"RULES" help:"The server's rules; names without a rule are marked."`
}

type repoConfirmCommand struct {
	DatabaseURL string `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"The database of the server: sqlite:PATH or postgres://…"`
	By          string `placeholder:"NAME" help:"Name to record (default: your OS user)."`
	Repo        string `arg:"" name:"owner/name" help:"The name."`
	ID          string `arg:"" name:"id" help:"The repository's number, as headstart repo list shows it."`
}

// Run lists what is known, and then what was refused.
func (c *repoListCommand) Run(ctx context.Context, out console) error {
	allow, err := platform.ParseAllow(c.Allow)
	if err != nil {
		return fmt.Errorf("HEADSTART_ALLOW: %w", err)
	}
	return withOperator(ctx, c.DatabaseURL, func(db *store.Operator) error {
		known, err := db.Repositories(ctx)
		if err != nil {
			return err
		}
		refused, err := db.Refusals(ctx)
		if err != nil {
			return err
		}
		if len(known)+len(refused) == 0 {
			fmt.Fprintln(out.out, "No repository is known yet.")
			return nil
		}
		table := tabwriter.NewWriter(out.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "REPOSITORY\tID\tSINCE\tHOW IT STANDS")
		for _, r := range known {
			name, since := r.Repo.String(), "-"
			if r.Repo.Nameless() {
				name = "(no name)"
			}
			if !r.Since.IsZero() {
				since = r.Since.UTC().Format(time.RFC3339)
			}
			fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", name, r.ID, since, c.stands(r, allow))
		}
		for _, r := range refused {
			fmt.Fprintf(table, "%s\t%d\t%s\trefused: the name is of the repository %d\n", r.Repo, r.ID, r.First.UTC().Format(time.RFC3339), r.Known)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		for _, r := range refused {
			fmt.Fprintf(out.out, "\nIf %s is meant to be the repository %d: headstart repo confirm %s %d\n", r.Repo, r.ID, r.Repo, r.ID)
		}
		return nil
	})
}

func (c *repoListCommand) stands(r store.NamedRepository, allow platform.Allow) string {
	pin := allow.Pinned(r.Repo)
	switch {
	case r.Repo.Nameless():
		return "rests: its old name is another's, and nothing was heard of a new one"
	case pin != 0 && pin != r.ID:
		return fmt.Sprintf("refused: HEADSTART_ALLOW pins the name to %d", pin)
	case c.Allow != "" && !allow.Names(r.Repo):
		return "not deployed: HEADSTART_ALLOW has no rule for this name"
	case r.By != "":
		return "confirmed by " + oneLine(r.By)
	}
	return "first seen"
}

// Run confirms a repository.
func (c *repoConfirmCommand) Run(ctx context.Context, out console) error {
	repo, err := bot.ParseRepo(strings.TrimSpace(c.Repo))
	if err != nil {
		return err
	}
	id, err := number(c.ID)
	if err != nil {
		return fmt.Errorf("%q is no repository's number: headstart repo list shows those that were refused", c.ID)
	}
	return withOperator(ctx, c.DatabaseURL, func(db *store.Operator) error {
		refused, err := db.Refusals(ctx)
		if err != nil {
			return err
		}
		now := time.Now()
		was, err := db.Confirm(ctx, repo, id, recordedName(c.By), now)
		if err != nil {
			return err
		}
		if err := noteDone(ctx, db, store.Doing{At: now, Who: recordedName(c.By), What: fmt.Sprintf("%s is the repository %d", repo, id)}); err != nil {
			return err
		}
		came := slices.ContainsFunc(refused, func(r engine.Refusal) bool {
			return r.ID == id && strings.EqualFold(r.Repo.String(), repo.String())
		})
		switch {
		case was == id:
			fmt.Fprintf(out.out, "%s is the repository %d, as it was before.\n", repo, id)
		case !came:
			fmt.Fprintf(out.out, "%s is for the repository %d. Nothing of it has come yet: it takes the name with its first webhook.\n", repo, id)
		default:
			fmt.Fprintf(out.out, "%s is the repository %d now; it was %d. Running servers notice within seconds.\n", repo, id, was)
		}
		return nil
	})
}

// number reads what GitHub gives out as an id.
func number(text string) (int64, error) {
	var id int64
	if text == "" || len(text) > 18 || strings.Trim(text, "0123456789") != "" {
		return 0, errors.New("not a number")
	}
	_, err := fmt.Sscan(text, &id)
	if err == nil && id == 0 {
		err = errors.New("not a number")
	}
	return id, err
}
