package github_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

var _ engine.Hooks = (*github.Client)(nil)

// receiver is where webhooks go.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	mood int        // status to answer with; 0: no answer. Guarded by mu
	got  [][]string // event and GUID of what was taken; guarded by mu
}

func (w *world) receive(status int) *receiver {
	w.t.Helper()
	rec := &receiver{mood: status}
	rec.Server = httptest.NewServer(rec)
	w.t.Cleanup(rec.Close)
	w.SetWebhook(rec.URL, "s3cret")
	w.delivered()
	return rec
}

func (rec *receiver) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the server notices that the sender left only when the body is read
	rec.mu.Lock()
	mood := rec.mood
	if mood/100 == 2 {
		rec.got = append(rec.got, []string{r.Header.Get("X-GitHub-Event"), r.Header.Get("X-GitHub-Delivery")})
	}
	rec.mu.Unlock()
	if mood == 0 {
		<-r.Context().Done()
		return
	}
	if mood/100 == 3 {
		answer.Header().Set("Location", "/elsewhere")
	}
	answer.WriteHeader(mood)
}

func (rec *receiver) answer(status int) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.mood = status
}

// taken lists the GUIDs of an event that were answered well, in their order.
func (rec *receiver) taken(event string) (guids []string) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for _, one := range rec.got {
		if one[0] == event {
			guids = append(guids, one[1])
		}
	}
	return guids
}

// delivered waits until every webhook has been attempted.
func (w *world) delivered() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	w.must(w.Flush(ctx))
}

// report emits an event, a minute after the one before, and returns its GUID.
func (w *world) report(event string) string {
	w.t.Helper()
	w.clock.Advance(time.Minute)
	w.must(w.shop.Send(event, "", nil))
	w.delivered()
	all := w.Deliveries()
	return all[len(all)-1].GUID
}

func (w *world) failed(since time.Time) []bot.FailedDelivery {
	w.t.Helper()
	list, err := w.client.FailedDeliveries(context.Background(), since)
	w.must(err)
	return list
}

func guidsOf(list []bot.FailedDelivery) (guids []string) {
	for _, d := range list {
		guids = append(guids, d.GUID)
	}
	return guids
}

func TestWebhooksThatDidNotArriveAreFoundAndSentAgain(t *testing.T) {
	w := start(t, func(there *githubtest.Options, here *github.Options) {
		there.HookTimeout = 50 * time.Millisecond
		here.Events = []string{"push", "status"}
	})
	rec := w.receive(202)
	began := w.clock.Now()
	w.report("push")
	var want []string
	for _, status := range []int{500, 404, 302, 0} {
		rec.answer(status)
		want = append(want, w.report("status"))
		w.report("merge_group") // of no interest
	}
	w.OnDelivery(func(githubtest.Delivery) githubtest.Fate { return githubtest.Lose })
	want = append(want, w.report("push"))
	w.OnDelivery(nil)
	rec.answer(200)
	w.report("push")

	found := w.failed(began)
	if !slices.Equal(guidsOf(found), want) {
		t.Fatalf("GitHub's log should show as failed, oldest first\n%q, got\n%+v", want, found)
	}
	if first := found[0]; first.Event != "status" || first.Attempts != 1 || !first.At.Equal(began.Add(2*time.Minute)) {
		t.Errorf("the first failed once, two minutes after the start: got %+v", first)
	}
	if later := w.failed(found[2].At); !slices.Equal(guidsOf(later), want[2:]) {
		t.Errorf("since the third failed %q, got %+v", want[2:], later)
	}

	// It fails once more: the attempts are one delivery.
	w.clock.Advance(time.Minute)
	rec.answer(503)
	w.must(w.client.Redeliver(context.Background(), found[0].ID))
	w.delivered()
	again := w.failed(began)
	last := again[len(again)-1]
	if len(again) != len(want) || last.GUID != want[0] || last.Attempts != 2 || last.ID <= found[0].ID || !last.At.Equal(w.clock.Now()) {
		t.Errorf("the first should now stand last, with two attempts: got %+v", again)
	}

	rec.answer(200)
	for _, d := range again {
		w.must(w.client.Redeliver(context.Background(), d.ID))
	}
	w.delivered()
	if left := w.failed(began); len(left) > 0 {
		t.Errorf("everything has arrived, the log should show no failure, got %+v", left)
	}
	got := append(rec.taken("status"), rec.taken("push")...)
	for _, guid := range want {
		if !slices.Contains(got, guid) {
			t.Errorf("%s should have arrived with the GUID that it had, got %q", guid, got)
		}
	}
	w.clock.Advance(73 * time.Hour)
	if err := w.client.Redeliver(context.Background(), last.ID); kind(err) != "refused" || !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("GitHub forgets after three days: expected a refusal, got %v", err)
	}
}

func TestALogOfManyPagesIsReadAsFarAsNeeded(t *testing.T) {
	w := start(t)
	rec := w.receive(200)
	began := w.clock.Now()
	rec.answer(500)
	oldest := w.report("push")
	rec.answer(200)
	for range 210 {
		w.must(w.shop.Send("status", "", nil))
	}
	w.delivered()
	rec.answer(500)
	newest := w.report("push")
	w.costs(3, func() {
		if got := guidsOf(w.failed(began)); !slices.Equal(got, []string{oldest, newest}) {
			t.Errorf("failed on the first and on the last page: %q and %q, got %q", oldest, newest, got)
		}
	})
	w.clock.Advance(time.Minute)
	w.report("status")
	w.costs(1, func() {
		if got := w.failed(w.clock.Now()); len(got) != 1 || got[0].Event != "status" {
			t.Errorf("every event counts where none is named, got %+v", got)
		}
	})
}

func TestTheLogOfWebhooksFails(t *testing.T) {
	w := start(t)
	w.receive(500)
	w.report("push")
	id := w.failed(time.Time{})[0].ID
	read := func() error {
		_, err := w.client.FailedDeliveries(context.Background(), time.Time{})
		return err
	}
	redeliver := func() error { return w.client.Redeliver(context.Background(), id) }
	for name, c := range map[string]struct {
		fault       githubtest.Fault
		read, write string
	}{
		"502":                   {githubtest.Fault{Status: 502, Body: html}, "retry", "unknown"},
		"HTML":                  {githubtest.Fault{Status: 200, Body: html}, "retry", "unknown"},
		"an object":             {githubtest.Fault{Status: 200, Body: `{"id":1}`}, "retry", "done"},
		"null":                  {githubtest.Fault{Status: 200, Body: `null`}, "retry", "done"},
		"a time that is none":   {githubtest.Fault{Status: 200, Body: `[{"id":1,"guid":"g","delivered_at":"noon"}]`}, "retry", "unknown"},
		"a number beyond all":   {githubtest.Fault{Status: 200, Body: `[{"id":1e99,"guid":"g"}]`}, "retry", "unknown"},
		"cut off":               {githubtest.Fault{Status: 200, Body: `[{"id":`}, "retry", "unknown"},
		"accepted":              {githubtest.Fault{Status: 202, Body: `{}`}, "retry", "done"},
		"no connection":         {githubtest.Fault{Drop: true}, "retry", "unknown"},
		"400":                   {githubtest.Fault{Status: 400, Body: `{"message":"Invalid cursor"}`}, "refused", "refused"},
		"404":                   {githubtest.Fault{Status: 404, Body: `{"message":"Not Found"}`}, "refused", "refused"},
		"the App is not itself": {githubtest.Fault{Status: 401, Body: `{"message":"A JSON web token could not be decoded"}`}, "refused", "refused"},
		"a limit":               {githubtest.SecondaryLimit("", 0), "limit", "limit"},
	} {
		for match, step := range map[string]struct {
			do   func() error
			want string
		}{"GET /app/hook/*": {read, c.read}, "POST /app/hook/*": {redeliver, c.write}} {
			w.clock.Advance(2 * time.Minute)
			c.fault.Match, c.fault.Times = match, -1
			undo := w.Inject(c.fault)
			if err := step.do(); kind(err) != step.want {
				t.Errorf("%s, %s: expected %s, got %v", name, match, step.want, err)
			}
			undo()
		}
	}
	w.clock.Advance(2 * time.Minute)
	for _, id := range []int64{0, -1, 4711} {
		if err := w.client.Redeliver(context.Background(), id); kind(err) != "refused" || !strings.Contains(err.Error(), fmt.Sprint(id)) {
			t.Errorf("there is no delivery %d: expected a refusal that names it, got %v", id, err)
		}
	}
}

// A log that never ends, or that leads in circles, is given up.
func TestALogWithoutAnEnd(t *testing.T) {
	w := start(t)
	body := `[{"id":1,"guid":"g","event":"push","status":"failed to connect to host","status_code":0,"delivered_at":"2026-03-02T09:00:00Z"}]`
	page := func(cursor string) http.Header {
		return http.Header{"Link": {`<` + w.URL() + `/app/hook/deliveries?cursor=` + cursor + `>; rel="next"`}}
	}
	w.Inject(githubtest.Fault{Match: "GET *deliveries", Times: 2, Status: 200, Body: body, Header: page("same")})
	w.costs(2, func() {
		if got := w.failed(time.Time{}); len(got) != 1 || got[0].Attempts != 2 {
			t.Errorf("a log that leads in a circle should be left, got %+v", got)
		}
	})
	for i := range 100 {
		w.Inject(githubtest.Fault{Match: "GET *deliveries", Status: 200, Body: body, Header: page(fmt.Sprint(i))})
	}
	w.costs(100, func() {
		if got := w.failed(time.Time{}); len(got) != 1 {
			t.Errorf("what failed among the newest should be listed, got %+v", got)
		}
	})
}

func TestTheHeadOfABranch(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	w.costs(1, func() {
		want := bot.HeadRead{Branch: "main", Head: bot.Head{SHA: c.SHA, Tree: c.Tree, Title: c.Message, Author: githubtest.DefaultUser}}
		if got := do[bot.HeadRead](w, bot.ReadHead{Branch: "main"}); got != want {
			t.Errorf("the head of main should be\n%+v, got\n%+v", want, got)
		}
	})
	if refused := w.refuse(bot.ReadHead{Branch: "nowhere"}); !errors.Is(refused, bot.ErrNotFound) || !strings.Contains(refused.Reason, "nowhere") {
		t.Errorf("a branch that is not there should be named, got %v", refused)
	}
	w.costs(0, func() { w.refuse(bot.ReadHead{}) })
	w.Inject(githubtest.Fault{Match: "GET */branches/main", Status: 200, Body: `{"commit":null}`})
	if _, err := w.perform(bot.Effect{Do: bot.ReadHead{Branch: "main"}}); kind(err) != "retry" {
		t.Errorf("a branch without a commit is unreadable: expected retry, got %v", err)
	}
}
