package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
)

// document is a page of the documentation.
type document struct {
	name  string // such as gates, or internals/rooms
	file  string // its path in the repository
	title string // its first heading
}

// Path is its address.
func (d document) Path() string { return "/" + d.file }

// Title is its first heading.
func (d document) Title() string { return d.title }

// documents lists the pages: the README, then docs, then the rest.
func documents(files fs.FS) (list []document) {
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/*/*.md", "*.md"} {
		found, _ := fs.Glob(files, pattern) // the patterns are right
		for _, file := range found {
			if slices.ContainsFunc(list, func(d document) bool { return d.file == file }) {
				continue
			}
			name := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(file, "docs/"), ".md"))
			list = append(list, document{name: name, file: file, title: cmp.Or(heading(files, file), name)})
		}
	}
	return list
}

// heading is the first heading of a page; empty: it has none.
func heading(files fs.FS, file string) string {
	data, err := fs.ReadFile(files, file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			return strings.TrimSpace(title)
		}
	}
	return ""
}

// atGitHub is where the files are that the documentation links to and the program does not
// carry.
const atGitHub = "https://github.com/headstart-cd/headstart/blob/main/"

// docsSite serves the documentation. Nothing on its pages comes from elsewhere.
type docsSite struct {
	files    fs.FS
	pages    []document
	rendered map[string][]byte // by path
}

//go:embed docs.html
var docsLayout string

//go:embed docs.css
var docsStyle []byte

// newDocsSite renders every page.
func newDocsSite(files fs.FS) (*docsSite, error) {
	layout, err := template.New("docs").Parse(docsLayout)
	if err != nil {
		return nil, err
	}
	s := &docsSite{files: files, pages: documents(files), rendered: map[string][]byte{}}
	for _, page := range s.pages {
		source, err := fs.ReadFile(files, page.file)
		if err != nil {
			return nil, err
		}
		body, err := s.render(page, source)
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", page.file, err)
		}
		var b bytes.Buffer
		if err := layout.Execute(&b, map[string]any{"Page": page, "Pages": s.pages, "Body": body, "Version": version()}); err != nil {
			return nil, err
		}
		s.rendered[page.Path()] = b.Bytes()
	}
	return s, nil
}

var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()),
	goldmark.WithRendererOptions(html.WithUnsafe())) // sanitized by allowedHTML

// allowedHTML is what may be on a page: what Markdown makes, and pictures for dark and light.
func allowedHTML() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.RequireNoFollowOnLinks(false)
	p.AllowElements("picture", "source")
	p.AllowAttrs("srcset", "media").Matching(regexp.MustCompile(`^[A-Za-z0-9 ():_./-]+$`)).OnElements("source")
	p.AllowAttrs("id").OnElements("h1", "h2", "h3", "h4")
	p.AllowAttrs("type", "checked", "disabled").OnElements("input")
	return p
}

// render makes a page's HTML, with links that work on this site.
func (s *docsSite) render(page document, source []byte) (template.HTML, error) {
	doc := markdown.Parser().Parse(text.NewReader(source))
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.Link); ok && entering {
			link.Destination = []byte(s.address(page, string(link.Destination)))
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := markdown.Renderer().Render(&b, source, doc); err != nil {
		return "", err
	}
	return template.HTML(allowedHTML().SanitizeBytes(b.Bytes())), nil
}

// address is where a link of a page leads to: to a file that the program carries as it is
// written, to any other file of the repository at GitHub.
func (s *docsSite) address(page document, link string) string {
	u, err := url.Parse(link)
	if err != nil || u.IsAbs() || u.Host != "" || u.Path == "" {
		return link
	}
	file := path.Join(path.Dir(page.file), u.Path)
	if info, err := fs.Stat(s.files, file); err == nil && !info.IsDir() {
		return link
	}
	u.Path = ""
	return atGitHub + file + u.String()
}

// ServeHTTP serves pages, what lies beside them, and the style.
func (s *docsSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	switch page, ok := s.rendered[r.URL.Path]; {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "Only GET", http.StatusMethodNotAllowed)
	case ok:
		h.Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page) // the browser may be gone
	case r.URL.Path == "/":
		http.Redirect(w, r, "/README.md", http.StatusFound)
	case r.URL.Path == "/docs.css":
		h.Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(docsStyle)
	case beside(r.URL.Path):
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox") // an SVG's own style
		http.ServeFileFS(w, r, s.files, strings.TrimPrefix(r.URL.Path, "/"))
	default:
		http.NotFound(w, r)
	}
}

// beside reports whether a file lies beside the pages: a picture, or what can be downloaded.
func beside(name string) bool {
	return slices.Contains([]string{".png", ".svg", ".json", ".yml"}, path.Ext(name))
}
