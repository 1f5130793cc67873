package web_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/web"
)

var update = flag.Bool("update", false, "write the pages as they are")

// live is a pipeline on which a change went all the way.
func live(t testing.TB) *tale {
	s := newTale(t)
	s.push("77b01de", "Fix rounding of taxes", "ada", usualOf("shop"))
	s.check("77b01de", bot.CheckPassed)
	s.wait(3 * time.Minute)
	s.say("/approve production 77b01de")
	s.wait(time.Minute)
	return s
}

// next is live, with another change that was just pushed.
func next(t testing.TB) *tale {
	s := live(t)
	s.wait(47 * time.Minute)
	s.push("3f2a91c", "Fix the till when the drawer is open and two cashiers are signed in at once", "mia", usualOf("shop"))
	return s
}

// situation is one that a pipeline's page shows.
type situation struct {
	name string
	tell func(testing.TB) *tale
}

// situationNamed finds one.
func situationNamed(name string) situation {
	for _, s := range situations {
		if s.name == name {
			return s
		}
	}
	panic("there is no situation " + name)
}

// situations that a pipeline's page shows.
var situations = []situation{
	{"new", newTale},
	{"building", next},
	{"live", live},
	{"approval", func(t testing.TB) *tale {
		s := next(t)
		s.check("3f2a91c", bot.CheckPassed)
		s.wait(4 * time.Minute)
		return s
	}},
	{"red", func(t testing.TB) *tale {
		s := next(t)
		s.check("3f2a91c", bot.CheckFailed)
		s.wait(2 * time.Minute)
		return s
	}},
	{"release_failed", func(t testing.TB) *tale {
		s := next(t)
		s.Breaks = func(sha string) (build, release bool) { return false, strings.HasPrefix(sha, "3f2a91c") }
		s.check("3f2a91c", bot.CheckPassed)
		s.wait(4 * time.Minute)
		return s
	}},
	{"releasing", func(t testing.TB) *tale {
		s := next(t)
		s.ReleaseTime = time.Hour
		s.check("3f2a91c", bot.CheckPassed)
		s.wait(4 * time.Minute)
		return s
	}},
	{"locked_and_frozen", func(t testing.TB) *tale {
		s := next(t)
		s.say("/lock production we are on television")
		s.must(s.Deliver(bot.OperatorFreeze{On: true, By: "root", Reason: "the data centre is hot", At: s.Now}))
		s.check("3f2a91c", bot.CheckPassed)
		s.wait(4 * time.Minute)
		return s
	}},
	{"rolled_back", func(t testing.TB) *tale {
		s := next(t)
		s.check("3f2a91c", bot.CheckPassed)
		s.wait(4 * time.Minute)
		s.say("/approve production 3f2a91c")
		s.wait(2 * time.Minute)
		s.say("/rollback production")
		s.wait(2 * time.Minute)
		return s
	}},
	{"migrated", func(t testing.TB) *tale { // what came since can be more than code
		cfg := usualOf("shop")
		cfg.Changes = []bot.Class{{Name: "database", Paths: []string{"db/**"}}, {Name: "docs", Paths: []string{"**.md"}}}
		cfg.Stages[1].Approval, cfg.Stages[1].Hold = false, []bot.Hold{{Class: "database"}}
		s := newTale(t)
		s.push("77b01de", "Fix rounding of taxes", "ada", cfg, "tax.go")
		s.check("77b01de", bot.CheckPassed)
		s.wait(4 * time.Minute)
		s.say("/approve production 77b01de") // nothing is known of what it changes, so it counts as every class
		s.wait(time.Minute)
		s.push("9d1c0aa", "Speed up the cart", "sam", cfg, "cart.go")
		s.check("9d1c0aa", bot.CheckPassed)
		s.wait(4 * time.Minute)
		s.push("3f2a91c", "Orders know their currency", "mia", cfg, "db/7_orders.sql", "README.md")
		s.check("3f2a91c", bot.CheckPassed)
		s.wait(4 * time.Minute)
		s.say("/approve production 3f2a91c")
		s.wait(2 * time.Minute)
		app := s.State.Stages["production"].Apps["shop-us"]
		app.Newest++ // somebody has set a config var
		s.State.Stages["production"].Apps["shop-us"] = app
		s.push("51aa0b7", "Drop the old currency", "kim", cfg, "db/8_orders.sql", "order.go")
		return s
	}},
	{"twelve_stages", func(t testing.TB) *tale {
		cfg := usualOf("shop")
		cfg.Stages = nil
		for i := range 12 {
			name := fmt.Sprintf("region-%02d-of-the-northern-hemisphere", i)
			cfg.Stages = append(cfg.Stages, bot.Stage{Name: name, Apps: []string{"shop-" + name + "-blue", "shop-" + name + "-green"}, Allow: []string{"write"}})
		}
		s := newTale(t)
		s.ReleaseTime = 40 * time.Second
		s.push("77b01de", strings.Repeat("Averylongwordthatnobodycanbreak", 3), "somebody-with-a-very-long-login-of-39-ch", cfg)
		s.check("77b01de", bot.CheckPassed)
		s.wait(5 * time.Minute)
		return s
	}},
	{"many_on_their_way", func(t testing.TB) *tale {
		s := next(t)
		s.BuildTime = time.Hour
		s.push("9d1c0aa", "Speed up the cart", "sam", usualOf("shop"))
		s.push("51aa0b7", "Use the new currency of the shop", "kim", usualOf("shop"))
		s.wait(5 * time.Minute)
		return s
	}},
}

// tells makes the world one of a situation, with what its builds and releases wrote.
func tells(w *world, name string, s *tale) {
	w.put(shop, s)
	switch name {
	case "building":
		w.write("shop-prepare", "-----> Building on the Heroku-24 stack\n-----> Using buildpack: heroku/go\n-----> Go app detected\n-----> Fetching jq... done\n-----> Detected go modules via go.mod\n-----> Running: go install -v -tags heroku .\n       golang.org/x/net/html\n", false)
	case "release_failed":
		w.keepOutput("3f2a91c", history.Output{
			App: "shop-staging", ID: "r-2", Stage: "staging", N: 2, At: s.Now.Add(-3 * time.Minute), Seen: 14, Cut: true,
			Text: "Running release phase...\n== 20261102093012 AddDrawerToTills: migrating ==\n-- add_column(:tills, :drawer, :string)\nrake aborted!\nStandardError: An error has occurred, this and all later migrations canceled:\n\nPG::DuplicateColumn: ERROR:  column \"drawer\" of relation \"tills\" already exists\n\nTasks: TOP => db:migrate\n(See full trace by running task with --trace)\nThe release phase ended with exit status 1.\n",
		})
	}
}

func TestPipelinePages(t *testing.T) {
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			w := newWorld(t)
			tells(w, s.name, s.tell(t))
			mia := w.browser().signIn("mia")
			golden(t, "pipeline_"+s.name, mia.get("/p/acme/shop"))
			if s.name == "new" {
				return
			}
			newest := w.changes(shop)[0].SHA
			golden(t, "candidate_"+s.name, mia.get("/p/acme/shop/c/"+newest[:7]))
			golden(t, "stage_"+s.name, mia.get("/p/acme/shop/s/production"))
		})
	}
}

// numberOfForm is drawn anew for each page of a command.
var numberOfForm = regexp.MustCompile(`name="id" value="-[0-9]+"`)

func TestOtherPages(t *testing.T) {
	w := newWorld(t)
	w.put(api, live(t))
	w.put(shop, situations[3].tell(t))
	golden(t, "home", w.browser().signIn("mia").get("/"))
	golden(t, "home_wall", w.browser().signIn("mia").get("/?wall"))
	many := newWorld(t)
	busy(t, many)
	golden(t, "home_busy", many.browser().signIn("mia").get("/"))
	w.sees["sam"] = nil
	golden(t, "home_empty", w.browser().signIn("sam").get("/"))
	golden(t, "welcome", w.browser().get("/"))
	golden(t, "process", w.browser().signIn("mia").get("/p/acme/shop/process"))
	golden(t, "insights_few", w.browser().signIn("mia").get("/p/acme/mono:api/insights"))
	asks := newWorld(t)
	commanded(t, asks)
	for name, path := range map[string]string{
		"confirm_promote": "/do/acme/shop?c=/promote+production+3f2a91c", "confirm_rollback": "/do/acme/shop?c=/rollback+staging", "confirm_refused": "/do/acme/shop?c=/unlock+staging",
		"confirm_lock": "/do/acme/shop?c=/lock+staging", "asked": "/do/acme/shop/-3", "audit": "/p/acme/shop/audit", "audit_none": "/p/acme/shop/audit?who=nobody",
	} {
		p := asks.browser().signIn("mia").get(path)
		p.body = numberOfForm.ReplaceAllString(p.body, `name="id" value="-1"`)
		golden(t, name, p)
	}
	golden(t, "missing", w.browser().signIn("mia").get("/p/far/till"))
	golden(t, "refused", w.browser().get("/login/callback?code=mia&state=x"))
	ops := w.browser().signIn("ops")
	serverAudited(t, w)
	golden(t, "server_audit", ops.get("/audit"))
	golden(t, "deliveries", ops.get("/deliveries"))
	golden(t, "doctor", ops.get("/doctor"))
	w.failed, w.found = nil, w.found[:1]
	golden(t, "deliveries_none", ops.get("/deliveries"))
	w.pass(time.Minute)
	golden(t, "doctor_well", ops.get("/doctor"))
	told := newWorld(t)
	insightful(t, told)
	mia := told.browser().signIn("mia")
	golden(t, "insights", mia.get("/p/acme/shop/insights"))
	golden(t, "insights_how", mia.get("/p/acme/shop/insights?weeks=4&how&behind=nothing"))
	for _, number := range []string{"deploys", "lead", "failed", "rework", "judged", "open", "attempts", "repeats", "hand", "start"} {
		golden(t, "insights_"+number, mia.get("/p/acme/shop/insights?weeks=26&behind="+number))
	}
	golden(t, "insights_all", mia.get("/insights"))
	golden(t, "insights_none", told.browser().signIn("sam").get("/p/far/till/insights"))
	golden(t, "insights_all_none", told.browser().signIn("ops").get("/insights"))
	closed := newWorld(t, func(o *web.Options) { o.People, o.Unset = nil, []string{"GITHUB_CLIENT_SECRET"} })
	golden(t, "unset", closed.browser().get("/"))
}

// golden holds a page against the file of its name, and against the rules that every page follows.
func golden(t *testing.T, name string, p page) {
	t.Helper()
	checkPage(t, name, p.body)
	file := filepath.Join("testdata", "golden", name+".html")
	got := strings.NewReplacer(
		p.Request.URL.Scheme+"://"+p.Request.URL.Host, "http://headstart.example", web.CSSPath(), "/assets/site.css", web.IconPath(), "/assets/icon.svg", web.ScriptPath(), "/assets/live.js",
	).Replace(p.body)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the page %s is not what %s has (rewrite it with -update, and review):\n%s", name, file, got)
	}
}

// most is how large a page may be, without compression.
const most = 60_000

// checkPage holds what every page keeps: it loads nothing from elsewhere, has no inline script or style, one heading of
// the first rank, landmarks, and a name for each thing that can be used.
func checkPage(t *testing.T, name, body string) {
	t.Helper()
	if len(body) > most {
		t.Errorf("%s has %d bytes, at most %d are good", name, len(body), most)
	}
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	count, ids := map[string]int{}, map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style":
				t.Errorf("%s: <%s> has %s, which the policy of the pages forbids", name, n.Data, a.Key)
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("%s: two elements have the id %s", name, a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			case (a.Key == "src" || n.Data == "link" && a.Key == "href") && !strings.HasPrefix(a.Val, "/assets/"):
				t.Errorf("%s: <%s> loads %s, which is not this site's", name, n.Data, a.Val)
			}
		}
		if (n.Data == "a" || n.Data == "button" || n.Data == "summary") && strings.TrimSpace(textOf(n)) == "" {
			t.Errorf("%s: a <%s> has no text", name, n.Data)
		}
	}
	for tag, want := range map[string]int{"h1": 1, "main": 1, "header": 1, "footer": 1, "title": 1, "script": 1, "style": 0, "iframe": 0} {
		if count[tag] != want {
			t.Errorf("%s should have %d <%s>, it has %d", name, want, tag, count[tag])
		}
	}
}

func textOf(n *html.Node) (text string) {
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text += d.Data
		}
	}
	return text
}

// Text of others is text on every page, whatever it looks like.
func FuzzHostileText(f *testing.F) {
	for _, seed := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</title><script>`, `{{.Person.Token}}`, "javascript:alert(1)", `' onmouseover='x`,
		"\u202etxt.exe", "a\x00b", "<!--", "]]>", "&lt;b&gt;", "`code` **bold** @team [x](javascript:y)", strings.Repeat("x", 3000),
	} {
		f.Add(seed)
	}
	w, base := newWorld(f), next(f).State
	b := w.browser().signIn("mia")
	shape := func(t *testing.T, text, path string) string {
		w.mu.Lock()
		state := hostile(base, text)
		w.states[shop], w.now = state, state.At.Add(time.Minute)
		w.wrote["shop-prepare"] = written{text: "x" + text}
		w.rows[shop] = hostileRows(state.At, text)
		w.kept[sha("3f2a91c")] = []history.Output{history.NewOutput(history.Output{App: "shop-us", ID: "x" + text, Stage: "production", Text: "x" + text, Seen: 2})}
		w.mu.Unlock()
		w.t = t // whose test it is now
		p := b.get(path)
		if p.StatusCode != http.StatusOK {
			t.Fatalf("%s should be shown whatever %q is, got %s", path, text, p)
		}
		checkPage(t, path, p.body)
		// Which lines of an output tell of an error depends on the text.
		return strings.ReplaceAll(shapeOf(t, p.body), "<mark>\n", "")
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, path := range []string{"/", "/p/acme/shop", "/p/acme/shop/c/3f2a91c", "/p/acme/shop/insights?behind=lead", "/insights"} {
			if plain, got := shape(t, "harmless", path), shape(t, text, path); plain != got {
				t.Fatalf("%q has changed the elements of %s from\n%s\nto\n%s", text, path, plain, got)
			}
		}
	})
}

// hostile has a text wherever others can write one.
func hostile(base pipeline.State, text string) pipeline.State {
	said := "x" + text // it is there, whatever it is
	state := base.Clone()
	state.RepoID = shopID
	cfg := usualOf("shop")
	cfg.Branch = said
	cfg.Checks.Names = []bot.CheckName{{Name: said}}
	state.Config = cfg
	for i := range state.Candidates {
		c := &state.Candidates[i]
		c.Title, c.Author, c.Branch, c.Pull, c.ConfigProblem = said, said, said, 1, said
		c.Reports.Checks = []bot.Check{{Kind: bot.CommitStatus, Name: said, State: bot.CheckPending}}
	}
	st := state.Stages["production"]
	st.Lock = &pipeline.Lock{Order: pipeline.Order{By: said, At: state.At}, Reason: said}
	state.Freeze = bot.OperatorFreeze{On: true, Reason: said, At: state.At}
	for app, a := range st.Apps {
		a.URL = said
		st.Apps[app] = a
	}
	return state
}

// shapeOf is a page without its texts: the elements, their attributes' names, and where links lead to by scheme.
func shapeOf(t testing.TB, body string) string {
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		b.WriteString("<" + n.Data)
		for _, a := range n.Attr {
			b.WriteString(" " + a.Key)
			if scheme, _, ok := strings.Cut(a.Val, ":"); a.Key == "href" && ok && !strings.Contains(scheme, "/") {
				b.WriteString("=" + scheme)
			}
		}
		b.WriteString(">\n")
	}
	return b.String()
}
