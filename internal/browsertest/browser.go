// Package browsertest drives a real Chromium in tests: people who open pages, look at them and press keys.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// ProgramVar names the program to run, in place of the first one of [programs] in PATH.
const ProgramVar = "HEADSTART_TEST_CHROMIUM"

var programs = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// ErrMissing says that there is no browser on this machine.
var ErrMissing = errors.New("no Chromium in PATH: install it (Debian: apt-get install chromium), or name it in " + ProgramVar)

// Patience is how long a page may take until it shows what a test waits for.
const Patience = time.Minute

// Browser is one Chromium without a window.
type Browser struct{ ctx context.Context }

// Start starts a Chromium that ends with the test. Without one on this machine the test is skipped.
func Start(t testing.TB) *Browser {
	t.Helper()
	program, err := find()
	if err != nil {
		t.Skip(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(Patience),
		// Nor does it need a process for graphics, or one in reserve for a next page.
		chromedp.Flag("in-process-gpu", true), chromedp.Flag("disable-features", "site-per-process,Translate,BlinkGenPropertyTrees,SpareRendererForSitePerProcess"))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	// A Chromium that is newer than the library sends events that it does not know: no test is about those.
	ctx, quit := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(quit)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	return &Browser{ctx}
}

func find() (string, error) {
	if program := os.Getenv(ProgramVar); program != "" {
		return program, nil
	}
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrMissing
}

// Tab is an open page of somebody who shares no cookies with other tabs.
type Tab struct {
	t   testing.TB
	ctx context.Context
	url string

	mu       sync.Mutex
	messages []string // guarded by mu: of the console
}

// Tab opens an empty tab, until the test ends, for the site at an address. What a page of the site says to the console is kept.
func (b *Browser) Tab(t testing.TB, url string) *Tab {
	t.Helper()
	id, err := b.window()
	if err != nil {
		t.Fatalf("open a window: %v", err)
	}
	ctx, leave := chromedp.NewContext(b.ctx, chromedp.WithTargetID(id))
	t.Cleanup(leave)
	tab := &Tab{t: t, ctx: ctx, url: url}
	chromedp.ListenTarget(ctx, tab.hear)
	if err := chromedp.Run(ctx); err != nil { // without a deadline, whose end would close the tab
		t.Fatalf("open a tab: %v", err)
	}
	return tab
}

// window opens one that shares nothing with others. chromedp.WithNewBrowserContext asks for a tab in a window that does
// not exist yet, which a Chromium without a window refuses.
func (b *Browser) window() (target.ID, error) {
	ctx := cdp.WithExecutor(b.ctx, chromedp.FromContext(b.ctx).Browser)
	apart, err := target.CreateBrowserContext().Do(ctx)
	if err != nil {
		return "", err
	}
	return target.CreateTarget("about:blank").WithBrowserContextID(apart).WithNewWindow(true).Do(ctx)
}

// hear keeps messages, exceptions, and what the browser reports: what the policy forbids, and requests that failed.
func (t *Tab) hear(event any) {
	var text string
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.URL != "" && !strings.HasPrefix(e.Entry.URL, t.url) {
			return // of another site's page, such as GitHub's
		}
		text = fmt.Sprintf("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		text = "console." + string(e.Type)
		for _, a := range e.Args {
			text += " " + string(a.Value)
		}
	default:
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.messages = append(t.messages, text)
}

// Console returns what was said to the console since it was asked last.
func (t *Tab) Console() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	said := t.messages
	t.messages = nil
	return said
}

// Run performs actions of the Chrome DevTools protocol.
func (t *Tab) Run(what string, actions ...chromedp.Action) {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, Patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.t.Fatalf("%s: %v", what, err)
	}
}
