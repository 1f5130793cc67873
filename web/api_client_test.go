//go:build client

package web_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A client that nobody wrote, made from the description, drives commands. It is built by .ci/nightly: go test -tags client.
func TestAnotherClient(t *testing.T) {
	w := newWorld(t)
	w.put(shop, live(t))
	token := w.browser().signIn("mia").token("commands", "acme/shop")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../.ci/client")); err != nil {
		t.Fatal(err)
	}
	description, err := os.ReadFile(descriptionFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/openapi.yaml", description, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"tool", "oapi-codegen", "-generate", "types,client", "-package", "main", "-o", "client.gen.go", "openapi.yaml"}, {"run", "."},
	} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "HEADSTART_SERVER="+w.server.URL, "HEADSTART_TOKEN="+token)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
