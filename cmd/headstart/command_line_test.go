package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What a call ends with tells a script whose fault it was.
func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	bad, good := filepath.Join(dir, "bad.yml"), filepath.Join(dir, "good.yml")
	write(t, dir, map[string]string{"bad.yml": "stages: [", "good.yml": pipeline})
	database := "sqlite:" + filepath.Join(dir, "none.db")
	for _, k := range []struct {
		want int
		args []string
	}{
		{0, nil}, {0, []string{"--version"}}, {0, []string{"help"}}, {0, []string{"help", "check"}}, {0, []string{"check", good}},
		{2, []string{"deploy"}}, {2, []string{"check", "--formal", good}}, {2, []string{"check", "--format", "xml", good}}, {2, []string{"help", "deploy"}},
		{2, []string{"freeze", "--for", "soon", "a", "reason"}}, {2, []string{"freeze"}}, {2, []string{"history", "--limit", "0"}}, {2, []string{"demo", "--estimate", "build=soon"}},
		{2, []string{"demo", "--ci", "5"}}, {2, []string{"check", "--repo", "acme", good}}, {2, []string{"docs", "nothing-like-it"}}, {2, []string{"completion", "tcsh"}},
		{2, []string{"status"}}, {2, []string{"lock", "acme/shop", "staging", "--server", "https://headstart.example.com"}}, {2, []string{"why", "acme/shop", "--watch"}},
		{3, []string{"check", bad}}, {3, []string{"check", good, bad}}, {3, []string{"check", "--json", bad}}, {3, []string{"check", "--format", "github", bad}},
		{3, []string{"check", bad, filepath.Join(dir, "none.yml")}},
		{1, []string{"check", filepath.Join(dir, "none.yml")}}, {1, []string{"history", "--database-url", database}},
	} {
		_, _, err := headstart(t, k.args...)
		if got := exitCode(err); got != k.want {
			t.Errorf("headstart %s should end with %d, it ends with %d: %v", strings.Join(k.args, " "), k.want, got, err)
		}
	}
	if text := seeHelp(usage("no")); text != "See: headstart help\n" {
		t.Errorf("a call that is not understood should be told where it is explained, it is told %q", text)
	}
	if _, _, err := headstart(t, "check", "--formal"); seeHelp(err) != "See: headstart help check\n" {
		t.Errorf("a wrong flag of a command should lead to the command's help, it leads to %q", seeHelp(err))
	}
}

// Help is there however one asks for it.
func TestHelpOfCommands(t *testing.T) {
	whole, _, err := headstart(t, "--help")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"help"}} {
		if out, _, err := headstart(t, args...); err != nil || out != whole {
			t.Errorf("headstart %v should say what --help does, got %v:\n%s", args, err, out)
		}
	}
	asked, _, _ := headstart(t, "check", "--help")
	if out, _, err := headstart(t, "help", "check"); err != nil || out != asked || !strings.Contains(out, "--format") {
		t.Errorf("help check should say what check --help does, got %v:\n%s", err, out)
	}
	if strings.Contains(whole, "__complete") {
		t.Errorf("what only scripts call should not be listed:\n%s", whole)
	}
	version, _, _ := headstart(t, "version")
	if out, _, err := headstart(t, "--version"); err != nil || out != version {
		t.Errorf("--version should say %q, it says %q, %v", version, out, err)
	}
	for command := range strings.FieldsSeq("serve demo check freeze history repo") {
		out, _, _ := headstart(t, "help", command)
		for _, like := range []string{`=":8080"`, "=4h", "=30d", "=acme", "=https://", "=@ada", "=12345"} {
			if strings.Contains(out, like) {
				t.Errorf("%s shows an example, %s, as if it were the default:\n%s", command, like, out)
			}
		}
	}
}

func TestCheckForPrograms(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, dir, map[string]string{"good.yml": pipeline, "odd, name.yml": "stages:\n  - name: staging\n"})
	out, _, err := headstart(t, "check", "--json", "good.yml", "odd, name.yml", "none.yml")
	var verdicts struct{ Files []fileJSON }
	if e := json.Unmarshal([]byte(out), &verdicts); e != nil || len(verdicts.Files) != 3 || exitCode(err) != 3 {
		t.Fatalf("check --json should tell of three files, got %v, %v:\n%s", e, err, out)
	}
	good, odd, none := verdicts.Files[0], verdicts.Files[1], verdicts.Files[2]
	if !good.Valid || odd.Valid || none.Valid || len(good.Problems) != 0 || len(odd.Problems) == 0 || odd.Problems[0].Line != 2 || !strings.Contains(none.Error, "does not exist") {
		t.Errorf("the first file should be valid, the second not from line 2 on, the third not there: %+v", verdicts.Files)
	}

	out, _, err = headstart(t, "check", "--format", "github", "good.yml", "odd, name.yml")
	if exitCode(err) != 3 || !strings.Contains(out, "::error file=odd%2C name.yml,line=2,col=") || strings.Contains(out, "\n\n") {
		t.Errorf("check --format github should annotate line 2, got %v:\n%s", err, out)
	}
	if strings.Contains(out, "::error file=good.yml") {
		t.Errorf("a valid file should have no annotation of an error:\n%s", out)
	}

	cmd := exec.CommandContext(t.Context(), os.Args[0], "check", "-")
	cmd.Env, cmd.Stdin = append(os.Environ(), roleVar+"=headstart"), strings.NewReader("stages: [")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 3 || !strings.Contains(said.String(), "standard input:1:") {
		t.Errorf("check - should read standard input and end with 3, got %v:\n%s", err, &said)
	}
}

func TestCompletion(t *testing.T) {
	for _, k := range []struct {
		words, want string // the words as typed, the last one unfinished
		not         string
	}{
		{"", "serve demo check docs freeze history", "__complete"},
		{"de", "demo deliveries", "check"},
		{"check --f", "--format", "--repo"},
		{"check --format ", "text json github", "serve"},
		{"check --format = g", "github", "json"},
		{"check ", "", "serve"},
		{"repo ", "list confirm", "serve"},
		{"completion ", "bash zsh fish", "serve"},
		{"help he", "help", "serve"},
		{"docs gat", "gates", "windows"},
		{"demo --repo ", "", "serve"},
	} {
		out, _, err := headstart(t, append([]string{"__complete", "--"}, strings.Split(k.words, " ")...)...)
		if err != nil {
			t.Errorf("%q: %v", k.words, err)
		}
		var words []string
		for line := range strings.Lines(out) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
			words = append(words, word)
		}
		got := " " + strings.Join(words, " ") + " "
		for want := range strings.FieldsSeq(k.want) {
			if !strings.Contains(got, " "+want+" ") {
				t.Errorf("headstart %s should be completed by %s, it is by %s", k.words, want, got)
			}
		}
		if strings.Contains(got, " "+k.not+" ") {
			t.Errorf("headstart %s should not be completed by %s", k.words, k.not)
		}
	}
	for shell := range completionScripts {
		out, _, err := headstart(t, "completion", shell)
		if err != nil || !strings.Contains(out, "__complete") {
			t.Errorf("completion %s should print a script, got %v:\n%s", shell, err, out)
		}
		if path, err := exec.LookPath(shell); err == nil {
			if said, err := exec.Command(path, "-n", "-c", out).CombinedOutput(); err != nil && shell != "zsh" {
				t.Errorf("%s should read its script: %v: %s", shell, err, said)
			}
		}
	}
}
