package config

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestDocsAreCommitted(t *testing.T) {
	const path = "../docs/configuration.md"
	if updating() {
		if err := os.WriteFile(path, []byte(Docs()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != Docs() {
		t.Errorf("docs/configuration.md is not what the table of keys says now: run go test ./config -update")
	}
}

// Every key that the parser knows is told with an example: a whole file that is
// valid, and what it means in the words of Explain.
func TestExamplesAreValidAndExplained(t *testing.T) {
	if _, err := Parse([]byte(everyKey), "long form"); err != nil {
		t.Errorf("the long form is refused:\n%v", err)
	}
	docs, tried := Docs(), map[string]bool{}
	notInLongForm := map[string]bool{"build": true, "pipelines": true, "pipelines.NAME.paths": true, "stages[].rehearse.command": true}
	eachKey("", root, func(path string, k key) {
		tried[path] = true
		if k.doc == "" || k.says == "" || !strings.HasPrefix(k.example, k.name+":") {
			t.Errorf("%s has no description, no meaning, or no example of the form %s: …", path, k.name)
			return
		}
		if inner, ok := strings.CutPrefix(path, "pipelines.NAME."); ok && inner != "paths" {
			return // told as the key of a file with one pipeline
		}
		file := exampleFile(path, k)
		if !strings.Contains(docs, "```yaml\n"+file+"```") || !strings.Contains(docs, "```text\n"+explainedLine(path, k)+"\n```") {
			t.Errorf("the documentation does not tell %s", path)
		}
		if !regexp.MustCompile(`(^|[\s{])` + k.name + `: `).MatchString(strings.ReplaceAll(file, ":\n", ": \n")) {
			t.Errorf("the example of %s does not use it:\n%s", path, file)
		}
		if !notInLongForm[path] && !regexp.MustCompile(`(^|[\s{])`+k.name+`:`).MatchString(everyKey) {
			t.Errorf("the long form leaves out %s", path)
		}
		all, err := ParseAll([]byte(file), "example")
		if err != nil {
			t.Errorf("the example of %s is refused:\n%v\n%s", path, err, file)
			return
		}
		if said := ExplainAll(all); !strings.Contains(said, k.says) {
			t.Errorf("the example of %s should be explained with %q, it says:\n%s", path, k.says, said)
		}
	})
	for path := range exampleFiles {
		if !tried[path] {
			t.Errorf("exampleFiles names %s, which is no key", path)
		}
	}
	if len(tried) < 40 {
		t.Errorf("expected at least 40 keys, saw %d", len(tried))
	}
}

func eachKey(path string, o object, do func(path string, k key)) {
	for _, k := range o.keys {
		in := strings.TrimPrefix(path+"."+k.name, ".")
		do(in, k)
		for _, below := range objects(in, k.value) {
			eachKey(below.path, below.object, do)
		}
	}
}

// updating reports whether the test was called with -update, which is declared
// by the tests outside the package.
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}
