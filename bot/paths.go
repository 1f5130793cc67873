package bot

import "slices"

// A pipeline with `paths:` takes on the pushes that change one of its files. All others
// only keep their place in the branch's order: they are not built, promoted or reported.

// Affected says whether a push or a pull request affects a pipeline.
type Affected string

// If it is unknown which files differ, the pipeline is affected.
const (
	AffectedYes Affected = "yes"
	AffectedNo  Affected = "no"
)

// ConfigPath is the pipeline's file. A change of it affects every pipeline.
const ConfigPath = ".github/headstart.yml"

// AffectedOf says what may affect the pipeline by the files that are read; empty: nothing.
type AffectedOf string

// What may affect a pipeline.
const (
	AffectedPush  AffectedOf = "push"
	AffectedPull  AffectedOf = "pull request"
	AffectedGroup AffectedOf = "merge group"
)

// AnyOwn reports whether any file matches the pipeline's paths.
func (c Config) AnyOwn(files []string) bool {
	return slices.ContainsFunc(files, func(file string) bool {
		return slices.ContainsFunc(c.Paths, func(glob string) bool { return matchPath(glob, file) })
	})
}
