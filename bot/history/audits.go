package history

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// audits adds the commands that have another answer than before. Requests are replaced as a whole when one changes.
func audits(list []Entry, before, after *pipeline.State) []Entry {
	was, is := before.Requests, after.Requests
	if len(is) == 0 || len(was) == len(is) && &was[0] == &is[0] {
		return list
	}
	for i := range is {
		r := &is[i]
		var known []pipeline.Answer
		if j := slices.IndexFunc(was, func(o pipeline.Request) bool { return o.Comment == r.Comment }); j >= 0 {
			known = was[j].Answers
		}
		for n, a := range r.Answers {
			if n < len(known) && known[n].Text == a.Text && known[n].OK == a.OK {
				continue
			}
			c := r.Commands[n]
			row := Audit{
				ID: AuditID(r.Comment, n), At: r.At, Who: r.User, Via: cmp.Or(string(r.Via), "comment"), Pull: r.Number,
				Command: cmp.Or(c.Written, c.Text), Answer: a.Text, OK: a.OK,
			}
			if r.Actor != nil {
				row.Role = string(r.Actor.Role)
			}
			if c.Verb == command.VerbIncident && a.OK {
				row.Stage, row.SHA = a.Stage, a.SHA
			}
			list = append(list, row)
		}
	}
	return list
}

// AuditID names a command by its comment, and its place in it from 0.
func AuditID(comment int64, n int) string { return fmt.Sprintf("%d/%d", comment, n) }
