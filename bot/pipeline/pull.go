package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// PullRequest is an open or merged pull request into the pipeline's branch.
type PullRequest struct {
	bot.PullRequestChanged
	SeenAt     time.Time
	Listed     bool      // it was found in a list, and nothing was seen it since
	HeadAt     time.Time // when it got its head, by GitHub's clock, at the latest; zero: before anybody looked
	HeadSeenAt time.Time // when Head was first seen; zero: with the pull request

	// MergedWith is the commit that the branch moved to when it was merged, where that is
	// another pull request's; empty: it was merged by itself, or not yet.
	MergedWith string

	ReadHead      string    // the head that TestMerge belongs to; empty: not read yet
	Asked         int       // how often GitHub had no test merge of the head, nor a conflict
	AskAt         time.Time // when the head is to be read once more; zero: as soon as it differs from ReadHead
	Unmade        bool      // GitHub never got to a test merge of the head, though nothing says that it conflicts
	TestMerge     string
	TestTree      string
	Published     map[string]Published // by status context, on the head
	PublishedHead string               // the head that Acknowledged is about
	Comment       Comment
	Sections      []bot.Section   // of the comment, which other pipelines of the repository keep
	Changes       bot.ChangesRead // what it would bring, compared with what was live when that was read
	ChangesOf     string          // the head that Changes is about; empty: not read yet
	Answer        int64           // the comment that answers the last question; 0: none
	Earlier       []string        // lines of Comment about commands that are forgotten, the newest last
	Affected      bot.Affected    // whether its files affect the pipeline; empty: not known yet
	AffectedOf    string          // the head that Affected is about
}

// Comment is the bot's one comment on a pull request, or a pipeline's section of it.
type Comment struct {
	ID        int64
	URL       string
	Body      string // as last written
	WrittenAt time.Time
	// NeverGreen says that it warns of contexts that cannot be green before a merge.
	NeverGreen bool
	Refused    bool      // GitHub does not take it, for now
	Refusal              // with Refused
	Uncertain  bool      // something else was written since, and nobody knows whether it was taken
	RepeatAt   time.Time // when to write it once more, as a Published's
}

// Written reports whether people can read anything there.
func (c Comment) Written() bool { return c.Body != "" }

// RetryUnmade notes that somebody did something to a pull request: what GitHub did not
// know of its head before is asked for again.
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
