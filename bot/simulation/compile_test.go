package simulation

import (
	"go/ast"
	"go/importer"
	"go/parser"
	gotoken "go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// compiler sees whether mutated packages compile, without the linker and within
// this process. What they import is read as the go command has compiled it.
type compiler struct {
	files *gotoken.FileSet
	types types.Config
}

func newCompiler(t *testing.T) *compiler {
	// #nosec: the command is the go command, about this module.
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./bot/...", "./platform")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatalf("list what the bot imports: %v", err)
	}
	compiled := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		compiled[path] = file
	}
	c := &compiler{files: gotoken.NewFileSet()}
	c.types.Importer = importer.ForCompiler(c.files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(compiled[path])
	})
	return c
}

// check fails the test if a package with some of its files replaced does not compile.
func (c *compiler) check(t *testing.T, texts map[string]string) {
	t.Helper()
	seen := map[string]bool{}
	for file := range texts {
		dir := path.Dir(file)
		if seen[dir] {
			continue
		}
		seen[dir] = true
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		var parsed []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			var text any // nil: as it is in the file
			if mutated, ok := texts[path.Join(dir, filepath.Base(name))]; ok {
				text = mutated
			}
			f, err := parser.ParseFile(c.files, name, text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatalf("the mutant does not compile: %v", err)
			}
			parsed = append(parsed, f)
		}
		if _, err := c.types.Check(dir, c.files, parsed, nil); err != nil {
			t.Errorf("the mutant does not compile: %v", err)
		}
	}
}
