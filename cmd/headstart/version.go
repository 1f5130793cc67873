package main

import (
	"fmt"
	"runtime/debug"
)

type versionCommand struct{}

// Run prints the module's version, and the commit it was built from where the
// Go toolchain knows it.
func (versionCommand) Run(c console) error {
	_, err := fmt.Fprintln(c.out, "headstart", version())
	return err
}

// release is the version of a build that has no module's: set with -ldflags="-X main.release=v1.2.3".
var release string

func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v += " " + s.Value
		}
	}
	return v
}
