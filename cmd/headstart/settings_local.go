package main

import (
	"slices"
	"strings"
)

// Whether the embedded platform is started, and what its owner should know of it.

// besideHeroku is what HEADSTART_LOCAL says where both platforms are meant.
const besideHeroku = "beside-heroku"

// usesLocal reports whether the embedded platform is started: HEADSTART_LOCAL says so,
// and nothing else does.
func (s settings) usesLocal() bool { return s.Local == "true" || s.Local == besideHeroku }

// checkLocal refuses the embedded platform where it is not clear that it is meant.
func (s settings) checkLocal(wrong func(string, ...any)) {
	switch {
	case !slices.Contains([]string{"", "false", "true", besideHeroku}, s.Local):
		wrong("HEADSTART_LOCAL: expected true, false or %s", besideHeroku)
	case s.Local == "true" && s.Heroku.APIKey != "":
		wrong("HEADSTART_LOCAL: the embedded platform runs the code of repositories as this server's user, "+
			"who is trusted with HEROKU_API_KEY: remove one of the two, or set HEADSTART_LOCAL=%s if you mean both", besideHeroku)
	case !s.usesLocal() && strings.TrimSpace(s.Heroku.APIKey) == "":
		wrong("HEROKU_API_KEY is missing, so there is no platform to build on: make a key with `heroku authorizations:create`, or set HEADSTART_LOCAL=true for the embedded platform")
	}
	if s.LocalAddr != "" && !isAddr(s.LocalAddr) {
		wrong("HEADSTART_LOCAL_ADDR: expected an address such as 127.0.0.1:8081")
	}
}

// localWarnings says what is allowed, and may be meant otherwise.
func (s settings) localWarnings() []string {
	switch {
	case s.usesLocal():
		return []string{"HEADSTART_LOCAL: the embedded platform is on. It builds and runs the code of repositories as this server's user, " +
			"who can read the database and every file of this user: use it for repositories that you trust"}
	case s.LocalDir != "" || s.LocalAddr != "":
		return []string{"HEADSTART_LOCAL: the embedded platform is off, though HEADSTART_LOCAL_DIR or HEADSTART_LOCAL_ADDR is set: set HEADSTART_LOCAL=true to start it"}
	}
	return nil
}
