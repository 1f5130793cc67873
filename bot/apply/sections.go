package apply

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// sectionSent notes the published section of a pull request.
func sectionSent(s *pipeline.State, do bot.SendSection, f bot.Finished, at time.Time) {
	p, ok := s.Pulls[do.Number]
	if !ok || f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	p.Comment.Body, p.Comment.NeverGreen, p.Comment.WrittenAt = do.Body, do.NeverGreen, at
	s.Pulls[do.Number] = p
}

// sectionReceived folds another pipeline's section of a pull request. A late or repeated section changes nothing.
func sectionReceived(s *pipeline.State, f bot.Section, at time.Time) {
	p, known := s.Pulls[f.Number]
	if !known {
		p = pipeline.PullRequest{SeenAt: at, PullRequestChanged: bot.PullRequestChanged{Number: f.Number}}
	}
	i := slices.IndexFunc(p.Sections, func(o bot.Section) bool { return o.Pipeline == f.Pipeline })
	switch p.Sections = slices.Clone(p.Sections); {
	case i < 0:
		p.Sections = append(p.Sections, f)
	case f.At.Before(p.Sections[i].At):
		return
	default:
		p.Sections[i] = f
	}
	pipeline.Put(&s.Pulls, f.Number, p)
}
