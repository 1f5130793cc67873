package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/words"
	"github.com/headstart-cd/headstart/store"
)

// historyCommand tells what was promoted, when, why and with what result, also while the
// server runs.
type historyCommand struct {
	DatabaseURL string `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"The database of the server: sqlite:PATH or postgres://…"`
	Stage       string `placeholder:"NAME" help:"Only promotions of this stage."`
	Since       string `placeholder:"DURATION" help:"Only promotions that began within this time, such as 12h or 30d."`
	Limit       int    `default:"20" placeholder:"N" help:"List at most N, newest first (default: ${default})."`
	JSON        bool   `name:"json" help:"Write one JSON object a line, with every field."`
	Pipeline    string `arg:"" optional:"" name:"pipeline" help:"OWNER/NAME or OWNER/NAME:PIPELINE (default: the only one, or the newest promotion of each)."`
}

// Run lists promotions of the pipeline, or the newest one of each.
func (c *historyCommand) Run(ctx context.Context, out console) error {
	if c.Limit < 1 {
		return usage("--limit %d is no number of promotions: write 1 or more", c.Limit)
	}
	now := time.Now()
	var since time.Time
	if c.Since != "" {
		ago, ok := words.ParseDuration(c.Since)
		if !ok {
			return usage("--since %q is no duration: write 12h, 30d or 52w", oneLine(c.Since))
		}
		since = now.Add(-ago)
	}
	return withOperator(ctx, c.DatabaseURL, func(db *store.Operator) error {
		past := db.History()
		known, err := past.Pipelines(ctx)
		if err != nil {
			return err
		}
		known = slices.DeleteFunc(known, func(k bot.Key) bool { return k.Repo.Nameless() })
		switch {
		case c.Pipeline != "":
			key, err := findPipeline(c.Pipeline, known)
			if err != nil {
				return err
			}
			return c.one(ctx, past, key, since, now, out)
		case len(known) == 1:
			return c.one(ctx, past, known[0], since, now, out)
		case len(known) == 0:
			return errors.New("there is no pipeline yet: install the GitHub App, and push to a repository with a pipeline's file")
		case c.Stage != "":
			return usage("--stage needs a pipeline: headstart history PIPELINE --stage %s. %s", oneLine(c.Stage), knownPipelines(known))
		}
		latest, err := past.Latest(ctx, since, c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			return printLatestJSON(ctx, out.out, past, latest)
		}
		return printLatest(out.out, latest, since, now)
	})
}

// one lists promotions of one pipeline.
func (c *historyCommand) one(ctx context.Context, past store.History, key bot.Key, since, now time.Time, out console) error {
	stage, err := c.stageOf(ctx, past, key)
	if err != nil {
		return err
	}
	list, err := past.Promotions(ctx, key, store.Page[history.Promotion]{Stage: stage, Since: since, Limit: c.Limit + 1})
	if err != nil {
		return err
	}
	more := len(list) > c.Limit
	list = list[:min(len(list), c.Limit)]
	changes, err := past.ChangesOf(ctx, key, promotedCommits(list))
	switch {
	case err != nil:
		return err
	case c.JSON:
		return printPromotionsJSON(out.out, key, list, changes)
	case len(list) == 0:
		fmt.Fprintf(out.out, "%s has no promotion%s%s.\n", key, toStage(stage), sinceText(since))
		return nil
	}
	printPromotions(out.out, key, stage, list, changes, now)
	if more {
		fmt.Fprintf(out.out, "\nThere are older ones: --limit %d\n", 2*c.Limit)
	}
	return nil
}

func toStage(stage string) string {
	if stage == "" {
		return ""
	}
	return " to " + stage
}

func sinceText(since time.Time) string {
	if since.IsZero() {
		return " yet"
	}
	return " since " + since.UTC().Format("2006-01-02 15:04") + " UTC"
}

func promotedCommits(list []history.Promotion) []string {
	var shas []string
	for _, p := range list {
		if p.SHA != "" && !slices.Contains(shas, p.SHA) {
			shas = append(shas, p.SHA)
		}
	}
	return shas
}

// stageOf finds the stage that --stage names; empty: any. A stage that is gone may be named, too.
func (c *historyCommand) stageOf(ctx context.Context, past store.History, key bot.Key) (string, error) {
	if c.Stage == "" {
		return "", nil
	}
	var known []string
	newest, err := past.Process(ctx, key, store.Page[history.Process]{Limit: 1})
	if err != nil {
		return "", err
	}
	for _, p := range newest {
		known = p.Config.StageNames()
	}
	promoted, err := past.Stages(ctx, key)
	if err != nil {
		return "", err
	}
	for _, stage := range promoted {
		if !slices.Contains(known, stage) {
			known = append(known, stage)
		}
	}
	for _, stage := range known {
		if strings.EqualFold(stage, c.Stage) {
			return stage, nil
		}
	}
	if len(known) == 0 {
		return "", fmt.Errorf("%s has no stage %q, and no promotion yet", key, oneLine(c.Stage))
	}
	return "", fmt.Errorf("%s has no stage %q: it has %s", key, oneLine(c.Stage), strings.Join(known, ", "))
}

// findPipeline finds the pipeline of that name. Case does not matter, as on GitHub.
func findPipeline(name string, known []bot.Key) (bot.Key, error) {
	for _, key := range known {
		if strings.EqualFold(key.String(), name) {
			return key, nil
		}
	}
	near := slices.DeleteFunc(slices.Clone(known), func(k bot.Key) bool {
		repo, _, _ := strings.Cut(name, ":")
		return !strings.EqualFold(k.Repo.String(), repo)
	})
	if len(near) == 0 {
		near = known
	}
	return bot.Key{}, fmt.Errorf("there is no pipeline %q. %s", oneLine(name), knownPipelines(near))
}

// knownPipelines names some of them.
func knownPipelines(list []bot.Key) string {
	const most = 8
	if len(list) == 0 {
		return "None is known yet: install the GitHub App, and push to a repository with a pipeline's file"
	}
	var names []string
	for _, key := range list[:min(most, len(list))] {
		names = append(names, key.String())
	}
	text := "Known: " + strings.Join(names, ", ")
	if more := len(list) - most; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}
