package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// schema is a JSON schema, or a part of one.
type schema map[string]any

// Schema is the JSON schema (draft 7) of a pipeline's file, for editors. It
// refuses what the shape of a file allows to see; the rules between keys need
// Parse. A copy is committed as schema.json in this folder.
func Schema() []byte {
	s := root.schema()
	s["$schema"] = "http://json-schema.org/draft-07/schema#"
	s["$id"] = "https://raw.githubusercontent.com/headstart-cd/headstart/main/config/schema.json"
	s["title"] = "Headstart: " + Path
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		panic(fmt.Sprintf("the table of keys makes no JSON: %v", err)) // strings, numbers and maps of them always do
	}
	return b.Bytes()
}

func (t text) schema() schema {
	if t.options != nil {
		return schema{"type": "string", "enum": t.options}
	}
	s := schema{"type": "string", "minLength": 1}
	if t.pattern != nil {
		s["pattern"] = t.pattern.String()
	}
	if t.never != nil {
		s["not"] = schema{"pattern": t.never.String()}
	}
	return s
}

func (n number) schema() schema {
	return schema{"type": "integer", "minimum": n.min, "maximum": n.max}
}

func (boolean) schema() schema { return schema{"type": "boolean"} }

func (l list) schema() schema {
	return schema{"type": "array", "items": l.of.schema(), "minItems": 1, "uniqueItems": true}
}

func (t table) schema() schema {
	return schema{
		"type": "object", "propertyNames": t.name.schema(),
		"additionalProperties": t.of.schema(), "minProperties": 1,
	}
}

func (e either) schema() schema {
	var options []schema
	for _, o := range e {
		options = append(options, o.schema())
	}
	return schema{"oneOf": options}
}

func (o object) schema() schema {
	properties, required := schema{}, []string{}
	for _, k := range o.keys {
		p := k.value.schema()
		p["description"] = k.description()
		properties[k.name] = p
		if k.required {
			required = append(required, k.name)
		}
	}
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	if o.exactlyOne != nil {
		var options []schema
		for _, k := range o.exactlyOne {
			options = append(options, has(k))
		}
		s["oneOf"] = options
	}
	rules := slices.Clone(o.also)
	for _, w := range o.wants {
		rules = append(rules, schema{"if": hasThe(w.with, schema{"const": w.is}), "then": has(w.key), "else": schema{"not": has(w.key)}})
	}
	if rules != nil {
		s["allOf"] = rules
	}
	return s
}

// has requires a key. It is named among the properties, too, which strict validators want of every required key.
func has(k string) schema { return hasThe(k, true) }

// hasThe requires a key with a value of a shape.
func hasThe(k string, value any) schema {
	return schema{"properties": schema{k: value}, "required": []string{k}}
}

// description tells editors what a key means. Markdown's marks are left out,
// since not every editor shows it.
func (k key) description() string {
	d := strings.ReplaceAll(k.doc, "`", "")
	if k.def != "" {
		d += " Default: " + k.def + "."
	}
	return d + " Example: " + k.example
}
