package bottest

import (
	"fmt"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Site is the address of an app, as pipelines verify it: the app's name is the
// first part of the host.
func Site(app string) string { return "https://" + app + ".example.com/healthz" }

// Sickness is how what an app runs answers, instead of well.
type Sickness struct {
	Status int // 0: it does not answer at all
	Body   string
}

// Web asks an app's address.
func (w *World) Web(do bot.Probe) bot.Probed {
	w.Requests[bot.NameOf(do)]++
	host, _, _ := strings.Cut(strings.TrimPrefix(do.Verify.URL, "https://"), ".")
	commit, named := "", "" // what runs, and what it calls itself: the commit that was built
	if r := w.App(host).Current(); r != nil {
		commit, named = r.Commit, r.Commit
		if _, built, ok := strings.Cut(r.Artifact, "-"); ok && strings.HasPrefix(r.Artifact, "slug") {
			named = built
		}
	}
	p := bot.Probed{OK: true, Status: 200, Latency: 20 * time.Millisecond, Excerpt: "ok " + commit}
	sick, ill := w.Sick[commit]
	if app, down := w.Sick[host]; down {
		sick, ill = app, true
	}
	if w.App(host).Maintenance {
		sick, ill = Sickness{Status: 503, Body: "it is in maintenance mode"}, true
	}
	switch {
	case ill && sick.Status == 0:
		return bot.Probed{Reason: "the connection was refused"}
	case ill:
		p.OK, p.Status, p.Excerpt = false, sick.Status, sick.Body
		p.Reason = fmt.Sprintf("it answered with the status %d instead of %d", sick.Status, do.Verify.Status)
	case do.Verify.Revision != "" && named != do.SHA && named != do.Built:
		p.OK, p.Other, p.Reason = false, true, "it answers as "+bot.Short(named)
	}
	return p
}
