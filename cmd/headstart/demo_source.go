package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"regexp"
	"strings"

	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
)

//go:embed sample
var sampleFiles embed.FS

// demoApp is the app that the demo deploys: the sample, or the user's own
// repository.
type demoApp struct {
	// first are the files of the first commit. What the user's repository has is
	// there already.
	first map[string]string
	// test is what CI runs on each commit; empty: it only takes its time.
	test string
	// change edits the app visibly, as the n-th change.
	change func(n int) map[string]string
	// spoil makes a commit that CI refuses.
	spoil func() map[string]string
	// mend is a shell command that repairs what spoil broke.
	mend string
	// shows is a piece of the answer that proves the n-th change; empty: the
	// answer cannot be told apart.
	shows func(n int) string
}

// sampleApp is the app that is part of this binary. It answers with its commit, so
// that every release is verified at the port where the apps answer.
func sampleApp(port int) (demoApp, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return demoApp{}, errors.New("the sample app is written in Go, and there is no go command: install Go, or show your own repository with --repo PATH")
	}
	first := map[string]string{}
	for name, file := range map[string]string{
		"main.go": "main.go.txt", "main_test.go": "main_test.go.txt", "go.mod": "go.mod.txt", "Procfile": "Procfile", config.Path: "headstart.yml",
	} {
		b, err := sampleFiles.ReadFile(path.Join("sample", file))
		if err != nil {
			return demoApp{}, err
		}
		first[name] = string(b)
	}
	first[config.Path] = strings.ReplaceAll(first[config.Path], ".localhost:8081/", fmt.Sprintf(".localhost:%d/", port))
	greet := func(words string) map[string]string {
		return map[string]string{"main.go": strings.Replace(first["main.go"], "Hello, world", words, 1)}
	}
	greetings := []string{"Hello, world", "Hello, reviewers"}
	return demoApp{
		first:  first,
		test:   "go vet . && go test .",
		change: func(n int) map[string]string { return greet(greetings[n]) },
		spoil:  func() map[string]string { return greet("Goodbye") },
		mend:   "sed -i.old 's/Goodbye/Hello, friends/' main.go",
		shows:  func(n int) string { return greetings[n] },
	}, nil
}

// verifyLine is a stage's verification in the demo's pipeline file.
var verifyLine = regexp.MustCompile(`(?m)^ +verify: .*\n`)

// ownApp is the user's repository, imported as it was committed. It is given a
// pipeline's file of the demo's own, because its real one speaks of real apps.
// Nobody knows what the app answers, so that its releases are not verified.
func ownApp(ctx context.Context, gh *githubtest.Server, repo, build string) (demoApp, *githubtest.Repo, error) {
	if out, err := exec.CommandContext(ctx, "git", "-C", repo, "rev-parse", "--verify", "HEAD").CombinedOutput(); err != nil {
		return demoApp{}, nil, fmt.Errorf("%s is no git repository with a commit in it: %s", repo, strings.TrimSpace(string(out)))
	}
	files, err := exec.CommandContext(ctx, "git", "-C", repo, "ls-tree", "--name-only", "--full-tree", "HEAD").Output()
	if err != nil {
		return demoApp{}, nil, fmt.Errorf("list the files of %s: %w", repo, err)
	}
	has := map[string]bool{}
	for _, name := range strings.Fields(string(files)) {
		has[name] = true
	}
	if !has["Procfile"] {
		return demoApp{}, nil, fmt.Errorf("%s has no Procfile committed at its top: add one that says how the app starts, such as `web: ./server --port $PORT`", repo)
	}
	if build == "" {
		build = guessBuild(has)
	}
	imported, err := gh.ImportRepo(demoRepo, repo)
	if err != nil {
		return demoApp{}, nil, err
	}
	pipeline, err := sampleFiles.ReadFile("sample/headstart.yml")
	if err != nil {
		return demoApp{}, nil, err
	}
	file := strings.Replace(verifyLine.ReplaceAllString(string(pipeline), ""), "go build -o bin/web .", fmt.Sprintf("%q", build), 1)
	return demoApp{
		first: map[string]string{config.Path: file},
		change: func(n int) map[string]string {
			return map[string]string{".headstart-demo": fmt.Sprintf("change %d\n", n)}
		},
		spoil: func() map[string]string { return map[string]string{".headstart-demo": "CI fails for this one\n"} },
		mend:  "echo mended > .headstart-demo",
	}, imported, nil
}

// guessBuild is how an app with these files is usually built.
func guessBuild(has map[string]bool) string {
	switch {
	case has["go.mod"]:
		return "mkdir -p bin && go build -o bin/ ./..."
	case has["package.json"]:
		return "npm install --no-audit --no-fund && npm run --if-present build"
	case has["Makefile"]:
		return "make"
	}
	return "true"
}
