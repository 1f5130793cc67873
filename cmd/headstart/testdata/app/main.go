// App is what the tests build, release and run on the embedded platform. It does what
// it is told by a gate, where the tests' clock and their failures come in. Its
// argument says whether it is the app itself (web), a build, a release line (release),
// or what copies a database (copy).
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
)

const healthPath = "/healthz"

func main() {
	switch role := os.Args[1]; role {
	case "web":
		serveApp()
	default:
		askGate(role)
	}
}

// serveApp answers with the commit that it was told to be. How well it is, the
// gate knows.
func serveApp() {
	app, sha := os.Getenv("HEADSTART_APP"), os.Getenv("HEADSTART_REVISION")
	err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Revision", sha)
		if r.URL.Path != healthPath {
			_, _ = io.WriteString(w, sha)
			return
		}
		answer, err := http.Get(os.Getenv("HEADSTART_TEST_GATE") + "/health?" + url.Values{"app": {app}, "sha": {sha}}.Encode())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
	}))
	fmt.Println(err)
	os.Exit(1)
}

// askGate is a build, a release line, or what copies a database: it takes as long
// as the gate says and ends as the gate says.
func askGate(role string) {
	q := url.Values{"app": {os.Getenv("HEADSTART_APP")}, "sha": {os.Getenv("HEADSTART_REVISION")}}
	switch role {
	case "copy":
		q.Set("app", os.Getenv("COPY_TO"))
		if err := os.WriteFile(filepath.Join(os.Getenv("COPY_TO_DIR"), "of"), []byte(os.Getenv("COPY_FROM")), 0o600); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "build":
		dir, err := os.Getwd()
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		sha := os.Getenv("SOURCE_VERSION")
		q = url.Values{"app": {filepath.Base(filepath.Dir(dir))}, "sha": {sha}}
		if err := os.WriteFile("revision", []byte(sha), 0o644); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	answer, err := http.Get(os.Getenv("HEADSTART_TEST_GATE") + "/" + role + "?" + q.Encode())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	text, _ := io.ReadAll(answer.Body)
	fmt.Println(string(text))
	if answer.StatusCode != http.StatusOK {
		os.Exit(3)
	}
	os.Exit(0)
}
