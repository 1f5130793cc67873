package githubtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

var commentRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}", byToken, "issues:read", getComment},
	{"PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}", byToken, "issues:write", updateComment},
	{"DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}", byToken, "issues:write", deleteComment},
	{"GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", byToken, "issues:read", listReactions},
	{"POST", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", byToken, "issues:write", createReaction},
	{"GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", byToken, "issues:read", listComments},
	{"POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", byToken, "issues:write", createComment},
}

// maxBody is how many characters a comment may have.
const maxBody = 65536

type comment struct {
	id               int64
	issue            *issue
	user, body       string
	created, updated time.Time
	reactions        []reaction
}

type reaction struct {
	id            int64
	user, content string
	created       time.Time
}

// Comment is a comment on a pull request or issue.
type Comment struct {
	ID               int64
	Number           int // of the pull request or issue
	User, Body       string
	Created, Updated time.Time
	Reactions        []string // "LOGIN CONTENT", oldest first
}

// Comment has a person comment on a pull request or issue.
func (r *Repo) Comment(number int, user, body string) (Comment, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	i := r.issues[number]
	if i == nil {
		return Comment{}, fmt.Errorf("comment on #%d: there is no such issue", number)
	}
	c := r.comment(i, user, body)
	r.arrived(fmt.Sprint("comment ", c.id), "")
	return c.copy(), nil
}

// EditComment changes a comment.
func (r *Repo) EditComment(id int64, user, body string) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	c := r.commentByID(id)
	if c == nil {
		return fmt.Errorf("edit comment %d: there is none", id)
	}
	r.editComment(c, user, body)
	return nil
}

// DeleteComment deletes a comment.
func (r *Repo) DeleteComment(id int64, user string) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	c := r.commentByID(id)
	if c == nil {
		return fmt.Errorf("delete comment %d: there is none", id)
	}
	r.dropComment(c, user)
	return nil
}

// Comments lists the comments on a pull request or issue, oldest first.
func (r *Repo) Comments(number int) []Comment {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var all []Comment
	for _, c := range r.comments {
		if c.issue.number == number {
			all = append(all, c.copy())
		}
	}
	return all
}

func (c *comment) copy() Comment {
	out := Comment{ID: c.id, Number: c.issue.number, User: c.user, Body: c.body, Created: c.created, Updated: c.updated}
	for _, r := range c.reactions {
		out.Reactions = append(out.Reactions, r.user+" "+r.content)
	}
	return out
}

func (r *Repo) commentByID(id int64) *comment {
	for _, c := range r.comments {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (r *Repo) comment(i *issue, user, body string) *comment {
	r.s.account(user, "User")
	c := &comment{id: r.s.nextID(), issue: i, user: user, body: body, created: r.s.now(), updated: r.s.now()}
	r.comments = append(r.comments, c)
	r.emitComment(c, "created", nil, user)
	return c
}

func (r *Repo) editComment(c *comment, user, body string) {
	before := c.body
	c.body, c.updated = body, r.s.now()
	r.emitComment(c, "edited", obj{"changes": obj{"body": obj{"from": before}}}, user)
}

func (r *Repo) dropComment(c *comment, user string) {
	r.comments = slices.DeleteFunc(r.comments, func(other *comment) bool { return other == c })
	r.emitComment(c, "deleted", nil, user)
}

func (r *Repo) emitComment(c *comment, action string, more obj, by string) {
	i := r.installation()
	if i == nil {
		return
	}
	payload := obj{"issue": r.issueJSON(c.issue), "comment": r.commentJSON(c)}
	for k, v := range more {
		payload[k] = v
	}
	r.s.emit(i, r, "issue_comment", action, payload, by)
}

func (r *Repo) issueJSON(i *issue) obj {
	url := fmt.Sprintf("%s/issues/%d", r.api(), i.number)
	id, html := r.id*1000+int64(i.number), fmt.Sprintf("%s/issues/%d", r.html(), i.number)
	j := obj{
		"url": url, "repository_url": r.api(), "labels_url": url + "/labels{/name}", "comments_url": url + "/comments",
		"events_url": url + "/events", "id": id, "node_id": fmt.Sprintf("I_%d", id), "number": i.number, "title": i.title,
		"user": r.s.userJSON(i.user), "labels": []any{}, "state": i.state, "locked": false, "assignee": nil, "assignees": []any{},
		"milestone": nil, "comments": 0, "created_at": timestamp(i.created), "updated_at": timestamp(i.updated),
		"closed_at": timestamp(i.closed), "author_association": r.association(i.user), "active_lock_reason": nil,
		"body": orNull(i.body), "performed_via_github_app": nil, "state_reason": nil, "timeline_url": url + "/timeline",
		"reactions": countReactions(url, nil),
	}
	if p := i.pull; p != nil {
		html = p.html()
		j["draft"] = p.draft
		j["pull_request"] = obj{
			"url": p.api(), "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch", "merged_at": timestamp(p.mergedAt),
		}
	}
	j["html_url"] = html
	return j
}

func (r *Repo) commentJSON(c *comment) obj {
	place := "issues"
	if c.issue.pull != nil {
		place = "pull"
	}
	url := fmt.Sprintf("%s/issues/comments/%d", r.api(), c.id)
	var via any
	if c.user == r.s.botLogin() {
		via = r.s.appJSON(r.s.app.slug)
	}
	return obj{
		"url": url, "html_url": fmt.Sprintf("%s/%s/%d#issuecomment-%d", r.html(), place, c.issue.number, c.id),
		"issue_url": fmt.Sprintf("%s/issues/%d", r.api(), c.issue.number), "id": c.id, "node_id": fmt.Sprintf("IC_%d", c.id),
		"user": r.s.userJSON(c.user), "created_at": timestamp(c.created), "updated_at": timestamp(c.updated),
		"author_association": r.association(c.user), "body": c.body, "performed_via_github_app": via,
		"reactions": countReactions(url, c.reactions),
	}
}

// commentBody reads and checks the body of creating and editing.
func commentBody(c *call) (string, answer, bool) {
	var in struct{ Body string }
	if a, ok := c.decode(&in); !ok {
		return "", a, false
	}
	if strings.TrimSpace(in.Body) == "" {
		return "", invalid("IssueComment", "body", "missing_field", "Body cannot be blank"), false
	}
	if utf8.RuneCountInString(in.Body) > maxBody {
		return "", invalid("IssueComment", "body", "custom", "body is too long (maximum is 65536 characters)"), false
	}
	return in.Body, answer{}, true
}

func listComments(c *call) answer {
	i := c.repo.issues[int(c.id("issue_number"))]
	if i == nil {
		return notFound()
	}
	since, err := time.Parse(time.RFC3339, c.query.Get("since"))
	if err != nil && c.query.Has("since") {
		return invalid("IssueComment", "since", "invalid", "")
	}
	var all []*comment
	for _, comment := range c.repo.comments {
		if comment.issue == i && !comment.updated.Before(since) {
			all = append(all, comment)
		}
	}
	return list(c, all, c.repo.commentJSON)
}

func createComment(c *call) answer {
	i := c.repo.issues[int(c.id("issue_number"))]
	if i == nil {
		return notFound()
	}
	body, a, ok := commentBody(c)
	if !ok {
		return a
	}
	return created(c.repo.commentJSON(c.repo.comment(i, c.botLogin(), body)))
}

func getComment(c *call) answer {
	if comment := c.repo.commentByID(c.id("comment_id")); comment != nil {
		return ok(c.repo.commentJSON(comment))
	}
	return notFound()
}

func updateComment(c *call) answer {
	comment := c.repo.commentByID(c.id("comment_id"))
	if comment == nil {
		return notFound()
	}
	body, a, valid := commentBody(c)
	if !valid {
		return a
	}
	c.repo.editComment(comment, c.botLogin(), body)
	return ok(c.repo.commentJSON(comment))
}

func deleteComment(c *call) answer {
	comment := c.repo.commentByID(c.id("comment_id"))
	if comment == nil {
		return notFound()
	}
	c.repo.dropComment(comment, c.botLogin())
	return noContent()
}

var reactionContents = []string{"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}

// countReactions is the summary that comments and issues hold.
func countReactions(of string, reactions []reaction) obj {
	count := obj{"url": of + "/reactions", "total_count": len(reactions)}
	for _, content := range reactionContents {
		count[content] = 0
	}
	for _, r := range reactions {
		count[r.content] = count[r.content].(int) + 1
	}
	return count
}

func (c *call) reactionJSON(r reaction) obj {
	return obj{
		"id": r.id, "node_id": fmt.Sprintf("REA_%d", r.id), "user": c.userJSON(r.user), "content": r.content,
		"created_at": timestamp(r.created),
	}
}

func listReactions(c *call) answer {
	comment := c.repo.commentByID(c.id("comment_id"))
	if comment == nil {
		return notFound()
	}
	return list(c, comment.reactions, c.reactionJSON)
}

// createReaction answers 200 when the App has reacted so before.
func createReaction(c *call) answer {
	comment := c.repo.commentByID(c.id("comment_id"))
	if comment == nil {
		return notFound()
	}
	var in struct{ Content string }
	if a, ok := c.decode(&in); !ok {
		return a
	}
	if !slices.Contains(reactionContents, in.Content) {
		return invalid("Reaction", "content", "invalid", "")
	}
	for _, r := range comment.reactions {
		if r.user == c.botLogin() && r.content == in.Content {
			return ok(c.reactionJSON(r))
		}
	}
	r := reaction{id: c.nextID(), user: c.botLogin(), content: in.Content, created: c.now()}
	comment.reactions = append(comment.reactions, r)
	return answer{status: http.StatusCreated, body: c.reactionJSON(r)}
}
