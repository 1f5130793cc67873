package bot_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// story plays the commands of a script on a world and notes what the bot does.
type story struct {
	*bottest.Loop // of the pipeline that is shown
	pipelines
	began  time.Time
	file   bot.ConfigRead        // as of the commits that are pushed from now on
	kept   map[string][]bot.Fact // deliveries by name, to be delivered (again)
	groups map[string]bot.MergeGroupChanged
	faults []trouble
	intact bool                 // see bottest.Loop
	shown  map[string]bot.Asked // what people look at, by login
	looked int                  // how often anybody has looked
	out    strings.Builder
}

// trouble is a fault that is to happen to the next effects of a kind.
type trouble struct {
	kind, about string
	times       int
	bottest.Fault
}

func newStory() *story {
	s := &story{kept: map[string][]bot.Fact{}, groups: map[string]bot.MergeGroupChanged{}}
	s.open()
	s.began = s.Now
	return s
}

// note writes a line, with the time since the story began.
func (s *story) note(line string) {
	if line == "" {
		return
	}
	d := s.Now.Sub(s.began)
	fmt.Fprintf(&s.out, "%2d:%04.1f  %s\n", int(d.Minutes()), (d % time.Minute).Seconds(), line)
}

func (s *story) published() string {
	defer s.out.Reset()
	if s.out.Len() == 0 {
		return "(nothing)\n"
	}
	return s.out.String()
}

func (s *story) fault(e bot.Effect) bottest.Fault {
	for i := range s.faults {
		f := &s.faults[i]
		if f.times > 0 && f.kind == bot.NameOf(e.Do) && strings.Contains(e.Key, f.about) {
			f.times--
			return f.Fault
		}
	}
	return bottest.Fault{}
}

// words splits a command into its words and its key=value settings. A value in
// quotes may have spaces.
func words(line string) (list []string, set map[string]string) {
	set = map[string]string{}
	quoted := false
	for _, w := range strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	}) {
		if k, v, ok := strings.Cut(w, "="); ok {
			set[k] = strings.Trim(v, `"`)
		} else {
			list = append(list, w)
		}
	}
	return list, set
}

// do plays one command. What a command means is said at its function.
func (s *story) do(line string) error {
	list, set := words(line)
	commands := map[string]func([]string, map[string]string) error{
		"config": s.config, "required": s.required, "push": s.push, "delete": s.delete, "deliver": s.deliver,
		"check": s.check, "suite": s.suite, "built": s.built, "released": s.released, "wait": s.wait,
		"pr": s.pull, "fault": s.setFault, "hand": s.hand, "crash": s.crash, "takes": s.takes,
		"stages": s.stages, "statuses": s.statuses, "deployments": s.deployments, "comment": s.comment,
		"explain": s.explain, "requests": s.requests,
		"pipeline": s.pipeline, "drop": s.drop,
		"role": s.role, "say": s.addComment, "again": s.redeliverComment, "answers": s.answers, "gone": s.gone,
		"looks": s.looks, "confirms": s.confirms, "answered": s.answered,
		"sick": s.sick, "well": s.well, "alerts": s.alerts,
		"lists": s.lists, "rename": s.rename, "commits": s.commits,
		"group": s.group, "destroyed": s.destroyed,
		"clock": s.clock, "time": s.time, "freeze": s.freeze, "unfreeze": s.unfreeze,
		"substitutes": s.substitutes, "absent": s.absent, "maintenance": s.maintenance, "app": s.findings, "copied": s.copied, "copies": s.copies,
	}
	f := commands[list[0]]
	if f == nil {
		return fmt.Errorf("there is no such command; there are %v", slices.Sorted(maps.Keys(commands)))
	}
	if err := f(list[1:], set); err != nil {
		return err
	}
	return s.Drain()
}

// receive delivers facts, unless the command says held: then they wait for deliver.
func (s *story) receive(name string, list []string, facts ...bot.Fact) error {
	s.kept[name] = facts
	if slices.Contains(list, "held") {
		return nil
	}
	return s.Deliver(facts...)
}

// config [missing | bad why=…] [branch=B] [platform=P] [build=COMMAND] [prepare=APPS] [checks=NAMES|none] (NAME@SLUG of one app) [reuse=commit] [pulls=no | pulls-on=APPS] STAGE:APPS…
// is the pipeline's file as of the commits that are pushed from now on.
func (s *story) config(list []string, set map[string]string) error {
	switch {
	case slices.Contains(list, "missing"):
		s.file, s.multi = bot.ConfigRead{}, nil
		return nil
	case slices.Contains(list, "bad"):
		s.file, s.multi = bot.ConfigRead{Found: true, Problem: set["why"]}, nil
		return nil
	}
	c := bot.Config{Platform: or(set["platform"], bot.PlatformHeroku), Branch: set["branch"], Build: set["build"]}
	c.Prepare = bot.Prepare{PullRequests: set["pulls"] != "no", Reuse: bot.Reuse(or(set["reuse"], string(bot.ReuseTree)))}
	if v := set["prepare"]; v != "" {
		c.Prepare.Apps = strings.Split(v, ",")
	}
	if v := set["pulls-on"]; v != "" {
		c.Prepare.PullApps = strings.Split(v, ",")
	}
	switch v := set["checks"]; v {
	case "none":
		c.Checks.None = true
	case "":
	default:
		for _, name := range strings.Split(v, ",") {
			name, app, _ := strings.Cut(name, "@")
			c.Checks.Names = append(c.Checks.Names, bot.CheckName{Name: name, App: app})
		}
	}
	for _, stage := range list {
		name, apps, _ := strings.Cut(stage, ":")
		st := bot.Stage{Name: name, Apps: strings.Split(apps, ","), Allow: strings.Split(or(set["allow."+name], "write"), ","), PullRequests: set["pulls."+name] == "yes"}
		if err := stageOptions(&st, set); err != nil {
			return err
		}
		around(&st, set)
		c.Stages = append(c.Stages, st)
	}
	c = asks(c, set)
	if err := times(&c, set); err != nil {
		return err
	}
	s.take(c, set)
	return nil
}

// required [missing | NAME…] is what GitHub requires of the branch; NAME@ID of one app;
// missing: it says 404 for the branch's rules.
func (s *story) required(list []string, _ map[string]string) error {
	s.Required, s.NoRules = nil, slices.Equal(list, []string{"missing"})
	if s.NoRules {
		return nil
	}
	for _, name := range list {
		name, id, _ := strings.Cut(name, "@")
		app, _ := strconv.ParseInt(id, 10, 64)
		s.Required = append(s.Required, bot.RequiredCheck{Name: name, AppID: app})
	}
	return nil
}

// push SHA [held] [bare] [forced] [on=BRANCH] [tree=TREE] [pull=N] [title=…] [by=AUTHOR] [pusher=LOGIN] [with=COAUTHORS] [signed] [files=PATHS] [undoes=SHA]
func (s *story) push(list []string, set map[string]string) error {
	c := bottest.Commit{SHA: list[0], Tree: set["tree"], Title: or(set["title"], "change "+list[0]), Author: or(set["by"], "ada"), File: s.file, Pipelines: maps.Clone(s.multi)}
	c.Files, c.Undoes = strings.Split(or(set["files"], "app.go"), ","), set["undoes"]
	c.Pull, _ = strconv.Atoi(set["pull"])
	madeBy(&c, list, set)
	facts := s.Push(or(set["on"], "main"), c, slices.Contains(list, "forced"))
	if slices.Contains(list, "bare") {
		for i, fact := range facts {
			if p, ok := fact.(bot.Pushed); ok {
				p.Tree, p.Title, p.Author = "", "", ""
				facts[i] = p
			}
		}
	}
	return s.receive("push "+list[0], list, facts...)
}

// substitutes TREE…: a .gitattributes of these trees has export-subst.
func (s *story) substitutes(list []string, _ map[string]string) error {
	s.ExportSubst = map[string]bool{}
	for _, tree := range list {
		s.ExportSubst[tree] = true
	}
	return nil
}

// absent TREE [submodules=PATH,PATH] [lfs=PATTERN,PATTERN]: GitHub's tarball lacks these.
func (s *story) absent(list []string, set map[string]string) error {
	names := func(key string) []string {
		return strings.FieldsFunc(set[key], func(r rune) bool { return r == ',' })
	}
	if s.Absent == nil {
		s.Absent = map[string]*bot.Absent{}
	}
	s.Absent[list[0]] = &bot.Absent{Submodules: names("submodules"), LFS: names("lfs")}
	return nil
}

// delete BRANCH
func (s *story) delete(list []string, _ map[string]string) error {
	before := s.Heads[list[0]]
	delete(s.Heads, list[0])
	return s.Deliver(bot.Pushed{Branch: list[0], Before: before, After: strings.Repeat("0", 40), PushedAt: s.Now})
}

// deliver NAME delivers what was held, or delivers it again.
func (s *story) deliver(list []string, _ map[string]string) error {
	facts, ok := s.kept[strings.Join(list, " ")]
	if !ok {
		return fmt.Errorf("no such delivery; there are %v", slices.Sorted(maps.Keys(s.kept)))
	}
	return s.Deliver(facts...)
}

// check SHA NAME passed|failed|pending [status | app=ID:SLUG] [suite=ID] [nameless] [held]
func (s *story) check(list []string, set map[string]string) error {
	k := bot.Check{Kind: bot.CheckRun, Name: list[1], State: bot.CheckState(list[2]), AppID: 15368, App: "github-actions"}
	if set["app"] != "" {
		id, slug, _ := strings.Cut(set["app"], ":")
		k.AppID, _ = strconv.ParseInt(id, 10, 64)
		k.App = slug
	}
	k.Suite, _ = strconv.ParseInt(set["suite"], 10, 64)
	if slices.Contains(list, "status") {
		k.Kind, k.AppID, k.App = bot.CommitStatus, 0, ""
	}
	fact := s.Report(list[0], k)
	if slices.Contains(list, "nameless") { // as a version kept it that knew no slugs
		k := fact.(bot.CheckReported)
		k.Check.App = ""
		fact = k
	}
	return s.receive("check "+list[0]+" "+list[1], list, fact)
}

// suite SHA APP runs=N [id=N] [completed] [held]
func (s *story) suite(list []string, set map[string]string) error {
	c := s.Commits[list[0]]
	u := bot.Suite{App: list[1], Completed: slices.Contains(list, "completed")}
	u.Runs, _ = strconv.Atoi(set["runs"])
	c.Suites = append(slices.DeleteFunc(slices.Clone(c.Suites), func(o bot.Suite) bool { return o.App == u.App }), u)
	id, _ := strconv.ParseInt(set["id"], 10, 64)
	return s.receive("suite "+list[0], list, bot.ChecksMoved{SHA: list[0], Completed: u.Completed, Suite: id})
}

// built SHA [failed|errored|cancelled] [why=…] [quiet]: the pending build of a
// commit ends, and unless quiet the platform's webhook says so.
func (s *story) built(list []string, set map[string]string) error {
	status := bot.BuildSucceeded
	for _, w := range list[1:] {
		if w != "quiet" {
			status = bot.BuildStatus(w)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Apps)) {
		if b := s.Apps[name].Pending(); b != nil && b.Commit == list[0] {
			s.EndBuild(b, status, set["why"])
			return s.moved(name, list)
		}
	}
	return fmt.Errorf("nobody builds %s", list[0])
}

func (s *story) moved(app string, list []string) error {
	if slices.Contains(list, "quiet") {
		return nil
	}
	return s.Deliver(bot.PlatformMoved{Platform: s.State.Config.Platform, App: app})
}

// released APP [failed|errored] [why=…] [quiet]: the pending release of an app ends.
func (s *story) released(list []string, set map[string]string) error {
	status := bot.ReleaseSucceeded
	for _, w := range list[1:] {
		if w != "quiet" {
			status = bot.ReleaseStatus(w)
		}
	}
	for _, r := range s.App(list[0]).Releases {
		if r.Status == bot.ReleasePending {
			s.EndRelease(r, status, set["why"])
			return s.moved(list[0], list)
		}
	}
	return fmt.Errorf("nothing is being released on %s", list[0])
}

// wait DURATION
func (s *story) wait(list []string, _ map[string]string) error {
	d, err := time.ParseDuration(list[0])
	if err != nil {
		return err
	}
	return s.Wait(d)
}

// takes build=D release=D: what begins from now on ends by itself.
func (s *story) takes(_ []string, set map[string]string) (err error) {
	if v, ok := set["build"]; ok && err == nil {
		s.BuildTime, err = time.ParseDuration(v)
	}
	if v, ok := set["release"]; ok && err == nil {
		s.ReleaseTime, err = time.ParseDuration(v)
	}
	if v, ok := set["copy"]; ok && err == nil {
		s.CopyTime, err = time.ParseDuration(v)
	}
	return err
}

// pr N opened|pushed|closed|merged|retargeted [head=SHA] [merge=SHA] [tree=TREE] [as=SHA] [base=B] [fork] [unmade=yes|no] [by=PUSHER] [author=NAME] [with=COAUTHORS] [signed] [unseen] [held]
func (s *story) pull(list []string, set map[string]string) error {
	n, err := strconv.Atoi(list[0])
	if err != nil {
		return err
	}
	p := s.Pulls[n]
	if p == nil {
		p = &bottest.Pull{PullRequestChanged: bot.PullRequestChanged{
			Number: n, Title: "pull request " + list[0], Author: or(set["opener"], "grace"), Base: "main", Open: true, Fork: slices.Contains(list, "fork")}}
		p.AuthorID, p.Branch = s.Account(p.Author).ID, "pull-"+list[0]
		s.Pulls[n] = p
	}
	p.Head, p.TestMerge, p.TestTree = or(set["head"], p.Head), or(set["merge"], p.TestMerge), or(set["tree"], p.TestTree)
	p.Base, p.UpdatedAt = or(set["base"], p.Base), s.Now
	switch list[1] {
	case "closed":
		p.Open = false
	case "merged":
		p.Open, p.Merged, p.MergeSHA = false, true, set["as"]
	case "conflicts":
		p.TestMerge, p.TestTree = "", ""
	}
	if v := set["unmade"]; v != "" {
		p.Unmade = v == "yes"
	}
	heads := s.pushHead(p, list, set)
	s.head(p, set)
	if p.TestMerge != "" && s.Commits[p.TestMerge] == nil {
		s.Commits[p.TestMerge] = &bottest.Commit{SHA: p.TestMerge, Tree: p.TestTree}
	}
	return s.receive("pr "+list[0]+" "+list[1], list, append(heads, s.Installed(), p.PullRequestChanged)...)
}

// fault EFFECT refused|gone|retry|lost|unseen|late|hang [about=KEY] [times=N] [why=…] [after=D] [limit]
func (s *story) setFault(list []string, set map[string]string) error {
	t := trouble{kind: list[0], about: set["about"], times: 1}
	t.Kind, t.Reason, t.Limit = bottest.FaultKind(list[1]), or(set["why"], "it is out of order"), slices.Contains(list, "limit")
	if v := set["times"]; v != "" {
		t.times, _ = strconv.Atoi(v)
	}
	if v := set["after"]; v != "" {
		t.After, _ = time.ParseDuration(v)
	}
	s.faults = slices.DeleteFunc(s.faults, func(o trouble) bool { return o.kind == t.kind && o.about == t.about })
	s.faults = append(s.faults, t)
	return nil
}

// hand APP ARTIFACT [commit=SHA] [loud]: somebody releases by hand; if loud, the
// platform's webhook says so.
func (s *story) hand(list []string, set map[string]string) error {
	s.EndRelease(s.Release(list[0], list[1], set["commit"]), bot.ReleaseSucceeded, "")
	if !slices.Contains(list, "loud") {
		return nil
	}
	return s.Deliver(bot.PlatformMoved{Platform: s.State.Config.Platform, App: list[0]})
}

// crash loses everything that is in memory.
func (s *story) crash(_ []string, _ map[string]string) error { return s.Crash() }

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
