package main

import (
	"strings"

	"github.com/headstart-cd/headstart/store"
)

const whichDatabase = "expected sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME"

// checkDatabase refuses an address that is none, or that means something else than it seems to.
func (s settings) checkDatabase(wrong func(string, ...any)) {
	kind, rest, _ := strings.Cut(s.DatabaseURL, ":")
	switch {
	case kind == "sqlite" && rest == ":memory:":
		wrong("DATABASE_URL: a database in memory is forgotten when the process ends: name a file, as in sqlite:headstart.db")
	case kind == "sqlite" && rest == "":
		wrong("DATABASE_URL names no file: %s", whichDatabase)
	case kind == "sqlite" && strings.HasPrefix(rest, "//") && !strings.HasPrefix(rest, "///"):
		wrong("DATABASE_URL: sqlite:// would be a path from the root of the file system: write sqlite:PATH, as in sqlite:headstart.db or sqlite:/data/headstart.db")
	case kind == "sqlite":
	case kind == "postgres" || kind == "postgresql":
		if err := store.CheckPostgres(s.DatabaseURL); err != nil {
			wrong("%w", err)
		}
	default:
		wrong("DATABASE_URL: %s", whichDatabase)
	}
}
