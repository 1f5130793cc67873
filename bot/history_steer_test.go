package bot_test

import (
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// What people ask for in a history, and what that may lead to.

// roles are those of the people in a history; nobody else has one.
var roles = map[string]bot.Role{"zoe": bot.RoleAdmin, "walter": bot.RoleWrite, "rita": bot.RoleRead}

// steered is what people asked for so far.
type steered struct {
	rollbacks map[string]int // stage → rollbacks that somebody allowed asked for
	back      map[string]int // app → how often it moved to an older commit
}

// openPull draws an open pull request; nil if there is none.
func (h *history) openPull() *bottest.Pull {
	for n := 1; n <= len(h.Pulls); n++ {
		if p := h.Pulls[n]; p.Open {
			return p
		}
	}
	return nil
}

// command has somebody comment on some pull request.
func (h *history) command() {
	if len(h.Pulls) == 0 || h.pushes == 0 || !h.State.Configured {
		return
	}
	user := rapid.SampledFrom([]string{"zoe", "zoe", "walter", "rita", "mallory"}).Draw(h.T, "user")
	text := rapid.SampledFrom([]string{
		"/rollback", "/rollback production", "/rollback staging", "/rollback to SHA", "/promote", "/promote SHA", "/promote production SHA",
		"/promote staging SHA", "/lock", "/lock production", "/lock staging\n/unlock production", "/unlock", "/unlock\n/promote SHA",
		"/approve", "/approve SHA", "/approve production SHA", "/retry", "/retry build", "/cancel", "/why", "/status", "/plan", "/help", "/rolback",
	}).Draw(h.T, "command")
	text = strings.ReplaceAll(text, "SHA", h.any("of command"))
	h.say(rapid.IntRange(1, len(h.Pulls)).Draw(h.T, "number"), user, text)
}

func (h *history) say(number int, user, text string) {
	if stage, ok := strings.CutPrefix(text, "/rollback"); ok && roles[user] != bot.RoleRead && roles[user] != "" {
		if h.rollbacks == nil {
			h.rollbacks, h.back = map[string]int{}, map[string]int{}
		}
		if stage != " staging" {
			stage = " production"
		}
		h.rollbacks[stage[1:]]++
	}
	h.hear(h.Say(number, user, text)...)
}

// askedBack reports whether an app may move to an older commit: as often as
// somebody allowed asked for that.
func (h *history) askedBack(app string) bool {
	stage := "production"
	if app == "staging" {
		stage = app
	}
	if h.back[app] >= h.rollbacks[stage] {
		return false
	}
	h.back[app]++
	return true
}

// entersUnlocked checks that nothing begins to enter a locked stage but a
// rollback, and after one what somebody asked for.
func (h *history) entersUnlocked(before bot.State, e bot.Effect) {
	stage, sha := "", ""
	switch do := e.Do.(type) {
	case bot.Promote:
		if do.Base >= 0 {
			stage, sha = do.Stage, do.SHA
		}
	case bot.StartBuild:
		if e.Attempt == 1 {
			stage, sha = do.Stage, do.SHA
		}
	}
	st := before.Stages[stage]
	if stage == "" || st.Lock == nil || st.Rollback != nil {
		return
	}
	if p := st.InFlight; p != nil {
		if p.Building || p.Built || p.Rollback != nil {
			return
		}
		for app, a := range p.Apps {
			if a.State != "" || a.Maybe || app != e.Do.(bot.Promote).App && before.Flights[e.Key].Out {
				return // it had begun before
			}
		}
	}
	i := slices.IndexFunc(before.Candidates, func(c bot.Candidate) bool { return c.SHA == sha })
	if i >= 0 && st.Lock.Rollback {
		if _, ordered := before.Candidates[i].Ordered[stage]; ordered {
			return
		}
	}
	h.Fatalf("%s enters %s (%s, attempt %d), which is locked by %s since %s", sha, stage, e.Key, e.Attempt, st.Lock.By, st.Lock.At)
}

// unlock has somebody open what is locked, so that everything can arrive.
func (h *history) unlock() {
	if len(h.Pulls) > 0 && h.State.Configured {
		h.must(h.Deliver(h.Say(1, "zoe", "/unlock")...))
	}
}

// answered checks that whoever asked for something was answered, once.
func (h *history) answered() {
	for _, c := range h.Said {
		known := slices.ContainsFunc(h.State.Requests, func(r bot.Request) bool { return r.Comment == c.ID })
		last := ""
		if n := len(c.Reactions); n > 0 {
			last = c.Reactions[n-1]
		}
		if known && (len(c.Reactions) != 2 || c.Reactions[0] != "eyes" || last != "rocket" && last != "-1") {
			h.Errorf("%q by %s ends with the reactions %v", c.Body, c.User, c.Reactions)
		}
		if (roles[c.User] == "" || roles[c.User] == bot.RoleRead) && last == "rocket" && !slices.Contains([]string{"/why", "/status", "/plan", "/help"}, c.Body) {
			h.Errorf("%q was done for %s, who may not", c.Body, c.User)
		}
	}
}

// takenBackSince reports whether a person took a commit at or after a push out of
// a stage, or out of the pipeline: then older ones stay out, too.
func (h *history) takenBackSince(at int, stage string) bool {
	return slices.ContainsFunc(h.State.Candidates, func(c bot.Candidate) bool {
		list := h.pushed[c.SHA]
		taken := c.Cancelled != nil || c.Passages[stage].State == bot.PassageUndone || c.Passages["staging"].State == bot.PassageUndone
		return taken && len(list) > 0 && list[len(list)-1] >= at
	})
}
