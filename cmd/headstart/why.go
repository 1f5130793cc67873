package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/bot/render"
	"github.com/headstart-cd/headstart/bot/words"
	"github.com/headstart-cd/headstart/store"
)

// whyCommand says what /why says, in a terminal, also while the server runs: from its database, or by its API.
type whyCommand struct {
	remote
	DatabaseURL string `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"The database of the server: sqlite:PATH or postgres://…"`
	Pipeline    string `arg:"" name:"repo" help:"OWNER/NAME, or OWNER/NAME:PIPELINE."`
	SHA         string `arg:"" optional:"" name:"sha" help:"The commit, or how it begins (default: what is on its way)."`
}

// Run explains the commit in each of the repository's pipelines.
func (c *whyCommand) Run(ctx context.Context, out console) error {
	if c.Server != "" {
		return c.remotely(ctx, out)
	}
	if c.JSON || c.Watch {
		return usage("--json and --watch take --server")
	}
	return withOperator(ctx, c.DatabaseURL, func(db *store.Operator) error {
		keys, err := pipelinesOf(ctx, db, c.Pipeline)
		if err != nil {
			return err
		}
		var unknown []error
		for i, key := range keys {
			state, version, err := db.Load(ctx, key)
			if err != nil {
				return err
			}
			if version == 0 {
				continue // it was removed meanwhile
			}
			if i > len(unknown) {
				fmt.Fprintln(out.out)
			}
			if err := explain(out.out, &state, strings.ToLower(c.SHA), time.Now()); err != nil {
				unknown = append(unknown, err)
			}
		}
		if len(unknown) == len(keys) { // else another pipeline knows it
			return errors.Join(unknown...)
		}
		return nil
	})
}

// pipelinesOf lists the pipelines that a name means: one, or all of a repository.
func pipelinesOf(ctx context.Context, db *store.Operator, name string) ([]bot.Key, error) {
	listed, err := db.Listing(ctx)
	if err != nil {
		return nil, err
	}
	var known, of []bot.Key
	for _, l := range listed {
		if l.Pipeline.Repo.Nameless() {
			continue
		}
		known = append(known, l.Pipeline)
		if strings.EqualFold(l.Pipeline.Repo.String(), name) {
			of = append(of, l.Pipeline)
		}
	}
	if len(of) > 0 {
		return of, nil
	}
	key, err := findPipeline(name, known)
	return []bot.Key{key}, err
}

// explain says what a commit waits for; of no commit: what is on its way.
func explain(out io.Writer, s *botpipeline.State, sha string, now time.Time) error {
	v := gate.NewSettledView(s, now)
	if !s.Configured {
		fmt.Fprintf(out, "%s\n%s\n", s.Pipeline, unconfigured(s))
		return nil
	}
	list, err := asked(v, sha)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, times in UTC\n", s.Pipeline)
	if sha == "" && len(v.Explain().Candidates) == 0 {
		fmt.Fprintln(out, "Nothing is on its way. The newest commit:")
	}
	for _, c := range list {
		explainCandidate(out, v, c)
	}
	return nil
}

// unconfigured says why nothing is deployed.
func unconfigured(s *botpipeline.State) string {
	for _, c := range slices.Backward(s.Candidates) {
		if c.ConfigProblem != "" {
			return fmt.Sprintf("Nothing is deployed: the file of %s is not valid: %s\n  Next: mend it, and push. headstart check says what is wrong with a file.", bot.Short(c.SHA), oneLine(c.ConfigProblem))
		}
		if c.ConfigUnread != "" {
			return fmt.Sprintf("Nothing is deployed: the file of %s could not be read: %s", bot.Short(c.SHA), oneLine(c.ConfigUnread))
		}
	}
	return "Nothing is deployed: there is no valid .github/headstart.yml on the branch yet.\n  Next: add it to the branch that is deployed."
}

// asked lists the candidates that are meant, the newest first.
func asked(v *gate.View, sha string) (list []*botpipeline.Candidate, err error) {
	s := v.State
	if sha == "" {
		for _, x := range v.Explain().Candidates {
			list = append(list, s.Candidate(x.SHA))
		}
		if n := len(s.Candidates); n > 0 && len(list) == 0 {
			list = append(list, &s.Candidates[n-1])
		}
		if len(list) == 0 {
			return nil, fmt.Errorf("%s has had no push yet that Headstart knows of: push to %s. %s", s.Pipeline, s.Branch(), ifItWasPushed)
		}
		return list, nil
	}
	for _, c := range s.All() {
		if strings.HasPrefix(c.SHA, sha) {
			list = append(list, c)
		}
	}
	switch {
	case len(list) == 1:
		return list, nil
	case len(list) > 1:
		return nil, fmt.Errorf("%s may be %s or %s: write more of it", oneLine(sha), list[0].SHA[:min(12, len(list[0].SHA))], list[1].SHA[:min(12, len(list[1].SHA))])
	}
	for _, p := range s.Pulls {
		if p.Open && strings.HasPrefix(p.Head, sha) {
			said := "nothing is built ahead of it"
			if n := render.PullStatus(v, p, nil); n != nil {
				said = oneLine(n.Text)
			}
			return nil, fmt.Errorf("%s is the head of the pull request #%d, which is not merged yet: %s", oneLine(sha), p.Number, said)
		}
	}
	newest := ""
	if n := len(s.Candidates); n > 0 {
		newest = fmt.Sprintf(", the newest of which is %s", bot.Short(s.Candidates[n-1].SHA))
	}
	return nil, fmt.Errorf("%s is none of the last commits on %s%s. %s", oneLine(sha), s.Branch(), newest, ifItWasPushed)
}

const ifItWasPushed = "If it was pushed there: `headstart deliveries` lists webhooks that failed, `headstart doctor` finds out whether they arrive, `headstart history` knows older commits"

// plainMarks are the signs of a comment as a terminal has them.
var plainMarks = strings.NewReplacer("✅", "✓", "❌", "✗", "⏳", "…", "↩️", "↩", "⏭️", "»")

func explainCandidate(out io.Writer, v *gate.View, c *botpipeline.Candidate) {
	fmt.Fprintf(out, "\n%s", bot.Short(c.SHA))
	if pull := fmt.Sprintf("#%d", c.Pull); c.Pull != 0 && !strings.Contains(c.Title, pull) {
		fmt.Fprintf(out, " (%s)", pull)
	}
	fmt.Fprintf(out, " %s", cmp.Or(redact.Cut(oneLine(c.Title), 60), "(no title)"))
	if c.Author != "" {
		fmt.Fprintf(out, ", by %s", oneLine(c.Author))
	}
	fmt.Fprintf(out, ", %s\n", moment(c.Pushed(), v.Now))
	if at, ok := render.Expected(v, c); ok {
		fmt.Fprintf(out, "  expected on %s at %s, going by earlier deploys\n", v.LastStage(), moment(at, v.Now))
	}
	for _, stage := range v.State.Config.StageNames() {
		why := render.WhyAt(v, c, stage)
		fmt.Fprintf(out, "  %s\n", stage)
		if why.Entered != "" {
			fmt.Fprintf(out, "    %s; it entered at %s\n", oneLine(plainMarks.Replace(why.Entered)), moment(why.Since, v.Now))
		}
		for _, g := range why.Shut {
			mark, since := "…", ""
			if g.State == gate.Closed {
				mark = "✗"
			}
			if !g.Since.IsZero() {
				since = ", since " + moment(g.Since, v.Now)
			}
			if !g.Until.IsZero() {
				since += ", until " + moment(g.Until, v.Now)
			}
			fmt.Fprintf(out, "    %s %s%s\n", mark, words.Capital(oneLine(g.Text)), since)
			switch {
			case g.Next != "":
				fmt.Fprintf(out, "      Next: %s\n", oneLine(g.Next))
			case g.Who != "" && g.Name != gate.Proof: // its text names the stage
				fmt.Fprintf(out, "      It is up to %s.\n", oneLine(g.Who))
			}
		}
		if len(why.Open) > 0 {
			fmt.Fprintf(out, "    open: %s\n", oneLine(strings.Join(why.Open, ", ")))
		}
	}
}
