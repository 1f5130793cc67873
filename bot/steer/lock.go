package steer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/bot/words"
)

func (x Execution) lock() pipeline.Answer {
	stages, problem := x.Stages()
	reason, lasts := x.Command.Reason, x.Command.For
	if problem != "" {
		if command.Resolve(x.Command.Stage, x.State.Config.StageNames()).Meant() {
			return Refuse("%s", problem)
		}
		// The supposed time is the first word of the reason for locking everything.
		stages, lasts = x.State.Config.StageNames(), 0
		_, reason, _ = strings.Cut(x.Command.Text, " ")
		reason = redact.Cut(reason, command.MaxReason)
	}
	if no := x.mayNot(stages...); no != "" {
		return Refuse("%s", no)
	}
	lock := pipeline.Lock{Order: x.order(), Reason: reason}
	kept := ""
	if lasts > 0 {
		lock.Until = x.At.Add(lasts)
		stages = slices.DeleteFunc(stages, func(stage string) bool {
			l := x.State.Stage(stage).LockedAt(x.At)
			if l == nil || !l.Until.IsZero() && !l.Until.After(lock.Until) {
				return false
			}
			// The author of a longer lock was promised it: only /unlock shortens it.
			end := "/unlock " + x.State.Qualified(stage)
			if !l.Until.IsZero() {
				end = words.Moment(l.Until)
			}
			kept += fmt.Sprintf("; %s stays locked until %s%s", stage, end, words.Because(l.Reason))
			return true
		})
		if len(stages) == 0 {
			return Refuse("%s", strings.TrimPrefix(kept, "; "))
		}
	}
	for _, stage := range stages {
		l := lock
		x.State.StageRecord(stage).Lock = &l
	}
	until := ""
	if !lock.Until.IsZero() {
		until = " until " + words.Moment(lock.Until)
	}
	return accept("locked %s%s%s%s", strings.Join(stages, ", "), until, words.Because(reason), kept)
}

func (x Execution) unlock() pipeline.Answer {
	stages, problem := x.Stages()
	if problem != "" {
		return Refuse("%s", problem)
	}
	stages = slices.DeleteFunc(stages, func(stage string) bool { return x.State.Stage(stage).LockedAt(x.At) == nil })
	if len(stages) == 0 {
		return Refuse("nothing is locked there")
	}
	if no := x.mayNot(stages...); no != "" {
		return Refuse("%s", no)
	}
	for _, stage := range stages {
		if x.lockedSince(stage) {
			return Refuse("%s", x.void(stage+" was locked", "/unlock "+x.State.Qualified(stage)))
		}
	}
	for _, stage := range stages {
		x.State.StageRecord(stage).Lock = nil
	}
	return accept("unlocked %s", strings.Join(stages, ", "))
}
