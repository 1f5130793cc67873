package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
	"golang.org/x/sync/errgroup"
)

// peopleAtOnce is how many of the requests about one person run side by side.
const peopleAtOnce = 6

// readActor reads the rights of a comment's author, and the pull request at the same moment. It takes two requests and
// one for each team side by side, then one for the head's tree. With Brief, it first reads the role, and continues only
// if that is at least write. Without a pull request it reads the rights alone.
func (r repository) readActor(ctx context.Context, do bot.ReadActor) (bot.ActorRead, error) {
	person := bot.Person{Login: do.User, ID: do.UserID}
	if err := someone(person); err != nil {
		return bot.ActorRead{}, err
	}
	read := bot.ActorRead{Comment: do.Comment}
	if do.Number == 0 {
		rights, err := r.readRights(ctx, bot.ReadRights{People: []bot.Person{person}, Teams: do.Teams})
		if err == nil {
			read.Role, read.Teams = rights.People[0].Role, rights.People[0].Teams
		}
		return read, err
	}
	if do.Brief {
		role, _, err := r.role(ctx, person)
		if read.Role = role; err != nil || !slices.Contains([]bot.Role{bot.RoleWrite, bot.RoleMaintain, bot.RoleAdmin}, role) {
			return read, err
		}
	}
	var pull *gh.PullRequest
	var who membership
	group, side := errgroup.WithContext(ctx)
	group.Go(func() (err error) { pull, err = r.pullRequest(side, do.Number); return err })
	group.Go(func() (err error) { who, err = r.membership(side, person, do.Teams); return err })
	if err := group.Wait(); err != nil {
		return bot.ActorRead{}, err
	}
	read.Role = who.Role
	// A person's account has no teams, and cannot grant reading them.
	if pull.GetBase().GetRepo().GetOwner().GetType() != "User" {
		if who.teams != nil {
			return bot.ActorRead{}, who.teams
		}
		read.Teams = who.Teams
	}
	read.Pull = changeOf(pull)
	a := ask{what: fmt.Sprintf("read the head of pull request #%d of %s", do.Number, r.repo), needs: "Contents: read"}
	var commit *gh.Commit
	err := a.do(ctx, func(ctx context.Context) (err error) {
		commit, _, err = r.api.Git.GetCommit(ctx, r.repo.Owner, r.repo.Name, read.Pull.Head)
		return err
	})
	if err == nil && !isSHA(commit.GetTree().GetSHA()) {
		err = a.unreadable("the commit has no tree")
	}
	if err != nil {
		return bot.ActorRead{}, err
	}
	read.HeadTree, read.Ahead = commit.GetTree().GetSHA(), r.wire.clocks.ahead()
	return read, nil
}

// readRights reads people's rights: one request per person, and one more per team. Where a promotion depends on the
// person, a missing role is believed only if the repository exists.
func (r repository) readRights(ctx context.Context, do bot.ReadRights) (bot.RightsRead, error) {
	var read bot.RightsRead
	for _, person := range do.People {
		if err := someone(person); err != nil {
			return bot.RightsRead{}, err
		}
		who, err := r.membership(ctx, person, do.Teams)
		if err != nil {
			return bot.RightsRead{}, err
		}
		if do.Comment == 0 && (who.teams != nil || who.Role == bot.RoleNone) {
			// Where the App sees no repository, nobody has a role. A person's account has no teams; the repository
			// names its owner.
			var repo gh.Repository
			a := ask{what: fmt.Sprintf("read whose %s is", r.repo), needs: "Metadata: read"}
			if err := r.get(ctx, a, "", &repo); err != nil {
				return bot.RightsRead{}, err
			}
			if who.teams != nil && repo.GetOwner().GetType() != "User" {
				return bot.RightsRead{}, who.teams
			}
		}
		read.People = append(read.People, who.Membership)
	}
	return read, nil
}

func someone(person bot.Person) error {
	if !goodName.MatchString(person.Login) {
		return &bot.Refused{Reason: fmt.Sprintf("GitHub knows no %q.", line(person.Login, 80))}
	}
	return nil
}

// Reads reports whether a repository is one of the person's own: whether GitHub gives them at least read, and not as it
// gives everybody who asks for a public one. It takes one request, and one more for who may only read. Neither an
// installation that is gone nor an account that has another login by now reads anything.
func (c *Client) Reads(ctx context.Context, repo bot.Repo, of Repository, person bot.Person) (bool, error) {
	if !goodName.MatchString(person.Login) {
		return false, nil
	}
	r, err := c.repository(bot.Target{Pipeline: bot.Key{Repo: repo}, RepoID: of.ID, Installation: of.Installation})
	var role bot.Role
	if err == nil {
		role, _, err = r.role(ctx, person)
	}
	if err == nil && role == bot.RoleRead {
		var collaborates bool
		if collaborates, err = r.collaborates(ctx, person.Login); !collaborates {
			role = bot.RoleNone
		}
	}
	if errors.As(err, new(*bot.Refused)) {
		return false, nil
	}
	return err == nil && role != bot.RoleNone, err
}

// collaborates reports whether somebody was given a repository, by whatever way.
func (r repository) collaborates(ctx context.Context, login string) (bool, error) {
	a := ask{what: fmt.Sprintf("read whether %s belongs to %s", login, r.repo), needs: "Metadata: read"}
	err := r.get(ctx, a, "collaborators/"+url.PathEscape(login), nil)
	if errors.Is(err, bot.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// membership is a person's rights, and why the person's teams could not be read; nil: they could.
type membership struct {
	bot.Membership
	teams error
}

// membership reads a person's rights, with one request for the role and one per team, side by side.
func (r repository) membership(ctx context.Context, person bot.Person, teams []string) (membership, error) {
	who := membership{Membership: bot.Membership{Person: person}}
	var same bool
	member, errs := make([]bool, len(teams)), make([]error, len(teams))
	group, side := errgroup.WithContext(ctx)
	group.SetLimit(peopleAtOnce)
	group.Go(func() (err error) { who.Role, same, err = r.role(side, person); return err })
	for i, team := range teams {
		group.Go(func() error { member[i], errs[i] = r.inTeam(side, team, person.Login); return nil })
	}
	if err := group.Wait(); err != nil {
		return membership{}, err
	}
	for i, team := range teams {
		switch {
		case errs[i] != nil && who.teams == nil:
			who.teams = errs[i]
		case member[i] && same:
			who.Teams = append(who.Teams, team)
		}
	}
	return who, nil
}

// role reads a person's role in the repository; a stranger has none. same is false, with no role, if the login belongs
// to another account by now.
func (r repository) role(ctx context.Context, person bot.Person) (_ bot.Role, same bool, _ error) {
	user := person.Login
	a := ask{what: fmt.Sprintf("read what %s may do in %s", user, r.repo), needs: "Metadata: read"}
	var answer permission
	err := r.get(ctx, a, "collaborators/"+url.PathEscape(user)+"/permission", &answer)
	if errors.Is(err, bot.ErrNotFound) {
		return bot.RoleNone, true, nil // or the repository is gone, which its pull request shows
	}
	if err != nil {
		return "", false, err
	}
	role, known := answer.role()
	if !known {
		return "", false, a.unreadable(fmt.Sprintf("there is no permission %q", answer.Permission))
	}
	if id := answer.User.ID; person.ID != 0 && id != 0 && id != person.ID {
		return bot.RoleNone, false, nil
	}
	return role, true, nil
}

// permission is the answer of GET …/collaborators/{username}/permission.
type permission struct {
	// Permission is admin, write, read or none: it folds maintain into write and
	// triage into read.
	Permission string
	RoleName   string `json:"role_name"` // distinguishes them; newer servers only
	User       struct {
		ID       int64
		RoleName string `json:"role_name"`
	}
}

// role returns GitHub's role if the answer names one that fits the permission. An organization's custom role counts as
// its permission. It returns false for an unknown permission.
func (p permission) role() (bot.Role, bool) {
	folded := bot.Role(p.Permission)
	if !slices.Contains([]bot.Role{bot.RoleNone, bot.RoleRead, bot.RoleWrite, bot.RoleAdmin}, folded) {
		return "", false
	}
	name := p.User.RoleName
	if name == "" {
		name = p.RoleName
	}
	switch role := bot.Role(name); {
	case role == bot.RoleMaintain && folded == bot.RoleWrite, role == bot.RoleTriage && folded == bot.RoleRead:
		return role, true
	}
	return folded, true
}

// inTeam reports whether a person is an active member of a team of the repository's organization. An invited person is
// not. A team that does not exist has no members.
func (r repository) inTeam(ctx context.Context, team, user string) (bool, error) {
	of := r.scope
	of.teams = true // members belong to the organization: the repository's token cannot read them
	return r.Client.inTeam(ctx, of, r.repo.Owner, team, user)
}

// InTeam reports whether a person is an active member of a team. No member is in a team of an organization on which the
// App is not installed.
func (c *Client) InTeam(ctx context.Context, org, team, user string) (bool, error) {
	all, err := c.Installations(ctx)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(all, func(i Installation) bool { return strings.EqualFold(i.Account, org) && !i.Suspended })
	if i < 0 {
		return false, nil
	}
	return c.inTeam(ctx, scope{installation: all[i].ID, teams: true}, org, team, user)
}

func (c *Client) inTeam(ctx context.Context, of scope, org, team, user string) (bool, error) {
	for _, name := range []string{org, team, user} {
		if !goodName.MatchString(name) || strings.Trim(name, ".") == "" {
			return false, nil
		}
	}
	a := ask{what: fmt.Sprintf("read whether %s is in the team %s of %s", user, team, org), needs: "Members: read"}
	var answer struct{ State string }
	err := a.do(ctx, func(ctx context.Context) error {
		_, err := fetch(ctx, c.conn(of).api, fmt.Sprintf("orgs/%s/teams/%s/memberships/%s", org, team, user), &answer)
		return err
	})
	if errors.Is(err, bot.ErrNotFound) {
		return false, nil
	}
	return answer.State == "active", err
}
