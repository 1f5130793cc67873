package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/web/api"
)

// statusCommand says where pipelines stand.
type statusCommand struct {
	remote
	Pipeline string `arg:"" optional:"" help:"OWNER/NAME, or OWNER/NAME:PIPELINE (default: all that you see, a line each)."`
}

// Run says where the pipeline stands, or each that the token sees. With --watch it follows until nothing is on its way.
func (c *statusCommand) Run(ctx context.Context, out console) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	says := news{out: out.out}
	return remoteError(c.follow(ctx, func(ctx context.Context) (bool, error) {
		if c.Pipeline == "" {
			all, err := client.Pipelines(ctx)
			if err != nil {
				return false, err
			}
			var lines []string
			busy := false
			for _, p := range all {
				lines = append(lines, fmt.Sprintf("%-15s %s: %s", p.Summary.Level, onTerminal(p.Name), summaryText(p.Summary)))
				busy = busy || p.Summary.Level == "moving" || p.Summary.Level == "waits"
			}
			if len(all) == 0 {
				lines = []string{"This token sees no pipeline."}
			}
			says.print(asText(c.JSON, all, strings.Join(lines, "\n")))
			return !busy, nil
		}
		is, err := client.Pipeline(ctx, c.Pipeline)
		if err != nil {
			return false, err
		}
		says.print(asText(c.JSON, is, statusText(is)))
		return len(is.OnItsWay) == 0, nil
	}))
}

func statusText(is api.Pipeline) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s", onTerminal(is.Name), summaryText(is.Summary))
	if is.Freeze != "" {
		fmt.Fprintf(&text, "\n  frozen: %s", onTerminal(is.Freeze))
	}
	for _, stage := range is.Stages {
		runs := "nothing yet"
		if stage.Live != nil {
			runs = commitText(*stage.Live)
		}
		if stage.Since != nil {
			runs += ", since " + moment(*stage.Since, time.Now())
		}
		fmt.Fprintf(&text, "\n  %s: %s", onTerminal(stage.Name), runs)
		for _, note := range append([]string{stage.Lock, stage.Releasing}, stage.Notes...) {
			if note != "" {
				fmt.Fprintf(&text, "\n    %s", onTerminal(note))
			}
		}
	}
	return text.String()
}

func summaryText(s api.Summary) string {
	text := onTerminal(s.Sentence)
	switch {
	case s.Next != "":
		text += " Next: " + onTerminal(s.Next) + "."
	case s.Who != "":
		text += " It is up to " + onTerminal(s.Who) + "."
	}
	return text
}

func commitText(c api.Commit) string {
	return strings.TrimSpace(bot.Short(onTerminal(c.SHA)) + " " + onTerminal(c.Title))
}

// remotely says what a commit waits for, or what is on its way.
func (c *whyCommand) remotely(ctx context.Context, out console) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	says := news{out: out.out}
	return remoteError(c.follow(ctx, func(ctx context.Context) (bool, error) {
		if c.SHA != "" {
			is, err := client.Candidate(ctx, c.Pipeline, c.SHA)
			if err != nil {
				return false, err
			}
			says.print(asText(c.JSON, is, waysText(is.Commit, is.Summary, is.Stages)))
			return is.Outcome != "" || is.Summary.Level == "quiet" || is.Summary.Level == "idle", nil
		}
		is, err := client.Pipeline(ctx, c.Pipeline)
		if err != nil {
			return false, err
		}
		text := []string{}
		for _, one := range is.OnItsWay {
			text = append(text, waysText(one.Commit, one.Summary, one.Stages))
		}
		if len(text) == 0 {
			text = []string{summaryText(is.Summary)}
		}
		says.print(asText(c.JSON, is.OnItsWay, strings.Join(text, "\n")))
		return len(is.OnItsWay) == 0, nil
	}))
}

// waysText explains a commit's way, stage by stage.
func waysText(commit api.Commit, summary api.Summary, ways []api.Way) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n  %s", commitText(commit), summaryText(summary))
	for _, way := range ways {
		fmt.Fprintf(&text, "\n  %s: %s", onTerminal(way.Stage), way.State)
		if way.Text != "" {
			fmt.Fprintf(&text, ": %s", onTerminal(way.Text))
		}
		for _, g := range way.Shut {
			mark := "…"
			if g.Closed {
				mark = "✗"
			}
			fmt.Fprintf(&text, "\n    %s %s", mark, onTerminal(g.Text))
			if g.Next != "" {
				fmt.Fprintf(&text, "\n      Next: %s", onTerminal(g.Next))
			}
		}
		if len(way.Open) > 0 {
			fmt.Fprintf(&text, "\n    open: %s", onTerminal(strings.Join(way.Open, ", ")))
		}
	}
	return text.String()
}

// waitCommand waits until a commit is live on a stage.
type waitCommand struct {
	Server   string `env:"HEADSTART_SERVER" placeholder:"URL" help:"The server, such as https://headstart.example.com. The token is read from HEADSTART_TOKEN; make one at /tokens."`
	Token    string `env:"HEADSTART_TOKEN" hidden:""`
	JSON     bool   `name:"json" help:"Write JSON, as the API answers, whenever it changes."`
	Timeout  string `default:"1h" placeholder:"DURATION" help:"How long at most (default: ${default}). Then it exits with 4."`
	Pipeline string `arg:"" help:"OWNER/NAME, or OWNER/NAME:PIPELINE."`
	SHA      string `arg:"" name:"sha" help:"The commit, or how it begins."`
	Stage    string `arg:"" help:"The stage."`
}

// Run waits. A commit that Headstart has not heard of yet is waited for, too: a push takes a moment.
func (c *waitCommand) Run(ctx context.Context, out console) error {
	r := remote{Server: c.Server, Token: c.Token, Watch: true, Timeout: c.Timeout}
	client, err := r.client()
	if err != nil {
		return err
	}
	says := news{out: out.out}
	first := true
	return remoteError(r.follow(ctx, func(ctx context.Context) (bool, error) {
		if first { // else a pipeline that does not exist would be waited for
			if err := c.knows(ctx, client); err != nil {
				return false, err
			}
			first = false
		}
		is, err := client.Candidate(ctx, c.Pipeline, c.SHA)
		var problem *api.Error
		if errors.As(err, &problem) && problem.Status == 404 {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		says.print(asText(c.JSON, is, summaryText(is.Summary)))
		return c.ended(is)
	}))
}

// knows reports by an error that there is no such pipeline or stage.
func (c *waitCommand) knows(ctx context.Context, client *api.Client) error {
	is, err := client.Pipeline(ctx, c.Pipeline)
	if err != nil {
		return err
	}
	var names []string
	for _, stage := range is.Stages {
		if names = append(names, stage.Name); stage.Name == c.Stage {
			return nil
		}
	}
	return usage("%s has no stage %q: it has %s", onTerminal(is.Name), c.Stage, onTerminal(strings.Join(names, ", ")))
}

// ended reports whether a commit is at its end on the stage; an error says that it is not live there.
func (c *waitCommand) ended(is api.Candidate) (bool, error) {
	for _, way := range is.Stages {
		if way.Stage != c.Stage {
			continue
		}
		switch way.State {
		case "live", "skipped":
			return true, nil
		case "failed", "rolled back":
			return true, fmt.Errorf("%s is not live on %s: %s", commitText(is.Commit), c.Stage, onTerminal(strings.TrimSpace(way.State+" "+way.Text)))
		}
	}
	for _, p := range is.Promotions { // the newest first: too old for its ways to be known
		if p.Stage == c.Stage && p.Result == "proved" && len(is.Stages) == 0 {
			return true, nil
		}
	}
	if is.Outcome != "" {
		return true, fmt.Errorf("%s is not live on %s: %s", commitText(is.Commit), c.Stage, onTerminal(is.Outcome))
	}
	return false, nil
}
