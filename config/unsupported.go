package config

// notYet lists the keys that this version knows but gives no effect. They are
// checked like all others, then refused at their position, because a gate that
// is silently ignored is worse than none. Whoever builds the effect deletes the
// entry; nothing else needs to change.
//
// A key is named by its path without indices and names. The value, where there
// is one, is what happens without the key anyway, and is accepted.
var notYet = map[string]string{
	"pipelines": "",
	"changes":   "",
	"windows":   "",
	"freezes":   "",

	"stages.rehearse":    "",
	"stages.verify":      "",
	"stages.soak":        "",
	"stages.skip":        "",
	"stages.promote":     "auto",
	"stages.windows":     "",
	"stages.hold":        "",
	"stages.maintenance": "",
	"stages.four_eyes":   "false",
	"stages.needs":       "",
	"stages.on_failure":  "",
}

// unsupported reports whether a key is refused for now, and which value of it
// is accepted all the same; empty if none is.
func unsupported(path string) (except string, refused bool) {
	except, refused = notYet[path]
	return except, refused
}
