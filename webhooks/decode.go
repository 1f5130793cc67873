package webhooks

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/redact"
)

// events are the events that Decode finds facts in.
var events = []string{"check_run", "check_suite", "issue_comment", "merge_group", "pull_request", "push", "repository", "status"}

// known are the events with their own label in the metrics.
var known = func() map[string]bool {
	m := map[string]bool{"ping": true, "installation": true, "installation_repositories": true}
	for _, e := range events {
		m[e] = true
	}
	return m
}()

// Events lists by name the events that a GitHub App must subscribe to: those that Decode finds facts in.
func Events() []string { return slices.Clone(events) }

// Decode returns the facts in a delivery of GitHub, or of Heroku if the event is Heroku. There are none in an
// irrelevant event, or in one about a tag, a deleted branch or a status of Headstart's own. Otherwise the first fact
// contains the repository's installation. The caller sets the ID.
//
// An error names the event, the field, and what was expected there.
func Decode(event string, body []byte) (engine.Delivery, error) {
	if event == Heroku {
		return decodeHeroku(body)
	}
	if !slices.Contains(events, event) {
		return engine.Delivery{}, nil
	}
	read := decodeWhole
	if isShort(body) {
		read = decodeShort
	}
	p, err := read(event, body)
	if err != nil {
		return engine.Delivery{}, err
	}
	return factsIn(event, p)
}

// decodeWhole reads a body as GitHub sends it.
func decodeWhole(event string, body []byte) (payload, error) {
	var p payload
	if err := unmarshal(event, body, &p); err != nil {
		return payload{}, err
	}
	if event == "issue_comment" && p.Comment != nil {
		p.Comment.lines = commandLines(p.Comment.Body)
	}
	return p, nil
}

func factsIn(event string, p payload) (engine.Delivery, error) {
	repo, err := bot.ParseRepo(p.Repository.FullName)
	if err != nil {
		return engine.Delivery{}, wrong(event, "repository.full_name", "OWNER/NAME", p.Repository.FullName)
	}
	d := engine.Delivery{Repo: repo, RepoID: p.Repository.ID, Sender: engine.Person{ID: p.Sender.ID, Login: p.Sender.Login}}
	var fact bot.Fact
	switch event {
	case "push":
		fact, err = pushed(p)
	case "pull_request":
		fact, err = pullRequest(p)
	case "check_run":
		fact, err = checkRun(p)
	case "check_suite":
		fact, err = checkSuite(p)
	case "status":
		fact, err = status(p)
	case "issue_comment":
		fact, err = commented(p)
	case "merge_group":
		fact, err = mergeGroup(p)
	}
	if err != nil || fact == nil && !newName(event, p) {
		return d, err
	}
	if p.Installation.ID != 0 {
		d.Facts = append(d.Facts, bot.Installed{RepoID: p.Repository.ID, Installation: p.Installation.ID, DefaultBranch: p.Repository.DefaultBranch, Visibility: p.Repository.visible()})
	}
	if fact != nil {
		d.Facts = append(d.Facts, fact)
	}
	if by := headPushed(event, p); by != nil {
		d.Facts = append(d.Facts, by)
	}
	return d, nil
}

// newName reports whether an event gives a repository a name: it was created, renamed or transferred. It has no fact of
// its own: any delivery contains the name.
func newName(event string, p payload) bool { return event == "repository" && p.Action != "deleted" }

// asSent is how JSON from outside is read: with the documented names, and the last of two fields with one name. Without
// encoding/json's errors the text is parsed once, not twice.
var asSent = json.JoinOptions(jsonv1.DefaultOptionsV1(), json.MatchCaseInsensitiveNames(false), jsonv1.ReportErrorsWithLegacySemantics(false))

func pushed(p payload) (bot.Fact, error) {
	branch, ok := strings.CutPrefix(p.Ref, "refs/heads/")
	if p.Ref == "" {
		return nil, wrong("push", "ref", "the full name of a branch or tag", p.Ref)
	}
	if !ok || p.Deleted || zeros(p.After) {
		return nil, nil
	}
	if !isSHA(p.After) {
		return nil, wrong("push", "after", "a full SHA", p.After)
	}
	if !isSHA(p.Before) {
		return nil, wrong("push", "before", "a full SHA", p.Before)
	}
	if err := oddTime("push", map[string]when{"repository.pushed_at": p.Repository.PushedAt}); err != nil {
		return nil, err
	}
	f := bot.Pushed{Branch: branch, Before: p.Before, After: p.After, PushedAt: p.Repository.PushedAt.time, Forced: p.Forced, By: p.Sender.account()}
	// GitHub may omit the commit, or parts of it, even if the branch exists.
	if c := p.HeadCommit; c != nil {
		f.Nothing = p.Commits == broughtNothing
		if c.TreeID != "" && !isSHA(c.TreeID) {
			return nil, wrong("push", "head_commit.tree_id", "a full SHA", c.TreeID)
		}
		f.Tree, f.Title, f.Author = c.TreeID, p.title(c.Message), orElse(c.Author.Username, p.title(c.Author.Name))
	}
	return f, nil
}

// headPushed returns the push of a pull request's head, whose event also names the pusher. A fork's head is in another
// repository, whose branches are not stored.
func headPushed(event string, p payload) bot.Fact {
	pr := p.PullRequest
	if event != "pull_request" || p.Action != "synchronize" || !isSHA(p.Before) || p.After != pr.Head.SHA || pr.Head.Ref == "" ||
		pr.Head.Repo == nil || !strings.EqualFold(pr.Head.Repo.FullName, p.Repository.FullName) {
		return nil
	}
	return bot.HeadPushed{Branch: pr.Head.Ref, Before: p.Before, After: p.After, By: p.Sender.account()}
}

// title returns the first line of a text as it is shown. A stored text is that already.
func (p payload) title(text string) string {
	if p.kept {
		return text
	}
	return redact.Title(text)
}

func pullRequest(p payload) (bot.Fact, error) {
	pr := p.PullRequest
	if pr == nil || pr.Number <= 0 {
		return nil, wrong("pull_request", "pull_request.number", "a number", "")
	}
	if !isSHA(pr.Head.SHA) {
		return nil, wrong("pull_request", "pull_request.head.sha", "a full SHA", pr.Head.SHA)
	}
	if pr.Base.Ref == "" {
		return nil, wrong("pull_request", "pull_request.base.ref", "the name of a branch", "")
	}
	if err := oddTime("pull_request", map[string]when{"pull_request.updated_at": pr.UpdatedAt}); err != nil {
		return nil, err
	}
	f := bot.PullRequestChanged{
		Number: pr.Number, Title: p.title(pr.Title), Author: pr.User.Login, AuthorID: pr.User.ID, Head: pr.Head.SHA, Branch: pr.Head.Ref, Base: pr.Base.Ref,
		// A deleted fork is null.
		Fork: pr.Head.Repo == nil || !strings.EqualFold(pr.Head.Repo.FullName, p.Repository.FullName),
		Open: pr.State == "open", Merged: pr.Merged, UpdatedAt: pr.UpdatedAt.time,
	}
	if pr.Merged {
		// While the pull request is open, this is the commit of the test merge.
		if !isSHA(pr.MergeCommitSHA) {
			return nil, wrong("pull_request", "pull_request.merge_commit_sha", "a full SHA, because it is merged", pr.MergeCommitSHA)
		}
		f.MergeSHA = pr.MergeCommitSHA
	}
	return f, nil
}

func checkRun(p payload) (bot.Fact, error) {
	run := p.CheckRun
	if run == nil || !isSHA(run.HeadSHA) {
		return nil, wrong("check_run", "check_run.head_sha", "a full SHA", "")
	}
	if run.Name == "" {
		return nil, wrong("check_run", "check_run.name", "a name", "")
	}
	if p.Action != "created" && p.Action != "completed" {
		// When a run is requested again, the payload still has the old conclusion.
		return bot.ChecksMoved{SHA: run.HeadSHA}, nil
	}
	if err := oddTime("check_run", map[string]when{"check_run.started_at": run.StartedAt, "check_run.completed_at": run.CompletedAt}); err != nil {
		return nil, err
	}
	check := bot.Check{
		Kind: bot.CheckRun, Name: run.Name, AppID: run.App.ID, App: run.App.Slug, Suite: run.CheckSuite.ID, State: bot.CheckPending, Conclusion: run.Conclusion,
		URL: orElse(run.DetailsURL, run.HTMLURL), At: run.StartedAt.time,
	}
	if run.Status == "completed" {
		check.At = run.CompletedAt.time
		switch run.Conclusion {
		case "success", "neutral", "skipped":
			check.State = bot.CheckPassed
		case "":
			return nil, wrong("check_run", "check_run.conclusion", "a conclusion, because it is completed", "")
		default:
			check.State = bot.CheckFailed
		}
	}
	return bot.CheckReported{SHA: run.HeadSHA, Check: check}, nil
}

// checkSuite returns only "look again": a completed suite can gain runs, and not every app fills its suite.
func checkSuite(p payload) (bot.Fact, error) {
	if p.CheckSuite == nil || !isSHA(p.CheckSuite.HeadSHA) {
		return nil, wrong("check_suite", "check_suite.head_sha", "a full SHA", "")
	}
	f := bot.ChecksMoved{SHA: p.CheckSuite.HeadSHA}
	if p.Action == "completed" {
		f.Completed = true
		if n := p.CheckSuite.Runs; n == nil || *n > 0 {
			f.Suite = p.CheckSuite.ID
		}
	}
	return f, nil
}

func status(p payload) (bot.Fact, error) {
	if p.Context == "" {
		return nil, wrong("status", "context", "a name", "")
	}
	if bot.OwnContext(p.Context) {
		return nil, nil
	}
	if !isSHA(p.SHA) {
		return nil, wrong("status", "sha", "a full SHA", p.SHA)
	}
	if err := oddTime("status", map[string]when{"updated_at": p.UpdatedAt}); err != nil {
		return nil, err
	}
	check := bot.Check{Kind: bot.CommitStatus, Name: p.Context, Conclusion: p.State, URL: p.TargetURL, At: p.UpdatedAt.time}
	switch p.State {
	case "success":
		check.State = bot.CheckPassed
	case "pending":
		check.State = bot.CheckPending
	case "failure", "error":
		check.State = bot.CheckFailed
	default:
		return nil, wrong("status", "state", "success, pending, failure or error", p.State)
	}
	return bot.CheckReported{SHA: p.SHA, Check: check}, nil
}

// repository is the repository in every delivery.
type repository struct {
	ID            int64  `json:"id"`
	FullName      string `json:"full_name"`
	DefaultBranch string `json:"default_branch"`
	PushedAt      when   `json:"pushed_at"`
	Private       *bool  `json:"private"`    // nil: unknown
	Visibility    string `json:"visibility"` // public, private or internal; missing before GHES 3.1
}

func (r repository) visible() bot.Visibility {
	switch {
	case r.Private == nil && r.Visibility == "":
		return ""
	case r.Private != nil && *r.Private, r.Visibility != "" && r.Visibility != "public":
		return bot.Private
	}
	return bot.Public
}

// payload has the needed fields of all events. Other fields may change without breaking a delivery. That is why the
// complete types of an API client are not used.
type payload struct {
	Action       string `json:"action"`
	Installation struct {
		ID int64 `json:"id"`
	} `json:"installation"`
	Repository repository `json:"repository"`

	// push
	Ref        string  `json:"ref"`
	Before     string  `json:"before"`
	After      string  `json:"after"`
	Deleted    bool    `json:"deleted"`
	Forced     bool    `json:"forced"`
	Commits    brought `json:"commits"`
	HeadCommit *struct {
		TreeID    string    `json:"tree_id"`
		Message   string    `json:"message"`
		Author    gitAuthor `json:"author"`
		Committer gitAuthor `json:"committer"`
	} `json:"head_commit"`
	Pusher struct {
		Name string `json:"name"`
	} `json:"pusher"`

	PullRequest *struct {
		Number         int     `json:"number"`
		Title          string  `json:"title"`
		State          string  `json:"state"`
		Merged         bool    `json:"merged"`
		MergeCommitSHA string  `json:"merge_commit_sha"`
		UpdatedAt      when    `json:"updated_at"`
		User           account `json:"user"`
		Head           struct {
			SHA  string `json:"sha"`
			Ref  string `json:"ref"`
			Repo *struct {
				FullName string `json:"full_name"`
			} `json:"repo"`
		} `json:"head"`
		Base struct {
			Ref string `json:"ref"`
		} `json:"base"`
	} `json:"pull_request"`

	CheckRun *struct {
		Name        string `json:"name"`
		HeadSHA     string `json:"head_sha"`
		Status      string `json:"status"`
		Conclusion  string `json:"conclusion"`
		DetailsURL  string `json:"details_url"`
		HTMLURL     string `json:"html_url"`
		StartedAt   when   `json:"started_at"`
		CompletedAt when   `json:"completed_at"`
		App         struct {
			ID   int64  `json:"id"`
			Slug string `json:"slug"`
		} `json:"app"`
		CheckSuite struct {
			ID int64 `json:"id"`
		} `json:"check_suite"`
	} `json:"check_run"`

	CheckSuite *struct {
		ID      int64  `json:"id"`
		HeadSHA string `json:"head_sha"`
		Runs    *int   `json:"latest_check_runs_count"`
	} `json:"check_suite"`

	MergeGroup *mergeGroupPayload `json:"merge_group"`
	Reason     string             `json:"reason"` // of a merge group that is destroyed

	// status
	SHA       string `json:"sha"`
	Context   string `json:"context"`
	State     string `json:"state"`
	TargetURL string `json:"target_url"`
	UpdatedAt when   `json:"updated_at"`

	// issue_comment
	Issue *struct {
		Number      int       `json:"number"`
		PullRequest *struct{} `json:"pull_request"` // absent unless the issue is a pull request
	} `json:"issue"`
	Comment *struct {
		ID        int64     `json:"id"`
		Body      string    `json:"body"`
		CreatedAt when      `json:"created_at"`
		User      *account  `json:"user"`
		App       *struct{} `json:"performed_via_github_app"` // an App wrote it for a person
		lines     []string  // the commands in Body
	} `json:"comment"`
	Sender account `json:"sender"`

	kept bool // it was stored: its titles are shortened already
}

// account is a person or a bot.
type account struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Type  string `json:"type"`
}

func (a account) account() bot.Account {
	return bot.Account{ID: a.ID, Login: a.Login, Bot: a.Type == "Bot"}
}

// gitAuthor is a name in a commit; the account is set where GitHub knows it.
type gitAuthor struct {
	Name     string `json:"name"`
	Username string `json:"username"`
}

// when is a time as GitHub writes it: RFC 3339, or in pushes seconds since 1970. Any other value is kept in odd, for
// the error that names the field.
type when struct {
	time time.Time
	odd  string // empty if it is a time, or null
}

func (w *when) UnmarshalJSON(b []byte) error {
	s := string(b)
	if s == "null" || s == `""` {
		return nil
	}
	t, err := time.Parse(`"`+time.RFC3339+`"`, s)
	if seconds, notANumber := strconv.ParseInt(s, 10, 64); notANumber == nil {
		t, err = time.Unix(seconds, 0), nil
	}
	t = t.UTC()
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		w.odd = s
		return nil
	}
	w.time = t
	return nil
}

// MarshalJSON is never called with odd set.
func (w when) MarshalJSON() ([]byte, error) { return w.time.MarshalJSON() }

// oddTime returns an error for the first of the named fields that is no time.
func oddTime(event string, fields map[string]when) error {
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if odd := fields[field].odd; odd != "" {
			return wrong(event, field, "a time", odd)
		}
	}
	return nil
}

func wrong(event, field, expected, found string) error {
	if found == "" {
		return fmt.Errorf("%s: %s: expected %s, found nothing", event, field, expected)
	}
	return fmt.Errorf("%s: %s: expected %s, found %.60q", event, field, expected, redact.Redact(found))
}

// kindOf names a Go type as JSON does.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a number"
	default:
		return "an object"
	}
}

// isSHA accepts SHA-1 and SHA-256.
func isSHA(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.IndexFunc(s, func(c rune) bool {
		return !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f')
	}) < 0
}

func zeros(sha string) bool { return isSHA(sha) && strings.Trim(sha, "0") == "" }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
