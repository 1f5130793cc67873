package apply

import (
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/release"
	"github.com/headstart-cd/headstart/bot/words"
)

const (
	// rightCounts is how long a reading of rights is valid after it arrived: a release may take a step or two to begin.
	rightCounts = 5 * time.Second
	// rightAge is the greatest age at which a reading counts.
	rightAge = 30 * time.Second
	// rightAgain is the pause after GitHub refused to tell.
	rightAgain = time.Minute
)

// rightsRead folds the rights of people. An approval or order ends if its author has lost the right.
func rightsRead(s *pipeline.State, do bot.ReadRights, f bot.Finished, at time.Time) {
	if do.Comment != 0 {
		authorRead(s, do, f, at)
		return
	}
	c := s.Candidate(do.SHA)
	cfg, ok := s.Config.Stage(do.Stage)
	if c == nil || !ok || f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	read, _ := f.Fact.(bot.RightsRead)
	late := at.Sub(f.Effect.At) > rightAge
	if f.Outcome == bot.Refuse || late {
		r := pipeline.Rights{Unread: f.Reason, Since: at, AskAt: at.Add(rightAgain)}
		if was := c.Rights[do.Stage]; was.Unread != "" {
			r.Since = was.Since
		}
		if late && f.Outcome == bot.Done {
			r.Unread, r.AskAt = fmt.Sprintf("its answer took %s", words.Took(f.Effect.At, at)), at
		}
		pipeline.Put(&c.Rights, do.Stage, r)
		return
	}
	// If the file names other teams since the request, they are read in another request.
	known := !slices.ContainsFunc(pipeline.TeamsOf(cfg.Allow), func(team string) bool { return !slices.Contains(do.Teams, team) })
	for _, o := range gate.NewView(s, at).Orders(c, cfg) {
		i := slices.IndexFunc(read.People, func(p bot.Membership) bool { return p.Person == bot.Person{Login: o.By, ID: o.ByID} })
		if i < 0 || !known {
			known = false
			continue
		}
		if no := s.LostRight(c, cfg, o, read.People[i]); no != "" {
			revoke(s, c, do.Stage, o, no, at)
		}
	}
	r := pipeline.Rights{}
	if known {
		r.Until = at.Add(rightCounts)
	}
	pipeline.Put(&c.Rights, do.Stage, r)
}

// revoke ends an approval or order whose author has lost the right. It corrects the answer to the command.
func revoke(s *pipeline.State, c *pipeline.Candidate, stage string, o pipeline.Order, why string, at time.Time) {
	if a := c.Approvals[stage]; a.Good() && a.Comment == o.Comment {
		a.Lapsed, a.LapsedAt = why, at
		c.Approvals[stage] = a
		correctLapsed(s, c.SHA, stage, a)
	}
	if given, ordered := c.Ordered[stage]; !ordered || given.Comment != o.Comment {
		return
	}
	delete(c.Ordered, stage)
	release.EditRequest(s, o.Comment, func(r *pipeline.Request) {
		for i, answer := range r.Answers {
			if answer.Open && answer.SHA == c.SHA && answer.Stage == stage {
				r.Answers[i] = pipeline.Answer{Stage: stage, SHA: c.SHA, Text: fmt.Sprintf("%s was not released to %s: %s", bot.Short(c.SHA), stage, why)}
			}
		}
	})
}
