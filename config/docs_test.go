package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
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

// Every key that the parser knows is told with an example, and the example is
// valid apart from keys that are not supported yet.
func TestExamplesAreValid(t *testing.T) {
	tried := 0
	eachKey("", root, func(path string, k key) {
		tried++
		if k.doc == "" || k.example == "" || !strings.HasPrefix(k.example, k.name+":") {
			t.Errorf("%s has no description, or no example of the form %s: …", path, k.name)
			return
		}
		if !strings.Contains(Docs(), k.example) {
			t.Errorf("the documentation does not tell %s", path)
		}
		file := inContext(path, k)
		_, err := Parse([]byte(file), "example")
		var refused *Error
		if errors.As(err, &refused) {
			for _, p := range refused.Problems {
				if !strings.HasSuffix(p.Message, "is not supported yet") {
					t.Errorf("the example of %s is refused: %v\n%s", path, p, file)
				}
			}
		}
	})
	if tried < 40 {
		t.Errorf("expected at least 40 keys, saw %d", tried)
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

// inContext makes a whole file around the example of one key: what is required
// beside it and above it, and what it refers to.
func inContext(path string, k key) string {
	const (
		production = "stages: [{name: production, app: shop}]\n"
		classes    = "changes: {migration: [db/**], docs: [docs/**]}\n"
		hours      = "windows: {office-closed: {from: \"20:00\", to: \"06:00\", zone: UTC}}\n"
		us         = "- {name: us, app: shop-us}\n"
	)
	parent := strings.TrimSuffix(strings.TrimSuffix(path, k.name), ".")
	switch {
	case parent == "" && (k.name == "stages" || k.name == "pipelines"):
		return k.example + "\n"
	case path == "build":
		return "platform: local\n" + k.example + "\n" + production
	case parent == "":
		return k.example + "\n" + production
	case parent == "prepare":
		return "prepare:\n" + block("  ", k, prepare) + production
	case parent == "windows.NAME":
		return "windows:\n  closed:\n" + block("    ", k, window) + production
	case parent == "freezes[]":
		return "freezes:\n  -\n" + block("    ", k, freeze) + production
	case parent == "stages[]":
		extra := ""
		if k.name == "four_eyes" {
			extra = "  promote: approval\n"
		}
		if k.name == "rehearse" {
			extra = "  app: shop-rehearsal\n" + us
		}
		return classes + hours + "stages:\n-\n" + block("  ", k, stage) + extra
	case parent == "stages[].verify":
		return "stages:\n- name: production\n  app: shop\n  verify:\n" + block("    ", k, verify)
	case parent == "stages[].rehearse":
		return "stages:\n" + us + "- name: rehearsal\n  app: shop-rehearsal\n  rehearse:\n" + block("    ", k, rehearse)
	case strings.HasPrefix(parent, "pipelines.NAME"):
		inner := inContext(strings.TrimPrefix(path, "pipelines.NAME."), k)
		if path == "pipelines.NAME.paths" {
			inner = k.example + "\n" + production
		}
		return "pipelines:\n  api:\n    " + strings.ReplaceAll(strings.TrimSpace(inner), "\n", "\n    ") + "\n"
	}
	panic(fmt.Sprintf("the test knows no file for %s", path))
}

// block is a key with those that are required beside it.
func block(indent string, k key, of object) string {
	lines := indent + k.example + "\n"
	for _, other := range of.keys {
		one := len(of.exactlyOne) > 0 && other.name == of.exactlyOne[0] && k.name != "apps" && k.name != "rehearse"
		if other.name != k.name && (other.required || one) {
			lines += indent + other.example + "\n"
		}
	}
	return lines
}

// updating reports whether the test was called with -update, which is declared
// by the tests outside the package.
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}
