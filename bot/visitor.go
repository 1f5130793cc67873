package bot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Everybody who may see a repository may comment there, and each comment with a command
// costs requests to GitHub. People without write (visitors) get a few answers an hour;
// of the rest one gets a reaction, and the others nothing. So what is to be known first of
// an author is the role. Of comments by one author that arrive together one is read, and
// the others wait for what it tells.

// Visitor is somebody without write, as of the last hour.
type Visitor struct {
	Role    Role      // as it was read last
	ReadAt  time.Time // when that was
	Since   time.Time // when the hour began
	Answers int       // comments that were answered since
	Told    bool      // one that was not got its reaction
}

// Visits are all visitors' together.
type Visits struct {
	Since    time.Time // when the hour began
	Answers  int       // comments that were answered since
	Readings int       // how often it was read once more that somebody is a visitor
}

const (
	visitHour     = time.Hour
	visitAnswers  = 5           // of one visitor's comments are answered in an hour
	visitsAnswers = 30          // of all visitors'
	visitRead     = time.Minute // as long it counts that somebody is a visitor
	visitsRead    = 60          // readings in an hour of whom is known to be one; then it counts for the hour
	mostVisitors  = 200         // that are remembered
	// mostWaiting bounds how many comments of one author wait for what is to be known of
	// the author: GitHub may not answer for a while.
	mostWaiting = 50
	// CommentsHeard is how long after it was written a command is obeyed at most. As
	// long, and for CommentsSlack more, a comment is remembered once it was heard of.
	CommentsHeard = 7 * 24 * time.Hour
	CommentsSlack = 24 * time.Hour
)

// visitorKey is whom a comment is by: the account, or the login where that is not known.
func (r *Request) visitorKey() string {
	if r.UserID != 0 {
		return strconv.FormatInt(r.UserID, 10)
	}
	return "@" + strings.ToLower(r.User)
}

// mayWrite reports whether somebody has write in the repository.
func mayWrite(role Role) bool { return rank[role] >= rank[RoleWrite] }

// byVisitor reports whether a comment is known to be by somebody without write.
func (r *Request) byVisitor() bool { return r.Commander != nil && !mayWrite(r.Commander.Role) }

// member reports whether a comment's author had write a moment ago.
func (s *State) member(of *Request) bool {
	if _, visitor := s.Visitors[of.visitorKey()]; visitor {
		return false
	}
	return slices.ContainsFunc(s.Requests, func(r Request) bool {
		return (r.Vetted != "" || r.Commander != nil && mayWrite(r.Commander.Role)) && r.visitorKey() == of.visitorKey() && of.At.Sub(r.At) < visitHour
	})
}

// orders reports whether a comment asks for more than an answer.
func (r *Request) orders() bool {
	return slices.ContainsFunc(r.Commands, func(c Command) bool { return !c.Verb.Asks() })
}

// visitor is what is known of a comment's author as a visitor in this hour.
func (s *State) visitor(r *Request, at time.Time) (Visitor, bool) {
	v, known := s.Visitors[r.visitorKey()]
	if known && at.Sub(v.Since) >= visitHour {
		v = Visitor{Role: v.Role, ReadAt: v.ReadAt, Since: at}
	}
	return v, known
}

// visits are all visitors' together in this hour.
func (s *State) visits(at time.Time) Visits {
	if at.Sub(s.Visits.Since) >= visitHour {
		return Visits{Since: at}
	}
	return s.Visits
}

// answersVisitor reports whether another comment of its author would be answered, if
// that is a visitor.
func (s *State) answersVisitor(r *Request, at time.Time) bool {
	v, _ := s.visitor(r, at)
	return v.Answers < visitAnswers && s.visits(at).Answers < visitsAnswers
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
		if r.Closed == "" && r.Commander == nil && !r.Silent && r.visitorKey() == of.visitorKey() {
			f := d.s.Flights[commanderKey(r)]
			failed := !f.Limit && (f.Attempt > 1 || f.Attempt == 1 && !f.Out)
			if !failed || !of.orders() {
				return true
			}
		}
	}
	return false
}

// seesAtOnce reports whether people see that a comment was read before its author's role
// is known: of visitors who have had their answers nobody does.
func (d *decision) seesAtOnce(r *Request) bool {
	return r.Commander != nil || r.Admitted || d.s.member(r) || d.s.answersVisitor(r, d.now)
}

// visit takes in that a comment is by a visitor, and reports whether it is answered.
func (s *State) visit(r *Request, at time.Time) bool {
	v, known := s.visitor(r, at)
	all := s.visits(at)
	if !known {
		v.Since = at
	}
	answered := s.answersVisitor(r, at)
	switch {
	case answered:
		r.Admitted = true
		v.Answers++
		all.Answers++
	case !v.Told:
		v.Told, r.Silent = true, true
	default:
		r.Silent, r.Closed = true, "not answered"
	}
	s.Visits = all
	s.keepVisitor(r.visitorKey(), v)
	return answered
}

// keepVisitor remembers somebody. What is known of visitors is replaced, never changed.
func (s *State) keepVisitor(key string, v Visitor) {
	list := map[string]Visitor{key: v}
	for k, o := range s.Visitors {
		if k != key && o.ReadAt.After(v.ReadAt.Add(-2*visitHour)) {
			list[k] = o
		}
	}
	forgetOldest(list, mostVisitors, func(k string, o Visitor) (time.Time, bool) { return o.ReadAt, k != key })
	s.Visitors = list
}

// roleRead takes in what somebody may do who has commented, and what follows for the
// comments of the same author that wait for it. It reports whether the comment itself
// is answered.
func (s *State) roleRead(r *Request, role Role, at time.Time) bool {
	key := r.visitorKey()
	if mayWrite(role) {
		if _, was := s.Visitors[key]; was {
			list := map[string]Visitor{}
			for k, v := range s.Visitors {
				if k != key {
					list[k] = v
				}
			}
			s.Visitors = list
		}
		return true
	}
	v, known := s.visitor(r, at)
	if !known {
		v.Since = at
	} else {
		all := s.visits(at)
		all.Readings++
		s.Visits = all
	}
	v.Role, v.ReadAt = role, at
	s.keepVisitor(key, v)
	return r.Admitted || s.visit(r, at)
}

// knownVisitor reports whether a comment's author is known to be a visitor without
// asking. Whoever orders something that would be answered is asked about once more: a
// role may just have been given.
func (s *State) knownVisitor(r *Request, at time.Time) bool {
	v, known := s.visitor(r, at)
	if !known || s.member(r) {
		return false
	}
	age, answered := at.Sub(v.ReadAt), s.answersVisitor(r, at)
	switch {
	case answered && r.orders() && r.At.After(v.ReadAt):
		return false
	case age < visitRead:
		return true
	}
	return age < visitHour && s.visits(at).Readings >= visitsRead && !answered
}

// receiveVisitors goes through the comments that wait, where it is known by now that
// their authors are visitors. What they ask is answered by what is known of the pull
// request.
func (s *State) receiveVisitors(at time.Time) {
	waiting := map[string]int{}
	for _, old := range s.Requests {
		if old.Closed != "" || old.Commander != nil || old.Admitted || old.Silent || s.asked(&old) {
			continue
		}
		key := old.visitorKey()
		waiting[key]++
		switch {
		case s.knownVisitor(&old, at):
			s.editRequest(old.Comment, func(r *Request) {
				p, known := s.Pulls[r.Number]
				answered := s.visit(r, at)
				v, _ := s.visitor(r, at)
				switch read := (CommanderRead{Comment: r.Comment, Role: v.Role}); {
				case !answered, r.Route != nil:
					r.Commander = &read
				case known: // else it is read
					read.Pull = p.PullRequestChanged
					s.runCommands(r, read, at)
				}
			})
		case waiting[key] > mostWaiting && !s.member(&old):
			s.editRequest(old.Comment, func(r *Request) { r.Silent, r.Closed = true, "not answered" })
		}
	}
	s.Requests = slices.DeleteFunc(slices.Clone(s.Requests), func(r Request) bool { return r.Silent && r.Closed != "" })
}

// asked reports whether it is being read what a comment's author may do.
func (s *State) asked(r *Request) bool { return s.Flights[commanderKey(r)].Out }

// askedWith lists the comments whose questions one comment of the bot answers together
// with those of r: of visitors all that wait on the same pull request.
func (d *decision) askedWith(r *Request) []*Request {
	if !r.byVisitor() {
		return []*Request{r}
	}
	var list []*Request
	for i := range d.s.Requests {
		o := &d.s.Requests[i]
		if o.Number != r.Number || !o.byVisitor() || !o.open() || o.Replied || !o.asks() {
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
		if v, _ := d.s.visitor(r, d.now); r.byVisitor() && v.Answers >= visitAnswers {
			parts = append(parts, fmt.Sprintf("%s has had %d answers: people without write access to this repository get no more in an hour.", text(r.User), visitAnswers))
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
		if r.Commander == nil {
			r.Commander = &CommanderRead{Comment: r.Comment, Role: role}
			if known {
				s.roleRead(r, role, at)
			}
		}
	})
	s.receiveVisitors(at)
}

// Hears is the comment that a fact tells a pipeline of; 0: none. One without a name hears
// of comments by webhooks, the others from that one.
func (k Key) Hears(f Fact) int64 {
	switch f := f.(type) {
	case Commented:
		if k.Name == "" {
			return f.ID
		}
	case Addressed:
		return f.ID
	}
	return 0
}

// HearsComments reports whether the pipeline takes comments in: from webhooks, or from
// the one that hands them on.
func (s State) HearsComments() bool { return s.Pipeline.Name != "" || s.Configured || s.several() }
