package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The tests that the docs name as proofs are there, and so are those that CI runs by
// name: `go test -run` says nothing where no test has the name.
func TestNamedTestsExist(t *testing.T) {
	const root = "../.."
	var tests, pages []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == "node_modules"):
			return filepath.SkipDir
		case strings.HasSuffix(name, "_test.go"):
			for _, f := range testFunc.FindAllStringSubmatch(read(t, path), -1) {
				tests = append(tests, f[1])
			}
		case filepath.Ext(name) == ".md" && name != "CHANGELOG.md": // which tells of its time
			pages = append(pages, path)
		}
		return nil
	})
	if err != nil || len(tests) == 0 || len(pages) == 0 {
		t.Fatalf("there should be tests and pages: %d, %d, %v", len(tests), len(pages), err)
	}
	for _, page := range pages {
		for _, name := range testName.FindAllString(read(t, page), -1) {
			if !slices.Contains(tests, name) {
				t.Errorf("%s names %s, which is no test", page, name)
			}
		}
	}
	for _, script := range []string{"run", "nightly"} {
		for _, name := range testName.FindAllString(read(t, filepath.Join(root, ".ci", script)), -1) {
			if !slices.ContainsFunc(tests, func(test string) bool { return strings.HasPrefix(test, name) }) {
				t.Errorf(".ci/%s names %s, with which no test begins", script, name)
			}
		}
	}
}

var (
	testName = regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz|Example)[A-Z]\w*`)
	testFunc = regexp.MustCompile(`(?m)^func (` + testName.String() + `)\(`)
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
