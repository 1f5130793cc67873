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

// readCommander reads what the author of a comment may do, and the pull request
// at the same moment: two requests and one for each team side by side, then one
// for the head's tree.
func (r repository) readCommander(ctx context.Context, do bot.ReadCommander) (bot.CommanderRead, error) {
	if !goodName.MatchString(do.User) {
		return bot.CommanderRead{}, &bot.Refused{Reason: fmt.Sprintf("%q is nobody on GitHub.", line(do.User, 80))}
	}
	read := bot.CommanderRead{Comment: do.Comment}
	var pull *gh.PullRequest
	member, teamErrs := make([]bool, len(do.Teams)), make([]error, len(do.Teams))
	group, side := errgroup.WithContext(ctx)
	group.SetLimit(peopleAtOnce)
	group.Go(func() (err error) { pull, err = r.pullRequest(side, do.Number); return err })
	group.Go(func() (err error) { read.Role, err = r.role(side, do.User); return err })
	for i, team := range do.Teams {
		group.Go(func() error { member[i], teamErrs[i] = r.inTeam(side, team, do.User); return nil })
	}
	if err := group.Wait(); err != nil {
		return bot.CommanderRead{}, err
	}
	// A person's account has no teams, and cannot grant the App to read them.
	if pull.GetBase().GetRepo().GetOwner().GetType() != "User" {
		for i, team := range do.Teams {
			if teamErrs[i] != nil {
				return bot.CommanderRead{}, teamErrs[i]
			}
			if member[i] {
				read.Teams = append(read.Teams, team)
			}
		}
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
		return bot.CommanderRead{}, err
	}
	read.HeadTree, read.Ahead = commit.GetTree().GetSHA(), r.wire.clocks.ahead()
	return read, nil
}

// role reads what somebody may do in the repository; a stranger may nothing.
func (r repository) role(ctx context.Context, user string) (bot.Role, error) {
	a := ask{what: fmt.Sprintf("read what %s may do in %s", user, r.repo), needs: "Metadata: read"}
	var answer permission
	err := r.get(ctx, a, "collaborators/"+url.PathEscape(user)+"/permission", &answer)
	if errors.Is(err, bot.ErrNotFound) {
		return bot.RoleNone, nil // or the repository is gone, which its pull request tells
	}
	if err != nil {
		return "", err
	}
	role, known := answer.role()
	if !known {
		return "", a.unreadable(fmt.Sprintf("there is no permission %q", answer.Permission))
	}
	return role, nil
}

// permission is the answer of GET …/collaborators/{username}/permission.
type permission struct {
	// Permission is admin, write, read or none: it folds maintain into write and
	// triage into read.
	Permission string
	RoleName   string `json:"role_name"` // tells them apart; newer servers only
	User       struct {
		RoleName string `json:"role_name"`
	}
}

// role is GitHub's role where the answer names one that fits the permission.
// What an organization calls a role of its own says nothing, so that it counts
// as the permission that it holds. It reports false for a permission that is none.
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

// inTeam reports whether somebody is an active member of a team of the
// repository's organization. Somebody who was only invited is not, and nobody
// is a member of a team that does not exist.
func (r repository) inTeam(ctx context.Context, team, user string) (bool, error) {
	if !goodName.MatchString(team) || strings.Trim(team, ".") == "" {
		return false, nil
	}
	a := ask{what: fmt.Sprintf("read whether %s is in the team %s of %s", user, team, r.repo.Owner), needs: "Members: read"}
	var answer struct{ State string }
	of := r.scope
	of.teams = true // members are the organization's: the repository's token does not tell
	err := a.do(ctx, func(ctx context.Context) error {
		_, err := fetch(ctx, r.Client.conn(of).api, fmt.Sprintf("orgs/%s/teams/%s/memberships/%s", r.repo.Owner, team, user), &answer)
		return err
	})
	if errors.Is(err, bot.ErrNotFound) {
		return false, nil
	}
	return answer.State == "active", err
}
