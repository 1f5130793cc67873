package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// checkStage holds the keys of one stage against each other and against its
// place in the pipeline v; i counts from 0.
func checkStage(v value, i int, p *problems) {
	stages, _ := v.get("stages")
	s := stages.items[i]
	if i == 0 && s.has("skip") {
		p.add(s.nameOf("skip").at, s.key+".skip", "the first stage cannot be skipped: nothing would have run the build before the next one does",
			"write skip in a later stage")
	}
	checkFourEyes(s, p)
	checkSoak(s, i == len(stages.items)-1, p)
	checkVerify(s, p)
	checkRehearse(v, i, p)
}

// checkFourEyes wants an approval that four_eyes can be about.
func checkFourEyes(s value, p *problems) {
	eyes, _ := s.get("four_eyes")
	promote, _ := s.get("promote")
	hold, _ := s.get("hold")
	if eyes.text != "true" || promote.text == byApproval || s.has("promote") && promote.text == "" {
		return // nothing to say, or promote was refused and may have meant it
	}
	if s.has("hold") && hold.fields == nil {
		return // likewise
	}
	for _, need := range hold.fields {
		if need.bad || need.text == byApproval {
			return
		}
	}
	p.add(eyes.at, eyes.key, "four_eyes has nothing to apply to: this stage needs no approval", "add promote: approval, or remove four_eyes")
}

// checkSoak refuses a wait that nothing waits for and in which nothing is
// looked at.
func checkSoak(s value, last bool, p *problems) {
	if soak, ok := s.get("soak"); ok && last && !s.has("verify") {
		p.add(soak.at, soak.key, "soak has nothing to do: no stage comes after this one, and without verify nothing is looked at meanwhile",
			"add verify, or remove soak")
	}
}

// noBody are the statuses whose answers never have a body (RFC 9110, 15.3.5,
// 15.3.6 and 15.4.5).
var noBody = []string{"204", "205", "304"}

// checkVerify refuses to look for something in a body that cannot be there, and
// more answers than come in time: they are asked for a second apart, or slower.
func checkVerify(s value, p *problems) {
	verify, _ := s.get("verify")
	if successes, ok := verify.get("successes"); ok {
		if v := verifyMeaning(verify); time.Duration(v.Successes-1)*time.Second > v.Within {
			p.add(successes.at, successes.key, fmt.Sprintf("%d answers, a second apart, do not fit into the %s of within", v.Successes, span(v.Within)), "raise within, or expect fewer")
		}
	}
	status, ok := verify.get("status")
	if !ok || !slices.Contains(noBody, status.text) {
		return
	}
	if contains, ok := verify.get("contains"); ok {
		p.add(contains.at, contains.key, "an answer with status "+status.text+" has no body that could contain anything", "remove contains, or expect another status")
	}
	if revision, ok := verify.get("revision"); ok && revision.text == "body" {
		p.add(revision.at, revision.key, "an answer with status "+status.text+" has no body that could name a commit", "write header NAME, or expect another status")
	}
}

func checkRehearse(v value, i int, p *problems) {
	stages, _ := v.get("stages")
	s := stages.items[i]
	rehearse, ok := s.get("rehearse")
	if !ok {
		return
	}
	if apps := appsOf(s); len(apps) > 1 {
		p.add(apps[1].at, apps[1].key, "a rehearsal has one app, which gets the copy of the database", "keep one of them")
	}
	if i == 0 && !v.has("prepare") {
		p.add(rehearse.at, rehearse.key, "a rehearsal cannot be where it is built: the release phase would follow the build at once, without the copy", "name an app under prepare that builds")
	}
	checkCopyCommand(v, rehearse, p)
	from, ok := rehearse.get("copy_from")
	if !ok {
		return
	}
	var later []string // what the copy may be made of
	for j, other := range stages.items {
		for _, app := range appsOf(other) {
			switch {
			case j > i && !other.has("rehearse"):
				later = append(later, app.text)
			case app.text != from.text:
			case j == i:
				p.add(from.at, from.key, fmt.Sprintf("%s rehearses on a copy of its own database", stageWords(s, i)), "name the app of a later stage, whose database the release phase must not harm")
				return
			case j < i:
				p.add(from.at, from.key, fmt.Sprintf("the rehearsal comes after %s, which has run the release phase on %s already", stageWords(other, j), quote(from.text)),
					"move the rehearsal before it")
				return
			default:
				p.add(from.at, from.key, fmt.Sprintf("%s is itself a rehearsal, whose database is gone when it is over", stageWords(other, j)), "name the app whose database it copies")
				return
			}
		}
	}
	if !slices.Contains(later, from.text) {
		p.add(from.at, from.key, fmt.Sprintf("no later stage has an app %s", quote(from.text)), didYouMean(from.text, later))
	}
}

// checkCopyCommand: the embedded platform has no databases, so it must be told
// how one is copied; Heroku forks the add-on.
func checkCopyCommand(v, rehearse value, p *problems) {
	switch platform := platformOf(v); {
	case platform == bot.PlatformLocal && !rehearse.has("command"):
		p.add(rehearse.at, rehearse.key+".command", `platform: local needs "command" for a rehearsal`, "write the command that copies the database")
	case platform == bot.PlatformHeroku && rehearse.has("command"):
		p.add(rehearse.nameOf("command").at, rehearse.key+".command", `"command" is possible only with platform: local`, "remove it: on Heroku the database's add-on is forked")
	}
}
