package bot_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the bot does into the scenario scripts")

const scenarios = "../testdata/scenarios"

// A scenario is a script: commands, `----`, and what the bot did about them. A
// line that begins with # is for the reader. At the end is the history of it all. No
// decision may change the state that it begins with: the one before is still what a
// store has, and what others read.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(scenarios, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios in %s: %v", scenarios, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := newStory()
			s.intact = true
			for _, l := range s.all.Loops {
				l.Intact = true
			}
			got := play(t, s, string(script))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(script) {
				t.Errorf("the bot no longer does what %s says (rewrite it with -update, and review):\n%s",
					file, difference(string(script), got))
			}
		})
	}
}

// play runs a script and returns it with what the bot really did.
func play(t *testing.T, s *story, script string) string {
	t.Helper()
	var out strings.Builder
	var answering bool
	var commands []string
	answer := func() {
		for _, c := range commands {
			if err := s.do(c); err != nil {
				t.Fatalf("%s: %v", c, err)
			}
		}
		commands = nil
		out.WriteString("----\n" + s.published())
	}
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		switch {
		case answering && line != "":
			continue // what it did when the script was written
		case line == historySection:
			answering = true
			continue
		case line == "----":
			answer()
			answering = true
			continue
		case line == "":
			answering = false
		case !strings.HasPrefix(line, "#"):
			commands = append(commands, line)
		}
		out.WriteString(line + "\n")
	}
	if len(commands) > 0 {
		t.Fatalf("the script ends without the ---- that asks what the bot does about %q", commands)
	}
	rows, err := s.history()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(out.String(), "\n") + "\n\n" + rows
}

// difference shows the first lines in which two texts differ.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	from := max(0, i-6)
	show := func(lines []string) string {
		return strings.Join(lines[min(from, len(lines)):min(i+8, len(lines))], "\n")
	}
	return fmt.Sprintf("line %d\n--- the script says\n%s\n--- the bot does\n%s", i+1, show(a), show(b))
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A deploy of a merged pull request through two stages, with twenty checks that
// come and go one by one, costs at most thirty requests to GitHub.
func TestBudget(t *testing.T) {
	for name, mode := range map[string]string{"required": "", "everything that reports": "-"} {
		s, do := newTale(t)
		do("config prepare=shop-prepare staging:shop-staging production:shop-production")
		do("takes build=180s release=10s")
		if mode == "" {
			do("required c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 c10 c11 c12 c13 c14 c15 c16 c17 c18 c19")
		}
		do("push a0")
		for i := range 20 {
			do("check a0 c%d passed", i)
		}
		do("wait 10m")
		clear(s.Requests)
		do("push a1 pull=12")
		do("pr 12 merged as=a1")
		for i := range 20 {
			do("check a1 c%d pending", i)
			do("wait 4s")
			do("check a1 c%d passed", i)
			do("wait 4s")
		}
		do("suite a1 actions runs=20 completed")
		do("wait 10m")
		if live := s.State.Stage("production").Live.SHA; live != "a1" {
			t.Fatalf("with %s checks, production runs %q and not a1", name, live)
		}
		sum := 0
		for _, n := range s.Requests {
			sum += n
		}
		if sum > 30 {
			t.Errorf("with %s checks, a deploy took %d requests to GitHub: %v", name, sum, s.Requests)
		}
		t.Logf("%s: %d requests, %v", name, sum, s.Requests)
	}
}
