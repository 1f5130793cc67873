package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Open goes to a path of the site, and waits until the page is loaded.
func (t *Tab) Open(path string) {
	t.t.Helper()
	t.Run("open "+path, chromedp.Navigate(t.url+path))
}

// Cookie gives the person a cookie of the site.
func (t *Tab) Cookie(name, value string) {
	t.t.Helper()
	t.Run("set a cookie", network.SetCookie(name, value).WithURL(t.url))
}

// Click clicks on the link, button or summary that bears a text, once the page has been loaded to its end.
func (t *Tab) Click(text string) {
	t.t.Helper()
	named := `[...document.querySelectorAll("a, button, summary")].find((e) => e.innerText.trim() === ` + strconv.Quote(text) + `)`
	var at *struct{ X, Y float64 }
	for at == nil { // the page may make room for the next one between two questions
		t.Until("there is something named "+text+" to click on", `document.readyState === "complete" && !!`+named)
		t.Eval(`(() => { const e = `+named+`; if (!e) return null; e.scrollIntoView({block: "center"}); const r = e.getClientRects()[0]; return {X: r.x + r.width / 2, Y: r.y + r.height / 2}; })()`, &at)
	}
	t.Run("click on "+text, chromedp.MouseClickXY(at.X, at.Y))
}

// Press presses keys, as in the package kb.
func (t *Tab) Press(keys string) {
	t.t.Helper()
	t.Run("press a key", chromedp.KeyEvent(keys))
}

// Back and Forward go through what was open before.
func (t *Tab) Back()    { t.t.Helper(); t.Run("go back", chromedp.NavigateBack()) }
func (t *Tab) Forward() { t.t.Helper(); t.Run("go forward", chromedp.NavigateForward()) }

// Eval decodes the value of an expression; of a promise what it resolves to.
func (t *Tab) Eval(expression string, into any) {
	t.t.Helper()
	t.Run(expression, chromedp.Evaluate(expression, into, awaiting))
}

func awaiting(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// Text is what the page shows.
func (t *Tab) Text() (text string) {
	t.t.Helper()
	t.Eval("document.body.innerText", &text)
	return text
}

// Path is where the tab is.
func (t *Tab) Path() (path string) {
	t.t.Helper()
	t.Eval("location.pathname", &path)
	return path
}

// Shows waits until the page shows a text.
func (t *Tab) Shows(text string) {
	t.t.Helper()
	t.Until("the page shows "+strconv.Quote(text), `document.body.innerText.includes(`+strconv.Quote(text)+`)`)
}

// Until waits until an expression is true. While a page makes room for the next one, nothing is.
func (t *Tab) Until(what, expression string) {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, Patience)
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		var holds bool
		if err := chromedp.Run(ctx, chromedp.Evaluate(expression, &holds)); err == nil && holds {
			return
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			t.t.Fatalf("expected within %s: %s; the page at %s shows:\n%s\nthe console says: %v", Patience, what, t.Path(), t.Text(), t.Console())
		}
	}
}

// Size makes the window so wide and high, in CSS pixels.
func (t *Tab) Size(width, height int64) {
	t.t.Helper()
	t.Run("change the window's size", emulation.SetDeviceMetricsOverride(width, height, 1, false))
}

// Dark says whether the person prefers dark colours.
func (t *Tab) Dark(dark bool) {
	t.t.Helper()
	scheme := map[bool]string{false: "light", true: "dark"}[dark]
	t.Run("prefer "+scheme, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}

// Clock has the clock of pages that are opened from now on stand at a time.
func (t *Tab) Clock(now time.Time) {
	t.t.Helper()
	t.Run("set the clock", chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(fmt.Sprintf("Date.now = () => %d", now.UnixMilli())).Do(ctx)
		return err
	}))
}

// Scripts says whether pages may run scripts.
func (t *Tab) Scripts(run bool) {
	t.t.Helper()
	t.Run("allow scripts or not", emulation.SetScriptExecutionDisabled(!run))
}

// Picture is the whole page as a PNG.
func (t *Tab) Picture() (png []byte) {
	t.t.Helper()
	t.Run("take a picture", chromedp.ActionFunc(func(ctx context.Context) (err error) {
		png, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).WithFromSurface(true).Do(ctx)
		return err
	}))
	return png
}

// AxeVar names the file axe.min.js of the npm package axe-core.
const AxeVar = "HEADSTART_TEST_AXE"

// followed are the tags of the rules of axe-core that every page follows.
var followed = []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"}

// Colours are the rules among them that look at colours.
var Colours = []string{"color-contrast", "link-in-text-block"}

// Violation is a rule of accessibility that a page breaks.
type Violation struct {
	ID, Help string
	Nodes    []struct{ HTML, FailureSummary string }
}

// Axe returns the rules that the page breaks: of those with an ID in only, or without any of all of WCAG 2.2 AA and of
// good practice. Without axe-core on this machine the test is skipped.
func (t *Tab) Axe(only ...string) []Violation {
	t.t.Helper()
	file := os.Getenv(AxeVar)
	if file == "" {
		t.t.Skip("axe-core is missing: install it (`npm ci --prefix DIR`, with the package.json of .ci/axe in DIR), and name it in " + AxeVar + " (DIR/node_modules/axe-core/axe.min.js)")
	}
	kind, values := "rule", only
	if len(only) == 0 {
		kind, values = "tag", followed
	}
	run, err := json.Marshal(map[string]any{"type": kind, "values": values})
	if err != nil {
		t.t.Fatal(err)
	}
	var loaded bool
	if t.Eval("!!window.axe", &loaded); !loaded {
		script, err := os.ReadFile(file)
		if err != nil {
			t.t.Fatal(err)
		}
		t.Run("load axe-core", chromedp.Evaluate(string(script)+";0", nil))
	}
	var found struct {
		Passes     int
		Violations []Violation
	}
	t.Eval(`axe.run(document, {runOnly: `+string(run)+`}).then((r) => ({passes: r.passes.length, violations: r.violations.map((v) =>
		({id: v.id, help: v.help, nodes: v.nodes.map((n) => ({html: n.html, failureSummary: n.failureSummary}))}))}))`, &found)
	if found.Passes == 0 {
		t.t.Fatal("axe-core has looked at nothing")
	}
	return found.Violations
}

// Overflow is by how many CSS pixels the page is wider than the window; 0: nothing has to be scrolled sideways.
func (t *Tab) Overflow() (pixels int) {
	t.t.Helper()
	t.Eval("Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)", &pixels)
	return pixels
}
