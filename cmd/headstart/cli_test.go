package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/headstart-cd/headstart/webhooks"
)

// headstart calls the program as a shell would.
func headstart(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	err = run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), err
}

func TestCheckCommand(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.yml", pipeline)
	out, _, err := headstart(t, "check", good)
	if err != nil {
		t.Fatalf("a valid file should be fine: %v", err)
	}
	for _, want := range []string{"shop-prepare", "staging", "production", "ci/test", "GitHub may require headstart/build before a merge", "Do not require headstart/staging, headstart/production"} {
		if !strings.Contains(out, want) {
			t.Errorf("what a file means should name %s, it says:\n%s", want, out)
		}
	}
	for what, k := range map[string]struct{ content, want string }{
		"an unknown key":          {pipeline + "prepair: x\n", "bad.yml:8:1"},
		"a suggestion":            {strings.Replace(pipeline, "prepare:", "prepair:", 1), "prepare"},
		"a time zone":             {pipeline + "windows: {office: {days: mon-fri, from: \"09:00\", to: \"17:00\", zone: Europe/Berln}}\n", "Europe/Berlin"},
		"a stage without an app":  {"stages:\n  - name: staging\n", "bad.yml:2"},
		"what is no YAML":         {"stages: [", "bad.yml:1"},
		"an app twice in a stage": {strings.Replace(pipeline, "app: shop-staging", "apps: [shop-staging, shop-staging]", 1), "bad.yml:5"},
	} {
		bad := write("bad.yml", k.content)
		_, errs, err := headstart(t, "check", bad)
		if err == nil || !strings.Contains(errs, k.want) {
			t.Errorf("%s should be refused with %q, check said %v and:\n%s", what, k.want, err, errs)
		}
	}
	several := write("several.yml", "pipelines:\n  api:\n    stages: [{name: production, app: shop-api}]\n  web:\n    stages:\n      - name: production\n"+
		"        app: shop-web\n        needs: [acme/shop:web:production]\n")
	if out, _, err := headstart(t, "check", several); err != nil || !strings.Contains(out, "Pipeline        web") || !strings.Contains(out, "shop-api") {
		t.Errorf("a file with two pipelines should be explained, check said %v and:\n%s", err, out)
	}
	if _, errs, err := headstart(t, "check", "--repo", "acme/shop", several); err == nil || !strings.Contains(errs, "several.yml:8:17: the stage production would wait for itself") {
		t.Errorf("a need of its own repository should be refused when that is known, check said %v and:\n%s", err, errs)
	}
	if _, _, err := headstart(t, "check", "--repo", "acme", several); err == nil || !strings.Contains(err.Error(), "OWNER/NAME") {
		t.Errorf("what is no repository should be said so, got %v", err)
	}
	if _, _, err := headstart(t, "check", filepath.Join(dir, "none.yml")); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a file that is not there should be said so, got %v", err)
	}
}

func TestVersionAndHelp(t *testing.T) {
	out, _, err := headstart(t, "version")
	if err != nil || !strings.HasPrefix(out, "headstart ") || len(strings.Fields(out)) < 2 {
		t.Errorf("version should say which version this is, it says %q, %v", out, err)
	}
	out, _, err = headstart(t, "--help")
	if err != nil {
		t.Errorf("--help should not fail: %v", err)
	}
	for _, command := range []string{"serve", "demo", "check", "freeze", "unfreeze", "version"} {
		if !strings.Contains(out, command) {
			t.Errorf("--help should name %s, it says:\n%s", command, out)
		}
	}
	if _, _, err := headstart(t, "deploy"); err == nil {
		t.Error("an unknown command should be refused")
	}
}

// What serve misses is said all at once, by the variables' names.
func TestServeSaysWhatIsMissing(t *testing.T) {
	for _, name := range []string{"GITHUB_APP_ID", "GITHUB_PRIVATE_KEY", "GITHUB_PRIVATE_KEY_FILE", "GITHUB_WEBHOOK_SECRET", "HEADSTART_ALLOW"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	_, _, err := headstart(t, "serve", "--allow", "nonsense")
	if err == nil {
		t.Fatal("serve should refuse to start without settings")
	}
	for _, want := range []string{"GITHUB_APP_ID", "GITHUB_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET", "HEADSTART_ALLOW"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("serve should name %s among what is missing or wrong, it says: %v", want, err)
		}
	}
	_, _, err = headstart(t, "serve", "--github-app-id", "7", "--github-webhook-secret", "s", "--github-private-key", "no PEM",
		"--database-url", "sqlite:"+filepath.Join(t.TempDir(), "x.db"))
	if err == nil || strings.Contains(err.Error(), "no PEM") {
		t.Errorf("a key that is none should be refused without being repeated, got %v", err)
	}
}

// The App's manifest asks for what the bot needs, and for nothing more.
func TestManifest(t *testing.T) {
	file, err := os.ReadFile("../../app.yml")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Permissions map[string]string `yaml:"default_permissions"`
		Events      []string          `yaml:"default_events"`
	}
	if err := yaml.Unmarshal(file, &manifest); err != nil {
		t.Fatal(err)
	}
	if want := webhooks.Events(); !slices.Equal(slices.Sorted(slices.Values(manifest.Events)), slices.Sorted(slices.Values(want))) {
		t.Errorf("app.yml should subscribe to the events that are decoded, %v, it has %v", want, manifest.Events)
	}
	want := map[string]string{
		"metadata": "read", "contents": "read", "checks": "read", "merge_queues": "read", "members": "read",
		"statuses": "write", "deployments": "write", "pull_requests": "write", "issues": "write",
	}
	if !maps.Equal(manifest.Permissions, want) {
		t.Errorf("app.yml should ask for the least permissions, %v, it asks for %v", want, manifest.Permissions)
	}
}
