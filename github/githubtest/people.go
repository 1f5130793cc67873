package githubtest

import (
	"fmt"
	"net/http"
	"strings"
)

var peopleRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", byToken, "metadata:read", getPermission},
	{"GET", "/repos/{owner}/{repo}/collaborators/{username}", byToken, "metadata:read", getCollaborator},
	{"GET", "/orgs/{org}/teams/{team_slug}/memberships/{username}", byToken, "members:read", getTeamMembership},
}

// account is a user, an organization or a bot.
type account struct {
	id    int64
	login string
	kind  string // User, Organization, Bot
}

// account finds an account or makes it. The caller holds mu.
func (s *Server) account(login, kind string) *account {
	key := strings.ToLower(login)
	if s.accounts[key] == nil {
		if strings.HasSuffix(login, "[bot]") {
			kind = "Bot"
		}
		s.accounts[key] = &account{id: s.nextID(), login: login, kind: kind}
		if key == webFlow {
			s.accounts[key].id = webFlowID
		}
	}
	return s.accounts[key]
}

// botLogin is the account that the App acts as.
func (s *Server) botLogin() string { return s.app.slug + "[bot]" }

func (s *Server) userJSON(login string) obj {
	a := s.account(login, "User")
	api, html := s.api+"/users/"+a.login, s.url+"/"+strings.TrimSuffix(a.login, "[bot]")
	if a.kind == "Bot" {
		api, html = s.api+"/users/"+strings.ReplaceAll(strings.ReplaceAll(a.login, "[", "%5B"), "]", "%5D"), s.appPage(strings.TrimSuffix(a.login, "[bot]"))
	}
	return obj{
		"login": a.login, "id": a.id, "node_id": fmt.Sprintf("U_%d", a.id), "avatar_url": fmt.Sprintf("%s/avatars/%d", s.url, a.id),
		"gravatar_id": "", "url": api, "html_url": html, "followers_url": api + "/followers",
		"following_url": api + "/following{/other_user}", "gists_url": api + "/gists{/gist_id}",
		"starred_url": api + "/starred{/owner}{/repo}", "subscriptions_url": api + "/subscriptions",
		"organizations_url": api + "/orgs", "repos_url": api + "/repos", "events_url": api + "/events{/privacy}",
		"received_events_url": api + "/received_events", "type": a.kind, "site_admin": false, "user_view_type": "public",
	}
}

// TakeOver gives a login to somebody else, whose account is new: whoever had it renamed or
// deleted theirs.
func (s *Server) TakeOver(login string) (id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.accounts, strings.ToLower(login))
	return s.account(login, "User").id
}

// UserID is the number of an account.
func (s *Server) UserID(login string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account(login, "User").id
}

// The roles that a person can have in a repository, weakest first.
var roles = []string{"none", "read", "triage", "write", "maintain", "admin"}

// SetRole gives a person a role in the repository: read, triage, write,
// maintain, admin, or none to take it away. Whoever has no role is a stranger.
func (r *Repo) SetRole(login, role string) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	for _, known := range roles {
		if known == role {
			r.roles[strings.ToLower(login)] = role
			r.s.account(login, "User")
			return nil
		}
	}
	return fmt.Errorf("no such role: %s (there are %s)", role, strings.Join(roles, ", "))
}

// role of a person; owners who are users administer what is theirs.
func (r *Repo) role(login string) string {
	if role := r.roles[strings.ToLower(login)]; role != "" {
		return role
	}
	if strings.EqualFold(login, r.owner.login) {
		return "admin"
	}
	return "none"
}

func (r *Repo) association(login string) string {
	switch {
	case strings.EqualFold(login, r.owner.login):
		return "OWNER"
	case r.role(login) != "none":
		return "CONTRIBUTOR" // private members appear like this
	}
	return "NONE"
}

func getPermission(c *call) answer {
	login, role := c.vars["username"], c.repo.role(c.vars["username"])
	if role == "none" && c.accounts[strings.ToLower(login)] == nil {
		return notFound()
	}
	// What the API calls permission knows only four values.
	folded := map[string]string{"maintain": "write", "triage": "read"}[role]
	if folded == "" {
		folded = role
	}
	user := c.userJSON(login)
	user["permissions"] = obj{
		"pull": role != "none", "triage": atLeast(role, "triage"), "push": atLeast(role, "write"),
		"maintain": atLeast(role, "maintain"), "admin": role == "admin",
	}
	user["role_name"] = role
	return ok(obj{"permission": folded, "role_name": role, "user": user})
}

// getCollaborator tells whether somebody has a role, also in a public repository, which everybody reads.
func getCollaborator(c *call) answer {
	if c.repo.role(c.vars["username"]) == "none" {
		return notFound()
	}
	return noContent()
}

// atLeast compares two roles.
func atLeast(role, least string) bool {
	rank := map[string]int{}
	for i, name := range roles {
		rank[name] = i
	}
	return rank[role] >= rank[least]
}

type teamMember struct{ role, state string }

// SetTeamMember puts a person into a team of an organization. The state is
// active or pending (invited, but no member yet); "" takes the person out.
func (s *Server) SetTeamMember(org, team, login, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(org + "/" + team)
	if s.teams[key] == nil {
		s.teams[key] = map[string]teamMember{}
	}
	if state == "" {
		delete(s.teams[key], strings.ToLower(login))
		return
	}
	s.account(login, "User")
	s.teams[key][strings.ToLower(login)] = teamMember{role: "member", state: state}
}

func getTeamMembership(c *call) answer {
	org := c.vars["org"]
	if !strings.EqualFold(org, c.install.account.login) {
		return notFound()
	}
	m, member := c.teams[strings.ToLower(org+"/"+c.vars["team_slug"])][strings.ToLower(c.vars["username"])]
	if !member {
		return notFound()
	}
	return answer{status: http.StatusOK, body: obj{
		"url": c.api + c.r.URL.EscapedPath(), "role": m.role, "state": m.state,
	}}
}
