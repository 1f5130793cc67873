package main

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/store"
)

// promotionLine is a line of `headstart history --json`. Scripts depend on these names:
// they are only added to.
type promotionLine struct {
	Pipeline string         `json:"pipeline"`
	Stage    string         `json:"stage"`
	Number   int            `json:"number"`
	SHA      string         `json:"sha,omitzero"`
	Artifact string         `json:"artifact,omitzero"`
	Replaced string         `json:"replaced_sha,omitzero"`
	Kind     string         `json:"kind"`
	By       string         `json:"by,omitzero"`
	Why      string         `json:"why,omitzero"`
	Began    time.Time      `json:"began_at,omitzero"`
	Released time.Time      `json:"released_at,omitzero"`
	Proved   time.Time      `json:"proved_at,omitzero"`
	Ended    time.Time      `json:"ended_at,omitzero"`
	Result   string         `json:"result"` // empty while it is under way
	Reason   string         `json:"reason,omitzero"`
	Apps     map[string]int `json:"apps,omitzero"` // the version of each app's release
	Commits  int            `json:"commits"`       // that went live with it for the first time
	Pull     int            `json:"head_of_pull_request,omitzero"`
	Change   *changeLine    `json:"change,omitzero"`
}

// changeLine is what was promoted, as far as it is kept.
type changeLine struct {
	Title       string     `json:"title,omitzero"`
	Author      string     `json:"author,omitzero"`
	Pull        int        `json:"pull_request,omitzero"`
	Pushed      time.Time  `json:"pushed_at,omitzero"`
	Seen        time.Time  `json:"seen_at,omitzero"`
	Built       string     `json:"built,omitzero"`
	BuiltOf     string     `json:"built_of_sha,omitzero"`
	App         string     `json:"built_on,omitzero"`
	BuildBegan  time.Time  `json:"build_began_at,omitzero"`
	BuildEnded  time.Time  `json:"build_ended_at,omitzero"`
	BuildFailed string     `json:"build_failed,omitzero"`
	Green       time.Time  `json:"green_at,omitzero"`
	Red         time.Time  `json:"red_at,omitzero"`
	RedChecks   []string   `json:"red_checks,omitzero"`
	Classes     []string   `json:"classes,omitzero"`
	Outcome     string     `json:"outcome"` // empty while it is on its way
	OutcomeBy   string     `json:"outcome_by,omitzero"`
	Ended       time.Time  `json:"ended_at,omitzero"`
	Waits       []waitLine `json:"waits,omitzero"`
}

// waitLine is a part of a change's way.
type waitLine struct {
	Part    string  `json:"part"`
	Stage   string  `json:"stage,omitzero"`
	Seconds float64 `json:"seconds"`
}

func lineOf(key bot.Key, p history.Promotion, changes map[string]history.Change) promotionLine {
	line := promotionLine{
		Pipeline: key.String(), Stage: p.Stage, Number: p.N, SHA: p.SHA, Artifact: p.Artifact, Replaced: p.Replaced, Kind: string(p.Kind), By: p.Who, Why: p.Why,
		Began: p.Began, Released: p.Released, Proved: p.Proved, Ended: p.Ended, Result: string(p.Result), Reason: p.Reason, Apps: p.Apps, Commits: p.Commits, Pull: p.Pull,
	}
	c, known := changes[p.SHA]
	if !known {
		return line
	}
	line.Change = &changeLine{
		Title: c.Title, Author: c.Author, Pull: c.Pull, Pushed: c.PushedAt, Seen: c.SeenAt, Built: string(c.Built), BuiltOf: c.BuiltOf, App: c.App,
		BuildBegan: c.BuildBegan, BuildEnded: c.BuildEnded, BuildFailed: c.BuildFailed, Green: c.GreenAt, Red: c.RedAt, RedChecks: c.Red, Classes: c.Classes,
		Outcome: string(c.Outcome), OutcomeBy: c.By, Ended: c.EndedAt,
	}
	for _, w := range c.Waits {
		line.Change.Waits = append(line.Change.Waits, waitLine{string(w.Part), w.Stage, w.For.Seconds()})
	}
	return line
}

func printPromotionsJSON(out io.Writer, key bot.Key, list []history.Promotion, changes map[string]history.Change) error {
	to := json.NewEncoder(out)
	for _, p := range list {
		if err := to.Encode(lineOf(key, p, changes)); err != nil {
			return err
		}
	}
	return nil
}

func printLatestJSON(ctx context.Context, out io.Writer, past store.History, latest []store.Latest) error {
	for _, l := range latest {
		changes, err := past.ChangesOf(ctx, l.Pipeline, promotedCommits([]history.Promotion{l.Promotion}))
		if err != nil {
			return err
		}
		if err := printPromotionsJSON(out, l.Pipeline, []history.Promotion{l.Promotion}, changes); err != nil {
			return err
		}
	}
	return nil
}
