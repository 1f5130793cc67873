package pipeline

import (
	"testing"

	"github.com/headstart-cd/headstart/bot"
)

// A build's key says for whom it is, what was built and how, and nothing is lost.
func TestBuildKeysAreRead(t *testing.T) {
	for _, whose := range []string{"", BranchBuilds, pullBuilds} {
		for _, kind := range []string{OfCommit, ofTree} {
			for _, by := range []string{"", "a1b2"} {
				k := BuiltAs{Whose: whose, Kind: kind, id: "0123abc", by: by}
				if got := ReadBuildKey(k.key()); got != k {
					t.Errorf("the key %q is read as %+v, and was made of %+v", k.key(), got, k)
				}
			}
		}
	}
}

// A commit is among the words of a key as a whole, and not as a part of another one.
func TestKeysNameCommits(t *testing.T) {
	if !KeyNames(StatusKey("a1", bot.BuildContext), "a1") || KeyNames(StatusKey("a12", bot.BuildContext), "a1") {
		t.Error("a status of another commit is taken for one of a1, or its own is not")
	}
}
