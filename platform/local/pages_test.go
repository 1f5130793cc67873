package local

import (
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every user of this machine can ask for an output: what looks like a secret in it, or
// is the value of a config var, is not shown.
func TestOutputsAreShownWithoutSecrets(t *testing.T) {
	dir := t.TempDir()
	p := New(Options{Dir: dir})
	a := p.newApp("shop")
	a.dir = filepath.Join(dir, "apps", "shop")
	p.apps["shop"] = a
	err := errors.Join(os.MkdirAll(filepath.Join(a.dir, "output"), private),
		os.WriteFile(a.varsFile(), []byte("LICENSE=plain-but-hush\n"), 0o600),
		os.WriteFile(a.outputFile("web"), []byte("listening\npassword: hunter2\nwith plain-but-hush\n"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "http://localhost"+outputPath(a, "web", ""), nil)
	r.RemoteAddr = "127.0.0.1:1234"
	w := httptest.NewRecorder()
	p.servePages(w, r)
	if got := w.Body.String(); !strings.Contains(got, "listening") || strings.Contains(got, "hunter2") || strings.Contains(got, "plain-but-hush") {
		t.Errorf("the output is shown as %q", got)
	}
}
