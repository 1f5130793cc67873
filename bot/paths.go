package bot

import "slices"

// A pipeline with `paths:` takes on the pushes that change one of its files. The
// others keep their place in the branch's order, and nothing else: they are not
// built, not promoted, and nobody is told of them.

// Affected says whether a push or a pull request is any business of a pipeline.
type Affected string

// Where it is not known which files differ, it is.
const (
	AffectedYes Affected = "yes"
	AffectedNo  Affected = "no"
)

// ConfigPath is the pipeline's file. A change of it affects every pipeline.
const ConfigPath = ".github/headstart.yml"

// AffectedOf says whose concern files decide about; empty: nobody's.
type AffectedOf string

// Whose concern is asked for.
const (
	AffectedPush  AffectedOf = "push"
	AffectedPull  AffectedOf = "pull request"
	AffectedGroup AffectedOf = "merge group"
)

// AnyOwn reports whether any file is one of the pipeline's own.
func (c Config) AnyOwn(files []string) bool {
	return slices.ContainsFunc(files, func(file string) bool {
		return slices.ContainsFunc(c.Paths, func(glob string) bool { return matchPath(glob, file) })
	})
}
