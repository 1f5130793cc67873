package steer

import (
	"cmp"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/bot/words"
)

// incident notes that a release did harm. It changes nothing but what insights count, so write is enough, whatever the
// stage allows: whoever is on call says it.
func (x Execution) incident() pipeline.Answer {
	stage, reason, problem := x.incidentAt()
	if problem != "" {
		return Refuse("%s", problem)
	}
	if role := x.Request.Actor.Role; bot.RoleRank[role] < bot.RoleRank[bot.RoleWrite] {
		return Refuse("@%s may not /incident: that takes write, and @%s has the role %s", x.Request.User, x.Request.User, role)
	}
	if reason == "" {
		return Refuse("the reason is missing: /incident %s REASON; it is shown to everybody", x.State.Qualified(stage))
	}
	sha, problem := x.ranOn(stage)
	if problem != "" {
		return Refuse("%s", problem)
	}
	a := accept("noted an incident of %s on %s%s; insights count it as a failed deployment if it was said within %s of the release",
		bot.Short(sha), stage, words.Because(reason), words.Hours(x.State.Config.FailureWindow()))
	a.Stage, a.SHA = stage, sha
	return a
}

// incidentAt resolves the stage, which is one of production, and the reason.
func (x Execution) incidentAt() (stage, reason, problem string) {
	production := x.State.Config.Production()
	if written := x.Command.Stage; written != "" {
		found := command.Resolve(written, x.State.Config.StageNames())
		name, problem := command.ResolveStage(written, x.State.Config.StageNames())
		switch {
		case name != "" && slices.Contains(production, name):
			return name, x.Command.Reason, ""
		case name != "":
			return "", "", name + " does not count as production; incidents are noted of " + strings.Join(production, ", ")
		case found.Meant():
			return "", "", problem
		}
	}
	if len(production) > 1 {
		return "", "", "say which of " + strings.Join(production, ", ") + " is meant: /incident " + x.State.Qualified(production[0]) + " REASON"
	}
	_, reason, _ = strings.Cut(x.Command.Text, " ")
	if rest, named := strings.CutPrefix(strings.ToLower(reason), x.Command.SHA); named && x.Command.SHA != "" {
		reason = reason[len(reason)-len(rest):]
	}
	return production[0], redact.Cut(strings.TrimSpace(reason), command.MaxReason), ""
}

// ranOn is the commit that the command is about: the one that it names, else what the stage runs.
func (x Execution) ranOn(stage string) (sha, problem string) {
	st := x.State.Stage(stage)
	if named := x.Command.SHA; named != "" {
		past, _ := st.Named(named, 0)
		if strings.HasPrefix(st.Live.SHA, named) {
			past.SHA = st.Live.SHA
		}
		if !pipeline.IsCommit(past.SHA) {
			return "", named + " is none of the last commits that ran on " + stage
		}
		return past.SHA, ""
	}
	switch {
	case !pipeline.IsCommit(st.Live.SHA):
		return "", "it is not known which commit " + stage + " runs: name it, as in /incident " + x.State.Qualified(stage) + " SHA REASON"
	case x.since(st.Live.Since):
		return "", x.void(bot.Short(st.Live.SHA)+" went live on "+stage, "/incident "+x.State.Qualified(stage)+" SHA "+cmp.Or(x.Command.Reason, "REASON"))
	}
	return st.Live.SHA, ""
}
