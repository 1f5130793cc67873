package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	gotoken "go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

var diffBlock = regexp.MustCompile("(?s)<summary>([^<]+)</summary>\n\n```diff\n(.*?)```\n")

// The diffs in CONTRIBUTING.md fit the code, and what they make of it compiles.
func TestContributingsDiffsCompile(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(root + "CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := diffBlock.FindAllStringSubmatch(string(content), -1)
	if len(blocks) != 4 {
		t.Errorf("CONTRIBUTING.md should show how to add a gate, a command, an effect and a platform; it has %d diffs", len(blocks))
	}
	for _, block := range blocks {
		t.Run(block[1], func(t *testing.T) {
			texts, err := applyDiff(block[2])
			if err != nil {
				t.Fatal(err)
			}
			if err := compileWith(t, texts); err != nil {
				t.Errorf("it does not compile: %v", err)
			}
			// That names which are used have to be there is seen, too.
			if delete(texts, declares[block[1]]); compileWith(t, texts) == nil {
				t.Errorf("without its part in %s it compiles as well", declares[block[1]])
			}
		})
	}
}

// declares has the file of each diff without which the others do not compile.
var declares = map[string]string{
	"A gate": "bot/gate/gate.go", "A command": "bot/command/command.go", "An effect": "bot/effect.go", "A platform": "bot/config.go",
}

// applyDiff returns the texts of the files that a diff changes, by their path. The old
// lines of each hunk are in the file exactly once; a file that is not there is new.
func applyDiff(diff string) (map[string]string, error) {
	texts := map[string]string{}
	for part := range strings.SplitSeq("\n"+diff, "\n+++ ") {
		file, hunks, ok := strings.Cut(part, "\n")
		if file = strings.TrimSpace(file); !ok || file == "" {
			continue
		}
		content, err := os.ReadFile(root + file)
		isNew := os.IsNotExist(err)
		if err != nil && !isNew {
			return nil, err
		}
		text := string(content)
		for hunk := range strings.SplitSeq("\n"+strings.TrimSuffix(hunks, "\n"), "\n@@\n") {
			var before, after strings.Builder
			for line := range strings.SplitSeq(strings.TrimPrefix(hunk, "\n"), "\n") {
				if line == "" {
					line = " " // an empty line that is there before and after
				}
				if line[0] != '+' {
					before.WriteString(line[1:] + "\n")
				}
				if line[0] != '-' {
					after.WriteString(line[1:] + "\n")
				}
			}
			switch n := strings.Count(text, before.String()); {
			case isNew && before.Len() == 0:
				text += after.String()
			case before.Len() == 0 || n != 1:
				return nil, fmt.Errorf("these lines should be in %s once, and are %d times:\n%s", file, n, before.String())
			default:
				text = strings.Replace(text, before.String(), after.String(), 1)
			}
		}
		texts[file] = text
	}
	return texts, nil
}

// exports are the compiled packages that the command is made of, by their path.
var exports = sync.OnceValues(func() (map[string]string, error) {
	found, err := build.ImportDir(".", 0)
	if err != nil {
		return nil, err
	}
	// The packages that it imports, and not itself: it would have to be compiled.
	list := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}, found.Imports...)...)
	list.Dir = root
	out, err := list.Output()
	compiled := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		compiled[name] = file
	}
	return compiled, err
})

// sources imports the module's packages from their sources, with some texts in place of
// what is on disk, and all others as they were compiled.
type sources struct {
	texts  map[string]string
	files  *gotoken.FileSet
	known  map[string]*types.Package
	others types.Importer
}

// compileWith type-checks every package that has one of the texts, and those that import it
// by what they declare.
func compileWith(t *testing.T, texts map[string]string) error {
	t.Helper()
	compiled, err := exports()
	if err != nil {
		t.Fatalf("list what the command is made of: %v", err)
	}
	s := &sources{texts: texts, files: gotoken.NewFileSet(), known: map[string]*types.Package{}}
	s.others = importer.ForCompiler(s.files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(compiled[path]) })
	dirs := map[string]bool{}
	for file := range texts {
		dirs[path.Dir(file)] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if _, err := s.Import(module + dir); err != nil {
			return err
		}
	}
	return nil
}

// Import checks the bodies of functions only where something is changed.
func (s *sources) Import(name string) (*types.Package, error) {
	dir, ours := strings.CutPrefix(name, module)
	if !ours {
		return s.others.Import(name)
	}
	if p := s.known[name]; p != nil {
		return p, nil
	}
	content := map[string]any{}
	if found, err := build.ImportDir(root+dir, 0); err == nil {
		for _, file := range found.GoFiles {
			content[path.Join(dir, file)] = nil // as it is on disk
		}
	}
	changed := false
	for file, text := range s.texts {
		if path.Dir(file) == dir && !strings.HasSuffix(file, "_test.go") {
			content[file], changed = text, true
		}
	}
	var parsed []*ast.File
	for _, file := range slices.Sorted(maps.Keys(content)) {
		f, err := parser.ParseFile(s.files, filepath.Join(root, file), content[file], parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, f)
	}
	config := types.Config{Importer: s, IgnoreFuncBodies: !changed}
	p, err := config.Check(name, s.files, parsed, nil)
	s.known[name] = p
	return p, err
}
