package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

// serveVariables are the environment variables that the server reads.
func serveVariables(t *testing.T) (known []string) {
	t.Helper()
	var c commands
	parser, err := kong.New(&c, mistakes{}.options()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range parser.Model.Children {
		if node.Name == "serve" {
			for _, flag := range node.Flags {
				known = append(known, flag.Envs...)
			}
		}
	}
	return known
}

// What the files of the places where Headstart runs set is read by the server, and what it needs is asked for.
func TestPlacesNameSettings(t *testing.T) {
	known := serveVariables(t)
	read := func(file string) []byte {
		t.Helper()
		data, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	expect := func(file, name string) {
		t.Helper()
		if !slices.Contains(known, name) {
			t.Errorf("%s sets %s, which the server does not read", file, name)
		}
	}
	var app struct {
		Env map[string]struct{ Required *bool }
	}
	if err := json.Unmarshal(read("app.json"), &app); err != nil {
		t.Fatal(err)
	}
	for name := range app.Env {
		expect("app.json", name)
	}
	for _, name := range []string{"GITHUB_APP_ID", "GITHUB_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET", "HEROKU_API_KEY", "HEADSTART_ALLOW"} {
		if v, asked := app.Env[name]; !asked || v.Required != nil {
			t.Errorf("app.json should ask for %s", name)
		}
	}
	var compose struct {
		Services map[string]struct{ Environment map[string]string }
	}
	if err := yaml.Unmarshal(read("deploy/compose.yaml"), &compose); err != nil {
		t.Fatal(err)
	}
	for name := range compose.Services["headstart"].Environment {
		expect("deploy/compose.yaml", name)
	}
	for _, m := range regexp.MustCompile(`(?m)^Environment=(\w+)=`).FindAllStringSubmatch(string(read("deploy/headstart.service")), -1) {
		expect("deploy/headstart.service", m[1])
	}
	docker := string(read("Dockerfile"))
	for _, m := range regexp.MustCompile(`(?m)^ENV (\w+)=`).FindAllStringSubmatch(docker, -1) {
		expect("Dockerfile", m[1])
	}
	version := regexp.MustCompile(`(?m)^toolchain go(\S+)`).FindStringSubmatch(string(read("go.mod")))
	if len(version) != 2 || !strings.Contains(docker, " golang:"+version[1]+" ") {
		t.Errorf("the Dockerfile should build with go.mod's version, %v", version)
	}
}
