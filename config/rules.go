package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// The rules between keys of one pipeline, and between pipelines. Those of one
// stage are in rules_stage.go, those of needs in rules_needs.go.

func checkPipeline(v value, p *problems) {
	checkStageNames(v, p)
	checkReferences(v, p)
	checkTimes(v, p)
	checkChecksOnce(v, p)
	stages, _ := v.get("stages")
	for i := range stages.items {
		checkStage(v, i, p)
	}
}

func checkStageNames(v value, p *problems) {
	stages, _ := v.get("stages")
	first := map[string]position{}
	for _, s := range stages.items {
		n, ok := s.get("name")
		if !ok {
			continue
		}
		if at, again := first[n.text]; again {
			p.add(n.at, n.key, fmt.Sprintf("a stage %s exists already, in line %d", quote(n.text), at.line), "every stage needs a name of its own")
			continue
		}
		first[n.text] = n.at
	}
}

// checkChecksOnce refuses a check that is listed twice in the long form, also in
// other capitals. The short form alone is looked at by the list.
func checkChecksOnce(v value, p *problems) {
	checks, _ := v.get("checks")
	seen := map[string]bool{}
	for _, i := range checks.items {
		name, app := i.text, ""
		if i.fields != nil {
			n, _ := i.get("name")
			a, _ := i.get("app")
			name, app = n.text, a.text
		}
		check := strings.ToLower(name + "\n" + app)
		if !i.bad && i.fields != nil && name != "" && seen[check] {
			p.add(i.at, i.key, quote(name)+" is listed twice", "remove one of them")
		}
		seen[check] = true
	}
}

// checkAppsOnce refuses an app with two duties, be it in one pipeline or in two:
// two stages would fight over it, a prepare app runs code before its checks have
// passed, and one for pull requests before anybody has looked at it.
func checkAppsOnce(pipelines []named, p *problems) {
	type duty struct {
		of string
		at position
	}
	first := map[string]duty{}
	for _, pl := range pipelines {
		whose := ""
		if pl.name != "" {
			whose = " of the pipeline " + pl.name
		}
		claim := func(app value, of string) {
			if d, again := first[app.text]; again {
				p.add(app.at, app.key, fmt.Sprintf("the app %s is used already by %s, in line %d", quote(app.text), d.of, d.at.line), "every app has one duty")
				return
			}
			first[app.text] = duty{of + whose, app.at}
		}
		if prepare, ok := pl.value.get("prepare"); ok {
			for _, app := range appsOf(prepare) {
				claim(app, "prepare")
			}
			if pulls, ok := prepare.get("pull_requests"); ok && pulls.fields != nil {
				for _, app := range appsOf(pulls) {
					claim(app, "prepare.pull_requests")
				}
			}
		}
		stages, _ := pl.value.get("stages")
		for i, s := range stages.items {
			for _, app := range appsOf(s) {
				claim(app, stageWords(s, i))
			}
		}
	}
}

// stageWords names a stage for people, also one without a good name; i counts
// from 0.
func stageWords(s value, i int) string {
	if n, ok := s.get("name"); ok {
		return "the stage " + n.text
	}
	return fmt.Sprintf("stage number %d", i+1)
}

// checkReferences holds the names that stages use against those that exist.
func checkReferences(v value, p *problems) {
	classes, windows := namesIn(v, "changes"), namesIn(v, "windows")
	if slices.Contains(windows, byApproval) {
		f, _ := v.get("windows")
		p.add(f.nameOf(byApproval).at, f.key+"."+byApproval, "a window cannot be called approval: hold would read it differently", "choose another name")
	}
	stages, _ := v.get("stages")
	for _, s := range stages.items {
		for _, key := range []string{"skip", "maintenance"} {
			list, _ := s.get(key)
			for _, c := range list.items {
				mustExist(c, "class of change", "changes", classes, p)
			}
		}
		list, _ := s.get("windows")
		for _, w := range list.items {
			mustExist(w, "window", "windows", windows, p)
		}
		hold, _ := s.get("hold")
		for _, n := range hold.names {
			mustExist(value{at: n.at, key: hold.key + "." + n.text, text: n.text}, "class of change", "changes", classes, p)
			if need := hold.fields[n.text]; need.text != byApproval {
				mustExist(need, "window", "windows", append([]string{byApproval}, windows...), p)
			}
		}
	}
}

func namesIn(v value, key string) []string {
	f, _ := v.get(key)
	var names []string
	for _, n := range f.names {
		names = append(names, n.text)
	}
	return names
}

func mustExist(v value, what, where string, known []string, p *problems) {
	if v.bad || slices.Contains(known, v.text) {
		return
	}
	hint := didYouMean(v.text, known)
	if hint == "" {
		hint = fmt.Sprintf("define it under %s", where)
	}
	p.add(v.at, v.key, fmt.Sprintf("there is no %s %s", what, quote(v.text)), hint)
}

// checkTimes refuses windows that are always open or never, and freezes that
// end before they begin.
func checkTimes(v value, p *problems) {
	windows, _ := v.get("windows")
	for _, n := range windows.names {
		from, ok1 := windows.fields[n.text].get("from")
		to, ok2 := windows.fields[n.text].get("to")
		if ok1 && ok2 && from.text == to.text {
			p.add(to.at, to.key, "the window ends when it begins", "for whole days write from: \"00:00\" and to: \"24:00\"")
		}
	}
	freezes, _ := v.get("freezes")
	for _, f := range freezes.items {
		from, ok1 := f.get("from")
		to, ok2 := f.get("to")
		if ok1 && ok2 && to.text < from.text { // ISO dates sort as text
			p.add(to.at, to.key, fmt.Sprintf("the freeze ends on %s, before it begins on %s", to.text, from.text), "exchange the two")
		}
	}
}

// platformOf is the platform of a pipeline; empty if what was written was
// refused.
func platformOf(v value) string {
	platform, ok := v.get("platform")
	if !ok && !v.has("platform") {
		return bot.PlatformHeroku
	}
	return platform.text
}
