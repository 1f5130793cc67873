package web_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/insight"
)

// The world's insights are those of the rows that a tale left behind, or of what can be told of the state.

func (w *world) Insights(_ context.Context, key bot.Key, since time.Time) (rows insight.Rows, err error) {
	w.mu.Lock()
	list := w.rows[key]
	w.mu.Unlock()
	if list == nil {
		rows.Changes, rows.Promotions = w.changes(key), w.promotions(key)
		return rows, nil
	}
	for _, row := range list {
		switch row := row.(type) {
		case history.Change:
			if !row.SeenAt.Before(since) {
				rows.Changes = append(rows.Changes, row)
			}
			if rows.First.IsZero() || row.SeenAt.Before(rows.First) {
				rows.First = row.SeenAt
			}
		case history.Promotion:
			if !row.Began.Before(since) {
				rows.Promotions = append(rows.Promotions, row)
			}
		case history.Process:
			rows.Process = append(rows.Process, row)
		case history.Audit:
			rows.Audit = append(rows.Audit, row)
		}
	}
	return rows, nil
}

func (w *world) Failures(_ context.Context, key bot.Key, since time.Time) (list []insight.Failure, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if key != shop {
		return nil, nil
	}
	for _, kept := range w.kept {
		for _, o := range kept {
			if !o.At.Before(since) {
				list = append(list, insight.Failure{At: o.At, SHA: o.SHA, Stage: o.Stage, Error: o.Error, Print: o.Fingerprint})
			}
		}
	}
	return list, nil
}

func (w *world) Weeks(ctx context.Context, keys []bot.Key, _ insight.Day, _ time.Time, each func(bot.Key, insight.Day, []byte) error) error {
	for _, key := range keys {
		rows, err := w.Insights(ctx, key, time.Time{})
		if err != nil {
			return err
		}
		l := insight.Read(rows, w.clock())
		if first := l.Known(insight.Period{From: -1 << 40}).From; len(rows.Changes) > 0 {
			if err := each(key, first, insight.PackWeeks(insight.ByWeek(l.Days()))); err != nil {
				return err
			}
		}
	}
	return nil
}

// quarter is the rows of a pipeline that was deployed for thirteen weeks up to a time, in which some of everything
// happened.
func quarter(now time.Time) (rows []history.Entry) {
	titles := []string{"Speed up the cart", "Round taxes", "Print receipts", "Open the drawer", "Rename what nobody remembers the name of, in every language that the shop speaks"}
	cfg := usualOf("shop")
	rows = append(rows, history.Process{At: now.AddDate(0, 0, -91), Config: cfg})
	live, n := "", 0
	promote := func(p history.Promotion, began time.Time) {
		n++
		p.Stage, p.N, p.Began, p.Replaced = "production", n, began, live
		if p.Released = began.Add(8 * time.Second); p.Result == "" {
			p.Proved, p.Result = began.Add(20*time.Second), history.ResultProved
		}
		p.Ended = began.Add(20 * time.Second)
		if !p.Proved.IsZero() {
			live = p.SHA
		}
		rows = append(rows, p)
	}
	for i := range 60 {
		short := fmt.Sprintf("%07x", 0xabc1000+i*4097)
		pushed := now.Add(-time.Duration(59-i)*36*time.Hour - 3*time.Hour)
		if i%12 == 8 { // it corrects the one before
			pushed = pushed.Add(-35 * time.Hour)
		}
		both, alone, waited := time.Duration(90+i%7*5)*time.Second, time.Duration(20+i%5*31)*time.Second, time.Duration(i%6)*7*time.Minute
		c := history.Change{
			SHA: sha(short), PushedAt: pushed, SeenAt: pushed.Add(time.Second), Title: titles[i%5] + fmt.Sprintf(" (#%d)", 400+i), Author: []string{"ada", "mia", "sam"}[i%3], Pull: 400 + i,
			Built: history.BuiltAhead, App: "shop-prepare", BuildBegan: pushed, BuildEnded: pushed.Add(both), GreenAt: pushed.Add(both + alone), LastCheck: "ci/e2e", LastCheckBy: alone + time.Second,
			Waits: []history.Wait{{Part: history.PartBoth, For: both}, {Part: history.PartChecks, For: alone}},
		}
		spend := func(part history.Part, stage string, d time.Duration) {
			if d > 0 {
				c.Waits = append(c.Waits, history.Wait{Part: part, Stage: stage, For: d})
			}
		}
		switch {
		case i%9 == 4: // the same files were built before
			c.Built, c.BuildBegan, c.BuildEnded, c.BuiltOf = history.BuiltPull, pushed.Add(-time.Hour), pushed.Add(-58*time.Minute), sha("fff")
			c.Waits = []history.Wait{{Part: history.PartChecks, For: both + alone}}
		case i%11 == 3:
			c.RedAt, c.Red = pushed.Add(time.Minute), []string{"ci/e2e"}
		case i == 31:
			c.Title = fmt.Sprintf("Revert %q (#%d)", titles[30%5], 400+i)
			c.PushedAt, c.SeenAt = pushed.Add(-33*time.Hour), pushed.Add(-33*time.Hour)
			pushed = c.PushedAt
			c.BuildBegan, c.BuildEnded, c.GreenAt = pushed, pushed.Add(both), pushed.Add(both+alone)
		}
		if i%5 == 2 {
			c.Classes = []string{"database"}
		}
		ready := pushed.Add(both + alone)
		if i%12 == 7 { // red for good: the next one brings it along
			c.RedAt, c.Red, c.GreenAt, c.LastCheck = ready, []string{"ci/e2e", "lint"}, time.Time{}, ""
			c.Outcome, c.By, c.EndedAt = history.OutcomeFailed, "checks", ready
			rows = append(rows, c)
			continue
		}
		spend(history.PartReleasing, "staging", 20*time.Second)
		spend("approval", "production", waited)
		began := ready.Add(20*time.Second + waited)
		p := history.Promotion{SHA: c.SHA, Artifact: "slug-" + short, Kind: history.KindForward, Urgent: i == 44}
		switch i {
		case 12: // the release phase fails
			p.Result = history.ResultFailed
			c.Outcome, c.By, c.EndedAt = history.OutcomeFailed, "production", began.Add(20*time.Second)
			spend(history.PartReleasing, "production", 20*time.Second)
			n++
			p.Stage, p.N, p.Began, p.Ended, p.Replaced = "production", n, began, c.EndedAt, live
			rows = append(rows, c, p)
			continue
		case 24: // the verification fails
			p.Result = history.ResultUnproved
			c.Outcome, c.By = history.OutcomeFailed, "production"
		default:
			c.Outcome = history.OutcomeLive
		}
		spend(history.PartReleasing, "production", 8*time.Second)
		spend(history.PartProving, "production", 12*time.Second)
		c.EndedAt = began.Add(20 * time.Second)
		was := live
		promote(p, began)
		rows = append(rows, c)
		switch i {
		case 9, 50:
			promote(history.Promotion{SHA: was, Artifact: "slug-" + was[:7], Kind: history.KindRollback, Who: "zoe", Why: "500s"}, began.Add(17*time.Minute))
		case 24:
			promote(history.Promotion{SHA: was, Artifact: "slug-" + was[:7], Kind: history.KindUndo}, began.Add(time.Minute))
		case 38, 59:
			rows = append(rows, history.Audit{ID: fmt.Sprint(i, "/0"), At: began.Add(time.Hour), Who: "zoe", OK: true, Command: "/incident the till is slow", Stage: "production", SHA: c.SHA})
		case 40:
			rows = append(rows, history.Promotion{Stage: "production", N: -7001, SHA: sha("eee"), Artifact: "hotfix", Kind: history.KindByHand, Began: began.Add(5 * time.Hour), Released: began.Add(5 * time.Hour),
				Ended: began.Add(5 * time.Hour), Result: history.ResultUnverified})
		}
	}
	return rows
}

// insightful is a world with such a pipeline, and one on which a single change went live.
func insightful(t testing.TB, w *world) {
	s := live(t)
	w.put(api, s)
	w.put(shop, s)
	w.keepOutput("abc1000", history.Output{App: "shop-prepare", ID: "b-1", SHA: sha("abc1000"), At: s.Now.Add(-24 * time.Hour), Text: "Error: Cannot find module 'left-pad'\n"})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rows[shop] = quarter(s.Now)
}

// hostileRows are a pipeline's last rows with a text wherever others can write one.
func hostileRows(now time.Time, text string) []history.Entry {
	said := "x" + text
	rows := quarter(now)
	for i, row := range rows {
		switch row := row.(type) {
		case history.Change:
			row.Title, row.Author, row.LastCheck, row.Classes = said, said, said, []string{said}
			if row.Red != nil {
				row.Red = []string{said}
			}
			for i := range row.Waits {
				row.Waits[i].Part = history.Part(said)
			}
			rows[i] = row
		case history.Promotion:
			row.Who, row.Why, row.Reason = said, said, said
			rows[i] = row
		}
	}
	return rows[len(rows)/2:]
}
