package herokutest

import (
	"slices"
	"time"
)

// slug is what a build leaves. On a fir app it stands for an OCI image.
type slug struct {
	id, commit, stack string
	app               *App
	size              int
	processes         map[string]string
	createdAt         time.Time
	oci               bool
	destroyed         bool
}

func (s *Server) getSlug(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	sl := s.slugs[c.r.PathValue("slug")]
	if sl == nil || sl.oci || sl.destroyed || !sl.seenBy(a) {
		return nil, notFound("slug", c.r.PathValue("slug"))
	}
	return sl.object(), nil
}

func (sl *slug) seenBy(a *App) bool {
	return sl.app == a || slices.ContainsFunc(a.releases, func(r *release) bool { return r.slug == sl })
}

func (sl *slug) object() object {
	var commit any
	if sl.commit != "" {
		commit = sl.commit
	}
	return object{
		"id": sl.id, "commit": commit, "commit_description": nil, "checksum": nil, "buildpack_provided_description": "Go",
		"blob":       object{"method": "get", "url": "https://slugs.example.com/" + sl.id},
		"created_at": stamp(sl.createdAt), "updated_at": stamp(sl.createdAt), "process_types": sl.processes, "size": sl.size, "stack": named(sl.stack),
	}
}

// getImage answers with the OCI image of a fir app, in a list of one.
func (s *Server) getImage(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	sl := s.slugs[c.r.PathValue("image")]
	if sl == nil || !sl.oci || !sl.seenBy(a) {
		return nil, notFound("oci_image", c.r.PathValue("image"))
	}
	return []object{{"id": sl.id, "commit": sl.commit, "process_types": sl.processes, "stack": named(sl.stack), "created_at": stamp(sl.createdAt), "updated_at": stamp(sl.createdAt)}}, nil
}
