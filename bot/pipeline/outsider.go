package pipeline

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// Everybody who may see a repository may comment, and each comment with a command costs
// requests to GitHub. Outsiders are people without write. They get a few answers an hour,
// then one reaction, then nothing. So an author's role is read first. Of comments by one
// author that arrive together, one is read and the others wait for its result.

// Outsider is a person without write, as of the last hour.
type Outsider struct {
	Role      bot.Role  // as last read
	ReadAt    time.Time // when it was last read
	Since     time.Time // when the hour began
	Answers   int       // comments answered since
	ToldLimit bool      // an unanswered comment got the reaction
}

// OutsiderLimits count for all outsiders together.
type OutsiderLimits struct {
	Since    time.Time // when the hour began
	Answers  int       // comments answered since
	Readings int       // repeated readings of outsiders' roles
}

const (
	limitPeriod       = time.Hour
	OutsiderAnswers   = 5           // answers an hour for one outsider
	outsidersAnswers  = 30          // answers an hour for all outsiders
	outsiderReadings  = time.Minute // how long a role that was read counts
	outsidersReadings = 60          // repeated readings an hour; then a role counts for the whole hour
	maxOutsiders      = 200         // how many are remembered
	CommandSlack      = 24 * time.Hour
)

// OutsiderKey identifies the author: the account, or the login if the account is unknown.
func (r *Request) OutsiderKey() string {
	if r.UserID != 0 {
		return strconv.FormatInt(r.UserID, 10)
	}
	return "@" + strings.ToLower(r.User)
}

// mayWrite reports whether a role includes write.
func mayWrite(role bot.Role) bool { return bot.RoleRank[role] >= bot.RoleRank[bot.RoleWrite] }

// ByOutsider reports whether the comment's author is known to lack write.
func (r *Request) ByOutsider() bool { return r.Actor != nil && !mayWrite(r.Actor.Role) }

// Member reports whether a comment's author had write a moment ago.
func (s *State) Member(of *Request) bool {
	if _, outsider := s.Outsiders[of.OutsiderKey()]; outsider {
		return false
	}
	return slices.ContainsFunc(s.Requests, func(r Request) bool {
		return (r.MakersRead != "" || r.Actor != nil && mayWrite(r.Actor.Role)) && r.OutsiderKey() == of.OutsiderKey() && of.At.Sub(r.At) < limitPeriod
	})
}

// Orders reports whether a comment asks for more than an answer.
func (r *Request) Orders() bool {
	return slices.ContainsFunc(r.Commands, func(c command.Command) bool { return !c.Verb.Asks() })
}

// Outsider is what is known of a comment's author as an outsider in this hour.
func (s *State) Outsider(r *Request, at time.Time) (Outsider, bool) {
	v, known := s.Outsiders[r.OutsiderKey()]
	if known && at.Sub(v.Since) >= limitPeriod {
		v = Outsider{Role: v.Role, ReadAt: v.ReadAt, Since: at}
	}
	return v, known
}

// outsiderLimits are the limits of this hour.
func (s *State) outsiderLimits(at time.Time) OutsiderLimits {
	if at.Sub(s.OutsiderLimits.Since) >= limitPeriod {
		return OutsiderLimits{Since: at}
	}
	return s.OutsiderLimits
}

// AnswersOutsider reports whether another comment of its author would be answered, if the
// author is an outsider.
func (s *State) AnswersOutsider(r *Request, at time.Time) bool {
	v, _ := s.Outsider(r, at)
	return v.Answers < OutsiderAnswers && s.outsiderLimits(at).Answers < outsidersAnswers
}

// AdmitOutsider counts a comment of an outsider, and reports whether it is answered.
func (s *State) AdmitOutsider(r *Request, at time.Time) bool {
	v, known := s.Outsider(r, at)
	all := s.outsiderLimits(at)
	if !known {
		v.Since = at
	}
	answered := s.AnswersOutsider(r, at)
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
	s.keepOutsider(r.OutsiderKey(), v)
	return answered
}

// keepOutsider remembers an outsider. Entries are replaced, never changed in place.
func (s *State) keepOutsider(key string, v Outsider) {
	list := map[string]Outsider{key: v}
	for k, o := range s.Outsiders {
		if k != key && o.ReadAt.After(v.ReadAt.Add(-2*limitPeriod)) {
			list[k] = o
		}
	}
	ForgetOldest(list, maxOutsiders, func(k string, o Outsider) (time.Time, bool) { return o.ReadAt, k != key })
	s.Outsiders = list
}

// RoleRead takes a comment author's role, also for waiting comments of the same author. It
// reports whether the comment itself is answered.
func (s *State) RoleRead(r *Request, role bot.Role, at time.Time) bool {
	key := r.OutsiderKey()
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
	v, known := s.Outsider(r, at)
	if !known {
		v.Since = at
	} else {
		all := s.outsiderLimits(at)
		all.Readings++
		s.OutsiderLimits = all
	}
	v.Role, v.ReadAt = role, at
	s.keepOutsider(key, v)
	return r.Admitted || s.AdmitOutsider(r, at)
}

// KnownOutsider reports whether a comment's author is known to be an outsider without a
// request. The author of an order that would be answered is read again: a role may just
// have been given.
func (s *State) KnownOutsider(r *Request, at time.Time) bool {
	v, known := s.Outsider(r, at)
	if !known || s.Member(r) {
		return false
	}
	age, answered := at.Sub(v.ReadAt), s.AnswersOutsider(r, at)
	switch {
	case answered && r.Orders() && r.At.After(v.ReadAt):
		return false
	case age < outsiderReadings:
		return true
	}
	return age < limitPeriod && s.outsiderLimits(at).Readings >= outsidersReadings && !answered
}

// Open reports whether this pipeline still has to answer a comment.
func (r *Request) Open() bool { return r.Closed == "" && !r.Silent && r.Route == nil }

// TakesComments reports whether the pipeline takes comments: from webhooks, or from the
// pipeline that routes them.
func (s State) TakesComments() bool { return s.Pipeline.Name != "" || s.Configured || s.Multi() }
