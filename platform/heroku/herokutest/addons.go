package herokutest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// addon is an add-on: of these, databases.
type addon struct {
	id, name  string
	app       *App // that pays for it
	plan      string
	state     string    // provisioning, provisioned or deprovisioned
	due       time.Time // when it is provisioned, or fails
	fails     bool
	fork      *addon // what it is a copy of; nil: nothing
	createdAt time.Time
}

// attachment makes an add-on known to an app, as the config var NAME_URL.
type attachment struct {
	id, name  string
	app       *App
	addon     *addon
	createdAt time.Time
}

// Database is an add-on as tests see it.
type Database struct {
	Name, Plan, State string
	Attached          string // the name under which the app has it; empty if it has not
	Fork              string // the name of what it is a copy of; empty if it is none
}

// AddDatabase gives the app a database of a plan of heroku-postgresql, attached as
// DATABASE, and returns its name.
func (a *App) AddDatabase(plan string) string {
	a.s.lockSettled()
	defer a.s.mu.Unlock()
	now := a.s.opts.Clock()
	d := &addon{id: a.s.newID(), app: a, plan: "heroku-postgresql:" + plan, state: "provisioned", createdAt: now}
	d.name = "postgresql-" + d.id[:8]
	a.s.addons = append(a.s.addons, d)
	a.attach(d, "DATABASE", now)
	a.provide(d)
	return d.name
}

// Databases lists what the app pays for, oldest first, deleted ones left out.
func (a *App) Databases() []Database {
	a.s.lockSettled()
	defer a.s.mu.Unlock()
	var list []Database
	for _, d := range a.s.addons {
		if d.app != a {
			continue
		}
		db := Database{Name: d.name, Plan: d.plan, State: d.state}
		if d.fork != nil {
			db.Fork = d.fork.name
		}
		for _, at := range a.s.attachments {
			if at.addon == d && at.app == a {
				db.Attached = at.name
			}
		}
		list = append(list, db)
	}
	return list
}

// ForksTake sets how long it takes until a copy of a database is provisioned.
func (s *Server) ForksTake(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forksTake = d
}

// FailNextFork makes the next copy of a database fail after it was begun: Heroku
// takes it away again.
func (s *Server) FailNextFork() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forkFails = true
}

// attach makes a release of the same code, as every change of config vars does.
func (a *App) attach(d *addon, name string, now time.Time) *attachment {
	at := &attachment{id: a.s.newID(), name: name, app: a, addon: d, createdAt: now}
	a.s.attachments = append(a.s.attachments, at)
	a.newRelease(now, releaseSpec{slug: a.current().slug, description: fmt.Sprintf("Attach %s (@%s)", name, d.name), instant: true})
	return at
}

// provide sets the config vars of a database that is there.
func (a *App) provide(d *addon) {
	for _, at := range a.s.attachments {
		if at.addon == d {
			at.app.config[at.name+"_URL"] = "postgres://u:p-" + d.id[:8] + "@db.example.com/" + d.name
		}
	}
}

// end provisions the add-on, or takes it away again.
func (d *addon) end(at time.Time) {
	if d.fails {
		d.state = "deprovisioned"
		return
	}
	d.state = "provisioned"
	d.app.provide(d)
	d.app.newRelease(at, releaseSpec{slug: d.app.current().slug, description: "Update config vars of " + d.name, instant: true})
}

func (s *Server) findAddon(identity string) *addon {
	i := slices.IndexFunc(s.addons, func(d *addon) bool { return d.id == identity || d.name == identity })
	if i < 0 {
		return nil
	}
	return s.addons[i]
}

func (d *addon) ref() object {
	return object{"id": d.id, "name": d.name, "app": d.app.fullRef()}
}

func (d *addon) object() object {
	service, _, _ := strings.Cut(d.plan, ":")
	vars := []string{}
	for _, at := range d.app.s.attachments {
		if at.addon == d && at.app == d.app {
			vars = append(vars, at.name+"_URL")
		}
	}
	return object{
		"id": d.id, "name": d.name, "app": d.app.fullRef(), "state": d.state, "config_vars": vars,
		"addon_service": named(service), "plan": named(d.plan), "provider_id": "db-" + d.id[:8], "web_url": nil,
		"actions": []object{}, "billed_price": nil, "billing_entity": object{"id": d.app.id, "name": d.app.name, "type": "app"},
		"created_at": stamp(d.createdAt), "updated_at": stamp(d.createdAt),
	}
}

func (at *attachment) object() object {
	return object{
		"id": at.id, "name": at.name, "app": at.app.fullRef(), "addon": at.addon.ref(), "namespace": nil, "web_url": nil,
		"log_input_url": nil, "created_at": stamp(at.createdAt), "updated_at": stamp(at.createdAt),
	}
}

func (s *Server) listAddons(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	l := list{fields: []field{byString("id"), byString("name")}}
	for _, d := range s.addons {
		if d.app == a {
			l.items = append(l.items, d.object())
		}
	}
	return l, nil
}

func (s *Server) listAttachments(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	l := list{fields: []field{byString("id"), byString("name")}}
	for _, at := range s.attachments {
		if at.app == a {
			l.items = append(l.items, at.object())
		}
	}
	return l, nil
}

// addonOf is the add-on that the request's path names, of the app that it names.
func (s *Server) addonOf(c *call) (*App, *addon, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, nil, err
	}
	d := s.findAddon(c.r.PathValue("addon"))
	if d == nil || d.app != a {
		return nil, nil, notFound("add_on", c.r.PathValue("addon"))
	}
	return a, d, nil
}

func (s *Server) getAddonOfApp(c *call) (any, error) {
	_, d, err := s.addonOf(c)
	if err != nil {
		return nil, err
	}
	return d.object(), nil
}

func (s *Server) getAddon(c *call) (any, error) {
	d := s.findAddon(c.r.PathValue("addon"))
	if d == nil {
		return nil, notFound("add_on", c.r.PathValue("addon"))
	}
	return d.object(), nil
}

var addonName = regexp.MustCompile(`^[a-zA-Z][A-Za-z0-9_-]+$`)

// forkable are the plans whose databases can be copied: standard and up.
var forkable = regexp.MustCompile(`^heroku-postgresql:(standard|premium|private|shield)-`)

// createAddon makes a database, which is provisioned at once unless it is a copy
// of another one.
func (s *Server) createAddon(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	if !a.may("operate") {
		return nil, forbidden()
	}
	var body struct {
		Plan       string            `json:"plan"`
		Name       string            `json:"name"`
		Config     map[string]string `json:"config"`
		Attachment struct {
			Name string `json:"name"`
		} `json:"attachment"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	d := &addon{id: s.newID(), name: body.Name, app: a, plan: body.Plan, state: "provisioned", createdAt: c.now}
	if d.name == "" {
		d.name = "postgresql-" + d.id[:8]
	}
	attached := body.Attachment.Name
	if attached == "" {
		attached = "HEROKU_POSTGRESQL_" + strings.ToUpper(strings.Map(letters, d.id[:6]))
	}
	switch {
	case !strings.HasPrefix(body.Plan, "heroku-postgresql:"):
		return nil, notFound("plan", body.Plan)
	case !addonName.MatchString(d.name):
		return nil, invalid("Name %q is invalid.", d.name)
	case s.findAddon(d.name) != nil:
		return nil, invalid("Name is already taken")
	case slices.ContainsFunc(s.attachments, func(at *attachment) bool { return at.app == a && at.name == attached }):
		return nil, invalid("An attachment named %s already exists on %s.", attached, a.name)
	}
	if fork, ok := body.Config["fork"]; ok {
		if d.fork = s.findAddon(fork); d.fork == nil || d.fork.state != "provisioned" {
			return nil, invalid("Could not find the database %s to fork.", fork)
		}
		if !forkable.MatchString(d.fork.plan) || !forkable.MatchString(d.plan) {
			return nil, invalid("You cannot fork between %s and %s databases: only Standard-tier plans and higher can be forked.", d.fork.plan, d.plan)
		}
		d.state, d.due, d.fails = "provisioning", c.now.Add(s.forksTake), s.forkFails
		s.forkFails = false
	}
	s.addons = append(s.addons, d)
	a.attach(d, attached, c.now)
	if d.state == "provisioned" {
		a.provide(d)
	}
	return created{d.object()}, nil
}

// letters makes a colour of digits.
func letters(r rune) rune {
	if r >= '0' && r <= '9' {
		return 'G' + r - '0'
	}
	return r
}

func (s *Server) deleteAddon(c *call) (any, error) {
	a, d, err := s.addonOf(c)
	if err != nil {
		return nil, err
	}
	if !a.may("operate") {
		return nil, forbidden()
	}
	s.attachments = slices.DeleteFunc(s.attachments, func(at *attachment) bool {
		if at.addon != d {
			return false
		}
		delete(at.app.config, at.name+"_URL")
		at.app.newRelease(c.now, releaseSpec{slug: at.app.current().slug, description: fmt.Sprintf("Detach %s (@%s)", at.name, d.name), instant: true})
		return true
	})
	s.addons = slices.DeleteFunc(s.addons, func(o *addon) bool { return o == d })
	d.state = "deprovisioned"
	return d.object(), nil
}
