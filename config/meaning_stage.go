package config

import (
	"strconv"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// byApproval is what promote and hold call somebody's /approve.
const byApproval = "approval"

func stageMeaning(v value) bot.Stage {
	stage := bot.Stage{
		Allow:       []string{string(bot.RoleWrite)},
		Skip:        textsOf(v, "skip"),
		Windows:     textsOf(v, "windows"),
		Hold:        holdMeaning(v),
		Maintenance: textsOf(v, "maintenance"),
		Needs:       needsMeaning(v),
		OnFailure:   bot.FailureRollback,
	}
	setText(v, "name", &stage.Name)
	for _, app := range appsOf(v) {
		stage.Apps = append(stage.Apps, app.text)
	}
	if allow, ok := v.get("allow"); ok {
		stage.Allow = allowed(allow)
	}
	setBool(v, "pull_requests", &stage.PullRequests)
	setBool(v, "production", &stage.Production)
	setBool(v, "four_eyes", &stage.FourEyes)
	setDuration(v, "soak", &stage.Soak)
	if rehearse, ok := v.get("rehearse"); ok {
		stage.Rehearse = &bot.Rehearse{}
		setText(rehearse, "copy_from", &stage.Rehearse.CopyFrom)
		setText(rehearse, "command", &stage.Rehearse.Command)
	}
	if verify, ok := v.get("verify"); ok {
		stage.Verify = verifyMeaning(verify)
	}
	if promote, ok := v.get("promote"); ok {
		stage.Approval = promote.text == byApproval
	}
	if f, ok := v.get("on_failure"); ok {
		stage.OnFailure = bot.OnFailure(f.text)
	}
	return stage
}

func verifyMeaning(v value) *bot.Verify {
	verify := &bot.Verify{Status: 200, Successes: 1, Within: 5 * time.Minute}
	setText(v, "url", &verify.URL)
	setNumber(v, "status", &verify.Status)
	setText(v, "contains", &verify.Contains)
	setText(v, "revision", &verify.Revision)
	setNumber(v, "successes", &verify.Successes)
	setDuration(v, "within", &verify.Within)
	return verify
}

func holdMeaning(v value) []bot.Hold {
	hold, _ := v.get("hold")
	var all []bot.Hold
	for _, n := range hold.names {
		h := bot.Hold{Class: n.text}
		if need := hold.fields[n.text]; need.text != byApproval {
			h.Window = need.text
		}
		all = append(all, h)
	}
	return all
}

func needsMeaning(v value) []bot.Need {
	needs, _ := v.get("needs")
	var all []bot.Need
	for _, n := range needs.items {
		if !n.bad {
			all = append(all, readNeed(n.text))
		}
	}
	return all
}

// readNeed reads OWNER/REPOSITORY:STAGE or OWNER/REPOSITORY:PIPELINE:STAGE, which
// the text's pattern has found to be one of these.
func readNeed(s string) bot.Need {
	where, rest, _ := strings.Cut(s, ":")
	owner, name, _ := strings.Cut(where, "/")
	pipeline, stage, named := strings.Cut(rest, ":")
	if !named {
		pipeline, stage = "", rest
	}
	return bot.Need{Pipeline: bot.Key{Repo: bot.Repo{Owner: owner, Name: name}, Name: pipeline}, Stage: stage}
}

func setNumber(v value, key string, to *int) {
	if f, ok := v.get(key); ok {
		*to, _ = strconv.Atoi(f.text) // the walk took it only because it is a number
	}
}

func setDuration(v value, key string, to *time.Duration) {
	if f, ok := v.get(key); ok {
		*to, _ = words.ParseDuration(f.text) // likewise
	}
}
