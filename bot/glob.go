package bot

import (
	"path"
	"slices"
	"strings"
)

// matchPath reports whether a path glob of the pipeline's file matches a file. Both are
// divided at slashes. A part of the glob matches one name, as in [path.Match], so * stays
// within a folder. The part ** matches any number of folders, also none. A trailing ** or
// slash matches every file in the folder, however deep. So does a last part without a
// wildcard, which may name a folder as well as a file. A malformed glob matches nothing;
// package config refuses it.
func matchPath(glob, file string) bool {
	parts, names := strings.Split(glob, "/"), strings.Split(file, "/")
	if last := len(parts) - 1; parts[last] == "" {
		parts[last] = "**"
	}
	if last := len(parts) - 1; parts[last] == "**" {
		parts = append(parts, "*") // the file itself
	}
	// reached[i]: the parts so far match the first i names.
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
	if !strings.ContainsAny(parts[len(parts)-1], `*?[\\`) {
		return slices.Contains(reached, true) // the file, or a folder that it is in
	}
	return reached[len(names)]
}

// matches reports whether any path of the class matches a file.
func (c Class) matches(file string) bool {
	return slices.ContainsFunc(c.Paths, func(glob string) bool { return matchPath(glob, file) })
}
