package bot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Everybody who may see a repository may comment there, and each comment with a command
// costs requests to GitHub. People without write, outsiders, get a few answers an hour;
// of the rest one gets a reaction, and the others nothing. So what is to be known first of
// an author is the role. Of comments by one author that arrive together one is read, and
// the others wait for what it tells.

// Outsider is somebody without write, as of the last hour.
type Outsider struct {
	Role      Role      // as it was read last
	ReadAt    time.Time // when that was
	Since     time.Time // when the hour began
	Answers   int       // comments that were answered since
	ToldLimit bool      // one that was not got its reaction
}

// OutsiderLimits are all outsiders' together.
type OutsiderLimits struct {
	Since    time.Time // when the hour began
	Answers  int       // comments that were answered since
	Readings int       // how often it was read once more that somebody is a outsider
}

const (
	limitPeriod       = time.Hour
	outsiderAnswers   = 5           // of one outsider's comments are answered in an hour
	outsidersAnswers  = 30          // of all outsiders'
	outsiderReadings  = time.Minute // as long it counts that somebody is a outsider
	outsidersReadings = 60          // readings in an hour of whom is known to be one; then it counts for the hour
	maxOutsiders      = 200         // that are remembered
	// maxWaiting bounds how many comments of one author wait for what is to be known of
	// the author: GitHub may not answer for a while.
	maxWaiting = 50
	// CommandAge is how long after it was written a command is obeyed at most. As
	// long, and for CommandSlack more, a comment is remembered once it was seen.
	CommandAge   = 7 * 24 * time.Hour
	CommandSlack = 24 * time.Hour
)

// outsiderKey is whom a comment is by: the account, or the login where that is not known.
func (r *Request) outsiderKey() string {
	if r.UserID != 0 {
		return strconv.FormatInt(r.UserID, 10)
	}
	return "@" + strings.ToLower(r.User)
}

// mayWrite reports whether somebody has write in the repository.
func mayWrite(role Role) bool { return rank[role] >= rank[RoleWrite] }

// byOutsider reports whether a comment is known to be by somebody without write.
func (r *Request) byOutsider() bool { return r.Actor != nil && !mayWrite(r.Actor.Role) }

// member reports whether a comment's author had write a moment ago.
func (s *State) member(of *Request) bool {
	if _, outsider := s.Outsiders[of.outsiderKey()]; outsider {
		return false
	}
	return slices.ContainsFunc(s.Requests, func(r Request) bool {
		return (r.MakersRead != "" || r.Actor != nil && mayWrite(r.Actor.Role)) && r.outsiderKey() == of.outsiderKey() && of.At.Sub(r.At) < limitPeriod
	})
}

// orders reports whether a comment asks for more than an answer.
func (r *Request) orders() bool {
	return slices.ContainsFunc(r.Commands, func(c Command) bool { return !c.Verb.Asks() })
}

// outsider is what is known of a comment's author as a outsider in this hour.
func (s *State) outsider(r *Request, at time.Time) (Outsider, bool) {
	v, known := s.Outsiders[r.outsiderKey()]
	if known && at.Sub(v.Since) >= limitPeriod {
		v = Outsider{Role: v.Role, ReadAt: v.ReadAt, Since: at}
	}
	return v, known
}

// outsiderLimits are all outsiders' together in this hour.
func (s *State) outsiderLimits(at time.Time) OutsiderLimits {
	if at.Sub(s.OutsiderLimits.Since) >= limitPeriod {
		return OutsiderLimits{Since: at}
	}
	return s.OutsiderLimits
}

// answersOutsider reports whether another comment of its author would be answered, if
// that is a outsider.
func (s *State) answersOutsider(r *Request, at time.Time) bool {
	v, _ := s.outsider(r, at)
	return v.Answers < outsiderAnswers && s.outsiderLimits(at).Answers < outsidersAnswers
}

// waitsForAnother reports whether a comment waits for what another one of its author
// tells of the author. What orders something does not wait for one that GitHub has not
// answered for: a /lock is needed most when things go wrong.
func (d *decision) waitsForAnother(of *Request) bool {
	if d.s.member(of) {
		return false
	}
	for i := range d.s.Requests {
		r := &d.s.Requests[i]
		if r.Comment == of.Comment {
			return false
		}
		if r.Closed == "" && r.Actor == nil && !r.Silent && r.outsiderKey() == of.outsiderKey() {
			f := d.s.Pending[actorKey(r)]
			failed := !f.Limit && (f.Attempt > 1 || f.Attempt == 1 && !f.Underway)
			if !failed || !of.orders() {
				return true
			}
		}
	}
	return false
}

// reactsAtOnce reports whether people see that a comment was read before its author's role
// is known: of outsiders who have had their answers nobody does.
func (d *decision) reactsAtOnce(r *Request) bool {
	return r.Actor != nil || r.Admitted || d.s.member(r) || d.s.answersOutsider(r, d.now)
}

// admitOutsider takes in that a comment is by a outsider, and reports whether it is answered.
func (s *State) admitOutsider(r *Request, at time.Time) bool {
	v, known := s.outsider(r, at)
	all := s.outsiderLimits(at)
	if !known {
		v.Since = at
	}
	answered := s.answersOutsider(r, at)
	switch {
	case answered:
		r.Admitted = true
		v.Answers++
		all.Answers++
	case !v.ToldLimit:
		v.ToldLimit, r.Silent = true, true
	default:
		r.Silent, r.Closed = true, "not answered"
	}
	s.OutsiderLimits = all
	s.keepOutsider(r.outsiderKey(), v)
	return answered
}

// keepOutsider remembers somebody. What is known of outsiders is replaced, never changed.
func (s *State) keepOutsider(key string, v Outsider) {
	list := map[string]Outsider{key: v}
	for k, o := range s.Outsiders {
		if k != key && o.ReadAt.After(v.ReadAt.Add(-2*limitPeriod)) {
			list[k] = o
		}
	}
	forgetOldest(list, maxOutsiders, func(k string, o Outsider) (time.Time, bool) { return o.ReadAt, k != key })
	s.Outsiders = list
}

// roleRead takes in what somebody may do who has commented, and what follows for the
// comments of the same author that wait for it. It reports whether the comment itself
// is answered.
func (s *State) roleRead(r *Request, role Role, at time.Time) bool {
	key := r.outsiderKey()
	if mayWrite(role) {
		if _, was := s.Outsiders[key]; was {
			list := map[string]Outsider{}
			for k, v := range s.Outsiders {
				if k != key {
					list[k] = v
				}
			}
			s.Outsiders = list
		}
		return true
	}
	v, known := s.outsider(r, at)
	if !known {
		v.Since = at
	} else {
		all := s.outsiderLimits(at)
		all.Readings++
		s.OutsiderLimits = all
	}
	v.Role, v.ReadAt = role, at
	s.keepOutsider(key, v)
	return r.Admitted || s.admitOutsider(r, at)
}

// knownOutsider reports whether a comment's author is known to be a outsider without
// asking. Whoever orders something that would be answered is asked about once more: a
// role may just have been given.
func (s *State) knownOutsider(r *Request, at time.Time) bool {
	v, known := s.outsider(r, at)
	if !known || s.member(r) {
		return false
	}
	age, answered := at.Sub(v.ReadAt), s.answersOutsider(r, at)
	switch {
	case answered && r.orders() && r.At.After(v.ReadAt):
		return false
	case age < outsiderReadings:
		return true
	}
	return age < limitPeriod && s.outsiderLimits(at).Readings >= outsidersReadings && !answered
}

// receiveOutsiders goes through the comments that wait, where it is known by now that
// their authors are outsiders. What they ask is answered by what is known of the pull
// request.
func (s *State) receiveOutsiders(at time.Time) {
	waiting := map[string]int{}
	for _, old := range s.Requests {
		if old.Closed != "" || old.Actor != nil || old.Admitted || old.Silent || s.actorBeingRead(&old) {
			continue
		}
		key := old.outsiderKey()
		waiting[key]++
		switch {
		case s.knownOutsider(&old, at):
			s.editRequest(old.Comment, func(r *Request) {
				p, known := s.Pulls[r.Number]
				answered := s.admitOutsider(r, at)
				v, _ := s.outsider(r, at)
				switch read := (ActorRead{Comment: r.Comment, Role: v.Role}); {
				case !answered, r.Route != nil:
					r.Actor = &read
				case known: // else it is read
					read.Pull = p.PullRequestChanged
					s.runCommands(r, read, at)
				}
			})
		case waiting[key] > maxWaiting && !s.member(&old):
			s.editRequest(old.Comment, func(r *Request) { r.Silent, r.Closed = true, "not answered" })
		}
	}
	s.Requests = slices.DeleteFunc(slices.Clone(s.Requests), func(r Request) bool { return r.Silent && r.Closed != "" })
}

// actorBeingRead reports whether it is being read what a comment's author may do.
func (s *State) actorBeingRead(r *Request) bool { return s.Pending[actorKey(r)].Underway }

// answeredWith lists the comments whose questions one comment of the bot answers together
// with those of r: of outsiders all that wait on the same pull request.
func (d *decision) answeredWith(r *Request) []*Request {
	if !r.byOutsider() {
		return []*Request{r}
	}
	var list []*Request
	for i := range d.s.Requests {
		o := &d.s.Requests[i]
		if o.Number != r.Number || !o.byOutsider() || !o.open() || o.Replied || !o.asks() {
			continue
		}
		if base, _ := d.planned(o); base == "" || o.Changes != nil {
			list = append(list, o)
		}
	}
	return list
}

// open reports whether a comment is still to be answered by this pipeline.
func (r *Request) open() bool { return r.Closed == "" && !r.Silent && r.Route == nil }

// repliesTo answers the questions of several comments: each of them once.
func (d *decision) repliesTo(list []*Request) string {
	var parts []string
	for _, r := range list {
		if body := d.replyBody(r, d.starting); !slices.Contains(parts, body) {
			parts = append(parts, body)
		}
	}
	for _, r := range list {
		if v, _ := d.s.outsider(r, d.now); r.byOutsider() && v.Answers >= outsiderAnswers {
			parts = append(parts, fmt.Sprintf("%s has had %d answers: people without write access to this repository get no more in an hour.", text(r.User), outsiderAnswers))
			break
		}
	}
	return strings.Join(parts, "\n\n")
}

// authorRead takes in what the author of a comment may do that is handed on to other
// pipelines. Where GitHub does not tell, it is theirs to find out.
func (s *State) authorRead(do ReadRights, f Finished, at time.Time) {
	if f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	role := RoleNone
	read, known := f.Fact.(RightsRead)
	if known && len(read.People) > 0 {
		role = read.People[0].Role
	}
	s.editRequest(do.Comment, func(r *Request) {
		if r.Actor == nil {
			r.Actor = &ActorRead{Comment: r.Comment, Role: role}
			if known {
				s.roleRead(r, role, at)
			}
		}
	})
	s.receiveOutsiders(at)
}

// CommentOf is the comment that a fact brings to a pipeline; 0: none. One without a
// name gets comments by webhooks, the others from that one.
func (k Key) CommentOf(f Fact) int64 {
	switch f := f.(type) {
	case Commented:
		if k.Name == "" {
			return f.ID
		}
	case CommandsRouted:
		return f.ID
	}
	return 0
}

// TakesComments reports whether the pipeline takes comments in: from webhooks, or from
// the one that hands them on.
func (s State) TakesComments() bool { return s.Pipeline.Name != "" || s.Configured || s.multi() }
