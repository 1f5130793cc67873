// Package config reads a pipeline's file, .github/headstart.yml.
//
// One table ([root], in keys.go) says which keys there are, what each of them
// means and which values it takes. Everything else is made from that table:
// [Parse] holds a file against it, [Schema] turns it into a JSON schema for
// editors and [Docs] into the reference documentation, so that the three cannot
// disagree.
//
// A file passes three steps. The YAML is read with the position of every node
// (yaml.go). The shape is checked key by key (walk.go, values.go). What remains
// are the rules between keys, such as an app that serves two stages
// (meaning.go). Every problem of every step is reported, in the order of the
// file, as one [*Error]; a file with problems gives no configuration at all.
package config

import "github.com/headstart-cd/headstart/bot"

// Path is where a pipeline's file lives in its repository.
const Path = ".github/headstart.yml"

// MaxSize is how large a pipeline's file may be, in bytes: several hundred stages.
// The YAML library needs a second for the worst file of this size, and four
// times that for twice as much.
const MaxSize = 32 << 10

// Parse reads a pipeline's file; name is what the problems call it, usually
// [Path]. Defaults are filled in. A file that is not valid gives a [*Error]
// with all of its problems, and no other kind of error exists.
func Parse(file []byte, name string) (bot.Config, error) {
	p := &problems{file: name}
	cfg := parse(file, p)
	if err := p.err(file); err != nil {
		return bot.Config{}, err
	}
	return cfg, nil
}

func parse(file []byte, p *problems) bot.Config {
	doc, ok := readYAML(file, p)
	if !ok {
		return bot.Config{}
	}
	v := root.walk(doc, walker{problems: p})
	if v.bad {
		return bot.Config{}
	}
	return meaning(v, p)
}
