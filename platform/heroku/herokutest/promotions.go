package herokutest

import (
	"fmt"
	"slices"
	"time"
)

// Pipeline is a group of coupled apps.
type Pipeline struct {
	s         *Server
	id, name  string
	createdAt time.Time
}

// coupling is an app's place in a pipeline.
type coupling struct {
	id        string
	app       *App
	pipeline  *Pipeline
	stage     string
	createdAt time.Time
}

// AddPipeline makes an empty pipeline.
func (s *Server) AddPipeline(name string) *Pipeline {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Pipeline{s: s, id: s.newID(), name: name, createdAt: s.opts.Clock()}
	s.pipelines = append(s.pipelines, p)
	return p
}

// IgnoreSourceRelease lets promotions copy what the source runs, whatever
// release they name, as the API did before it knew that field.
func (s *Server) IgnoreSourceRelease() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ignoreSource = true
}

// ID is the pipeline's UUID.
func (p *Pipeline) ID() string { return p.id }

// Couple puts an app into the pipeline, out of the one that it was in. The
// stage is test, review, development, staging or production.
func (p *Pipeline) Couple(a *App, stage string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	a.coupling = &coupling{id: p.s.newID(), app: a, pipeline: p, stage: stage, createdAt: p.s.opts.Clock()}
}

// Uncouple takes the app out of its pipeline.
func (a *App) Uncouple() { a.set(func() { a.coupling = nil }) }

func (c *coupling) object() object {
	return object{
		"id": c.id, "app": c.app.ref(), "pipeline": object{"id": c.pipeline.id, "name": c.pipeline.name}, "stage": c.stage,
		"created_at": stamp(c.createdAt), "updated_at": stamp(c.createdAt),
	}
}

func (p *Pipeline) object() object {
	return object{
		"id": p.id, "name": p.name, "owner": object{"id": p.s.account.id, "type": "user"},
		"created_at": stamp(p.createdAt), "updated_at": stamp(p.createdAt),
	}
}

func (s *Server) pipeline(identity string) (*Pipeline, error) {
	for _, p := range s.pipelines {
		if p.id == identity || p.name == identity {
			return p, nil
		}
	}
	return nil, notFound("pipeline", identity)
}

func (s *Server) getPipeline(c *call) (any, error) {
	p, err := s.pipeline(c.r.PathValue("pipeline"))
	if err != nil {
		return nil, err
	}
	return p.object(), nil
}

func (s *Server) listPipelines(c *call) (any, error) {
	l := list{fields: []field{byString("id"), byString("name")}}
	name := c.r.URL.Query().Get("eq[name]")
	for _, p := range s.pipelines {
		if name == "" || p.name == name {
			l.items = append(l.items, p.object())
		}
	}
	return l, nil
}

func (s *Server) appCoupling(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	if a.coupling == nil {
		return nil, notFound("pipeline_coupling", a.name)
	}
	return a.coupling.object(), nil
}

func (s *Server) pipelineCouplings(c *call) (any, error) {
	p, err := s.pipeline(c.r.PathValue("pipeline"))
	if err != nil {
		return nil, err
	}
	l := list{fields: []field{byString("id")}}
	for _, a := range s.apps {
		if a.coupling != nil && a.coupling.pipeline == p {
			l.items = append(l.items, a.coupling.object())
		}
	}
	return l, nil
}

// promotion copies a slug from one app of a pipeline to others.
type promotion struct {
	id        string
	pipeline  *Pipeline
	from      *App
	release   *release
	targets   []*target
	createdAt time.Time
}

// target is one app that is promoted to.
type target struct {
	id        string
	promotion *promotion
	app       *App
	status    string // pending until its release has ended
	failure   string
	planned   string
	release   *release
	due       time.Time // when it makes its release
}

// start makes the target's release, or fails before there is one.
func (t *target) start(at time.Time) {
	if t.planned != "" {
		t.status, t.failure = "failed", t.planned
		return
	}
	src := t.promotion.release
	t.release = t.app.newRelease(at, releaseSpec{
		slug: src.slug, description: fmt.Sprintf("Promote %s v%d %s", src.app.name, src.version, short(src.slug.commit)),
	})
}

// state is the target's status and error: while its release phase runs, that
// of the release.
func (t *target) state() (status, failure string) {
	if t.release == nil {
		return t.status, t.failure
	}
	if t.release.status == "failed" {
		return "failed", "Release command failed"
	}
	if t.release.status == "pending" {
		return "pending", ""
	}
	return "succeeded", ""
}

func (p *promotion) object() object {
	status := "completed"
	for _, t := range p.targets {
		if s, _ := t.state(); s == "pending" {
			status = "pending"
		}
	}
	return object{
		"id": p.id, "pipeline": object{"id": p.pipeline.id}, "status": status,
		"source":     object{"app": p.from.ref(), "release": object{"id": p.release.id}},
		"created_at": stamp(p.createdAt), "updated_at": stamp(p.createdAt),
	}
}

func (t *target) object() object {
	status, failure := t.state()
	var releaseRef, message any
	if t.release != nil {
		releaseRef = object{"id": t.release.id}
	}
	if failure != "" {
		message = failure
	}
	return object{
		"id": t.id, "app": t.app.ref(), "status": status, "error_message": message, "release": releaseRef,
		"pipeline_promotion": object{"id": t.promotion.id},
	}
}

func (s *Server) createPromotion(c *call) (any, error) {
	type appRef struct {
		App struct {
			ID string `json:"id"`
		} `json:"app"`
	}
	var body struct {
		Pipeline struct {
			ID string `json:"id"`
		} `json:"pipeline"`
		Source struct {
			appRef
			Release *struct {
				ID string `json:"id"`
			} `json:"release"`
		} `json:"source"`
		Targets []appRef `json:"targets"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	p, err := s.pipeline(body.Pipeline.ID)
	if err != nil {
		return nil, err
	}
	from, err := s.coupled(body.Source.App.ID, p)
	if err != nil {
		return nil, err
	}
	rel := from.current()
	if body.Source.Release != nil && !s.ignoreSource {
		if rel, err = from.findRelease(body.Source.Release.ID); err != nil {
			return nil, err
		}
	}
	if rel.slug == nil {
		return nil, invalid("%s has no release with code to promote.", from.name)
	}
	if !rel.eligible() {
		return nil, invalid("Release v%d of %s cannot be promoted: it is %s.", rel.version, from.name, ineligible(rel))
	}
	if len(body.Targets) == 0 {
		return nil, invalid("Require params: targets.")
	}
	pr := &promotion{id: s.newID(), pipeline: p, from: from, release: rel, createdAt: c.now}
	for _, ref := range body.Targets {
		to, err := s.coupled(ref.App.ID, p)
		if err != nil {
			return nil, err
		}
		if to == from {
			return nil, invalid("Cannot promote %s to itself.", to.name)
		}
		if to.generation != from.generation {
			return nil, invalid("Cannot promote between the generations %s and %s.", from.generation, to.generation)
		}
		pr.targets = append(pr.targets, &target{
			id: s.newID(), promotion: pr, app: to, status: "pending", planned: to.targetFails, due: c.now.Add(to.targetTakes),
		})
	}
	s.promotions = append(s.promotions, pr)
	return created{pr.object()}, nil
}

// coupled finds an app by its id if it is part of the pipeline.
func (s *Server) coupled(id string, p *Pipeline) (*App, error) {
	i := slices.IndexFunc(s.apps, func(a *App) bool { return a.id == id })
	if i < 0 {
		return nil, notFound("app", id)
	}
	a := s.apps[i]
	if a.coupling == nil || a.coupling.pipeline != p {
		return nil, invalid("%s is not part of the pipeline %s.", a.name, p.name)
	}
	return a, nil
}

func (s *Server) promotion(c *call) (*promotion, error) {
	for _, p := range s.promotions {
		if p.id == c.r.PathValue("promotion") {
			return p, nil
		}
	}
	return nil, notFound("pipeline_promotion", c.r.PathValue("promotion"))
}

func (s *Server) getPromotion(c *call) (any, error) {
	p, err := s.promotion(c)
	if err != nil {
		return nil, err
	}
	return p.object(), nil
}

func (s *Server) promotionTargets(c *call) (any, error) {
	p, err := s.promotion(c)
	if err != nil {
		return nil, err
	}
	l := list{fields: []field{byString("id")}}
	for _, t := range p.targets {
		l.items = append(l.items, t.object())
	}
	return l, nil
}
