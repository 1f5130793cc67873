package store_test

import (
	"reflect"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// What the operator's commands read of a pipeline beside the server is what the server knows: also what it has not folded
// into the written state yet.
func TestOperatorReadsStates(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		s := openerOf(url).open(t)
		b := openOperator(t, url)
		if _, version, err := b.Load(t.Context(), shop); err != nil || version != 0 {
			t.Errorf("a pipeline that was never saved has version 0, got %d, %v", version, err)
		}
		state := pipeline.State{Pipeline: shop, DefaultBranch: "main"}
		for version := range int64(3) {
			e := bot.Event{At: noon, Fact: bot.Pushed{Branch: "main", After: string(rune('a' + version)), PushedAt: noon}}
			state = apply.Apply(state, e)
			commit(t, s, engine.Change{Pipeline: shop, Version: version, Folded: true, State: state, Events: []bot.Event{e}, Target: bot.Target{Pipeline: shop, RepoID: 7, Installation: 9}})
		}
		loaded, version, err := b.Load(t.Context(), shop)
		if err != nil || version != 3 || !reflect.DeepEqual(loaded, state) {
			t.Errorf("the third state should be loaded, got version %d, %v:\n%+v\n%+v", version, err, loaded, state)
		}
		list, err := b.Listing(t.Context())
		if err != nil || len(list) != 1 || list[0].Pipeline != shop {
			t.Errorf("there is one pipeline, got %+v, %v", list, err)
		}
	})
}
