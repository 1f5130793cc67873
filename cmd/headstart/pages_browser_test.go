package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/internal/browsertest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// TestPages is what people see in a real browser, of a real server.
func TestPages(t *testing.T) {
	t.Parallel()
	chromium := browsertest.Start(t)
	b, place := outside(t)
	till, err := b.gh.CreateRepo("far/till", githubtest.RepoOptions{})
	b.must(err)
	b.must(b.shop.SetRole("mia", "read"))
	b.must(till.SetRole("sam", "write"))
	p := startProcessAs(t, b.gh, t.TempDir(), exec.Command(os.Args[0], "serve"), func(url string) []string {
		return []string{"HEADSTART_URL=" + url, "GITHUB_CLIENT_SECRET=" + b.gh.ClientSecret(), "HEADSTART_ALLOW=acme/shop=shop-* far/till=till-*"}
	})
	b.gh.SetCallbackURLs(p.url + "/login/callback")
	b.gh.SetWebhook(p.url+"/webhooks/github", webhookSecret)
	files := place.files()
	files[config.Path] = strings.ReplaceAll(place.head()+pipeline, "shop-", "till-")
	_, err = till.Commit("main", files)
	b.must(err)
	golive := func(name string) githubtest.Commit {
		c := b.push(change(name))
		b.report(c.SHA, "success")
		return c
	}
	first := golive("first")
	eventually(t, "the first commit is live", b.hasStatus(first.SHA, "headstart/production", "success"))

	// Each signs in on GitHub's page, by clicking.
	mia, sam := chromium.Tab(t, p.url), chromium.Tab(t, p.url)
	for login, tab := range map[string]*browsertest.Tab{"mia": mia, "sam": sam} {
		tab.Open("/")
		tab.Click("Sign in with GitHub")
		tab.Click(login)
		tab.Until(login+" is signed in", `location.pathname === "/" && document.querySelector(".account summary")?.innerText === "`+login+`"`)
	}

	// They see different things.
	if text := mia.Text(); !strings.Contains(text, "acme/shop") || strings.Contains(text, "far") {
		t.Errorf("mia should find acme/shop alone:\n%s", text)
	}
	if text := sam.Text(); !strings.Contains(text, "far/till") || strings.Contains(text, "acme") {
		t.Errorf("sam should find far/till alone:\n%s", text)
	}
	sam.Open("/p/acme/shop")
	if text := sam.Text(); !strings.Contains(text, "Not found") || strings.Contains(text, first.SHA[:7]) {
		t.Errorf("sam should not find what GitHub does not show him:\n%s", text)
	}

	// A push goes live under mia's eyes: the page is the same one all the time.
	mia.Open("/p/acme/shop")
	mia.Shows(first.SHA[:7])
	mia.Eval(`globalThis.opened = "once"; 0`, nil)
	waiting := b.push(change("second"))
	mia.Until("the page shows that the change waits for its checks", onMap(waiting.SHA, "waits"))
	b.report(waiting.SHA, "success")
	mia.Until("the page shows that the change is live", live(waiting.SHA))
	mia.Until("the page was not loaded again", `globalThis.opened === "once"`)

	// Back and forward; then the page follows again.
	mia.Click("Pipelines")
	mia.Until("mia is at home", `location.pathname === "/" && document.querySelector("h1").innerText === "Pipelines"`)
	mia.Back()
	mia.Until("mia is back", `location.pathname === "/p/acme/shop"`)
	mia.Shows(waiting.SHA[:7])
	mia.Forward()
	mia.Until("mia is at home again", `location.pathname === "/"`)
	mia.Back()
	third := golive("third")
	mia.Until("the page follows after going back", live(third.SHA))

	// By keyboard: to the box of production on the map, and where it leads.
	mia.Open("/p/acme/shop")
	for range 40 {
		var at string
		if mia.Eval(`document.activeElement.closest(".map a")?.getAttribute("href") ?? ""`, &at); at == "/p/acme/shop/s/production" {
			break
		}
		mia.Press(kb.Tab)
	}
	mia.Until("the box has a visible focus", `document.activeElement.matches(".map a:focus-visible") && getComputedStyle(document.activeElement).outlineStyle === "solid"`)
	mia.Press(kb.Enter)
	mia.Until("the box leads to the page of production", `location.pathname === "/p/acme/shop/s/production" && document.querySelector("h1").innerText === "production"`)
	mia.Shows(third.SHA[:7])
	mia.Back()
	mia.Until("mia is back on the pipeline's page", `location.pathname === "/p/acme/shop" && document.querySelector(".map") !== null`)

	// A build fails under mia's eyes: what it writes comes while it runs, and stays when it has failed.
	place.buildTakes(prepareApp, time.Minute)
	defer b.clock.Advance(time.Hour) // nothing waits when the test ends
	place.failBuild(prepareApp, "main.go:7:2: undefined: <img src=x onerror=alert(1)> with ghs_0123456789abcdefghij")
	broken := b.push(change("broken"))
	mia.Until("the map shows the build", onMap(broken.SHA, "running"))
	mia.Open("/p/acme/shop/c/" + broken.SHA)
	mia.Eval(`globalThis.opened = "while it ran"; 0`, nil)
	mia.Until("what the build writes is on the page", `document.querySelector("details[data-output][open] pre")?.innerText.includes("$ ")`)
	eventually(t, "the build waits for its end", func() bool { return place.blocked("build " + prepareApp) })
	b.clock.Advance(time.Minute)
	mia.Until("a failing build's output is on the page", `document.querySelector("details.output.needs-somebody[open] mark")?.innerText.includes("undefined: <img src=x")`)
	mia.Until("it is text, without secrets", `!document.querySelector("#output img") && document.querySelector("#output").innerText.includes("with [redacted]") && !document.body.innerText.includes("ghs_")`)
	mia.Until("the page was not loaded again", `globalThis.opened === "while it ran"`)
	place.buildTakes(prepareApp, 0)
	place.failBuild(prepareApp, "")

	for login, tab := range map[string]*browsertest.Tab{"mia": mia, "sam": sam} {
		for _, m := range tab.Console() {
			if !strings.Contains(m, "404") || !strings.Contains(m, p.url+"/p/acme/shop") || login != "sam" { // which is what sam should get
				t.Errorf("%s's console should stay empty: %s", login, m)
			}
		}
	}

	// The server ends and comes back: the page catches up, without being loaded again.
	mia.Open("/p/acme/shop")
	mia.Eval(`globalThis.opened = "before"; 0`, nil)
	p.again(t)
	fourth := golive("fourth")
	mia.Until("the page catches up with what happened", live(fourth.SHA))
	mia.Until("the page was not loaded again", `globalThis.opened === "before"`)
	pressButtons(t, b, mia, fourth)
	for _, m := range mia.Console() {
		if !strings.HasPrefix(m, "network error: ") || !strings.Contains(m, "/live") {
			t.Errorf("the console should tell of the lost connection alone: %s", m)
		}
	}

	// Without scripts it is the same page, which stands still.
	mia.Scripts(false)
	mia.Open("/p/acme/shop/c/" + broken.SHA)
	mia.Shows("undefined: <img src=x")
	mia.Open("/p/acme/shop")
	for _, text := range []string{"is live on production", fourth.SHA[:7], "From push to production", "Stages", "On their way"} {
		mia.Shows(text)
	}
	mia.Click("Pipelines")
	mia.Until("the home page is open", `location.pathname === "/" && document.readyState === "complete"`)
	mia.Click("mia")
	mia.Click("Sign out")
	mia.Shows("Sign in with GitHub")
	if said := mia.Console(); len(said) > 0 {
		t.Errorf("the console should stay empty: %v", said)
	}
}

// live is an expression that is true when the open page says that a commit is live.
func live(sha string) string {
	return `(() => { const now = document.querySelector("#now")?.innerText ?? ""; return now.includes("` + sha[:7] + `") && now.includes("is live on production"); })()`
}

// onMap is an expression that is true when the map is about a commit, and one of its steps has a word.
func onMap(sha, word string) string {
	return `(() => { const map = document.querySelector("#map")?.innerText ?? ""; return map.includes("` + sha[:7] + `") && map.includes("` + word + `"); })()`
}

// pressButtons rolls production back: what GitHub says of mia decides, and a page that shows what has moved is refused.
func pressButtons(t *testing.T, b *bed, mia *browsertest.Tab, newest githubtest.Commit) {
	t.Helper()
	answers := func(what string) {
		mia.Until("the answer is "+what, fmt.Sprintf("document.querySelector('#answer')?.innerText.includes(%q)", what))
	}
	mia.Open("/p/acme/shop/s/production")
	mia.Click("Roll back…")
	mia.Click("Roll back")
	answers("@mia may not /rollback production: that takes write, and @mia has the role read.")

	b.must(b.shop.SetRole("mia", "write"))
	mia.Open("/p/acme/shop/s/production")
	focus := func(on string) {
		for range 60 {
			var at string
			if mia.Eval(`document.activeElement.innerText`, &at); at == on {
				mia.Press(kb.Enter)
				return
			}
			mia.Press(kb.Tab)
		}
		t.Fatalf("no key leads to %q", on)
	}
	focus("Roll back…")
	mia.Until("the page says what would happen", `location.pathname === "/do/acme/shop" && document.querySelector("form.confirm") !== null`)
	focus("Roll back")
	answers("again")
	mia.Open("/p/acme/shop/s/production")
	mia.Shows("Unlock…")
	if strings.Contains(mia.Text(), "Runs "+newest.SHA[:7]) {
		t.Errorf("production should not run %s any more:\n%s", newest.SHA[:7], mia.Text())
	}
	mia.Click("Unlock…")
	mia.Click("Unlock")
	answers("Unlocked production.")
	mia.Open("/p/acme/shop/c/" + newest.SHA)
	mia.Click("Promote to production…")
	mia.Click("Promote")
	answers("is live on production")
	mia.Open("/p/acme/shop/audit")
	mia.Shows("/rollback production")
}

// Two instances share a database: whichever of them commits a change, the pages that are open at the other one show it, too.
func TestPagesOfTwoInstances(t *testing.T) {
	t.Parallel()
	chromium, db := browsertest.Start(t), newCluster(t)
	database := db.database()
	w := newChaosWorld(t, 1, 1, herokutest.Options{})
	shop := w.teams[0]
	if err := shop.SetRole("mia", "read"); err != nil {
		t.Fatal(err)
	}
	var instances []*instance
	var callbacks []string
	for range 2 {
		i := newInstance(t, w.gh, w.heroku, database, w.allow)
		i.env = append(i.env, "HEADSTART_URL="+i.url(), "GITHUB_CLIENT_SECRET="+w.gh.ClientSecret(), "HEADSTART_SESSION_KEY="+strings.Repeat("k", 32),
			"HEROKU_API_URL="+w.heroku.URL()) // whose outputs are read nowhere else
		if err := i.startAndWait(); err != nil {
			t.Fatal(err)
		}
		instances, callbacks = append(instances, i), append(callbacks, i.url()+"/login/callback")
	}
	w.gh.SetCallbackURLs(callbacks...)
	w.gh.SetWebhook(newBalancer(t, instances).url+"/webhooks/github", webhookSecret)
	w.gh.SignIn("mia")
	push := func(name string) (sha string) {
		t.Helper()
		c, err := shop.Commit("main", change(name))
		if err != nil {
			t.Fatal(err)
		}
		for _, check := range chaosChecks {
			if err := shop.Check(c.SHA, check, "success"); err != nil {
				t.Fatal(err)
			}
		}
		return c.SHA
	}
	first := push("first")
	eventually(t, "the first commit is live", func() bool {
		return shop.Statuses(first)["headstart/production"].State == "success"
	})
	var tabs []*browsertest.Tab
	for _, i := range instances {
		tab := chromium.Tab(t, i.url())
		tab.Open("/p/acme/shop-0")
		tab.Until("the page shows that the first commit is live", live(first))
		tabs = append(tabs, tab)
	}
	second := push("second")
	for n, tab := range tabs {
		tab.Until(fmt.Sprintf("the page of instance %d shows that the second commit is live", n+1), live(second))
	}
	// Whichever of them reads the output of a build, both show why it failed.
	shop.prepare.FailNextBuild("main.go:7:2: undefined: till")
	broken := push("broken")
	for n, tab := range tabs {
		tab.Shows(broken[:7])
		tab.Open("/p/acme/shop-0/c/" + broken)
		tab.Until(fmt.Sprintf("the page of instance %d shows the output", n+1), `document.querySelector("details.output.needs-somebody[open] mark")?.innerText.includes("undefined: till")`)
		if said := tab.Console(); len(said) > 0 {
			t.Errorf("the console should stay empty: %v", said)
		}
	}
}
