package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/web/api"
)

// token makes a token on the page of somebody who is signed in.
func (b *browser) token(may string) string {
	b.t.Helper()
	sent := url.Values{"name": {"a test"}, "may": {may}, "days": {"7"}}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+"/tokens", strings.NewReader(sent.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Origin", b.url)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	_, _, body := b.read(res)
	secret := regexp.MustCompile(`hst_[A-Z2-7]{52}`).FindString(body)
	if secret == "" {
		b.t.Fatalf("a token should be made:\n%s", body)
	}
	return secret
}

// testDocumentedAPI runs the commands of docs/api.md against a server, as sam who may write to far/till. Some are refused:
// the commit is live already.
func testDocumentedAPI(t *testing.T, server, token, sha string) {
	t.Helper()
	person := filledIn{"acme/shop": "far/till", "3f2a91c": sha[:7], "https://headstart.example.com": server, "hst_…": token, `"seen": "…"`: `"id": -5731963060496171`}
	script := []string{`curl() { command curl -sSf "$@"; }`, `headstart() { "$BIN" "$@" || [ $? = 1 ]; }`}
	for _, b := range documentedCommands(t) {
		if b.page == "docs/api.md" {
			for _, line := range b.lines {
				script = append(script, person.in(line))
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", strings.Join(script, "\n"))
	cmd.Env = []string{roleVar + "=headstart", "GORACE=atexit_sleep_ms=0", "BIN=" + os.Args[0], "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	if out, err := cmd.CombinedOutput(); err != nil || len(script) < 20 || !strings.Contains(string(out), `"state":"done"`) {
		t.Errorf("the commands of docs/api.md do not work (%v):\n%s\n\nThey said:\n%s", err, strings.Join(script, "\n"), out)
	}
}

// testCommandLine asks a server's API as people do in a terminal: mia may read acme/shop, and sam may write to far/till.
// It returns the tokens.
func testCommandLine(t *testing.T, server string, mia, sam *browser) (secrets []string) {
	t.Helper()
	tokens := map[string]string{"mia": mia.token("commands"), "sam": sam.token("commands"), "sam who reads": sam.token("reads"), "nobody": "hst_" + strings.Repeat("A", 52)}
	for _, k := range []struct {
		who, args string
		exit      int
		want      string
	}{
		{"mia", "status", 0, "acme/shop: "},
		{"mia", "status acme/shop", 0, "\n  production: "},
		{"mia", "status far/till", 1, "There is no such thing"},
		{"mia", "why far/till", 1, "There is no such thing"},
		{"mia", "why acme/shop", 0, "is live on production"},
		{"mia", "lock acme/shop production", 1, "@mia may not /lock production"},
		{"mia", "promote acme/shop", 1, "The commit is missing"},
		{"nobody", "status", 1, "Send a token that is good"},
		{"sam", "plan far/till lock production 2h stocktaking", 0, "If GitHub says that you may: locked production until"},
		{"sam", "lock far/till production 2h stocktaking", 0, "Locked production until"},
		{"sam", "status far/till", 0, "stocktaking"},
		{"sam who reads", "unlock far/till production", 1, "This token only reads."},
		{"sam who reads", "plan far/till unlock production", 0, "unlocked production."},
		{"sam", "unlock far/till production --watch", 0, "Unlocked production."},
		{"sam", "unlock far/till production", 1, "Nothing is locked there."},
		{"sam", "wait far/till 1111111 production --timeout 1s", 4, "it has not ended within 1s"},
		{"sam", "wait far/till 1111111 moon", 2, `no stage "moon"`},
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], strings.Fields(k.args)...)
		cmd.Env = []string{roleVar + "=headstart", "GORACE=atexit_sleep_ms=0", "HEADSTART_SERVER=" + server, "HEADSTART_TOKEN=" + tokens[k.who]}
		said, _ := cmd.CombinedOutput() // how it ended is looked at
		if got := cmd.ProcessState.ExitCode(); got != k.exit || !strings.Contains(string(said), k.want) {
			t.Errorf("%s: headstart %s should say %q and end with %d, it ends with %d:\n%s", k.who, k.args, k.want, k.exit, got, said)
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "status", "far/till", "--json", "--server", server)
	cmd.Env = []string{roleVar + "=headstart", "GORACE=atexit_sleep_ms=0", "HEADSTART_TOKEN=" + tokens["sam who reads"]}
	var is api.Pipeline
	if said, err := cmd.Output(); err != nil || json.Unmarshal(said, &is) != nil || is.Name != "far/till" || len(is.Stages) != 2 {
		t.Errorf("--json should be what the API answers, got %v:\n%s", err, said)
	}
	return slices.Collect(maps.Values(tokens))
}
