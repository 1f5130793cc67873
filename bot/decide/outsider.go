package decide

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
	"github.com/headstart-cd/headstart/bot/words"
)

// waitsForAnother reports whether a comment waits for another comment of the same author, whose reading tells whether
// the author is a member. A comment with orders does not wait for a reading that failed: a /lock is needed most when
// things go wrong.
func (d *decision) waitsForAnother(of *pipeline.Request) bool {
	if d.State.Member(of) {
		return false
	}
	for i := range d.State.Requests {
		r := &d.State.Requests[i]
		if r.Comment == of.Comment {
			return false
		}
		if r.Via == "" && r.Closed == "" && r.Actor == nil && !r.Silent && r.OutsiderKey() == of.OutsiderKey() {
			f := d.State.Pending[pipeline.ActorKey(r)]
			failed := !f.Limit && (f.Attempt > 1 || f.Attempt == 1 && !f.Underway)
			if !failed || !of.Orders() {
				return true
			}
		}
	}
	return false
}

// reactsAtOnce reports whether a comment gets its first reaction before its author's role is known. Outsiders whose
// answers are used up get none.
func (d *decision) reactsAtOnce(r *pipeline.Request) bool {
	return r.Actor != nil || r.Admitted || d.State.Member(r) || d.State.AnswersOutsider(r, d.Now)
}

// answeredWith lists the comments whose questions are answered in one comment together with r. For outsiders these are
// all that wait on the same pull request.
func (d *decision) answeredWith(r *pipeline.Request) []*pipeline.Request {
	if !r.ByOutsider() {
		return []*pipeline.Request{r}
	}
	var list []*pipeline.Request
	for i := range d.State.Requests {
		o := &d.State.Requests[i]
		if o.Number != r.Number || !o.ByOutsider() || !o.Open() || o.Replied || !o.Asks() {
			continue
		}
		if base, _ := d.Planned(o); base == "" || o.Changes != nil {
			list = append(list, o)
		}
	}
	return list
}

// repliesTo answers the questions of several comments, each question once.
func (d *decision) repliesTo(list []*pipeline.Request) string {
	var parts []string
	for _, r := range list {
		if body := render.ReplyBody(d.View, r, d.starting); !slices.Contains(parts, body) {
			parts = append(parts, body)
		}
	}
	for _, r := range list {
		if v, _ := d.State.Outsider(r, d.Now); r.ByOutsider() && v.Answers >= pipeline.OutsiderAnswers {
			parts = append(parts, fmt.Sprintf("%s has had %d answers: people without write access to this repository get no more in an hour.", words.Text(r.User), pipeline.OutsiderAnswers))
			break
		}
	}
	return strings.Join(parts, "\n\n")
}
