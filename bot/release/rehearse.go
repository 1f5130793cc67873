package release

import (
	"cmp"
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// copyAgain is the pause after a copy's removal was refused. A copy costs money and holds customers' data.
const copyAgain = 5 * time.Minute

// copyInterval returns the pause before a copy is looked at again.
func copyInterval(looks int) time.Duration {
	return min(5*time.Second<<min(looks, 4), time.Minute)
}

// CheckRehearsal ends a promotion that waits for a copy which the pipeline's file no longer requires. Without the
// requirement nothing is to be released there.
func CheckRehearsal(s *pipeline.State, stage string, at time.Time) {
	p := s.Stage(stage).Promoting
	if p == nil || !p.Copied || p.HasReleases() {
		return
	}
	for app := range p.Apps {
		if s.Pending[pipeline.PromoteKey(stage, p.N, app)].Attempt > 0 {
			return
		}
	}
	if cfg, _ := s.Config.Stage(stage); !s.Configured || cfg.Rehearse == nil {
		ClosePromotion(s, stage, pipeline.ProgressFailed, "the pipeline's file no longer asks for the rehearsal, and it was given up", "", at)
	}
}

func CopyStarted(s *pipeline.State, do bot.MakeCopy, at time.Time) {
	openPromotion(s, do.Stage, do.SHA, at, "")
	if p := s.Stage(do.Stage).Promoting; p != nil && p.N == do.Promotion {
		p.Copied = true
	}
	pin(s, do.Stage, do.SHA)
	if cp, made := s.Copies[do.App]; !made || cp.Stage != do.Stage || cp.Promotion != do.Promotion {
		pipeline.Put(&s.Copies, do.App, pipeline.Copy{Stage: do.Stage, Promotion: do.Promotion, From: do.From, Platform: s.Config.Platform, Since: at})
	}
}

// CopySeen folds the outcome of requesting a copy or of looking at it.
func CopySeen(s *pipeline.State, stage string, n int, app string, f bot.Finished, pending pipeline.PendingEffect, at time.Time) {
	cp, ok := s.Copies[app]
	if !ok || cp.Stage != stage || cp.Promotion != n {
		return
	}
	if _, making := f.Effect.Do.(bot.MakeCopy); making && pending.Unsure {
		cp.LostAt = bot.Later(cp.LostAt, pending.LostAt)
	}
	seen, done := f.Fact.(bot.CopySeen)
	reason := ""
	switch {
	case done && !seen.Ready && at.Sub(cp.Since) >= bot.CopyDeadline:
		reason = "it was not ready within " + words.Hours(bot.CopyDeadline)
		fallthrough
	case done:
		cp.ID, cp.Ready = seen.ID, seen.Ready
		cp.LookAt = at.Add(copyInterval(cp.Looks))
		cp.Looks++
	case f.Outcome == bot.Refuse:
		reason = cmp.Or(f.Reason, "the platform does not say why")
	}
	s.Copies[app] = cp
	if p := s.Stage(stage).Promoting; reason != "" && p != nil && p.N == n && !p.HasReleases() {
		ClosePromotion(s, stage, pipeline.ProgressFailed, fmt.Sprintf("the database of %s could not be copied for %s: %s", cp.From, app, reason), "", at)
	}
}

// CopyRemoved folds the outcome of removing a copy. While a lost request to make it may still take effect, it is
// removed once more afterwards.
func CopyRemoved(s *pipeline.State, do bot.RemoveCopy, f bot.Finished, at time.Time) {
	cp, ok := s.Copies[do.App]
	if !ok || cp.Stage != do.Stage || cp.Promotion != do.Promotion {
		return
	}
	key := pipeline.CopyKey(do.Stage, do.Promotion, do.App)
	pending := s.Pending[key]
	sure := bot.Later(cp.LostAt, pending.LostAt).Add(bot.PlatformDoubt)
	switch gone := f.Outcome == bot.Done || f.Outcome == bot.Refuse && f.Gone; {
	case gone && at.Before(sure):
		cp.RetryAt = sure
	case gone:
		delete(s.Copies, do.App)
		delete(s.Pending, key)
		return
	case f.Outcome == bot.Refuse:
		cp.Reason, cp.RetryAt = f.Reason, at.Add(copyAgain)
	}
	s.Copies[do.App] = cp
}
