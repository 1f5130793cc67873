package render

import (
	"fmt"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// AbsentTexts states what a source lacks in plain text, each a phrase; nil: nothing.
func AbsentTexts(a *bot.Absent) (list []string) {
	if a == nil {
		return nil
	}
	if len(a.Submodules) > 0 {
		list = append(list, "submodules are empty in the build: "+words.Names(a.Submodules))
	}
	if len(a.LFS) > 0 {
		list = append(list, "Git LFS files are pointers in the build: "+words.Names(a.LFS))
	}
	return list
}

// AbsentNext says what mends each of AbsentTexts, in its order.
func AbsentNext(a *bot.Absent) (list []string) {
	if a == nil {
		return nil
	}
	if len(a.Submodules) > 0 {
		list = append(list, "commit their files, or fetch them in the build")
	}
	if len(a.LFS) > 0 {
		list = append(list, "see that \"Include Git LFS objects in archives\" is on in the repository's settings")
	}
	return list
}

// absentLines are lines of Markdown about what a source lacks; empty: nothing.
func absentLines(a *bot.Absent) string {
	var b strings.Builder
	next := AbsentNext(a)
	for i, text := range AbsentTexts(a) {
		fmt.Fprintf(&b, "\n⚠️ %s. GitHub's tarball does not have them. **Next:** %s.\n", words.Capital(words.Text(text)), words.Text(next[i]))
	}
	return b.String()
}
