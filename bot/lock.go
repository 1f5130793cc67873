package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A lock keeps promotions out of a stage until somebody unlocks it, or until the
// time that it was given is over. One that came with a rollback has no such time.

// lockedAt is the lock that keeps promotions out of the stage at a time; nil:
// none does. Whoever wants to know whether a stage is locked asks it.
func (st StageState) lockedAt(now time.Time) *Lock {
	if st.Lock == nil || !st.Lock.Until.IsZero() && !now.Before(st.Lock.Until) {
		return nil
	}
	return st.Lock
}

// expireLocks forgets the locks whose time is over.
func (s *State) expireLocks(at time.Time) {
	for name, st := range s.Stages {
		if st.Lock != nil && st.lockedAt(at) == nil {
			st.Lock = nil
			s.Stages[name] = st
		}
	}
}

// whose says who has locked, until when, and why.
func (l *Lock) whose() string {
	text := "by @" + l.By
	if l.By == "" { // after a release that failed
		text = "by Headstart"
	}
	if !l.Until.IsZero() {
		text += " until " + moment(l.Until)
	}
	return text + because(l.Reason)
}

func (x execution) lock() Answer {
	stages, problem := x.stages()
	reason, lasts := x.command.Reason, x.command.For
	if problem != "" {
		if resolve(x.command.Stage, x.s.Config.StageNames()).meant() {
			return refuse("%s", problem)
		}
		// It is the first word of the reason for locking everything, and what looked
		// like a time is a part of that.
		stages, lasts = x.s.Config.StageNames(), 0
		_, reason, _ = strings.Cut(x.command.Text, " ")
		reason = cut(reason, maxReason)
	}
	if no := x.mayNot(stages...); no != "" {
		return refuse("%s", no)
	}
	lock := Lock{Order: x.order(), Reason: reason}
	kept := ""
	if lasts > 0 {
		lock.Until = x.at.Add(lasts)
		stages = slices.DeleteFunc(stages, func(stage string) bool {
			l := x.s.Stages[stage].lockedAt(x.at)
			if l == nil || !l.Until.IsZero() && !l.Until.After(lock.Until) {
				return false
			}
			// Whoever locked it for longer was told so: only /unlock makes that shorter.
			end := "/unlock " + x.s.qualified(stage)
			if !l.Until.IsZero() {
				end = moment(l.Until)
			}
			kept += fmt.Sprintf("; %s stays locked until %s%s", stage, end, because(l.Reason))
			return true
		})
		if len(stages) == 0 {
			return refuse("%s", strings.TrimPrefix(kept, "; "))
		}
	}
	for _, stage := range stages {
		st := x.s.Stages[stage]
		l := lock
		st.Lock = &l
		put(&x.s.Stages, stage, st)
	}
	until := ""
	if !lock.Until.IsZero() {
		until = " until " + moment(lock.Until)
	}
	return accept("locked %s%s%s%s", strings.Join(stages, ", "), until, because(reason), kept)
}

func (x execution) unlock() Answer {
	stages, problem := x.stages()
	if problem != "" {
		return refuse("%s", problem)
	}
	stages = slices.DeleteFunc(stages, func(stage string) bool { return x.s.Stages[stage].lockedAt(x.at) == nil })
	if len(stages) == 0 {
		return refuse("nothing is locked there")
	}
	if no := x.mayNot(stages...); no != "" {
		return refuse("%s", no)
	}
	for _, stage := range stages {
		if x.lockedSince(stage) {
			return refuse("%s", x.void(stage+" was locked", "/unlock "+x.s.qualified(stage)))
		}
	}
	for _, stage := range stages {
		st := x.s.Stages[stage]
		st.Lock = nil
		x.s.Stages[stage] = st
	}
	return accept("unlocked %s", strings.Join(stages, ", "))
}
