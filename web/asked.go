package web

import (
	"context"
	"strconv"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// askedPage is a command that was sent from a page, and its answer.
type askedPage struct {
	Key, Path  string // of the pipeline
	Who, Text  string
	At         moment
	Level      level
	Answer     string
	Asking     bool // GitHub is being asked, and there is no answer yet
	Live, Seen string
	Parts      []part
}

var askedParts = []string{"answer"}

func (s *site) asked(v *visit) (answer, error) {
	page, err := s.askedPage(v.Context(), v.key, v.PathValue("id"), v.seesPipeline)
	if err != nil {
		return answer{}, err
	}
	if page == nil {
		return notFound, nil
	}
	page.Live, page.Seen = doPath(v.key)+"/"+v.PathValue("id")+"/live", digest(page.Parts...)
	return answer{page: "asked", title: page.Text, data: page}, nil
}

func (s *site) followAsked(v *visit) (answer, error) {
	id := v.PathValue("id")
	return s.follow(v, "asked "+id, func(ctx context.Context, sees func(bot.Key) bool) ([]part, error) {
		page, err := s.askedPage(ctx, v.key, id, sees)
		if err != nil || page == nil {
			return nil, err
		}
		return page.Parts, nil
	})
}

// askedPage makes the page, from the state as long as that knows the command, and from history; nil: neither does.
func (s *site) askedPage(ctx context.Context, key bot.Key, id string, sees func(bot.Key) bool) (*askedPage, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n >= 0 || strconv.FormatInt(n, 10) != id {
		return nil, nil
	}
	r, err := s.reading(ctx, key, sees)
	if err != nil || r == nil {
		return nil, err
	}
	page := &askedPage{Key: key.String(), Path: pathOf(key)}
	if !page.fromState(r, n) {
		rows, err := s.history.Audit(ctx, key, AuditFilter{ID: history.AuditID(n, 0), Limit: 1})
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		page.Who, page.Text, page.Answer, page.At = rows[0].Who, shortened(rows[0].Command), sentence(rows[0].Answer), momentOf(rows[0].At, r.view.Now)
		page.Level = answerLevel(pipeline.Answer{OK: rows[0].OK})
	}
	page.Parts, err = partsOf("asked", askedParts, page)
	return page, err
}

// fromState reports whether the state knows the command.
func (page *askedPage) fromState(r *reading, id int64) bool {
	for i := range r.view.State.Requests {
		q := &r.view.State.Requests[i]
		if q.Comment != id {
			continue
		}
		page.Who, page.Text, page.At = q.User, shortened(q.Commands[0].Text), momentOf(q.At, r.view.Now)
		page.Asking, page.Level, page.Answer = true, moving, "GitHub is being asked what you may do."
		if len(q.Answers) > 0 {
			page.Asking, page.Level, page.Answer = false, answerLevel(q.Answers[0]), sentence(q.Answers[0].Text)
		}
		return true
	}
	return false
}

func answerLevel(a pipeline.Answer) level {
	switch {
	case a.Open:
		return moving
	case a.OK:
		return quiet
	}
	return needsSomebody
}
