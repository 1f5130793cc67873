package config

import (
	"regexp"
	"slices"
)

// A shape says which values a key takes. The table in keys.go is made of
// shapes; each of them checks a node of a file (walk.go), turns into JSON
// schema (schema.go) and describes itself for people (what).
type shape interface {
	// walk checks a node and returns what it says. Problems are noted, and the
	// value they make useless is marked bad.
	walk(n node, w walker) value
	schema() schema
	// what describes the expected value, as in "expected …".
	what() string
}

// text is a scalar.
type text struct {
	is      string         // for people: "the name of an app"
	pattern *regexp.Regexp // a regular expression that JSON schema can use too; nil: any text
	options []string       // the only values there are; nil: any
	never   *regexp.Regexp // matches what the pattern allows and check refuses, for JSON schema; nil: nothing
	lines   bool           // may have several lines
	// check refuses what the pattern cannot, or says better what is wrong with
	// what the pattern refuses. An empty message is no objection; a hint may
	// come with an objection only. May be nil.
	check func(s string) (message, hint string)
}

// number is a whole number.
type number struct {
	is       string
	min, max int
}

// boolean is true or false.
type boolean struct{}

// list has at least one item; the same text twice is refused.
type list struct {
	is string // for people: "a list of apps"
	of shape
}

// table is a map whose keys the user names.
type table struct {
	is   string // for people: "windows by name"
	name text
	of   shape
}

// object is a map with known keys.
type object struct {
	is  string // for people: "a stage"
	doc string // a paragraph for the documentation
	// keys are in the order that the documentation tells them.
	keys []key
	// exactlyOne names keys of which one must be there and no second; nil: no such rule.
	exactlyOne []string
	// wants names keys that are required with one value of another key, and
	// not allowed without.
	wants []want
	// also are rules between keys as JSON schema has them; Parse has its own.
	also []schema
}

// want is a key that goes with one value of another.
type want struct {
	key, with, is string
	hint          string // when it is missing
}

// either takes one of several kinds of YAML: text, a list or a map. Each option
// is of another kind.
type either []shape

// key is one key of an object.
type key struct {
	name     string
	doc      string // sentences for people, in the schema and the documentation
	def      string // the default in words or as YAML; empty if there is none
	example  string // YAML of the key alone, for hints and editors
	required bool
	value    shape
	says     string // what Explain says of the key in its example's file (docs_example.go)
}

func (o object) key(name string) (key, bool) {
	i := slices.IndexFunc(o.keys, func(k key) bool { return k.name == name })
	if i < 0 {
		return key{}, false
	}
	return o.keys[i], true
}

func (o object) names() []string {
	names := make([]string, len(o.keys))
	for i, k := range o.keys {
		names[i] = k.name
	}
	return names
}

func (t text) what() string {
	if t.is == "" {
		return oneOf(t.options, "or")
	}
	return t.is
}
func (n number) what() string { return n.is }
func (boolean) what() string  { return "true or false" }
func (l list) what() string   { return l.is }
func (t table) what() string  { return t.is }
func (o object) what() string { return o.is }
func (e either) what() string {
	var all []string
	for _, s := range e {
		all = append(all, s.what())
	}
	return oneOf(all, "or")
}

// owner finds the objects below s that have a key of this name, for a key that
// was written in the wrong place.
func owner(s shape, name string) []string {
	var found []string
	switch s := s.(type) {
	case list:
		return owner(s.of, name)
	case table:
		return owner(s.of, name)
	case either:
		for _, o := range s {
			found = append(found, owner(o, name)...)
		}
	case object:
		if _, ok := s.key(name); ok {
			found = append(found, s.is)
		}
		for _, k := range s.keys {
			found = append(found, owner(k.value, name)...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
