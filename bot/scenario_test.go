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
// line that begins with # is for the reader.
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
			got := play(t, string(script))
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
func play(t *testing.T, script string) string {
	t.Helper()
	s := newStory()
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
		out.WriteString("----\n" + s.told())
	}
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		switch {
		case answering && line != "":
			continue // what it did when the script was written
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
	return out.String()
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
