package githubtest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

func (w *world) pushes() []string {
	w.flush()
	var all []string
	for _, h := range w.inbox.of("push") {
		all = append(all, h.payload["head_commit"].(map[string]any)["message"].(string))
	}
	return all
}

func TestDeliveriesKeepTheirOrder(t *testing.T) {
	w := start(t)
	var want []string
	for i := range 20 {
		w.commit(fmt.Sprintf("f%d", i), "x")
		want = append(want, fmt.Sprintf("Change f%d", i))
	}
	if got := w.pushes(); !slices.Equal(got, want) {
		t.Errorf("pushes arrived as %q", got)
	}
}

func TestFatesOfDeliveries(t *testing.T) {
	w := start(t)
	fates := map[string]githubtest.Fate{"hold": githubtest.Hold, "twice": githubtest.Duplicate, "lose": githubtest.Lose, "vanish": githubtest.Vanish}
	w.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
		for name, fate := range fates {
			if d.Event == "push" && strings.Contains(string(d.Payload), "Change "+name) {
				return fate
			}
		}
		return githubtest.Deliver
	})
	for _, name := range []string{"hold1", "hold2", "twice", "lose", "vanish", "plain"} {
		w.commit(name, "x")
	}
	if got, want := w.pushes(), []string{"Change twice", "Change twice", "Change plain"}; !slices.Equal(got, want) {
		t.Errorf("arrived: %q, want %q", got, want)
	}
	if twice := w.inbox.of("push"); twice[0].guid != twice[1].guid {
		t.Error("a duplicate has another GUID")
	}
	held := w.Held()
	w.must(w.Release(held[1].GUID, held[0].GUID))
	if got := w.pushes()[3:]; !slices.Equal(got, []string{"Change hold2", "Change hold1"}) {
		t.Errorf("released: %q", got)
	}
	if err := w.Release(held[0].GUID); err == nil {
		t.Error("a delivery was released twice")
	}

	w.PauseDeliveries()
	w.commit("paused", "x")
	if n := len(w.inbox.of("push")); n != 5 {
		t.Errorf("%d pushes arrived during a pause, want 5", n)
	}
	w.ResumeDeliveries()
	if got := w.pushes(); got[len(got)-1] != "Change paused" {
		t.Errorf("after the pause: %q", got)
	}
}

func TestLostDeliveriesAreFoundInTheLogAndSentAgain(t *testing.T) {
	w := start(t)
	w.flush()
	w.inbox.answer(http.StatusInternalServerError)
	w.commit("a", "1")
	w.flush()
	w.inbox.answer(0)
	for range 4 {
		w.commit("b", fmt.Sprint(len(w.pushes())))
	}
	w.flush()
	var failed []*github.HookDelivery
	opts := &github.ListCursorOptions{PerPage: 2}
	total := 0
	for {
		some, resp, err := w.app.Apps.ListHookDeliveries(w.ctx, opts)
		w.must(err)
		total += len(some)
		for _, d := range some {
			if d.GetStatus() != "OK" {
				failed = append(failed, d)
			}
		}
		if opts.Cursor = resp.Cursor; opts.Cursor == "" {
			break
		}
	}
	if len(failed) != 1 || failed[0].GetEvent() != "push" || failed[0].GetStatusCode() != 500 || total != len(w.Deliveries()) {
		t.Fatalf("the log lists %d deliveries and failures %v", total, failed)
	}
	_, _, err := w.app.Apps.RedeliverHookDelivery(w.ctx, failed[0].GetID())
	if accepted := new(github.AcceptedError); !errors.As(err, &accepted) {
		t.Errorf("redelivery answers %v, want 202", err)
	}
	if again := w.last("push"); again.guid != failed[0].GetGUID() {
		t.Errorf("redelivered %s, want %s", again.guid, failed[0].GetGUID())
	}
	newest, _, err := w.app.Apps.ListHookDeliveries(w.ctx, nil)
	if err != nil || !newest[0].GetRedelivery() || newest[0].GetGUID() != failed[0].GetGUID() || newest[0].GetStatus() != "OK" {
		t.Errorf("newest in the log: %v, %v", newest[0], err)
	}
	w.clock.Advance(73 * time.Hour)
	if kept, _, err := w.app.Apps.ListHookDeliveries(w.ctx, nil); err != nil || len(kept) != 0 {
		t.Errorf("after three days the log lists %d, %v", len(kept), err)
	}
}

func TestOnlySubscribedEventsAreSent(t *testing.T) {
	w := start(t, func(o *githubtest.Options) { o.Events = []string{"status"} })
	c := w.commit("a", "1")
	w.must(w.shop.SetStatus(c.SHA, githubtest.Status{Context: "ci", State: "success"}))
	w.flush()
	if len(w.inbox.of("push")) != 0 || len(w.inbox.of("status")) != 1 {
		t.Error("the App subscribes to status alone, and got something else")
	}
	if len(w.inbox.of("ping")) != 1 || len(w.inbox.of("installation")) != 1 {
		t.Error("ping and installation are always sent")
	}
}

func TestWaitFor(t *testing.T) {
	w := start(t)
	c := w.commit("a", "1")
	d, err := w.WaitFor(w.ctx, func(d githubtest.Delivery) bool { return d.Event == "push" })
	if err != nil || d.Repository != "acme/shop" || !strings.Contains(string(d.Payload), c.SHA) {
		t.Errorf("waited for %s of %s, %v", d.Event, d.Repository, err)
	}
}

func TestSendMakesAnyEvent(t *testing.T) {
	w := start(t)
	c := w.commit("a", "1")
	w.must(w.shop.Send("merge_group", "checks_requested", map[string]any{"merge_group": map[string]any{
		"head_sha": c.SHA, "head_ref": "refs/heads/gh-readonly-queue/main/pr-1", "base_ref": "refs/heads/main",
	}}))
	if event := parse[github.MergeGroupEvent](t, w.last("merge_group")); event.GetMergeGroup().GetHeadSHA() != c.SHA || event.GetRepo().GetFullName() != "acme/shop" {
		t.Errorf("merge_group = %v", event)
	}
}

func TestASlowReceiverTimesOut(t *testing.T) {
	w := start(t, func(o *githubtest.Options) { o.HookTimeout = 10 * time.Millisecond })
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server notices that the client left only when the body is read
		<-r.Context().Done()
	}))
	t.Cleanup(slow.Close)
	w.flush()
	w.SetWebhook(slow.URL, "x")
	w.flush()
	all := w.Deliveries()
	if last := all[len(all)-1]; last.OK() || last.Attempts[0].Status != "timed out" {
		t.Errorf("the delivery ends %+v", last.Attempts)
	}
}

func TestAClosedServerIsGone(t *testing.T) {
	server, err := githubtest.New(githubtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if _, err := http.Get(server.URL()); err == nil {
		t.Error("a closed server answers")
	}
}

func TestTheLogIsFilteredByStatus(t *testing.T) {
	w := start(t)
	w.flush()
	for _, status := range []int{500, 302, 0} {
		w.inbox.answer(status)
		w.must(w.shop.Send("status", "", nil))
		w.flush()
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	w.SetWebhook(gone.URL, "x") // and a ping that reaches nobody
	w.flush()
	for filter, want := range map[string][]int{"": {0, 202, 302, 500}, "failure": {500}, "success": {202, 302}} {
		req, err := w.app.NewRequest("GET", "app/hook/deliveries?per_page=4", nil)
		w.must(err)
		if filter != "" {
			req.URL.RawQuery += "&status=" + filter
		}
		var some []*github.HookDelivery
		if _, err = w.app.Do(w.ctx, req, &some); err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, d := range some {
			got = append(got, d.GetStatusCode())
		}
		if len(got) < len(want) || !slices.Equal(got[:len(want)], want) || filter == "failure" && len(got) > 1 {
			t.Errorf("status=%q lists attempts that were answered with %v, want first %v", filter, got, want)
		}
	}
	req, err := w.app.NewRequest("GET", "app/hook/deliveries?status=lost", nil)
	w.must(err)
	if resp, err := w.app.Do(w.ctx, req, nil); err == nil || resp.StatusCode != 422 {
		t.Errorf("a status that is none is answered with %v, want 422", err)
	}
}
