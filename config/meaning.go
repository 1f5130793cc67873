package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// meaning checks the rules between keys and says what a file asks for. Values
// that were refused before are passed over, so that one mistake is told once.
func meaning(file value, p *problems) bot.Config {
	several, ok := file.get("pipelines")
	if !ok {
		return pipelineMeaning(file, p)
	}
	for _, n := range file.names {
		if n.text != "pipelines" && n.text != "stages" {
			p.add(n.at, n.text, fmt.Sprintf("beside pipelines there is no %q", n.text), "move it into each pipeline that needs it")
		}
	}
	for _, n := range several.names {
		pipelineMeaning(several.fields[n.text], p)
	}
	return bot.Config{}
}

func pipelineMeaning(v value, p *problems) bot.Config {
	cfg := bot.Config{
		Platform: bot.PlatformHeroku,
		Prepare:  bot.Prepare{PullRequests: true, Reuse: bot.ReuseTree},
	}
	setText(v, "branch", &cfg.Branch)
	setText(v, "platform", &cfg.Platform)
	setText(v, "build", &cfg.Build)
	if prepare, ok := v.get("prepare"); ok {
		cfg.Prepare = prepareMeaning(prepare, cfg.Prepare)
	}
	if checks, ok := v.get("checks"); ok {
		if checks.items == nil {
			cfg.Checks.None = true
		} else {
			cfg.Checks.Names = checks.texts()
		}
	}
	stages, _ := v.get("stages")
	for _, s := range stages.items {
		if s.bad {
			continue
		}
		cfg.Stages = append(cfg.Stages, stageMeaning(s))
	}
	checkStageNames(stages, p)
	checkAppsOnce(v, p)
	checkReferences(v, p)
	checkTimes(v, p)
	return cfg
}

func stageMeaning(v value) bot.Stage {
	stage := bot.Stage{Allow: []string{string(bot.RoleWrite)}}
	setText(v, "name", &stage.Name)
	for _, app := range appsOf(v) {
		stage.Apps = append(stage.Apps, app.text)
	}
	if allow, ok := v.get("allow"); ok {
		stage.Allow = allowed(allow)
	}
	if b, ok := v.get("pull_requests"); ok {
		stage.PullRequests = b.text == "true"
	}
	return stage
}

// allowed lists whom a stage's allow names. GitHub does not tell capitals apart,
// in names of people nor in those of teams.
func allowed(v value) []string {
	names := v.texts()
	if v.items == nil { // one alone
		names = []string{v.text}
	}
	var all []string
	for _, n := range names {
		if n = strings.ToLower(n); !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

func prepareMeaning(v value, defaults bot.Prepare) bot.Prepare {
	p := defaults
	if v.fields == nil { // the short form
		p.Apps = []string{v.text}
		return p
	}
	if apps, ok := v.get("apps"); ok {
		p.Apps = apps.texts()
	}
	if b, ok := v.get("pull_requests"); ok {
		p.PullRequests = b.text == "true"
	}
	if r, ok := v.get("reuse"); ok {
		p.Reuse = bot.Reuse(r.text)
	}
	return p
}

func setText(v value, key string, to *string) {
	if f, ok := v.get(key); ok {
		*to = f.text
	}
}

// appsOf lists the apps of a stage or of prepare, however they are written.
func appsOf(v value) []value {
	if v.bad {
		return nil
	}
	if v.fields == nil {
		return []value{v}
	}
	var apps []value
	if app, ok := v.get("app"); ok {
		apps = append(apps, app)
	}
	if list, ok := v.get("apps"); ok {
		for _, app := range list.items {
			if !app.bad {
				apps = append(apps, app)
			}
		}
	}
	return apps
}

func checkStageNames(stages value, p *problems) {
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

// checkAppsOnce refuses an app with two duties: two stages would fight over it,
// and a prepare app runs code before its checks have passed.
func checkAppsOnce(v value, p *problems) {
	type duty struct {
		of string
		at position
	}
	first := map[string]duty{}
	claim := func(app value, of string) {
		if d, again := first[app.text]; again {
			p.add(app.at, app.key, fmt.Sprintf("the app %s is used already by %s, in line %d", quote(app.text), d.of, d.at.line), "every app has one duty")
			return
		}
		first[app.text] = duty{of, app.at}
	}
	if prepare, ok := v.get("prepare"); ok {
		for _, app := range appsOf(prepare) {
			claim(app, "prepare")
		}
	}
	stages, _ := v.get("stages")
	for i, s := range stages.items {
		of := fmt.Sprintf("stage number %d", i+1)
		if n, ok := s.get("name"); ok {
			of = "the stage " + n.text
		}
		for _, app := range appsOf(s) {
			claim(app, of)
		}
	}
}

// checkReferences holds the names that stages use against those that exist.
func checkReferences(v value, p *problems) {
	classes, windows := namesIn(v, "changes"), namesIn(v, "windows")
	if slices.Contains(windows, "approval") {
		f, _ := v.get("windows")
		p.add(f.nameOf("approval").at, "windows.approval", "a window cannot be called approval: hold would read it differently", "choose another name")
	}
	stages, _ := v.get("stages")
	for i, s := range stages.items {
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
		approval := false
		for _, n := range hold.names {
			mustExist(value{at: n.at, key: hold.key, text: n.text}, "class of change", "changes", classes, p)
			need := hold.fields[n.text]
			if need.text == "approval" {
				approval = true
				continue
			}
			mustExist(need, "window", "windows", append([]string{"approval"}, windows...), p)
		}
		if eyes, ok := s.get("four_eyes"); ok && eyes.text == "true" && !approval {
			if promote, ok := s.get("promote"); (ok || !s.has("promote")) && promote.text != "approval" && !holdRefused(hold) {
				p.add(eyes.at, eyes.key, "four_eyes has nothing to apply to: this stage needs no approval", "add promote: approval, or remove four_eyes")
			}
		}
		checkCopyFrom(stages, i, p)
	}
}

// holdRefused reports whether a need of hold was refused, which may have meant
// an approval.
func holdRefused(hold value) bool {
	for _, f := range hold.fields {
		if f.bad {
			return true
		}
	}
	return false
}

func checkCopyFrom(stages value, i int, p *problems) {
	rehearse, _ := stages.items[i].get("rehearse")
	from, ok := rehearse.get("copy_from")
	if !ok {
		return
	}
	var others []string
	for j, s := range stages.items {
		if j == i {
			continue
		}
		for _, app := range appsOf(s) {
			others = append(others, app.text)
		}
	}
	if !slices.Contains(others, from.text) {
		p.add(from.at, from.key, fmt.Sprintf("no other stage has an app %s", quote(from.text)), didYouMean(from.text, others))
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
			p.add(to.at, to.key, "the window ends when it begins", "for whole days write from: \"00:00\" and to: \"23:59\"")
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
