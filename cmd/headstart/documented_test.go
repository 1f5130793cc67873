package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
	"github.com/headstart-cd/headstart/setup"
	"github.com/headstart-cd/headstart/webhooks"
)

// notHere are the commands of the documentation that are not run, by their beginning, and why. Those of Headstart are
// parsed all the same.
var notHere = map[string]string{
	"go run ./cmd/headstart demo": "CI runs the README's demo, as its last step",
	"go test ./...":               "CI runs the README's tests",
	"go install github.com/":      "takes a network, and a release",
	"headstart demo":              "CI runs the README's demo; TestDemoOfOwnRepositories has its other forms",
	"docker ":                     "takes Docker",
	"POSTGRES_PASSWORD=":          "takes Docker; TestPlacesNameSettings reads compose.yaml",
	"kubectl ":                    "takes a cluster",
	"helm ":                       "takes a cluster; TestChart and .ci/nightly render the chart",
	"install -m 755 headstart ":   "writes below /usr",
	"install -D -m 600 ":          "writes below /etc",
	"install -m 644 deploy/":      "writes below /etc; CI verifies the unit where there is systemd",
	"systemctl ":                  "takes systemd",
	"heroku ":                     "takes an account on Heroku; CI holds the stand-in against Heroku's own program",
	"journalctl ":                 "takes systemd",
	"api=$HEADSTART_SERVER":       documentedOfAPI,
	"auth=":                       documentedOfAPI,
	"curl -H \"$auth\"":           documentedOfAPI,
	"headstart status":            documentedOfAPI,
	"headstart plan":              documentedOfAPI,
	"headstart promote":           documentedOfAPI,
	"headstart rollback":          documentedOfAPI,
	"headstart approve":           documentedOfAPI,
	"headstart lock":              documentedOfAPI,
	"headstart unlock":            documentedOfAPI,
	"headstart wait":              documentedOfAPI,
}

const documentedOfAPI = "takes a server that runs: TestPagesOfTwoPeople runs the page of the API"

// filledIn is what a person writes in place of what the documentation cannot know.
type filledIn map[string]string

// documentedBlock is the commands of one block of a page.
type documentedBlock struct {
	page  string
	lines []string
}

var shellBlock = regexp.MustCompile("(?m)^ *```(sh|console)\n((?:.*\n)*?) *```$")

// documentedCommands reads what the pages tell people to type. Of a console's block that is what stands behind the
// prompts.
func documentedCommands(t *testing.T) (blocks []documentedBlock) {
	t.Helper()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append([]string{"../../README.md"}, pages...) {
		for _, m := range shellBlock.FindAllStringSubmatch(read(t, page), -1) {
			b := documentedBlock{page: strings.TrimPrefix(page, "../../")}
			for line := range strings.Lines(strings.ReplaceAll(m[2], "\\\n", " ")) {
				line = strings.TrimSpace(line)
				command, prompted := strings.CutPrefix(line, "$ ")
				if prompted || m[1] == "sh" && line != "" {
					b.lines = append(b.lines, command)
				}
			}
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// Every command of the documentation is run, against the stand-ins, or is in notHere.
func TestDocumentedCommands(t *testing.T) {
	t.Parallel()
	s := newTeam(t, githubtest.Options{Events: webhooks.Events()})
	if err := s.answer(nil, "https://headstart.example.com", "acme", "", "424242", "client-secret-81c4", s.keyFile(), "", herokutest.DefaultToken, "y", "", "n"); err != nil {
		t.Fatalf("%v:\n%s", err, &s.screen)
	}
	p := s.serves()
	s.apps[prepareApp] = s.heroku.App(prepareApp)
	commit := s.merges(s.addresses("/acme/shop/new/main")[0])
	eventually(t, "the commit is built", func() bool { return s.shop.Statuses(commit.SHA)["headstart/build"].State == "success" })
	person := filledIn{
		"GITHUB_APP_ID=12345": "GITHUB_APP_ID=424242", "GITHUB_WEBHOOK_SECRET=…": "GITHUB_WEBHOOK_SECRET=0123456789abcdef0123",
		"HEROKU_API_KEY=…": "HEROKU_API_KEY=" + herokutest.DefaultToken, "GITHUB_CLIENT_SECRET=…": "GITHUB_CLIENT_SECRET=x",
		"3f2a91c": commit.SHA[:7], "/var/backups/headstart": "backups", "2026-11-29.db": "$(date +%F).db",
	}
	p.stop(t)
	shell := documentedShell(t, s, p)
	used, ran := map[string]bool{}, 0
	for _, b := range documentedCommands(t) {
		var script []string
		for _, line := range b.lines {
			i := slices.IndexFunc(beginnings(), func(beginning string) bool { return strings.HasPrefix(line, beginning) })
			if i < 0 {
				script = append(script, person.in(line))
				continue
			}
			used[beginnings()[i]] = true
			if arguments, ours := strings.CutPrefix(line, "headstart "); ours {
				parses(t, b.page, arguments)
			}
		}
		if len(script) == 0 {
			continue
		}
		ran += len(script)
		if out, err := shell(strings.Join(script, "\n")); err != nil {
			t.Errorf("these commands of %s do not work here (%v). Mend them, or say in notHere why they cannot be run:\n%s\n\nThey said:\n%s", b.page, err, strings.Join(script, "\n"), out)
		}
	}
	for beginning := range notHere {
		if !used[beginning] {
			t.Errorf("no page has the command %q any more", beginning)
		}
	}
	if ran < 20 {
		t.Errorf("there should be more commands to run than %d", ran)
	}
}

// beginnings are those of the commands that are not run, the longest first.
func beginnings() []string {
	list := slices.Sorted(func(yield func(string) bool) {
		for beginning := range notHere {
			if !yield(beginning) {
				return
			}
		}
	})
	slices.SortStableFunc(list, func(a, b string) int { return len(b) - len(a) })
	return list
}

// in writes into a command what a person does.
func (f filledIn) in(line string) string {
	for placeholder, value := range f {
		line = strings.ReplaceAll(line, placeholder, value)
	}
	return line
}

// parses holds that the command line is understood, by the program's own parser.
func parses(t *testing.T, page, arguments string) {
	t.Helper()
	arguments, _, _ = strings.Cut(arguments, " #")
	var c commands
	parser, err := kong.New(&c, append(mistakes{}.options(), kong.Vars{"version": ""})...)
	if err == nil {
		_, err = parser.Parse(strings.Fields(arguments))
	}
	if err != nil {
		t.Errorf("%s has a command that is not understood: headstart %s: %v", page, arguments, err)
	}
}

// documentedShell returns a shell in a folder as an operator has it, beside a server that is stopped: with the program,
// its settings in the environment and in headstart.env, and its database. Servers and pages end once they are ready.
func documentedShell(t *testing.T, s *settingUp, p *process) func(script string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	values, err := setup.ReadEnv(s.file)
	if err != nil {
		t.Fatal(err)
	}
	addr := freeAddress(t)
	env := []string{
		roleVar + "=headstart", "GORACE=atexit_sleep_ms=0", "PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH"), "HOME=" + dir,
		"BIN=" + os.Args[0], "HEADSTART_ADDR=" + addr, "DATABASE_URL=sqlite:headstart.db", "HEADSTART_OPERATORS=@ada",
	}
	for name, value := range values {
		if name == "GITHUB_PRIVATE_KEY" { // the pages have it in a file
			name, value = "GITHUB_PRIVATE_KEY_FILE", "headstart.private-key.pem"
		}
		env = append(env, name+"="+value)
	}
	program := `#!/bin/sh
# Servers end once they are ready, and the setup once it has shown its page.
rm -f serve.log setup.log
case "$1" in
serve)
	"$BIN" "$@" >serve.log 2>&1 & pid=$!
	until grep -qs 'headstart is listening' serve.log; do kill -0 $pid 2>/dev/null || { cat serve.log; exit 1; }; sleep 0.05; done
	kill $pid; wait $pid ;;
setup)
	rm -f new.env
	case "$*" in *--no-browser*) exec "$BIN" "$@" --file new.env <answers ;; esac
	"$BIN" "$@" --file new.env --addr 127.0.0.1:0 >setup.log 2>&1 & pid=$!
	until grep -qs 'token=' setup.log; do kill -0 $pid 2>/dev/null || { cat setup.log; exit 1; }; sleep 0.05; done
	kill $pid; wait $pid || grep -q 'nothing was set up' setup.log ;;
doctor)
	"$BIN" "$@" >doctor.log; grep 'GitHub was asked' doctor.log ;; # it finds much to mend in this world
*)
	exec "$BIN" "$@" ;;
esac
`
	database := strings.TrimPrefix(p.databaseURL(), "sqlite:")
	answers := strings.Join([]string{"https://headstart.example.com", "acme", "", "424242", "x", "headstart.private-key.pem", "", herokutest.DefaultToken, "n", ""}, "\n")
	for file, text := range map[string][]byte{
		"bin/headstart": []byte(program), "headstart.private-key.pem": s.gh.PrivateKeyPEM(), "answers": []byte(answers),
		"headstart.env": []byte(read(t, s.file)), "headstart.db": []byte(read(t, database)), "backups/.here": nil,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return func(script string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}
