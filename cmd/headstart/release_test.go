package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// A release's binaries are built as the image is, for the machines that people have, and by the goreleaser whose schema
// CI holds the configuration against.
func TestRelease(t *testing.T) {
	t.Parallel()
	var is struct {
		Builds []struct {
			Main                      string
			Env, Flags, Ldflags, Goos []string
			Goarch                    []string
		}
		Archives []struct{ Files []string }
	}
	if err := yaml.Unmarshal([]byte(read(t, "../../.goreleaser.yaml")), &is); err != nil || len(is.Builds) != 1 || len(is.Archives) != 1 {
		t.Fatalf("one program should be built: %v, %+v", err, is)
	}
	b, docker := is.Builds[0], read(t, "../../Dockerfile")
	flags := strings.ReplaceAll(strings.Join(b.Ldflags, " "), "{{ .Tag }}", "$VERSION")
	if !strings.Contains(docker, `-ldflags="`+flags+`"`) || !slices.Equal(b.Flags, []string{"-trimpath"}) || !slices.Equal(b.Env, []string{"CGO_ENABLED=0"}) || b.Main != "./cmd/headstart" {
		t.Errorf("binaries should be built as the Dockerfile does: %+v", b)
	}
	if !slices.Equal(b.Goos, []string{"linux", "darwin"}) || !slices.Equal(b.Goarch, []string{"amd64", "arm64"}) {
		t.Errorf("binaries should be for four kinds of machine: %v, %v", b.Goos, b.Goarch)
	}
	for _, file := range is.Archives[0].Files {
		read(t, "../../"+file)
	}
	workflow := read(t, "../../.github/workflows/release.yml")
	runs := regexp.MustCompile(`version: (v\S+)\n +args: release`).FindStringSubmatch(workflow)
	held := regexp.MustCompile(`(?m)^goreleaser=(v\S+)`).FindStringSubmatch(read(t, "../../.ci/run"))
	if runs == nil || held == nil || runs[1] != held[1] {
		t.Errorf("CI should hold the configuration against the goreleaser that runs: %v, %v", runs, held)
	}
	for _, m := range regexp.MustCompile(`uses: (\S+)`).FindAllStringSubmatch(workflow, -1) {
		if !strings.HasPrefix(m[1], "./") && !regexp.MustCompile(`@[0-9a-f]{40}$`).MatchString(m[1]) {
			t.Errorf("%s should be pinned by its commit", m[1])
		}
	}
	if want := "ghcr.io/${{ github.repository }}"; !strings.Contains(workflow, want) || !strings.Contains(read(t, chartDir+"/values.yaml"), "repository: ghcr.io/headstart-cd/headstart\n") {
		t.Errorf("the chart should run the image that is published")
	}
}
