package local

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/headstart-cd/headstart/bot/redact"
)

// outputPath is where the router shows an output of an app to this machine.
func outputPath(a *app, kind, id string) string {
	path := "/_headstart/apps/" + a.name + "/" + kind
	if id != "" {
		path += "/" + id
	}
	return path
}

// servePages answers for the router itself, under its loopback names and to this
// machine only: "/" lists the apps, and /_headstart/ has the outputs, all as
// plain text.
func (p *Platform) servePages(w http.ResponseWriter, r *http.Request) {
	if !isLocalClient(r) {
		page(w, http.StatusForbidden, "Only for this machine", "These pages are shown to clients on the same machine only.")
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "these pages are only read", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.URL.Path == "/" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		p.listApps(w)
		return
	}
	file, secrets := p.outputOf(r.URL.Path)
	if file == "" {
		page(w, http.StatusNotFound, "There is no such page", "What there is: "+p.url("localhost", "/"))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	f, err := os.Open(file)
	if err != nil {
		fmt.Fprintln(w, "(There is no output.)")
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		http.Error(w, "the output cannot be read", http.StatusInternalServerError)
		return
	}
	data, err := io.ReadAll(f)
	if err != nil {
		http.Error(w, "the output cannot be read", http.StatusInternalServerError)
		return
	}
	// Other users of this machine see these pages, and the file has what was written.
	http.ServeContent(w, r, "", info.ModTime(), strings.NewReader(redact.Redact(string(data), secrets...)))
}

// outputOf finds the file of an output that is remembered, and the values of the app's
// config vars, which are not to be shown with it; "" if there is none.
func (p *Platform) outputOf(path string) (file string, secrets []string) {
	parts := strings.Split(strings.TrimPrefix(path, "/_headstart/apps/"), "/")
	p.mu.Lock()
	a := p.apps[parts[0]]
	p.mu.Unlock()
	if a == nil {
		return "", nil
	}
	s := a.read()
	secrets = a.secrets(a.varsFile())
	switch {
	case len(parts) == 2 && parts[1] == "web":
		return a.outputFile("web"), secrets
	case len(parts) == 3 && parts[1] == "builds" && s.build(parts[2]) != nil:
		return a.outputFile(parts[2]), secrets
	case len(parts) == 3 && parts[1] == "releases" && s.release(parts[2]) != nil:
		return a.releaseFile(parts[2]), secrets
	}
	return "", nil
}

// listApps writes what runs and how it does.
func (p *Platform) listApps(w http.ResponseWriter) {
	apps := p.known()
	if len(apps) == 0 {
		fmt.Fprintln(w, "There are no apps yet.")
	}
	for _, a := range apps {
		a.mu.Lock()
		s, process, building := a.state.clone(), a.process, a.building != nil
		a.mu.Unlock()
		fmt.Fprintf(w, "%s  %s\n", a.name, p.url(a.name+".localhost", ""))
		switch live := s.release(fmt.Sprintf("v%d", s.Live)); {
		case live == nil:
			fmt.Fprintln(w, "  nothing runs")
		case process.up:
			fmt.Fprintf(w, "  runs v%d of commit %s since %s, started again %d times\n",
				live.Version, live.Commit, process.since.UTC().Format("2006-01-02 15:04:05 UTC"), process.restarts)
		case process.trouble != "":
			fmt.Fprintf(w, "  DOWN since %s: %s\n", process.since.UTC().Format("2006-01-02 15:04:05 UTC"), process.trouble)
		default:
			fmt.Fprintf(w, "  v%d is starting\n", live.Version)
		}
		if building {
			fmt.Fprintln(w, "  a build is running")
		}
		fmt.Fprintf(w, "  log: %s\n", p.url("localhost", outputPath(a, "web", "")))
	}
}
