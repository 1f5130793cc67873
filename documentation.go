// Package headstart holds what is written for people about Headstart, so that the
// program can show it: `headstart docs`. The program itself is cmd/headstart.
package headstart

import "embed"

// Documentation is the README and the folder docs, with the pictures in it, under their
// names in the repository.
//
//go:embed README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md docs
var Documentation embed.FS
