package pipeline

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// formulas lists all invariants as State's doc comment does, under what each is about.
func formulas() (list []string) {
	list = append(list, section("the pipeline", ofPipeline)...)
	list = append(list, section("a stage", ofStages)...)
	list = append(list, section("an app of a stage", ofApps)...)
	list = append(list, section("a stage's promotion in flight", ofPromotions)...)
	list = append(list, section("a promotion's release on an app", ofReleases)...)
	list = append(list, section("a candidate", ofCandidates)...)
	list = append(list, section("a candidate's progress at a stage", ofProgress)...)
	list = append(list, section("a build", ofBuilds)...)
	list = append(list, section("an effect in Pending", ofPending)...)
	list = append(list, section("a pull request", ofPulls)...)
	return append(list, section("a comment in Requests", ofRequests)...)
}

func section[T any](what string, list []invariant[T]) []string {
	lines := []string{what + ":"}
	for _, v := range list {
		lines = append(lines, "    "+v.formula)
	}
	return lines
}

// State's doc comment has every invariant that Check decides, in its order.
func TestInvariantsDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "state.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE || gen.Specs[0].(*ast.TypeSpec).Name.Name != "State" {
			continue
		}
		for line := range strings.Lines(gen.Doc.Text()) {
			if formula, ok := strings.CutPrefix(line, "\t"); ok {
				documented = append(documented, strings.TrimRight(formula, "\n"))
			}
		}
	}
	if want := formulas(); !slices.Equal(documented, want) {
		t.Errorf("State's doc comment lists\n%s\nand Check decides\n%s", strings.Join(documented, "\n"), strings.Join(want, "\n"))
	}
}

// sound is a state in which there is one of everything that invariants are about: b is
// on its way to production, where a is live, and a release of c is awaited on staging's
// own build.
func sound() State {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	return State{
		Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}},
		At:       at.Add(time.Hour),
		SweptAt:  at, AppsSweptAt: at, RereadAt: at, HeadAt: at,
		Config: bot.Config{Checks: bot.Checks{None: true}},
		Candidates: []Candidate{
			{SHA: "a", PushedAt: at, GreenAt: at, Artifact: "slug-a", ArtifactApp: "prepare", Progress: map[string]Progress{
				"production": {State: ProgressLive, Promotion: 1, StartedAt: at, EndedAt: at},
			}},
			{SHA: "b", PushedAt: at, Artifact: "slug-b", ArtifactApp: "prepare", Reports: Reports{Read: true, Seen: 1, Hints: 1}, Progress: map[string]Progress{
				"production": {State: ProgressReleasing, Promotion: 2, StartedAt: at},
			}, Deployments: []Deployment{{ID: 7, Stage: "production", Promotion: 2}}},
			{SHA: "c", PushedAt: at, Progress: map[string]Progress{"staging": {State: ProgressReleasing, Promotion: 1, StartedAt: at}}},
		},
		FromPulls: []Candidate{{SHA: "g", FromPull: true}},
		Requests:  []Request{{Comment: 1, Commands: []command.Command{{}}, Answers: []Answer{{}}}},
		Pulls:     map[int]PullRequest{5: {PullRequestChanged: bot.PullRequestChanged{Number: 5}, ReadHead: "g", TestMerge: "m", PublishedHead: "g", Published: map[string]Published{"build": {}}}},
		Builds: map[string]BuildRun{
			"tree c": {SHA: "c", App: "shop-staging", ID: "1", Status: RunRunning, StartedAt: at, RunningAt: at},
			"tree b": {SHA: "b", App: "prepare", ID: "2", Status: RunSucceeded, Artifact: "slug-b", StartedAt: at, RunningAt: at, FinishedAt: at},
		},
		Pending: map[string]PendingEffect{
			"promote production 2 shop-us": {Underway: true, Attempt: 1, Since: at, LastAt: at},
			"head":                         {Attempt: 1, Since: at, LastAt: at, NotBefore: at, Unsure: true, LostAt: at, Reason: "no answer"},
		},
		Stages: map[string]*StageState{
			"staging": {Promotions: 1, Promoting: &Promotion{
				N: 1, SHA: "c", StartedAt: at, Building: true, Build: "tree c", Apps: map[string]AppRelease{"shop-staging": {}},
			}},
			"production": {
				Promotions: 2,
				Promoting:  &Promotion{N: 2, SHA: "b", StartedAt: at, Apps: map[string]AppRelease{"shop-us": {State: bot.ReleasePending, ID: "r2", Version: 2}}},
				Live:       Live{SHA: "a", Artifact: "slug-a", Since: at},
				Past:       []Past{{SHA: "a", Artifact: "slug-a", From: "prepare"}},
				Soak:       &Soak{SHA: "a", Promotion: 1},
				Rollback:   &RollbackOrder{Order: Order{By: "zoe"}, To: "a"},
				Lock:       &Lock{Rollback: true},
				Trouble:    "no answer", TroubleAt: at,
				Apps: map[string]AppState{"shop-us": {Seen: true, SeenAt: at, Artifact: "slug-a", Newest: 2, Foreign: &Foreign{Version: 2}}},
			},
		},
	}
}

// Each invariant says no to a state in which it does not hold, and names itself, the
// pipeline and the values. Check changes nothing.
func TestInvariants(t *testing.T) {
	at := sound().At
	candidate := func(edit func(*Candidate)) func(*State) {
		return func(s *State) { edit(&s.Candidates[1]) }
	}
	progress := func(edit func(*Progress)) func(*State) {
		return func(s *State) {
			p := s.Candidates[0].Progress["production"]
			edit(&p)
			s.Candidates[0].Progress["production"] = p
		}
	}
	stage := func(edit func(*StageState)) func(*State) {
		return func(s *State) { edit(s.StageRecord("production")) }
	}
	app := func(edit func(*AppState)) func(*State) {
		return stage(func(st *StageState) { a := st.Apps["shop-us"]; edit(&a); st.Apps["shop-us"] = a })
	}
	release := func(edit func(*AppRelease)) func(*State) {
		return stage(func(st *StageState) { a := st.Promoting.Apps["shop-us"]; edit(&a); st.Promoting.Apps["shop-us"] = a })
	}
	build := func(edit func(*BuildRun)) func(*State) {
		return func(s *State) { r := s.Builds["tree c"]; edit(&r); s.Builds["tree c"] = r }
	}
	pending := func(key string, edit func(*PendingEffect)) func(*State) {
		return func(s *State) { f := s.Pending[key]; edit(&f); s.Pending[key] = f }
	}
	pull := func(edit func(*PullRequest)) func(*State) {
		return func(s *State) { p := s.Pulls[5]; edit(&p); s.Pulls[5] = p }
	}
	// what breaks each, and a value that the error must show
	breaks := []struct {
		formula, shows string
		by             func(*State)
	}{
		{"a commit stands once in Candidates, in FromPulls and in Adopted", "c pushed", func(s *State) { s.Candidates = append(s.Candidates, s.Candidates[2]) }},
		{"i < j ⇒ Candidates[i].PushedAt ≤ Candidates[j].PushedAt + 30 s", "c pushed Nov  2 11:00", func(s *State) { s.Candidates[2].PushedAt = at.Add(-2 * time.Hour) }},
		{"a comment stands once in Requests", "what is known at", func(s *State) { s.Requests = append(s.Requests, s.Requests[0]) }},
		{"|EarlyReports| ≤ 64, |Alerts| ≤ 20, |Pushes| ≤ 300, |Elsewhere| ≤ 20, |Outsiders| ≤ 200", "what is known at", func(s *State) { s.Alerts = make([]Alert, 21) }},
		{"g ∈ Groups ⇒ 0 ≤ g.Reports.Seen, g.Reports.Reading ≤ g.Reports.Hints", "what is known at", func(s *State) { s.Groups = []MergeGroup{{Reports: Reports{Seen: 1}}} }},
		{"SweptAt, AppsSweptAt, RereadAt, HeadAt ≤ At", "13:00:01", func(s *State) { s.HeadAt = at.Add(time.Second) }},

		{"Promoting ≠ nil ⇒ Promoting.N = Promotions > 0", "knows of 3 promotions", stage(func(st *StageState) { st.Promotions = 3 })},
		{"Promoting.Rollback ≠ nil ⇒ Rollback ≠ nil", "rollback <nil>", stage(func(st *StageState) { st.Promoting.Rollback, st.Rollback = st.Rollback, nil })},
		{"Rollback ≠ nil ⇒ (Rollback.By = \"\" ⇔ Rollback.Promotion ≠ 0) ∧ Rollback.Promotion ≤ Promotions", "Promotion:1", stage(func(st *StageState) { st.Rollback.Promotion = 1 })},
		{"Live.SHA = \"\" ⇔ Live.Since = 0 ⇔ Live.Artifact = \"\"", "live {SHA:a Artifact:slug-a Since:0001", stage(func(st *StageState) { st.Live.Since = time.Time{} })},
		{"p ∈ Past ∧ p.SHA = Live.SHA ⇒ p.Artifact = Live.Artifact", "slug-x", stage(func(st *StageState) { st.Live.Artifact = "slug-x" })},
		{"a commit stands once in Past, |Past| ≤ 10", "the stage production", stage(func(st *StageState) { st.Past = append(st.Past, st.Past[0]) })},
		{"p ∈ Past ⇒ p.Artifact ≠ \"\" ∧ p.From ≠ \"\"", "the stage production", stage(func(st *StageState) { st.Past[0].From = "" })},
		{"Soak ≠ nil ⇒ Soak.SHA = Live.SHA ∧ Soak.Promotion ≤ Promotions", "SHA:b", stage(func(st *StageState) { st.Soak.SHA = "b" })},
		{"Lock ≠ nil ∧ Lock.Rollback ⇒ Lock.Until = 0", "Until:2026", stage(func(st *StageState) { st.Lock.Until = at })},
		{"Trouble ≠ \"\" ⇒ TroubleAt ≠ 0", "no answer", stage(func(st *StageState) { st.TroubleAt = time.Time{} })},

		{"Seen ⇒ SeenAt ≠ 0", "the app shop-us of production", app(func(a *AppState) { a.SeenAt = time.Time{} })},
		{"Artifact ≠ \"\" ∨ Newest ≠ 0 ∨ Foreign ≠ nil ∨ Ran ≠ nil ⇒ Seen", "Seen:false", app(func(a *AppState) { a.Seen = false })},
		{"Foreign ≠ nil ⇒ Foreign.Version ≤ Newest", "Newest:1", app(func(a *AppState) { a.Newest = 1 })},

		{"SHA is of a candidate, whose progress at the stage is releasing by N", "SHA:b", func(s *State) { s.Candidates = s.Candidates[:1] }},
		{"¬Building ∧ Rollback = nil ⇒ the candidate's Artifact ≠ \"\"", "SHA:b", candidate(func(c *Candidate) { c.Artifact = "" })},
		{"Rollback ≠ nil ⇒ SHA ∈ the stage's Past ∧ Was.Promotion < N", "SHA:b", stage(func(st *StageState) { st.Promoting.Rollback = st.Rollback })},
		{"Building ⇒ ¬Built ∧ Build ∈ Builds", "Build:tree c", func(s *State) { delete(s.Builds, "tree c") }},
		{"Apps ≠ {}", "Apps:map[]", stage(func(st *StageState) { clear(st.Promoting.Apps) })},
		{"StartedAt ≤ the pipeline's At", "StartedAt:2026-11-02 13:00:01", stage(func(st *StageState) { st.Promoting.StartedAt = at.Add(time.Second) })},

		{"State ∉ {\"\", failed} ⇒ ID ≠ \"\"", "State:pending ID: ", release(func(a *AppRelease) { a.ID = "" })},
		{"State ≠ \"\" ⇒ the promotion is not Building", "shop-staging of staging", func(s *State) {
			s.Stage("staging").Promoting.Apps["shop-staging"] = AppRelease{State: bot.ReleaseFailed}
		}},
		{"the promotion's Proof ≠ nil ⇒ State = succeeded", "State:pending", stage(func(st *StageState) { st.Promoting.Proof = &Proof{} })},
		{"Version ≤ the app's Newest", "newest is 2", release(func(a *AppRelease) { a.Version = 3 })},
		{"Errors ≤ 3", "Errors:4", release(func(a *AppRelease) { a.Errors = 4 })},

		{"Artifact = \"\" ⇔ ArtifactApp = \"\"", "the candidate b", candidate(func(c *Candidate) { c.ArtifactApp = "" })},
		{"¬(FromPull ∧ Adopted)", "the candidate g", func(s *State) { s.FromPulls[0].Adopted = true }},
		{"Rebuilds ≤ 2", "Rebuilds:3", candidate(func(c *Candidate) { c.Rebuilds = 3 })},
		{"GreenAt ≠ 0 ⇒ the checks are green", "the candidate a", func(s *State) { s.Config.Checks = bot.Checks{} }},
		{"0 ≤ Reports.Seen, Reports.Reading ≤ Reports.Hints", "Seen:2", candidate(func(c *Candidate) { c.Reports.Seen = 2 })},
		{"Reports.Seen ≠ 0 ⇒ Reports.Read", "Read:false", candidate(func(c *Candidate) { c.Reports.Read = false })},
		{"one of Deployments a promotion of a stage, which knows of that many", "Promotion:3", candidate(func(c *Candidate) { c.Deployments[0].Promotion = 3 })},
		{"d ∈ Deployments ∧ d.ID ≠ 0 ⇒ ¬d.Asked", "Asked:true", candidate(func(c *Candidate) { c.Deployments[0].Asked = true })},
		{"Way.Since = SeenAt + Σ Way.Left, unless nothing is recorded", "checks alone", candidate(func(c *Candidate) {
			c.Way = Way{Since: c.SeenAt.Add(time.Minute), Left: []Wait{{Part: PartChecks, For: time.Second}}}
		})},

		{"State = releasing ⇔ the stage's Promoting is of the candidate and of Promotion", "the progress of a", progress(func(p *Progress) { p.State = ProgressReleasing })},
		{"State = releasing ⇔ EndedAt = 0", "the progress of a", progress(func(p *Progress) { p.EndedAt = time.Time{} })},
		{"EndedAt = 0 ∨ StartedAt ≤ EndedAt", "the progress of a", progress(func(p *Progress) { p.StartedAt = at })},
		{"Promotion ≤ the stage's Promotions", "Promotion:3", progress(func(p *Progress) { p.Promotion = 3 })},
		{"State = done ∧ ¬Adopted ⇒ Promotion > 0 ∧ the candidate's Artifact ≠ \"\"", "Promotion:0", progress(func(p *Progress) { p.Promotion = 0 })},

		{"it runs ⇒ App ≠ \"\"", "the build tree c", build(func(r *BuildRun) { r.App = "" })},
		{"two run, neither Adopted ⇒ their Apps differ", "the build tree d", func(s *State) { s.Builds["tree d"] = s.Builds["tree c"] }},
		{"Status = running ⇒ ID ≠ \"\"", "the build tree c", build(func(r *BuildRun) { r.ID = "" })},
		{"Status = succeeded ⇒ Artifact ≠ \"\" ∧ App ≠ \"\"", "the build tree c", build(func(r *BuildRun) { r.Status = RunSucceeded })},
		{"it has ended ⇔ FinishedAt ≠ 0", "the build tree c", build(func(r *BuildRun) { r.FinishedAt = at })},
		{"RunningAt = 0 ∨ StartedAt ≤ RunningAt", "the build tree c", build(func(r *BuildRun) { r.StartedAt = at })},
		{"|Gone| ≤ 5", "the build tree c", build(func(r *BuildRun) { r.Gone = make([]string, 6) })},

		{"Attempt > 0", "the effect head", pending("head", func(f *PendingEffect) { f.Attempt = 0 })},
		{"Since ≤ LastAt", "the effect head", pending("head", func(f *PendingEffect) { f.Since = at })},
		{"Unsure ⇔ LostAt ≠ 0", "the effect head", pending("head", func(f *PendingEffect) { f.Unsure = false })},
		{"¬Underway ⇒ NotBefore ≠ 0", "the effect head", pending("head", func(f *PendingEffect) { f.NotBefore = time.Time{} })},
		{"Out ⇒ Reason = \"\"", "the effect head", pending("head", func(f *PendingEffect) { f.Underway = true })},
		{"it releases on an app ⇒ the stage's Promoting has that app and that N", "the effect promote production 1 shop-us", pending("promote production 1 shop-us", func(f *PendingEffect) { f.Underway, f.Attempt = true, 1 })},

		{"Number is its key in Pulls", "the pull request 5", pull(func(p *PullRequest) { p.Number = 6 })},
		{"Published ≠ {} ⇒ PublishedHead ≠ \"\"", "the pull request 5", pull(func(p *PullRequest) { p.PublishedHead = "" })},
		{"TestMerge ≠ \"\" ⇒ ReadHead ≠ \"\"", "the pull request 5", pull(func(p *PullRequest) { p.ReadHead = "" })},

		{"|Answers| ≤ |Commands|", "the comment 1", func(s *State) { s.Requests[0].Commands = nil }},
	}
	if err := sound().Check(); err != nil {
		t.Fatalf("a sound state has a fault: %v", err)
	}
	var broken []string
	for _, b := range breaks {
		broken = append(broken, "    "+b.formula)
		s := sound()
		b.by(&s)
		before, _ := json.Marshal(s)
		err := s.Check()
		after, _ := json.Marshal(s)
		if string(before) != string(after) {
			t.Errorf("checking %s changes the state", b.formula)
		}
		found := false
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				found = found || strings.HasPrefix(line, "acme/shop: "+b.formula+" does not hold of ") && strings.Contains(line, b.shows)
			}
		}
		if !found {
			t.Errorf("a state in which\n  %s\ndoes not hold passes, or nobody is told of %q: %v", b.formula, b.shows, err)
		}
	}
	all := slices.DeleteFunc(formulas(), func(line string) bool { return !strings.HasPrefix(line, " ") })
	if !slices.Equal(broken, all) {
		t.Errorf("broken by hand are\n%s\nand Check decides\n%s", strings.Join(broken, "\n"), strings.Join(all, "\n"))
	}
}
