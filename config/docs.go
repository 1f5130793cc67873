package config

import (
	_ "embed"
	"fmt"
	"strings"
)

// docsIntro opens the reference documentation.
var docsIntro = "<!-- Generated from config/keys.go by `go test ./config -update`. Do not edit. -->\n" + `
# The pipeline's file

` + "A repository says in `" + Path + "`" + ` how its commits get to production. The short form is all that most teams need:

` + "```yaml" + `
prepare: shop-prepare
stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
` + "```" + `

It is read from the tracked branch and never from a pull request. Everything has a default except ` + "`stages`" + `. Unknown keys
and impossible values are refused with file, line, column and a suggestion; nothing is ignored silently.

` + "`headstart check`" + ` says what is wrong with a file, or what it means in words. Editors that read JSON schemas check it while
you type, with this as the file's first line:

` + "```yaml" + `
# yaml-language-server: $schema=https://raw.githubusercontent.com/headstart-cd/headstart/main/config/schema.json
` + "```" + `

The file is YAML 1.2 in UTF-8, one document of at most 32 KiB, without anchors, aliases, merge keys and tags. What YAML
would read as a number, or as true or false, needs quotes where text is expected; so does text with a colon in a list
inside braces.

The long form:

` + "```yaml\n" + everyKey + "```" + `

Of this file ` + "`headstart check`" + ` says:

`

// everyKey is the long form of a file.
//
//go:embed testdata/good/every-key.yml
var everyKey string

// Docs is the reference documentation of the pipeline's file in Markdown. A
// copy is committed as docs/configuration.md.
func Docs() string {
	var b strings.Builder
	b.WriteString(docsIntro)
	fmt.Fprintf(&b, "```text\n%s```\n", explained(everyKey))
	describe(&b, "", root)
	return b.String()
}

// describe writes a section for an object, and then those of the objects below.
func describe(b *strings.Builder, path string, o object) {
	title := "The keys of a file"
	if path != "" {
		title = "`" + path + "`"
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n", title, o.doc)
	for _, k := range o.keys {
		if path == "pipelines.NAME" && k.name != "paths" {
			continue // told above
		}
		describeKey(b, strings.TrimPrefix(path+"."+k.name, "."), k)
	}
	for _, k := range o.keys {
		if path == "pipelines.NAME" {
			break
		}
		in := strings.TrimPrefix(path+"."+k.name, ".")
		for _, below := range objects(in, k.value) {
			describe(b, below.path, below.object)
		}
	}
}

func describeKey(b *strings.Builder, path string, k key) {
	fmt.Fprintf(b, "\n### `%s`\n\n%s", path, k.doc)
	fmt.Fprintf(b, "\n\n- Value: %s", k.value.what())
	switch {
	case k.required:
		b.WriteString("\n- Required")
	case k.def != "":
		fmt.Fprintf(b, "\n- Default: %s", k.def)
	}
	fmt.Fprintf(b, "\n\n```yaml\n%s```\n\nIn the words of `headstart check`:\n\n```text\n%s\n```\n", exampleFile(path, k), explainedLine(path, k))
}

// placed is an object and where in the file it stands.
type placed struct {
	path   string
	object object
}

// objects finds the objects that a key's value may be or hold.
func objects(path string, s shape) []placed {
	switch s := s.(type) {
	case object:
		return []placed{{path, s}}
	case list:
		return objects(path+"[]", s.of)
	case table:
		return objects(path+".NAME", s.of)
	case either:
		var all []placed
		for _, o := range s {
			all = append(all, objects(path, o)...)
		}
		return all
	}
	return nil
}
