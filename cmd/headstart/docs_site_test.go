package main

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	readable "github.com/headstart-cd/headstart"
)

var (
	hrefs     = regexp.MustCompile(`(?:href|src|srcset)="([^"]+)"`)
	anchorIDs = regexp.MustCompile(` id="([^"]+)"`)
)

// Every page of the documentation can be read without a network, and its links lead somewhere.
func TestDocumentation(t *testing.T) {
	site, err := newDocsSite(readable.Documentation)
	if err != nil {
		t.Fatal(err)
	}
	get := func(address string) (int, string, http.Header) {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest("GET", address, nil))
		return w.Code, w.Body.String(), w.Header()
	}
	anchors := map[string]string{}
	for _, page := range site.pages {
		_, body, _ := get(page.Path())
		for _, id := range anchorIDs.FindAllStringSubmatch(body, -1) {
			anchors[page.Path()] += " " + id[1] + " "
		}
	}
	for _, page := range site.pages {
		status, body, header := get(page.Path())
		if status != http.StatusOK || !strings.Contains(body, "<h1") || !strings.HasPrefix(header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s should be a page with a heading, and bring nothing from elsewhere: %d", page.file, status)
		}
		for _, m := range hrefs.FindAllStringSubmatch(body, -1) {
			u, err := url.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
			if err != nil {
				t.Errorf("%s links to %s: %v", page.file, m[1], err)
				continue
			}
			if u.IsAbs() {
				continue
			}
			to := page.Path()
			if u.Path != "" {
				to = path.Join(path.Dir(page.Path()), u.Path)
				if path.IsAbs(u.Path) {
					to = u.Path
				}
				if status, _, _ := get(to); status != http.StatusOK {
					t.Errorf("%s links to %s, which is not there: %d", page.file, m[1], status)
				}
			}
			if u.Fragment != "" && !strings.Contains(anchors[to]+" page ", " "+u.Fragment+" ") {
				t.Errorf("%s links to %s, and %s has no such heading", page.file, m[1], to)
			}
		}
	}
	if status, _, header := get("/"); status != http.StatusFound || header.Get("Location") != "/README.md" {
		t.Errorf("/ should lead to the README, got %d", status)
	}
	for _, none := range []string{"/documentation.go", "/docs", "/../go.mod", "/docs/none.md"} {
		if status, _, _ := get(none); status != http.StatusNotFound {
			t.Errorf("%s should not be served, got %d", none, status)
		}
	}
}

// What somebody writes into a page stays text.
func TestDocumentationIsSanitized(t *testing.T) {
	site, err := newDocsSite(fstest.MapFS{"README.md": {Data: []byte("# A\n\n<script>alert(1)</script><img src=x onerror=alert(1)> <style>*{}</style>\n\n[a](javascript:alert(1))\n\n" +
		`<picture><source media="(prefers-color-scheme: dark)" srcset="docs/d.png"><img src="docs/l.png" alt="Both"></picture>` + "\n")}})
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(site.rendered["/README.md"]), "<main")
	for _, bad := range []string{"<script", "onerror", `"javascript:`, "<style"} {
		if strings.Contains(body, bad) {
			t.Errorf("%s should not be on the page:\n%s", bad, body)
		}
	}
	if !strings.Contains(body, `media="(prefers-color-scheme: dark)"`) || !strings.Contains(body, `alt="Both"`) {
		t.Errorf("pictures for dark and light should be on the page:\n%s", body)
	}
}

func TestDocsCommand(t *testing.T) {
	out, _, err := headstart(t, "docs", "gates")
	want, _ := fs.ReadFile(readable.Documentation, "docs/gates.md")
	if err != nil || out != string(want) {
		t.Errorf("docs gates should print docs/gates.md, got %v:\n%.200s", err, out)
	}
	for _, name := range []string{"rooms", "internals/rooms", "docs/internals/rooms.md", "README", "readme"} {
		if _, _, err := headstart(t, "docs", name); err != nil {
			t.Errorf("docs %s should print a page: %v", name, err)
		}
	}
	out, _, err = headstart(t, "docs", "--list")
	if err != nil || !strings.Contains(out, "configuration") || !strings.Contains(out, "internals/rooms") {
		t.Errorf("docs --list should list the pages, got %v:\n%s", err, out)
	}
	if _, _, err := headstart(t, "docs", "gate"); err == nil || !strings.Contains(err.Error(), "did you mean gates?") {
		t.Errorf("a name that is nearly one should be helped, got %v", err)
	}
}
