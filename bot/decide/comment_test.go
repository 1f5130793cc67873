package decide

import (
	"testing"

	"github.com/headstart-cd/headstart/bot/words"
)

// A comment from before there were links to pages is not written again for them.
func TestLinksAreNoNews(t *testing.T) {
	linked := "**It is live**" + words.Details("", "a1", "") + "\n\nand more\n"
	for old, same := range map[string]bool{
		"**It is live**\n\nand more\n": true, linked: true, "**It is live**" + words.Details("", "a2", "") + "\n\nand more\n": true,
		"**It is on its way**" + words.Details("", "a1", "") + "\n\nand more\n": false,
	} {
		if got := saysTheSame(linked, old); got != same {
			t.Errorf("that %q says the same as %q should be %t", linked, old, same)
		}
	}
}
