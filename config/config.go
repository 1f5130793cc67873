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
// (rules.go). Every problem of every step is reported, in the order of the
// file, as one [*Error]; a file with problems gives no configuration at all.
package config

import "github.com/headstart-cd/headstart/bot"

// Path is where a pipeline's file lives in its repository.
const Path = bot.ConfigPath

// Parse reads the file of a repository with one pipeline; name is what the
// problems call it, usually [Path]. Defaults are filled in. A file that is not
// valid, or has several pipelines, gives a [*Error] with all of its problems, and
// no other kind of error exists.
func Parse(file []byte, name string) (bot.Config, error) {
	p := &problems{file: name}
	all := parse(file, p, func(v value) map[string]bot.Config {
		if v.has("pipelines") {
			p.add(v.nameOf("pipelines").at, "pipelines", "several pipelines are not possible here, expected the keys of one", "")
		}
		return meaning(v, bot.Repo{}, p)
	})
	return all[""], p.err(file)
}

// ParseAll reads a file as [Parse] does and returns every pipeline of it by its
// name. The one pipeline of a file without pipelines has no name.
func ParseAll(file []byte, name string) (map[string]bot.Config, error) {
	return ParseOf(bot.Repo{}, file, name)
}

// ParseOf is [ParseAll] for the file of a known repository. Only with it can be
// told which needs are about the file's own pipelines: one that names none of
// them, or that would wait for itself, is refused.
func ParseOf(repo bot.Repo, file []byte, name string) (map[string]bot.Config, error) {
	p := &problems{file: name}
	all := parse(file, p, func(v value) map[string]bot.Config { return meaning(v, repo, p) })
	if err := p.err(file); err != nil {
		return nil, err
	}
	return all, nil
}

// parse reads a file and hands it to meaning, whose answer counts only if nothing
// is wrong with the file.
func parse(file []byte, p *problems, meaning func(value) map[string]bot.Config) map[string]bot.Config {
	doc, ok := readYAML(file, p)
	if !ok {
		return nil
	}
	v := root.walk(doc, walker{problems: p})
	if v.bad {
		return nil
	}
	all := meaning(v)
	if len(p.all) > 0 {
		return nil
	}
	return all
}
