package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// PullRequest is an open or merged pull request into the pipeline's branch.
type PullRequest struct {
	bot.PullRequestChanged
	SeenAt     time.Time
	Listed     bool      // it was found in a list, and not seen since
	HeadAt     time.Time // upper bound of when it got its head, by GitHub's clock; zero: before Headstart came
	HeadSeenAt time.Time // when Head was first seen; zero: with the pull request

	// MergedWith is the commit of another pull request with which the branch got this one.
	// Empty: it was merged alone, or not yet.
	MergedWith string

	ReadHead      string    // the head of TestMerge; empty: not read yet
	Asked         int       // how often GitHub had neither a test merge of the head nor a conflict
	AskAt         time.Time // when to read the head again; zero: as soon as it differs from ReadHead
	Unmade        bool      // GitHub never made a test merge of the head, and reports no conflict
	TestMerge     string
	TestTree      string
	Published     map[string]Published // by status context, on the head
	PublishedHead string               // the head of Published
	Comment       Comment
	Sections      []bot.Section   // of the comment, sent by other pipelines of the repository
	Changes       bot.ChangesRead // what it would bring, compared with what was live then
	ChangesOf     string          // the head of Changes; empty: not read yet
	Answer        int64           // the comment that answers the last question; 0: none
	Earlier       []string        // lines of Comment about forgotten commands, the newest last
	Affected      bot.Affected    // whether its files affect the pipeline; empty: unknown yet
	AffectedOf    string          // the head of Affected
}

// Comment is the bot's one comment on a pull request, or a pipeline's section of it.
type Comment struct {
	ID        int64
	URL       string
	Body      string // as last written
	WrittenAt time.Time
	// NeverGreen says that it warns of contexts that cannot be green before a merge.
	NeverGreen bool
	Refused    bool      // GitHub does not accept it, for now
	Refusal              // with Refused
	Uncertain  bool      // something else was written since, and it is unknown whether GitHub accepted it
	RepeatAt   time.Time // when to write it again, as in Published
}

// Written reports whether there is a text to read.
func (c Comment) Written() bool { return c.Body != "" }

// RetryUnmade records that somebody changed a pull request: GitHub is asked again for its
// head's test merge.
func (p *PullRequest) RetryUnmade(f bot.PullRequestChanged) {
	switch {
	case f.Head != p.Head:
		p.Asked, p.AskAt, p.Unmade = 0, time.Time{}, false
	case p.Unmade && f.UpdatedAt.After(p.UpdatedAt):
		p.ReadHead, p.Asked, p.AskAt, p.Unmade = "", 0, time.Time{}, false
	case p.ReadHead != p.Head && f.UpdatedAt.After(p.UpdatedAt):
		p.AskAt = time.Time{}
	}
}
