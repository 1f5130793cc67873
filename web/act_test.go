package web_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
	"github.com/headstart-cd/headstart/web"
)

// commanded is a pipeline to which commands were given by pages.
func commanded(t testing.TB, w *world) {
	w.put(shop, situationNamed("approval").tell(t))
	w.roles["sam"] = bot.RoleRead
	for _, f := range []bot.Asked{
		{ID: -1, Via: bot.ViaPage, User: "sam", UserID: 2, Command: "/rollback production"},
		{ID: -2, Via: bot.ViaPage, User: "mia", UserID: 1, Command: "/lock production 2h <b>the till</b> is closed"},
		{ID: -3, Via: bot.ViaPage, User: "mia", UserID: 1, Command: "/promote production " + sha("3f2a91c")},
	} {
		w.pass(time.Minute)
		w.command(shop, f)
	}
}

// form is what a page of a command would send.
func form(t *testing.T, p page) url.Values {
	t.Helper()
	sent := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`).FindAllStringSubmatch(p.body, -1) {
		sent.Set(m[1], strings.NewReplacer("&#34;", `"`, "&#43;", "+", "&amp;", "&").Replace(m[2]))
	}
	if sent.Get("id") == "" || sent.Get("c") == "" || sent.Get("seen") == "" {
		t.Fatalf("the page should have a form, got %v of %s", sent, p)
	}
	return sent
}

// confirm goes to the page of a command, and presses its button with what is added.
func (b *browser) confirm(t *testing.T, command string, add ...string) page {
	t.Helper()
	return b.send(t, form(t, b.get("/do/acme/shop?"+url.Values{"c": {command}}.Encode())), add...)
}

// send presses the button of a form, and returns the page that it leads to, or what was wrong.
func (b *browser) send(t *testing.T, sent url.Values, add ...string) page {
	t.Helper()
	for i := 0; i < len(add); i += 2 {
		sent.Set(add[i], add[i+1])
	}
	p := b.post("/do/acme/shop", sent)
	if p.StatusCode == http.StatusSeeOther {
		return b.get(p.Header.Get("Location"))
	}
	return p
}

func (p page) says(t *testing.T, what string) {
	t.Helper()
	if !strings.Contains(p.body, what) {
		t.Errorf("the page should say %q, got %s", what, p)
	}
}

// A button is a command: it is confirmed, and the answer shows.
func TestButtons(t *testing.T) {
	w := newWorld(t)
	w.put(shop, live(t))
	mia, sam := w.browser().signIn("mia"), w.browser()
	w.sees["sam"] = append(w.sees["sam"], shopID)
	sam.signIn("sam")

	mia.get("/p/acme/shop/s/production").says(t, `href="/do/acme/shop?c=%2Flock&#43;production"`)
	mia.confirm(t, "/lock production", "lasts", "2h", "reason", "the\n/unlock production\ntill").says(t, "Locked production until "+words.Moment(w.clock().Add(2*time.Hour))+": the /unlock production till.")
	if lock := w.states[shop].Stages["production"].Lock; lock == nil || lock.By != "mia" || lock.Comment >= 0 {
		t.Errorf("production should be locked by mia, got %+v", lock)
	}
	sam.confirm(t, "/unlock production").says(t, "@sam may not /unlock production: that takes maintain, and @sam has the role read.")

	// The same form once more is the same command.
	sent := form(t, mia.get("/do/acme/shop?c=/unlock+production"))
	mia.send(t, sent).says(t, "Unlocked production.")
	w.command(shop, bot.Asked{ID: -9, Via: bot.ViaPage, User: "mia", UserID: 1, Command: "/lock production"})
	mia.send(t, sent).says(t, "Unlocked production.")
	if w.states[shop].Stages["production"].Lock == nil {
		t.Error("a form that is sent twice should be one command")
	}

	// What has moved since it was shown is refused.
	sent = form(t, mia.get("/do/acme/shop?c=/unlock+production"))
	w.pass(time.Minute)
	w.command(shop, bot.Asked{ID: -10, Via: bot.ViaPage, User: "mia", UserID: 1, Command: "/lock production for good"})
	mia.send(t, sent).says(t, "Not done: something has changed since this was shown: production was locked; look again.")

	// What was shown long ago is not sent at all.
	sent = form(t, mia.get("/do/acme/shop?c=/unlock+production"))
	w.pass(61 * time.Minute)
	mia.send(t, sent).says(t, "Nothing was done: this was shown too long ago.")

	// What is urgent needs a reason.
	mia.confirm(t, "/unlock production").says(t, "Unlocked production.")
	w.put(shop, situationNamed("approval").tell(t))
	promote := "/promote production " + sha("3f2a91c")
	mia.confirm(t, promote, "urgent", "yes").says(t, "Nothing was done: the reason is missing")
	mia.confirm(t, promote, "urgent", "yes", "reason", "the till is down").says(t, "3f2a91c goes to production")
	mia.get("/do/acme/shop?"+url.Values{"c": {promote}}.Encode()).says(t, "3f2a91c is being released to production")
}

// Nothing but a form of the page's own commands anything.
func TestButtonsOfOthers(t *testing.T) {
	w := newWorld(t)
	w.put(shop, live(t))
	mia := w.browser().signIn("mia")
	sent := form(t, mia.get("/do/acme/shop?c=/lock+production"))
	before := w.versions[shop]
	for what, header := range map[string][]string{
		"another site": {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, "nobody says where": nil,
	} {
		if p := mia.postWith("/do/acme/shop", sent, header...); p.StatusCode != http.StatusForbidden {
			t.Errorf("a form of %s should be refused, got %s", what, p.Status)
		}
	}
	for what, change := range map[string][2]string{
		"a question": {"c", "/why"}, "two commands": {"c", "lock"}, "no number": {"id", "x"}, "the number of a comment": {"id", "12"}, "no pin": {"seen", "{"}, "a pin of a page": {"seen", `{"Live":"` + strings.Repeat("a", 5000) + `"}`}, "nothing shown": {"shown", ""},
	} {
		p := mia.send(t, cloned(sent), change[0], change[1])
		if p.StatusCode == http.StatusSeeOther || !strings.Contains(p.body, "Nothing was done") && p.StatusCode < 400 {
			t.Errorf("%s should be refused, got %s", what, p)
		}
	}
	if w.versions[shop] != before {
		t.Error("nothing of that should reach the pipeline")
	}
	for range 40 {
		sent.Set("c", "/why")
		mia.post("/do/acme/shop", sent)
	}
	if p := mia.post("/do/acme/shop", sent); p.StatusCode != http.StatusTooManyRequests {
		t.Errorf("after many commands in a minute people should wait, got %s", p.Status)
	}
}

func cloned(v url.Values) url.Values {
	c := url.Values{}
	for k, list := range v {
		c[k] = list
	}
	return c
}

// The audit can be read by machines, and no spreadsheet runs what is in it.
func TestAuditForMachines(t *testing.T) {
	w := newWorld(t)
	commanded(t, w)
	w.pass(time.Minute)
	w.command(shop, bot.Asked{ID: -4, Via: bot.ViaAPI, User: "=cmd|' /C calc'!A0", Command: "/lock production"})
	mia := w.browser().signIn("mia")
	rows, err := csv.NewReader(strings.NewReader(mia.get("/p/acme/shop/audit?as=csv").body)).ReadAll()
	if err != nil || len(rows) < 5 || rows[1][1] != "'=cmd|' /C calc'!A0" || rows[1][3] != "api" || rows[2][6] != "refused" && rows[2][6] != "done" {
		t.Errorf("the rows should be CSV, got %q: %v", rows, err)
	}
	lines := strings.Split(strings.TrimSpace(mia.get("/p/acme/shop/audit?as=jsonl&result=refused").body), "\n")
	for _, line := range lines {
		if !strings.Contains(line, `"ok":false`) {
			t.Errorf("only what was refused was asked for, got %s", line)
		}
	}
	if p := mia.get("/p/acme/shop/audit"); strings.Contains(p.body, "<b>the till</b>") {
		t.Error("what people write is no markup")
	}
}

// serverAudited is a server with which something was done.
func serverAudited(_ testing.TB, w *world) {
	at := w.clock()
	w.doings = []web.Doing{
		{ID: "4", At: at.Add(-time.Minute), Who: "ops", Via: "page", What: "sign-in", OK: true},
		{ID: "3", At: at.Add(-time.Hour), Via: "page", What: "sign-in", Answer: "GitHub does not accept the code"},
		{ID: "2", At: at.Add(-2 * time.Hour), Who: "root", Via: "command line", What: "freeze: the <b>fair</b>", OK: true},
		{ID: "1", At: at.Add(-26 * time.Hour), Via: "server", What: "start", Answer: "version v1.2.0, with other values of HEADSTART_ALLOW, HEROKU_API_KEY", OK: true},
	}
}
