package simulation

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var runMutants = flag.Bool("mutants", false, "run the histories on each of the mutants, and not only see that they fit the code")

// budget is how many histories of each part a mutant has to be caught in.
const budget = 250

// Each mutant is code that is wrong in one way, which the histories must catch.
// One that they do not catch shows that they are too weak. Without -mutants this
// only sees that every mutant still fits the code and compiles.
func TestMutants(t *testing.T) {
	compiles := newCompiler(t)
	files, err := filepath.Glob("testdata/mutants/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no mutants: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			m := readMutant(t, file)
			texts := m.texts(t)
			compiles.check(t, texts)
			if !*runMutants {
				return
			}
			overlay := writeOverlay(t, texts)
			// #nosec: the command is this project's own test.
			run := exec.Command("go", "test", "-vet=off", "-overlay", overlay, "-run", "^TestHistories$", "-failfast", "-timeout", "20m", ".",
				fmt.Sprintf("-rapid.checks=%d", budget), "-rapid.nofailfile", "-rapid.shrinktime=0s")
			out, err := run.CombinedOutput()
			switch why := verdict.FindString(string(out)); {
			case err == nil:
				t.Errorf("%s survives %d histories: %s", name, parts*budget, m.wrong)
			case why == "":
				t.Errorf("%s was not run: %v\n%s", name, err, out)
			default:
				t.Logf("%s %s", m.wrong, why)
			}
		})
	}
}

// CI runs only some mutants: it would not see that one of them is there no more.
func TestMutantsOfCI(t *testing.T) {
	list, err := os.ReadFile(filepath.Join(root, ".ci", "mutants"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		name := strings.TrimSpace(line)
		if strings.HasPrefix(name, "#") {
			continue
		}
		if _, err := os.Stat(filepath.Join("testdata", "mutants", name+".txt")); err != nil {
			t.Errorf(".ci/mutants should name mutants that there are: %v", err)
		}
	}
}

// verdict is why a history ends: a sentence that does not hold, or a panic.
var verdict = regexp.MustCompile(`"[^"]+" does not hold at .*|the code panics: .*`)

// mutant is a set of replacements in the code, read from a file: a sentence that
// says what is wrong, and then for each replacement the file's path within the
// module, the old text, which occurs there exactly once, and the new one.
//
//	What is wrong.
//
//	== bot/gate.go
//	old text
//	== becomes
//	new text
type mutant struct {
	wrong string
	edits []edit
}

type edit struct{ file, old, new string }

func readMutant(t *testing.T, file string) mutant {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wrong, rest, _ := strings.Cut(string(data), "\n== ")
	m := mutant{wrong: strings.TrimSpace(wrong)}
	for _, section := range strings.Split("\n== "+rest, "\n== ")[1:] {
		head, body, _ := strings.Cut(section, "\n")
		body = strings.TrimRight(body, "\n")
		if head != "becomes" {
			m.edits = append(m.edits, edit{file: head, old: body})
		} else if n := len(m.edits); n > 0 {
			m.edits[n-1].new = body
		}
	}
	if m.wrong == "" || len(m.edits) == 0 {
		t.Fatalf("%s says nothing: expected a sentence, a file, old and new text", file)
	}
	return m
}

// root is the folder of the module.
const root = "../.."

// texts are the mutated files, by their paths within the module.
func (m mutant) texts(t *testing.T) map[string]string {
	texts := map[string]string{}
	for _, e := range m.edits {
		text, ok := texts[e.file]
		if !ok {
			data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(e.file)))
			if err != nil {
				t.Fatal(err)
			}
			text = string(data)
		}
		if n := strings.Count(text, e.old); n != 1 || e.old == "" {
			t.Fatalf("the mutant's text occurs %d times in %s, not once; bring it up to date:\n%s", n, e.file, e.old)
		}
		texts[e.file] = strings.Replace(text, e.old, e.new, 1)
	}
	return texts
}

// writeOverlay writes mutated files, and the file that tells the go command to use
// them instead of the real ones.
func writeOverlay(t *testing.T, texts map[string]string) string {
	dir, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	replace := map[string]string{}
	for file, text := range texts {
		name := filepath.Join(to, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(dir, filepath.FromSlash(file))] = name
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(to, "overlay.json")
	if err := os.WriteFile(overlay, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}
