package web

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/redact"
)

// quietRow is a pipeline at rest, in one line.
type quietRow struct {
	Name, Path string
	Live       commit // what the last stage runs; zero: nothing yet
	Note       string // instead of Live: that nothing was released
	Since      moment
	Others     []stageRuns // stages that run another commit than the last one
	Spark      spark
}

type stageRuns struct{ Stage, Short string }

// restOrReading is a pipeline at rest: as it is kept, or as its state tells.
type restOrReading struct {
	Known
	reading *reading // nil: Rest is there
}

// quiet lists pipelines at rest, and where the list goes on; empty: it ends here.
func (s *site) quiet(ctx context.Context, calm []restOrReading, q homeQuery) (rows []quietRow, next string, err error) {
	if q.after != "" {
		after := keyNamed(q.after)
		calm = slices.DeleteFunc(calm, func(k restOrReading) bool { return compareKeys(k.Pipeline, after) <= 0 })
	}
	if len(calm) > mostQuiet {
		calm = calm[:mostQuiet]
		q.after = calm[mostQuiet-1].Pipeline.String()
		next = q.at("/") + "#quiet"
	}
	now, last := s.now(), map[bot.Key]string{}
	for _, k := range calm {
		row := quietRow{Name: k.Pipeline.String(), Path: pathOf(k.Pipeline)}
		var rest history.Rest
		if k.reading != nil {
			rest = history.Runs(*k.reading.view.State)
		} else if rest, err = k.Rest(); err != nil {
			return nil, "", err
		}
		row.fill(rest, s.github, k.Pipeline, now)
		last[k.Pipeline] = rest.Last().Name
		rows = append(rows, row)
	}
	deploys, err := s.history.Deploys(ctx, last, sparkFrom(now))
	if err != nil {
		return nil, "", err
	}
	for i, k := range calm {
		rows[i].Spark = sparkOf(deploys[k.Pipeline])
	}
	return rows, next, nil
}

func (row *quietRow) fill(rest history.Rest, github string, key bot.Key, now time.Time) {
	last := rest.Last()
	if last.SHA == "" {
		row.Note = "Nothing has been released to " + last.Name + " yet."
		return
	}
	row.Live = commit{Short: bot.Short(last.SHA), Title: redact.Cut(rest.Title, titleOnPage), Author: rest.Author, Pull: rest.Pull, PullURL: pullURL(github, key.Repo, rest.Pull)}
	row.Since = momentOf(last.Since, now)
	if isSHA.MatchString(last.SHA) {
		row.Live.URL = repoURL(github, key.Repo) + "/commit/" + last.SHA
	}
	if rest.Title != "" {
		row.Live.Page = pathOf(key) + "/c/" + last.SHA
	}
	for _, st := range rest.Stages {
		if st.SHA != last.SHA {
			row.Others = append(row.Others, stageRuns{st.Name, shortOr(st.SHA, "nothing yet")})
		}
	}
}

func shortOr(sha, none string) string {
	if sha == "" {
		return none
	}
	return bot.Short(sha)
}

// sparkDays is how many days a spark shows, today included.
const sparkDays = 14

// spark are the deploys of the last days as small bars.
type spark struct {
	Count int
	Bars  []sparkBar // of days with deploys
}

type sparkBar struct{ X, Y, Height int }

// Size of a spark in an image's units.
const (
	sparkStep   = 6
	sparkHeight = 16
)

// Box is the image's view box.
func (spark) Box() string { return fmt.Sprintf("0 0 %d %d", sparkDays*sparkStep, sparkHeight) }

// Text says what the bars show.
func (s spark) Text() string {
	if s.Count == 1 {
		return "1 deploy in 14 days"
	}
	return fmt.Sprintf("%d deploys in 14 days", s.Count)
}

// sparkFrom is the beginning of the first day that is shown.
func sparkFrom(now time.Time) time.Time {
	return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-sparkDays)
}

// sparkOf draws the deploys by day, from sparkFrom on.
func sparkOf(days []int) (s spark) {
	most := 1
	for _, n := range days {
		most = max(most, n)
	}
	for i, n := range days {
		if n == 0 || i >= sparkDays {
			continue
		}
		s.Count += n
		h := max(n*sparkHeight/most, 3)
		s.Bars = append(s.Bars, sparkBar{i * sparkStep, sparkHeight - h, h})
	}
	return s
}
