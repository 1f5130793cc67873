package webhooks_test

import (
	"encoding/json"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/webhooks"
)

// group decodes the real payload after some changes; nil where there is no fact in it.
func group(t *testing.T, change func(p, group map[string]any)) *bot.MergeGroupChanged {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(payload(t, "merge_group.checks_requested"), &p); err != nil {
		t.Fatal(err)
	}
	change(p, p["merge_group"].(map[string]any))
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := decodeOne(t, "merge_group", body).(bot.MergeGroupChanged); ok {
		return &f
	}
	return nil
}

func TestDecodeMergeGroups(t *testing.T) {
	destroyed := group(t, func(p, _ map[string]any) { p["action"], p["reason"] = "destroyed", "invalidated" })
	if destroyed == nil || destroyed.Destroyed != "invalidated" {
		t.Errorf("a group that is destroyed says why, got %+v", destroyed)
	}
	if f := group(t, func(p, _ map[string]any) { p["action"] = "destroyed" }); f == nil || f.Destroyed == "" {
		t.Errorf("a group that is destroyed for no reason is destroyed, got %+v", f)
	}
	if f := group(t, func(p, _ map[string]any) { p["action"] = "renamed" }); f != nil {
		t.Errorf("what becomes of a group otherwise is of no interest, got %+v", f)
	}
	f := group(t, func(_, g map[string]any) {
		g["base_ref"], g["head_ref"] = "refs/heads/release/2026-pr-7", "refs/heads/gh-readonly-queue/release/2026-pr-7/pr-12-abc"
	})
	if f == nil || f.Branch != "release/2026-pr-7" || f.Pull != 12 {
		t.Errorf("a branch may have slashes, and look like one of the queue's, got %+v", f)
	}
	if f := group(t, func(_, g map[string]any) {
		g["head_ref"], g["head_commit"] = "refs/heads/gh-readonly-queue/main/other", nil
	}); f == nil || f.Pull != 0 || f.Tree != "" {
		t.Errorf("what is not told of a group is not needed, got %+v", f)
	}
}

func TestMergeGroupsExplain(t *testing.T) {
	for _, tt := range []struct {
		path  string
		value any
		want  string
	}{
		{"merge_group", nil, "merge_group: merge_group.head_sha: expected a full SHA, found nothing"},
		{"merge_group.base_ref", "main", `merge_group: merge_group.base_ref: expected the full name of a branch, found "main"`},
		{"merge_group.head_commit.tree_id", "x", `merge_group: merge_group.head_commit.tree_id: expected a full SHA, found "x"`},
		{"merge_group.head_commit.timestamp", "noon", `merge_group: merge_group.head_commit.timestamp: expected a time, found "\"noon\""`},
	} {
		if _, err := webhooks.Decode("merge_group", edit(t, "merge_group.checks_requested", tt.path, tt.value)); err == nil || err.Error() != tt.want {
			t.Errorf("with %s = %v: got the error\n%v\nwanted\n%s", tt.path, tt.value, err, tt.want)
		}
	}
}
