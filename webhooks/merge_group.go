package webhooks

import (
	"strconv"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
)

// mergeGroupPayload is the group in a merge_group event.
// https://docs.github.com/webhooks/webhook-events-and-payloads#merge_group
type mergeGroupPayload struct {
	HeadSHA    string `json:"head_sha"`
	HeadRef    string `json:"head_ref"` // refs/heads/gh-readonly-queue/BRANCH/pr-N-SHA
	BaseSHA    string `json:"base_sha"`
	BaseRef    string `json:"base_ref"` // refs/heads/BRANCH
	HeadCommit *struct {
		TreeID    string `json:"tree_id"` // go-github v60 drops it
		Message   string `json:"message"`
		Timestamp when   `json:"timestamp"`
	} `json:"head_commit"`
}

// mergeGroup decodes a merge_group event: a group's checks are requested, or the group is gone. Other actions have no
// facts.
func mergeGroup(p payload) (bot.Fact, error) {
	if p.Action != "checks_requested" && p.Action != "destroyed" {
		return nil, nil
	}
	g := p.MergeGroup
	if g == nil || !isSHA(g.HeadSHA) {
		return nil, wrong("merge_group", "merge_group.head_sha", "a full SHA", "")
	}
	branch, ok := strings.CutPrefix(g.BaseRef, "refs/heads/")
	if !ok || branch == "" {
		return nil, wrong("merge_group", "merge_group.base_ref", "the full name of a branch", g.BaseRef)
	}
	if g.BaseSHA != "" && !isSHA(g.BaseSHA) {
		return nil, wrong("merge_group", "merge_group.base_sha", "a full SHA", g.BaseSHA)
	}
	f := bot.MergeGroupChanged{Head: g.HeadSHA, Branch: branch, Base: g.BaseSHA, Pull: lastPull(g.HeadRef)}
	if c := g.HeadCommit; c != nil {
		if c.TreeID != "" && !isSHA(c.TreeID) {
			return nil, wrong("merge_group", "merge_group.head_commit.tree_id", "a full SHA", c.TreeID)
		}
		if err := oddTime("merge_group", map[string]when{"merge_group.head_commit.timestamp": c.Timestamp}); err != nil {
			return nil, err
		}
		f.Tree, f.Title, f.MadeAt = c.TreeID, redact.Title(c.Message), c.Timestamp.time
	}
	if p.Action == "destroyed" {
		if f.Destroyed = p.Reason; f.Destroyed == "" {
			f.Destroyed = "destroyed"
		}
	}
	return f, nil
}

// lastPull returns the number of the last pull request in a merge group, from its branch's name; 0: the name has none.
func lastPull(ref string) int {
	_, name, found := cutLast(ref, "/pr-")
	if !found {
		return 0
	}
	number, _, _ := strings.Cut(name, "-")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
