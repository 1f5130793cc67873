package githubtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// zeroSHA stands for "no commit" in pushes that create or delete.
const zeroSHA = "0000000000000000000000000000000000000000"

// gitConfig is the only configuration that our git processes read.
const gitConfig = `[user]
	name = GitHub
	email = noreply@github.com
[init]
	defaultBranch = main
[safe]
	directory = *
[gc]
	auto = 0
[core]
	fsync = none
[http]
	receivepack = true
[receive]
	autogc = false
	hideRefs = refs/pull
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
[advice]
	detachedHead = false
`

// git runs the git binary, apart from the user's own configuration.
type git struct {
	ctx context.Context
	bin string
	env []string
}

func newGit(ctx context.Context, dir string) (git, error) {
	bin, err := exec.LookPath("git")
	if err != nil {
		return git{}, fmt.Errorf("git is needed to keep repositories, and is not installed: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "repos"), 0o755); err != nil {
		return git{}, fmt.Errorf("make the folder of the repositories: %w", err)
	}
	config := filepath.Join(dir, "gitconfig")
	if err := os.WriteFile(config, []byte(gitConfig), 0o644); err != nil {
		return git{}, fmt.Errorf("write git's configuration: %w", err)
	}
	return git{ctx: ctx, bin: bin, env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + config, "GIT_TERMINAL_PROMPT=0",
	}}, nil
}

// command prepares git in a repository's folder.
func (g git) command(dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(g.ctx, g.bin, args...)
	cmd.Dir, cmd.Env = dir, g.env
	return cmd
}

// run returns what git printed, without the last newline. An error says what
// git complained about, and wraps the *exec.ExitError.
func (g git) run(dir string, args ...string) (string, error) {
	return g.runWith(dir, nil, nil, args...)
}

func (g git) runWith(dir string, stdin io.Reader, env []string, args ...string) (string, error) {
	cmd := g.command(dir, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], env...)
	err := cmd.Run()
	out := strings.TrimSuffix(stdout.String(), "\n")
	if err != nil {
		return out, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

// exitCode is git's, or -1 when it did not run to its end.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// Commit is one commit of a repository.
type Commit struct {
	SHA, Tree string
	Parents   []string
	Message   string
	Author    Signature
	Committer Signature
	// What it changed, against its first parent.
	Added, Modified, Removed []string
}

// Signature says who made a commit, and when.
type Signature struct {
	Name, Email string
	When        time.Time
}

func signatureOf(login string, when time.Time) Signature {
	return Signature{Name: login, Email: login + "@users.noreply.github.com", When: when}
}

func (g Signature) String() string {
	return fmt.Sprintf("%s <%s> %d +0000", g.Name, g.Email, g.When.Unix())
}

// log reads commits with what they changed; args are a revision range and
// options of git log.
func (g git) log(dir string, args ...string) ([]Commit, error) {
	format := "--format=%x01%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x00"
	out, err := g.run(dir, append([]string{"log", "-z", format, "--name-status", "--no-renames", "--diff-merges=first-parent"}, args...)...)
	if err != nil {
		return nil, err
	}
	var commits []Commit
	for _, record := range strings.Split(out, "\x01")[1:] {
		f := strings.Split(record, "\x00")
		if len(f) < 10 {
			return nil, fmt.Errorf("git log: unexpected record %q", record)
		}
		c := Commit{
			SHA: f[0], Tree: f[1], Parents: strings.Fields(f[2]), Message: strings.TrimRight(f[9], "\n"),
			Author: readSignature(f[3:6]), Committer: readSignature(f[6:9]),
		}
		for f = f[10:]; len(f) > 0 && strings.TrimSpace(f[0]) == ""; f = f[1:] {
		}
		for ; len(f) >= 2; f = f[2:] {
			switch path := f[1]; strings.TrimSpace(f[0]) {
			case "A":
				c.Added = append(c.Added, path)
			case "D":
				c.Removed = append(c.Removed, path)
			default:
				c.Modified = append(c.Modified, path)
			}
		}
		commits = append(commits, c)
	}
	return commits, nil
}

func readSignature(f []string) Signature {
	seconds, _ := strconv.ParseInt(f[2], 10, 64) // git prints a number
	return Signature{Name: f[0], Email: f[1], When: time.Unix(seconds, 0).UTC()}
}

// isAncestor says whether the history of b contains a.
func (g git) isAncestor(dir, a, b string) (bool, error) {
	_, err := g.run(dir, "merge-base", "--is-ancestor", a, b)
	if exitCode(err) == 1 {
		return false, nil
	}
	return err == nil, err
}
