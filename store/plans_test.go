package store_test

import (
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/store"
)

// A repository that is heard of for the first time must not cost more the more pipelines
// there are.
func TestUnnumberedByIndex(t *testing.T) {
	s := sqliteOpener(t).open(t)
	steps, err := store.PlanOf(t.Context(), s, store.SelectUnnumbered, 7)
	if err != nil {
		t.Fatal(err)
	}
	if plan := strings.Join(steps, "; "); !strings.Contains(plan, "pipelines_unnumbered (installation=?)") {
		t.Errorf("the repositories of an installation without a number are found by an index, got: %s", plan)
	}
}
