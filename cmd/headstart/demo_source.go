package main

import (
	"embed"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/config"
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
	// shows is a piece of the answer that proves the n-th change; nil: the
	// answer cannot be told apart.
	shows func(n int) string
	// said is what was found out and guessed about the user's repository, a line each.
	said []string
	// env are the config vars of the user's app, KEY=VALUE.
	env []string
	// again is how the demo is called to deploy this app; without its options. Empty: the
	// sample is deployed.
	again string
}

// sampleApp is the app that is part of this binary. It answers with its commit, so
// that every release is verified at the port where the apps answer. Its build takes as
// long as its checks: both stand for minutes, and a build from a warm cache takes none.
func sampleApp(port int, least time.Duration) (demoApp, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return demoApp{}, errors.New("the sample app is written in Go, and there is no go command: install Go, or deploy your own repository with --repo DIR")
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
	first[config.Path] = strings.NewReplacer(
		".localhost:8081/", fmt.Sprintf(".localhost:%d/", port),
		"sleep 5", fmt.Sprintf("sleep %.3f", least.Seconds()),
	).Replace(first[config.Path])
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
