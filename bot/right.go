package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Somebody's word lets a candidate into a stage: an approval, an urgent order, an order
// that passes the lock of a rollback, or one for the head of an open pull request. The
// word ends with its giver's right to give it. So the right is read once more when
// everything else is open, and the stage is entered on that reading alone.

// ReadRights reads what people may do at this moment. Answer: RightsRead.
type ReadRights struct {
	Comment    int64  // that one of them has written; 0: they let something in
	SHA, Stage string // what they let in, and where
	People     []Person
	Teams      []string // slugs of teams of the repository's organization to look them up in
}

// Person is somebody on GitHub.
type Person struct {
	Login string
	ID    int64 // whoever has the login now is somebody else if the id differs; 0: not known
}

// RightsRead is what people may do, in the order in which they were asked about.
type RightsRead struct{ People []Membership }

// Membership is what somebody may do in the repository.
type Membership struct {
	Person
	Role  Role     // RoleNone for a stranger, and where the login is somebody else's now
	Teams []string // those of ReadRights.Teams that the person is an active member of
}

func (RightsRead) fact() {}

func (ReadRights) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{RightsRead{}}, Deadline: dayDeadline, Priority: PriorityDeploy}
}

// Rights is what is known of the right of those whose word lets a candidate into a
// stage.
type Rights struct {
	Until  time.Time // the last moment at which the newest reading counts; zero: there was none
	Unread string    // why GitHub does not tell; empty: it does, or was not asked yet
	Since  time.Time // with Unread: since when
	AskAt  time.Time // with Unread: when it is asked again
}

const (
	// rightCounts is how long after it came a reading of rights counts: a release may
	// take a step or two to begin.
	rightCounts = 5 * time.Second
	// rightAge is how old a reading is at most that counts.
	rightAge = 30 * time.Second
	// rightAgain is how long after GitHub refused to tell it is asked again.
	rightAgain = time.Minute
)

// orders lists the orders by which a candidate would enter a stage; none: it enters by
// itself.
func (d *view) orders(c *Candidate, stage Stage) (list []Order) {
	if a := c.Approvals[stage.Name]; a.good() && d.needsApproval(c, stage) {
		list = append(list, a.Order)
	}
	o, ordered := c.Ordered[stage.Name]
	l := d.s.Stages[stage.Name].lockedAt(d.now)
	if ordered && (c.FromPull || o.Urgent || l != nil && l.Rollback) {
		list = append(list, o)
	}
	return list
}

// rightsFresh reports whether those by whose word a candidate would enter a stage have the
// right to give it at this moment, and else asks.
func (d *decision) rightsFresh(c *Candidate, stage string) bool {
	cfg, _ := d.s.Config.Stage(stage)
	words := d.orders(c, cfg)
	r := c.Rights[stage]
	if len(words) == 0 || !d.now.After(r.Until) {
		return true
	}
	if d.due(r.AskAt) {
		do := ReadRights{SHA: c.SHA, Stage: stage, Teams: teamsOf(cfg.Allow)}
		for _, o := range words {
			if p := (Person{o.By, o.ByID}); !slices.Contains(do.People, p) {
				do.People = append(do.People, p)
			}
		}
		d.want(rightsKey(c.SHA, stage), do)
	}
	if d.needsMaintenance(c, stage) && r.Unread == "" && d.s.Pending[rightsKey(c.SHA, stage)].Reason == "" {
		d.stayInMaintenance(stage)
	}
	return false
}

// rightGates is a gate that waits while GitHub does not tell whether people still have
// the right to let a candidate in; none where it does. Whoever is about to enter asks
// once all other gates are open.
func (d *view) rightGates(c *Candidate, stage string) []Gate {
	r, f := c.Rights[stage], d.s.Pending[rightsKey(c.SHA, stage)]
	reason, since, until := r.Unread, r.Since, r.AskAt
	if reason == "" {
		reason, since, until = f.Reason, f.Since, f.NotBefore
	}
	if reason == "" {
		return nil
	}
	cfg, _ := d.s.Config.Stage(stage)
	words := d.orders(c, cfg)
	if len(words) == 0 || !d.now.After(r.Until) {
		return nil
	}
	g := Gate{Name: GateRight, State: GateWaiting, Since: since, Until: until, Who: "GitHub"}
	g.Text = fmt.Sprintf("GitHub does not tell whether @%s may still let it into %s%s", words[0].By, stage, because(reason))
	return []Gate{g}
}

// rightsRead takes what people may do. A word whose giver has lost the right ends.
func (s *State) rightsRead(do ReadRights, f Finished, at time.Time) {
	if do.Comment != 0 {
		s.authorRead(do, f, at)
		return
	}
	c := s.candidate(do.SHA)
	cfg, ok := s.Config.Stage(do.Stage)
	if c == nil || !ok || f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	read, _ := f.Fact.(RightsRead)
	late := at.Sub(f.Effect.At) > rightAge
	if f.Outcome == Refuse || late {
		r := Rights{Unread: f.Reason, Since: at, AskAt: at.Add(rightAgain)}
		if was := c.Rights[do.Stage]; was.Unread != "" {
			r.Since = was.Since
		}
		if late && f.Outcome == Done {
			r.Unread, r.AskAt = fmt.Sprintf("its answer took %s", took(f.Effect.At, at)), at
		}
		put(&c.Rights, do.Stage, r)
		return
	}
	// Whoever is named by the file only since it was asked is asked about once more.
	known := !slices.ContainsFunc(teamsOf(cfg.Allow), func(team string) bool { return !slices.Contains(do.Teams, team) })
	for _, o := range newView(s, at).orders(c, cfg) {
		i := slices.IndexFunc(read.People, func(p Membership) bool { return p.Person == Person{o.By, o.ByID} })
		if i < 0 || !known {
			known = false
			continue
		}
		if no := s.lostRight(c, cfg, o, read.People[i]); no != "" {
			s.revoke(c, do.Stage, o, no, at)
		}
	}
	r := Rights{}
	if known {
		r.Until = at.Add(rightCounts)
	}
	put(&c.Rights, do.Stage, r)
}

// noteRight notes that a command's author had the right at the moment of the command.
// It counts for what enters by it at once.
func (x execution) noteRight(c *Candidate, stage string) {
	cfg, _ := x.s.Config.Stage(stage)
	for _, o := range newView(x.s, x.at).orders(c, cfg) {
		if o.Comment != x.request.Comment {
			return
		}
	}
	put(&c.Rights, stage, Rights{Until: x.at})
}

// lostRight says which right somebody lacks by now whose word would let a candidate
// into a stage; empty: none.
func (s *State) lostRight(c *Candidate, stage Stage, o Order, now Membership) string {
	if !allows(stage.Allow, now) {
		return fmt.Sprintf("%s takes %s, and by now %s", stage.Name, takes(stage.Allow), lacks(stage.Allow, now))
	}
	if a := c.Approvals[stage.Name]; a.Alone != "" && a.Comment == o.Comment && now.Role != RoleAdmin {
		return fmt.Sprintf("%s takes the role admin, and by now @%s has the role %s", aloneWord, o.By, now.Role)
	}
	if o.Urgent && rank[now.Role] < rank[RoleMaintain] {
		return fmt.Sprintf("--urgent takes maintain or admin, and by now @%s has the role %s", o.By, now.Role)
	}
	return ""
}

// revoke ends an approval, or an order, whose giver may not give it any more, and says
// so where it was given.
func (s *State) revoke(c *Candidate, stage string, o Order, why string, at time.Time) {
	if a := c.Approvals[stage]; a.good() && a.Comment == o.Comment {
		a.Lapsed, a.LapsedAt = why, at
		c.Approvals[stage] = a
		s.correctLapsed(c.SHA, stage, a)
	}
	if given, ordered := c.Ordered[stage]; !ordered || given.Comment != o.Comment {
		return
	}
	delete(c.Ordered, stage)
	s.editRequest(o.Comment, func(r *Request) {
		for i, answer := range r.Answers {
			if answer.Open && answer.SHA == c.SHA && answer.Stage == stage {
				r.Answers[i] = Answer{Stage: stage, SHA: c.SHA, Text: fmt.Sprintf("%s was not released to %s: %s", Short(c.SHA), stage, why)}
			}
		}
	})
}

// teamsOf lists the teams that a stage's `allow:` names.
func teamsOf(allow []string) (list []string) {
	for _, entry := range allow {
		if team, ok := strings.CutPrefix(entry, AllowTeam); ok {
			list = append(list, team)
		}
	}
	return list
}

// orWrite is a stage's `allow:`, or what stands for none.
func orWrite(allow []string) []string {
	if len(allow) == 0 {
		return []string{string(RoleWrite)}
	}
	return allow
}

// takes says whom a stage's `allow:` lets command it.
func takes(allow []string) string { return strings.Join(orWrite(allow), " or ") }

// allows reports whether any entry of a stage's `allow:` lets somebody command it. A
// login, and a team, may become somebody else's at any time: whoever is meant by name
// needs write as well.
func allows(allow []string, who Membership) bool {
	return slices.ContainsFunc(orWrite(allow), func(entry string) bool {
		least, is := rank[Role(entry)]
		if named, byName := who.is(entry); byName {
			least, is = rank[RoleWrite], named
		}
		return is && rank[who.Role] >= least
	})
}

// is reports whether an entry of `allow:` names a person or a team, and whether
// somebody is that person, or in that team.
func (who Membership) is(entry string) (named, byName bool) {
	if team, ok := strings.CutPrefix(entry, AllowTeam); ok {
		return slices.Contains(who.Teams, team), true
	}
	if user, ok := strings.CutPrefix(entry, AllowPerson); ok {
		return strings.EqualFold(user, who.Login), true
	}
	return false, false
}

// lacks says what keeps somebody from commanding a stage whom its `allow:` does not let.
func lacks(allow []string, who Membership) string {
	text := fmt.Sprintf("@%s has the role %s", who.Login, who.Role)
	if slices.ContainsFunc(allow, func(entry string) bool { named, _ := who.is(entry); return named }) {
		text += ": a person or team that is named needs write, too"
	}
	return text
}
