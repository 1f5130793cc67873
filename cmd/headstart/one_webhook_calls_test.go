package main

import (
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	gotoken "go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/headstart-cd/headstart/"
	root   = "../../"
)

// callGraph knows which functions of the module mention which others, and where.
type callGraph struct {
	file     map[string]string // by function: where it is declared
	mentions map[string][]mention
	methods  map[string][]string // concrete ones, by name and signature
}

// mention is a place in a function where another one is called, or handed on. A method of
// an interface stands for all methods with its name and signature.
type mention struct {
	at  gotoken.Pos
	who string
	any string // of an interface: name and signature
}

// walked are the packages that a webhook passes through.
var walked = []string{"cmd/headstart", "webhooks", "store", "bot", "bot/engine", "bot/pipeline", "bot/gate", "bot/apply", "bot/release",
	"bot/decide", "github", "platform", "platform/heroku"}

func newCallGraph(t *testing.T) *callGraph {
	t.Helper()
	compiled, err := exports()
	if err != nil {
		t.Fatalf("list what the command is made of: %v", err)
	}
	files := gotoken.NewFileSet()
	config := types.Config{
		Importer: importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(compiled[path]) }),
	}
	g := &callGraph{file: map[string]string{}, mentions: map[string][]mention{}, methods: map[string][]string{}}
	for _, dir := range walked {
		found, err := build.ImportDir(root+dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		var parsed []*ast.File
		for _, name := range found.GoFiles {
			f, err := parser.ParseFile(files, filepath.Join(root, dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, f)
		}
		info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
		if _, err := config.Check(module+dir, files, parsed, info); err != nil {
			t.Fatal(err)
		}
		for _, f := range parsed {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
					g.add(files, info, fn)
				}
			}
		}
	}
	return g
}

func (g *callGraph) add(files *gotoken.FileSet, info *types.Info, fn *ast.FuncDecl) {
	self, ok := info.Defs[fn.Name].(*types.Func)
	if !ok {
		return
	}
	name := nameOfFunc(self)
	g.file[name] = strings.TrimPrefix(filepath.ToSlash(files.Position(fn.Pos()).Filename), root)
	if self.Signature().Recv() != nil {
		g.methods[shape(self)] = append(g.methods[shape(self)], name)
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		called, ok := info.Uses[id].(*types.Func)
		if !ok || called.Pkg() == nil || !strings.HasPrefix(called.Pkg().Path()+"/", module) {
			return true
		}
		m := mention{at: id.Pos(), who: nameOfFunc(called)}
		if recv := called.Signature().Recv(); recv != nil && types.IsInterface(recv.Type()) {
			m.any = shape(called)
		}
		g.mentions[name] = append(g.mentions[name], m)
		return true
	})
}

// nameOfFunc is a function as the runtime and the page name it: store.(*Store).Receive.
func nameOfFunc(f *types.Func) string {
	pkg := f.Pkg().Name()
	recv := f.Signature().Recv()
	if recv == nil {
		return pkg + "." + f.Name()
	}
	t, pointer := recv.Type(), false
	if p, ok := t.(*types.Pointer); ok {
		t, pointer = p.Elem(), true
	}
	of := ""
	if n, ok := t.(*types.Named); ok {
		of = n.Obj().Name()
	}
	if pointer {
		of = "(*" + of + ")"
	}
	return pkg + "." + of + "." + f.Name()
}

// shape is a method's name and signature.
func shape(f *types.Func) string {
	s := f.Signature()
	params := make([]string, 0, 2)
	for _, tuple := range []*types.Tuple{s.Params(), s.Results()} {
		for v := range tuple.Variables() {
			params = append(params, types.TypeString(v.Type(), nil))
		}
		params = append(params, ";")
	}
	return f.Name() + strings.Join(params, " ")
}

// within is how many calls may lie between two steps of the page.
const within = 3

// after returns where a function first comes to another one, behind a place in it: by a
// call, or by calls of what it calls. The place is zero where it does not.
func (g *callGraph) after(from, to string, behind gotoken.Pos) gotoken.Pos {
	var at gotoken.Pos
	for _, m := range g.mentions[from] {
		if m.at > behind && (at == 0 || m.at < at) && g.comesTo(m, to, within-1) {
			at = m.at
		}
	}
	return at
}

func (g *callGraph) comesTo(m mention, to string, more int) bool {
	all := []string{m.who}
	if m.any != "" {
		all = g.methods[m.any]
	}
	if slices.Contains(all, to) {
		return true
	}
	return more > 0 && slices.ContainsFunc(all, func(who string) bool {
		return slices.ContainsFunc(g.mentions[who], func(next mention) bool { return g.comesTo(next, to, more-1) })
	})
}
