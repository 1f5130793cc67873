package bot

import (
	"path"
	"slices"
	"strings"
)

// matchPath reports whether a path glob of the pipeline's file stands for a file.
// Both are divided at slashes: a part of the glob stands for one name as
// [path.Match] has it, so that * never goes beyond a folder; the part ** stands for
// any number of folders, also for none. At the end of a glob ** stands for every
// file in the folder before it, however deep, and so does a slash. A glob that is
// malformed stands for nothing; the room config refuses it.
func matchPath(glob, file string) bool {
	parts, names := strings.Split(glob, "/"), strings.Split(file, "/")
	if last := len(parts) - 1; parts[last] == "" {
		parts[last] = "**"
	}
	if last := len(parts) - 1; parts[last] == "**" {
		parts = append(parts, "*") // the file itself
	}
	// reached[i]: the parts so far stand for the first i names.
	reached := make([]bool, len(names)+1)
	reached[0] = true
	for _, part := range parts {
		next := make([]bool, len(names)+1)
		for i, ok := range reached {
			switch {
			case part == "**":
				next[i] = ok || i > 0 && next[i-1]
			case ok && i < len(names):
				next[i+1], _ = path.Match(part, names[i])
			}
		}
		reached = next
	}
	return reached[len(names)]
}

// matches reports whether any path of the class stands for a file.
func (c Class) matches(file string) bool {
	return slices.ContainsFunc(c.Paths, func(glob string) bool { return matchPath(glob, file) })
}
