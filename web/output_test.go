package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

const candidateOf = "/p/acme/shop/c/3f2a91c"

// building is a world in which a build runs, and where its output is followed.
func building(t *testing.T) (w *world, b *browser, live string) {
	t.Helper()
	w = newWorld(t)
	tells(w, "building", next(t))
	b = w.browser().signIn("mia")
	_, rest, found := strings.Cut(b.get(candidateOf).body, `data-output="`)
	live, _, _ = strings.Cut(rest, `"`)
	if !found || !strings.HasSuffix(live, "/live") {
		t.Fatalf("the page should say where the output is followed, got %q", live)
	}
	return w, b, live
}

// written returns the next event of an output's stream: its lines, as markup, and where they end. An empty text: the output
// has ended.
func (f *follower) written() (text, id string) {
	f.t.Helper()
	for f.lines.Scan() {
		switch line := f.lines.Text(); {
		case strings.HasPrefix(line, "id: "):
			id = line[len("id: "):]
		case line == "event: end":
			return "", id
		case strings.HasPrefix(line, "data: "):
			if err := json.Unmarshal([]byte(line[len("data: "):]), &text); err != nil {
				f.t.Fatalf("%s: %v", line, err)
			}
			return text, id
		}
	}
	f.t.Fatal("the stream should go on")
	return "", ""
}

// What a build writes is on the page as far as it has come, and comes by itself after that. The page's own stream has none of it.
func TestOutputIsFollowed(t *testing.T) {
	w, b, live := building(t)
	page := b.get(candidateOf)
	for _, want := range []string{"Build on shop-prepare", "-----&gt; Go app detected", "running", `data-from="235"`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page should have %q: %s", want, page)
		}
	}
	f := b.follow(t, live, "", "235")
	w.write("shop-prepare", "main.go:7:2: undefined: <till>\n", false)
	if text, id := f.written(); text != "<mark>main.go:7:2: undefined: &lt;till&gt;</mark>\n" || id != "266" {
		t.Errorf("the new line should be sent, got %q to %s", text, id)
	}
	w.write("shop-prepare", "the end\n", true)
	if text, id := f.written(); text != "the end\n" || id != "274" {
		t.Errorf("the last line should be sent, got %q to %s", text, id)
	}
	if text, _ := f.written(); text != "" {
		t.Errorf("the stream should say that this was all, got %q", text)
	}
	parts, _ := b.follow(t, candidateOf+"/live", "nothing", "").next()
	if strings.Contains(parts["output"], "data-output") || !strings.Contains(parts["output"], "the end") {
		t.Errorf("what has ended is part of the page: %s", parts["output"])
	}
}

func TestOutputStaysOutOfTheParts(t *testing.T) {
	w, b, _ := building(t)
	page := b.get(candidateOf)
	f := b.follow(t, candidateOf+"/live", "nothing", "")
	parts, id := f.next()
	if !strings.Contains(parts["output"], "data-output") || strings.Contains(parts["output"], "Go app detected") || id != seenIn(t, page.body) {
		t.Errorf("what runs has a stream of its own, got %s", parts["output"])
	}
	w.write("shop-prepare", "more\n", false)
	w.change(shop, func(s *pipeline.State) { s.At = s.At.Add(time.Second) })
	if page := b.get(candidateOf); seenIn(t, page.body) != id || !strings.Contains(page.body, "more\n") {
		t.Errorf("a page that was loaded now should follow from there: %s", page)
	}
}

// As plain text an output is what it is.
func TestOutputIsPlainText(t *testing.T) {
	w, b, live := building(t)
	w.write("shop-prepare", "<script>alert(1)</script>\n", false)
	p := b.get(strings.TrimSuffix(live, "/live"))
	if p.StatusCode != http.StatusOK || p.Header.Get("Content-Type") != "text/plain; charset=utf-8" || p.Header.Get("Cache-Control") != "no-store" ||
		!strings.HasPrefix(p.body, "-----> Building") || !strings.HasSuffix(p.body, "<script>alert(1)</script>\n") {
		t.Errorf("the text should be there: %s", p)
	}
}

// An output that this server does not read is said to be elsewhere.
func TestOutputElsewhere(t *testing.T) {
	w := newWorld(t)
	w.put(shop, next(t))
	p := w.browser().signIn("mia").get(candidateOf)
	if !strings.Contains(p.body, "Build on shop-prepare") || !strings.Contains(p.body, "Another server reads this output") || strings.Contains(p.body, "data-output") {
		t.Errorf("the page should say that another server reads along: %s", p)
	}
}

// Of failures the end of the output is shown, with the lines that tell why, and how often that was so.
func TestOutputOfFailures(t *testing.T) {
	w := newWorld(t)
	s := next(t)
	tells(w, "release_failed", s)
	for _, id := range []string{"r-3", "r-4", "r-5"} {
		w.keepOutput("3f2a91c", history.Output{App: "shop-staging", ID: id, Stage: "staging", N: 3, At: s.Now, Seen: 1, Text: "Error: of " + id + "\nand more\n"})
	}
	b := w.browser().signIn("mia")
	p := b.get(candidateOf)
	for _, want := range []string{
		"<mark>Error: of r-5</mark>\nand more\n", "<mark>Error: of r-3</mark>", "for the first time in 30 days", "seen 14 times in 30 days", "Newer failures are below.",
	} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the page should have %q: %s", want, p)
		}
	}
	if strings.Contains(p.body, "AddDrawerToTills") || strings.Count(p.body, `" open`) != 1 || strings.Count(p.body, "Release to staging on shop-staging") != 7 {
		t.Errorf("of four failures three should have their text, and the last one should be open: %s", p)
	}
	if raw := b.get(candidateOf[:len("/p/acme/shop/c/")] + sha("3f2a91c") + "/output/shop-staging/r-2"); !strings.Contains(raw.body, "AddDrawerToTills") {
		t.Errorf("the text of each should be there: %s", raw)
	}
}
