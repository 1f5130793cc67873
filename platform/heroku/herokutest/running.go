package herokutest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// process is one process type of an app's formation.
type process struct {
	id, kind, command, size string
	quantity                int
}

// oneOff is a dyno that runs one command.
type oneOff struct {
	id, name, command, size string
	createdAt               time.Time
	release                 *release
}

func (s *Server) getConfig(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	return a.config, nil
}

func (s *Server) releaseConfig(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	r, err := a.findRelease(c.r.PathValue("release"))
	if err != nil {
		return nil, err
	}
	return r.config, nil
}

var configName = regexp.MustCompile(`^\w+$`)

// patchConfig changes config vars, which makes a release of the same code.
func (s *Server) patchConfig(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	var changes map[string]*string
	if err := c.decode(&changes); err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(changes))
	for _, name := range names {
		if !configName.MatchString(name) {
			return nil, invalid("The config var name %q is invalid.", name)
		}
	}
	for _, name := range names {
		if value := changes[name]; value != nil {
			a.config[name] = *value
		} else {
			delete(a.config, name)
		}
	}
	if len(names) > 0 {
		a.newRelease(c.now, releaseSpec{slug: a.current().slug, description: "Set " + strings.Join(names, ", ") + " config vars", instant: true})
	}
	return a.config, nil
}

func (p *process) object(a *App, now time.Time) object {
	return object{
		"id": p.id, "app": a.fullRef(), "command": p.command, "type": p.kind, "quantity": p.quantity, "size": p.size,
		"dyno_size": named(p.size), "created_at": stamp(a.createdAt), "updated_at": stamp(now),
	}
}

func (a *App) processes() []*process {
	return slices.SortedFunc(maps.Values(a.formation), func(x, y *process) int { return cmp.Compare(x.kind, y.kind) })
}

func (s *Server) listFormation(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	l := list{fields: []field{byString("id"), byString("type")}}
	for _, p := range a.processes() {
		l.items = append(l.items, p.object(a, c.now))
	}
	return l, nil
}

func (s *Server) patchFormation(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	var body struct {
		Updates []struct {
			Type     string `json:"type"`
			Quantity *int   `json:"quantity"`
			Size     any    `json:"size"` // a name, or {name}
		} `json:"updates"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	changed := []object{}
	for _, u := range body.Updates {
		p := a.formation[u.Type]
		if p == nil {
			return nil, notFound("formation", u.Type)
		}
		if u.Quantity != nil {
			p.quantity = *u.Quantity
		}
		switch size := u.Size.(type) {
		case string:
			p.size = size
		case map[string]any:
			p.size, _ = size["name"].(string)
		}
		changed = append(changed, p.object(a, c.now))
	}
	return changed, nil
}

// features that an app can have, with what they do.
var featureTexts = map[string]string{
	"preboot":                     "Boots new dynos before old ones stop.",
	"runtime-dyno-metadata":       "Dyno metadata in environment variables.",
	"runtime-dyno-build-metadata": "Build metadata in environment variables.",
}

func (a *App) feature(name string) object {
	i := slices.Index(slices.Sorted(maps.Keys(featureTexts)), name)
	return object{
		"id": fmt.Sprintf("7ea70000-0000-4000-8000-%012x", i), "name": name, "description": featureTexts[name], "display_name": name,
		"doc_url": "https://devcenter.heroku.com/articles/" + name, "feedback_email": "feedback@example.com",
		"enabled": a.features[name], "state": "general", "created_at": stamp(epoch), "updated_at": stamp(epoch),
	}
}

func (s *Server) listFeatures(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	l := list{fields: []field{byString("id"), byString("name")}}
	for name := range featureTexts {
		l.items = append(l.items, a.feature(name))
	}
	return l, nil
}

func (s *Server) namedFeature(c *call) (*App, string, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, "", err
	}
	for name := range featureTexts {
		if identity := c.r.PathValue("feature"); identity == name || identity == a.feature(name)["id"] {
			return a, name, nil
		}
	}
	return nil, "", notFound("app_feature", c.r.PathValue("feature"))
}

func (s *Server) getFeature(c *call) (any, error) {
	a, name, err := s.namedFeature(c)
	if err != nil {
		return nil, err
	}
	return a.feature(name), nil
}

func (s *Server) patchFeature(c *call) (any, error) {
	a, name, err := s.namedFeature(c)
	if err != nil {
		return nil, err
	}
	var body struct {
		Enabled *bool `json:"enabled"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if body.Enabled == nil {
		return nil, invalid("Require params: enabled.")
	}
	a.features[name] = *body.Enabled
	return a.feature(name), nil
}

func (s *Server) dyno(a *App, id, name, command, size, kind string, rel *release, at time.Time) object {
	return object{
		"id": id, "app": a.fullRef(), "attach_url": nil, "command": command, "name": name, "size": size, "state": "up", "type": kind,
		"release": object{"id": rel.id, "version": rel.version}, "created_at": stamp(at), "updated_at": stamp(at),
	}
}

// listDynos lists one dyno for each process that the formation wants, and the
// one-off dynos.
func (s *Server) listDynos(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	l := list{fields: []field{byString("id"), byString("name")}}
	cur := a.current()
	for _, p := range a.processes() {
		for n := range p.quantity {
			id := fmt.Sprintf("%s%012x", p.id[:24], cur.version*1000+n)
			l.items = append(l.items, s.dyno(a, id, fmt.Sprintf("%s.%d", p.kind, n+1), p.command, p.size, p.kind, cur, cur.updatedAt))
		}
	}
	for _, d := range a.oneOffs {
		l.items = append(l.items, s.dyno(a, d.id, d.name, d.command, d.size, "run", d.release, d.createdAt))
	}
	return l, nil
}

func (s *Server) createDyno(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	var body struct {
		Command string `json:"command"`
		Attach  bool   `json:"attach"`
		Size    string `json:"size"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if body.Command == "" {
		return nil, invalid("Require params: command.")
	}
	if body.Attach {
		return nil, &apiError{status: http.StatusNotImplemented, id: "not_implemented", message: "This stand-in runs no attached dynos."}
	}
	d := &oneOff{id: s.newID(), name: fmt.Sprintf("run.%d", 1000+len(a.oneOffs)), command: body.Command, size: cmp.Or(body.Size, "Standard-1X"), createdAt: c.now, release: a.current()}
	a.oneOffs = append(a.oneOffs, d)
	return created{s.dyno(a, d.id, d.name, d.command, d.size, "run", d.release, c.now)}, nil
}
