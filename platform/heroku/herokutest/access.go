package herokutest

import (
	"fmt"
	"slices"
)

// Grant makes the app somebody else's, and gives the token's account permissions
// on it: view, deploy, operate, manage. Without any, the account may not see it.
func (a *App) Grant(permissions ...string) {
	a.set(func() { a.permissions = append([]string{}, permissions...) })
}

// Scale sets how many dynos of a size a process type has, from the next look on.
func (a *App) Scale(kind, size string, quantity int) {
	a.set(func() {
		a.formation[kind] = &process{id: a.s.newID(), kind: kind, command: "bin/" + kind, size: size, quantity: quantity}
	})
}

// SetPreboot turns preboot on or off.
func (a *App) SetPreboot(on bool) { a.set(func() { a.features["preboot"] = on }) }

// owner is who the app belongs to.
func (a *App) owner() object {
	if a.permissions == nil {
		return a.s.user()
	}
	return object{"id": "0e0e0e0e-4e57-4000-8000-000000000001", "email": "owner@example.com"}
}

// may reports whether the token's account has a permission on the app.
func (a *App) may(permission string) bool {
	return a.permissions == nil || slices.Contains(a.permissions, permission)
}

func (s *Server) getCollaborator(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	who := c.r.PathValue("collaborator")
	if who != s.account.id && who != s.account.email {
		return nil, notFound("collaborator", who)
	}
	names := a.permissions
	role := "collaborator"
	if names == nil {
		names, role = []string{"view", "deploy", "operate", "manage"}, "owner"
	}
	list := []object{}
	for _, name := range names {
		list = append(list, object{"name": name, "description": fmt.Sprintf("Can %s", name)})
	}
	return object{
		"id": a.id[:24] + s.account.id[24:], "app": a.fullRef(), "created_at": stamp(a.createdAt), "updated_at": stamp(a.createdAt),
		"permissions": list, "role": role, "user": object{"id": s.account.id, "email": s.account.email, "federated": false},
	}, nil
}
