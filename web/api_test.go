package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
	wire "github.com/headstart-cd/headstart/web/api"
)

// A token is shown once, kept hashed, and good until it is revoked or expires.
func TestTokens(t *testing.T) {
	w := newWorld(t)
	w.put(shop, live(t))
	mia, sam := w.browser().signIn("mia"), w.browser().signIn("sam")
	secret := mia.token("reads", "ACME/shop")
	kept := w.tokens[0]
	if strings.Contains(fmt.Sprint(kept), secret) || kept.Pipelines[0] != "acme/shop" || kept.Person != accounts["mia"] || redact.Redact(secret) == secret {
		t.Errorf("of the token %s only a hash should be kept, and logs should never have it, got %+v", secret, kept)
	}
	p := mia.get("/tokens")
	p.says(t, kept.ID)
	p.says(t, "never")
	if strings.Contains(p.body, secret) || strings.Contains(sam.get("/tokens").body, kept.ID) {
		t.Error("a token should be shown once, and to its person alone")
	}
	status := func(when, token string, want int) {
		t.Helper()
		if p := w.ask("GET", "/api/v1/pipelines/acme/shop", token, ""); p.StatusCode != want {
			t.Errorf("%s, the answer should be %d, got %s", when, want, p)
		}
	}
	status("with a token", secret, http.StatusOK)
	mia.get("/tokens").says(t, "just now")
	sam.post("/tokens/revoke", map[string][]string{"id": {kept.ID}})
	status("when somebody else revoked it", secret, http.StatusOK)
	for _, token := range []string{"", "hst_", strings.ToLower(secret), secret + "A", strings.Repeat("A", 56), "hst_" + strings.Repeat("A", 52), kept.Hash} {
		status("with another token", token, http.StatusUnauthorized)
	}
	mia.post("/tokens/revoke", map[string][]string{"id": {kept.ID}})
	if told := fmt.Sprint(w.doings); !strings.Contains(told, "make the token "+kept.ID) || !strings.Contains(told, "revoke the token "+kept.ID) || strings.Contains(told, secret) {
		t.Errorf("the audit should tell of tokens, without their text, got %s", told)
	}
	status("once it is revoked", secret, http.StatusUnauthorized)
	secret = mia.token("commands", "")
	w.pass(30 * 24 * time.Hour)
	status("once it has expired", secret, http.StatusUnauthorized)

	mia.signIn("mia")
	for what, change := range map[string][2]string{
		"no name": {"name", " "}, "no role": {"may", "everything"}, "for ever": {"days", "9999"}, "what mia does not see": {"pipelines", "far/till"}, "what does not exist": {"pipelines", "no/such"},
	} {
		sent := map[string][]string{"name": {"x"}, "may": {"reads"}, "days": {"7"}}
		sent[change[0]] = []string{change[1]}
		if p := mia.post("/tokens", sent); !strings.Contains(p.body, "No token was made") || len(w.tokens) != 1 {
			t.Errorf("no token should be made for %s, got %s", what, p)
		}
	}
}

// Every operation of the API, and what it answers to nobody, to tokens of mia who reads acme's repositories, one that
// commands, one that reads and one that is for acme/mono alone, to a token of sam, who reads far's, and to one of mia
// who reads nothing any more.
var whoReads = []struct {
	method, path, sent                           string
	nobody, commands, reads, mono, sam, nowadays int
}{
	{"GET", "/api/openapi.json", "", 200, 200, 200, 200, 200, 200},
	{"GET", "/api/openapi.yaml", "", 200, 200, 200, 200, 200, 200},
	{"GET", "/api/v1/pipelines", "", 401, 200, 200, 200, 200, 200},
	{"GET", "/api/v1/pipelines/acme/shop", "", 401, 200, 200, 404, 404, 404},
	{"GET", "/api/v1/pipelines/Acme/SHOP", "", 401, 200, 200, 404, 404, 404},
	{"GET", "/api/v1/pipelines/acme/mono:api", "", 401, 200, 200, 200, 404, 404},
	{"GET", "/api/v1/pipelines/far/till", "", 401, 404, 404, 404, 200, 404},
	{"GET", "/api/v1/pipelines/no/such", "", 401, 404, 404, 404, 404, 404},
	{"GET", "/api/v1/pipelines/acme/shop/candidates/3f2a91c", "", 401, 200, 200, 404, 404, 404},
	{"GET", "/api/v1/pipelines/acme/shop/candidates/1111111", "", 401, 404, 404, 404, 404, 404},
	{"GET", "/api/v1/pipelines/far/till/candidates/3f2a91c", "", 401, 404, 404, 404, 200, 404},
	{"GET", "/api/v1/pipelines/acme/shop/stages/staging", "", 401, 200, 200, 404, 404, 404},
	{"GET", "/api/v1/pipelines/acme/shop/stages/none", "", 401, 404, 404, 404, 404, 404},
	{"GET", "/api/v1/pipelines/acme/shop/audit", "", 401, 200, 200, 404, 404, 404},
	{"GET", "/api/v1/pipelines/acme/shop/plan?command=/lock+staging", "", 401, 200, 200, 404, 404, 404},
	{"GET", "/api/v1/pipelines/acme/shop/plan?command=/why", "", 401, 422, 422, 404, 404, 404},
	{"GET", "/api/v1/pipelines/acme/shop/plan", "", 401, 422, 422, 422, 422, 422},
	{"POST", "/api/v1/pipelines/acme/shop/commands", `{"command": "/unlock staging"}`, 401, 202, 403, 404, 404, 404},
	{"POST", "/api/v1/pipelines/acme/shop/commands", `{"command": "hello"}`, 401, 422, 403, 404, 404, 404},
	{"POST", "/api/v1/pipelines/acme/shop/commands", `{`, 401, 400, 400, 400, 400, 400},
	{"GET", "/api/v1/pipelines/acme/shop/commands/-7", "", 401, 200, 200, 404, 404, 404},
	{"GET", "/api/v1/pipelines/acme/shop/commands/-8", "", 401, 404, 404, 404, 404, 404},
	{"DELETE", "/api/v1/pipelines/acme/shop", "", 401, 404, 404, 404, 404, 404},
	{"GET", "/api/v1/no/such", "", 401, 404, 404, 404, 404, 404},
	{"GET", "/api/", "", 401, 404, 404, 404, 404, 404},
}

func TestNobodyReadsMore(t *testing.T) {
	for who, wants := range map[string]func(row int) int{
		"nobody": func(i int) int { return whoReads[i].nobody }, "commands": func(i int) int { return whoReads[i].commands }, "reads": func(i int) int { return whoReads[i].reads },
		"mono": func(i int) int { return whoReads[i].mono }, "sam": func(i int) int { return whoReads[i].sam }, "nowadays": func(i int) int { return whoReads[i].nowadays },
	} {
		w := newWorld(t)
		w.tell()
		mia := w.browser().signIn("mia")
		var token string
		switch who {
		case "nobody":
			token = "hst_" + strings.Repeat("Q", 52)
		case "commands", "reads":
			token = mia.token(who, "")
		case "mono":
			token = mia.token("commands", "acme/mono:api")
		case "sam":
			token = w.browser().signIn("sam").token("commands", "")
		case "nowadays":
			token, w.sees["mia"] = mia.token("commands", ""), nil
		}
		for i, row := range whoReads {
			want := wants(i)
			absent := w.ask("GET", "/api/v1/no/such/thing", token, "")
			p := w.ask(row.method, row.path, token, row.sent)
			if p.StatusCode != want {
				t.Errorf("the token %q should get %d of %s %s, got %s", who, want, row.method, row.path, p)
			}
			if p.StatusCode == http.StatusNotFound && (p.body != absent.body || !sameHeaders(p.Header, absent.Header)) {
				t.Errorf("what %q may not see should be answered like what does not exist: %s\n%s", who, p, absent)
			}
			if p.StatusCode >= 400 && (p.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(p.body, `"detail":"`)) {
				t.Errorf("%s %s should be refused with a problem, got %s", row.method, row.path, p)
			}
			for owner, secrets := range secretsOf {
				if owner == "acme" && (who == "commands" || who == "reads" || who == "mono") || owner == "far" && who == "sam" || strings.HasPrefix(row.path, "/api/openapi") {
					continue
				}
				for _, secret := range secrets {
					if strings.Contains(strings.ReplaceAll(p.body, row.path, ""), secret) {
						t.Errorf("%q should not read %q at %s %s: %s", who, secret, row.method, row.path, p)
					}
				}
			}
			if p.Header.Get("X-Content-Type-Options") != "nosniff" || len(p.Cookies()) > 0 || p.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s should set no cookie and be open to no site: %v", row.method, row.path, p.Header)
			}
		}
	}
}

// A cookie counts for nothing, wherever it comes from.
func TestCookiesAreNoTokens(t *testing.T) {
	w := newWorld(t)
	w.tell()
	mia := w.browser().signIn("mia")
	for _, p := range []page{
		mia.get("/api/v1/pipelines"),
		mia.request("POST", "/api/v1/pipelines/acme/shop/commands", strings.NewReader(`{"command": "/unlock staging"}`), "Content-Type", "application/json", "Origin", mia.server.URL, "Sec-Fetch-Site", "same-origin"),
	} {
		if p.StatusCode != http.StatusUnauthorized || p.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("a session is no token, got %s", p)
		}
	}
}

// A command by the API has the rights, the pin and the answer of a button.
func TestCommandsByAPI(t *testing.T) {
	w := newWorld(t)
	w.put(shop, live(t))
	w.sees["sam"] = append(w.sees["sam"], shopID)
	mia, sam := w.browser().signIn("mia").token("commands", ""), w.browser().signIn("sam").token("commands", "")
	const at = "/api/v1/pipelines/acme/shop"
	give := func(token string, want int, order wire.Order) (is wire.Command) {
		t.Helper()
		sent, err := json.Marshal(order)
		if err != nil {
			t.Fatal(err)
		}
		p := w.ask("POST", at+"/commands", token, string(sent))
		if want != http.StatusAccepted {
			if p.StatusCode != want {
				t.Errorf("%+v should be answered with %d, got %s", order, want, p)
			}
			is.Answer = p.body
			return is
		}
		var taken wire.Taken
		p.json(w, want, &taken)
		if taken.Answer != p.Header.Get("Location") {
			t.Errorf("the answer should be where the header says, got %s", p)
		}
		w.ask("GET", taken.Answer, token, "").json(w, http.StatusOK, &is)
		return is
	}
	var plan wire.Plan
	w.ask("GET", at+"/plan?command=/lock+production+2h+%3Cb%3Ethe+till%3C/b%3E", mia, "").json(w, http.StatusOK, &plan)
	if !plan.OK || !strings.Contains(plan.Says, "the till") || plan.Seen == "" || w.states[shop].Stages["production"].Lock != nil {
		t.Errorf("a plan should say what would be answered, and do nothing, got %+v", plan)
	}
	locked := give(mia, http.StatusAccepted, wire.Order{Command: plan.Command, ID: -77, Seen: plan.Seen})
	if locked.State != wire.Done || locked.Who != "mia" || locked.ID != -77 || !strings.Contains(locked.Answer, "Locked production") || !strings.Contains(locked.Answer, "<b>the till</b>") {
		t.Errorf("production should be locked, got %+v", locked)
	}
	if is := give(sam, http.StatusAccepted, wire.Order{Command: "/unlock production"}); is.State != wire.Refused || !strings.Contains(is.Answer, "@sam may not /unlock production") {
		t.Errorf("sam should be refused as on the page, got %+v", is)
	}
	w.pass(time.Minute)
	if again := give(mia, http.StatusAccepted, wire.Order{Command: plan.Command, ID: -77}); again != locked && again.Answer != locked.Answer {
		t.Errorf("the same command again should have the same answer, got %+v", again)
	}
	give(mia, http.StatusConflict, wire.Order{Command: "/unlock production", ID: -77})
	give(sam, http.StatusConflict, wire.Order{Command: plan.Command, ID: -77})

	// What has moved since it was shown is refused.
	w.ask("GET", at+"/plan?command=/unlock+production", mia, "").json(w, http.StatusOK, &plan)
	w.pass(time.Minute)
	w.command(shop, bot.Asked{ID: -10, Via: bot.ViaPage, User: "mia", UserID: 1, Command: "/lock production for good"})
	if is := give(mia, http.StatusAccepted, wire.Order{Command: plan.Command, Seen: plan.Seen}); is.State != wire.Refused || !strings.Contains(is.Answer, "something has changed since this was shown") {
		t.Errorf("what has moved should be refused, got %+v", is)
	}
	before := w.versions[shop]
	for _, order := range []wire.Order{{Command: "/unlock production", Seen: "?"}, {Command: "/unlock production", ID: 12}, {Command: ""}, {Command: "/why"}, {Command: "/unlock production\n/lock staging"}} {
		give(mia, http.StatusUnprocessableEntity, order)
	}
	if w.versions[shop] != before {
		t.Error("nothing of that should reach the pipeline")
	}
	var audit wire.Audit
	w.ask("GET", at+"/audit?who=sam&result=refused", mia, "").json(w, http.StatusOK, &audit)
	if len(audit.Rows) != 1 || audit.Rows[0].Via != "api" || audit.Rows[0].Command != "/unlock production" {
		t.Errorf("the audit should have sam's try, got %+v", audit)
	}
}

// What GitHub says is believed for ten minutes, and while it says nothing nobody sees anything.
func TestReadersAreRemembered(t *testing.T) {
	w := newWorld(t)
	w.tell()
	token, other := w.browser().signIn("mia").token("reads", ""), w.browser().signIn("sam").token("reads", "")
	ask := func(when string, want, asked int) {
		t.Helper()
		if p := w.ask("GET", "/api/v1/pipelines/acme/shop", token, ""); p.StatusCode != want || w.askedRoles != asked {
			t.Errorf("%s, the answer should be %d and GitHub asked %d times, it was %d times: %s", when, want, asked, w.askedRoles, p)
		}
	}
	ask("at first", http.StatusOK, 1)
	w.mu.Lock()
	w.sees["mia"] = nil
	w.mu.Unlock()
	w.pass(9 * time.Minute)
	ask("nine minutes later", http.StatusOK, 1)
	w.pass(time.Minute)
	ask("ten minutes later", http.StatusNotFound, 2)
	w.pass(10 * time.Minute)
	w.mu.Lock()
	w.trouble = &bot.Retryable{Reason: "GitHub did not answer in time."}
	w.mu.Unlock()
	ask("while GitHub does not answer", http.StatusServiceUnavailable, 3)
	for range 300 {
		w.ask("GET", "/api/v1/no", token, "")
	}
	if p := w.ask("GET", "/api/v1/no", other, ""); p.StatusCode != http.StatusNotFound {
		t.Errorf("one token's requests should not count for another one's, got %s", p)
	}
	if p := w.ask("GET", "/api/v1/no", token, ""); p.StatusCode != http.StatusTooManyRequests {
		t.Errorf("after hundreds of requests in a minute a token should wait, got %s", p)
	}
}

// A screen shows what the person of a token sees, as long as the token is good.
func TestWallOfAToken(t *testing.T) {
	w := newWorld(t)
	w.tell()
	made := w.browser().signIn("mia")
	secret := made.token("reads", "")
	screen := w.browser()
	if p := screen.get("/wall"); !strings.Contains(p.body, "Paste a token") || strings.Contains(p.body, "acme") {
		t.Errorf("a screen without a token should ask for one, got %s", p)
	}
	if p := screen.post("/wall", map[string][]string{"token": {"hst_" + strings.Repeat("A", 52)}}); p.StatusCode != http.StatusForbidden || len(p.Header["Set-Cookie"]) > 0 {
		t.Errorf("a made-up token should be refused, got %s", p)
	}
	p := screen.post("/wall", map[string][]string{"token": {secret}})
	if cookie := p.Header.Get("Set-Cookie"); p.StatusCode != http.StatusSeeOther || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") || !strings.Contains(cookie, "Path=/wall") {
		t.Errorf("a good token should be kept for the wall alone, got %s", p)
	}
	p = screen.get("/wall")
	for _, secret := range []string{"far/", "Print receipts"} {
		if strings.Contains(p.body, secret) {
			t.Errorf("the wall should show what mia sees, and tells %q", secret)
		}
	}
	p.says(t, "acme/shop")
	if p := screen.get("/p/acme/shop"); p.StatusCode != http.StatusSeeOther {
		t.Errorf("the token of a wall opens nothing else, got %s", p.Status)
	}
	made.post("/tokens/revoke", map[string][]string{"id": {secret[:12]}})
	if p := screen.get("/wall"); strings.Contains(p.body, "acme/shop") {
		t.Error("a token that was revoked should show nothing")
	}
}
