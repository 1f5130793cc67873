package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// entries calls each for every key of a map, once: keys that are no text, merge
// keys and repeated keys are noted as problems and passed over. isMap is false
// if the node is none; holes says that keys were passed over whose meaning is
// not known.
func (w walker) entries(n node, each func(k name, v node)) (isMap, holes bool) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		return false, false
	}
	first := map[string]position{}
	for _, e := range m.Values {
		key, ok := e.Key.(*ast.StringNode)
		if !ok {
			w.badKey(e.Key)
			holes = true
			continue
		}
		k := name{at: place(key), text: key.Value}
		if at, again := first[k.text]; again {
			w.add(k.at, w.field(k.text).key, fmt.Sprintf("the key %s was given before, in line %d", quote(k.text), at.line), "remove one of them")
			continue
		}
		first[k.text] = k.at
		each(k, e.Value)
	}
	return true, holes
}

// badKey notes a key that is no plain text.
func (w walker) badKey(key ast.MapKeyNode) {
	switch key.(type) {
	case *ast.MergeKeyNode, *ast.AliasNode, *ast.AnchorNode, *ast.TagNode:
		w.wrong(key, "", "")
	case *ast.MappingKeyNode:
		w.bad(key, "keys with a question mark are not supported", "write KEY: VALUE")
	default:
		s, _ := scalar(key)
		w.bad(key, "expected text as a key, found "+kind(key), fmt.Sprintf("write it in quotes: %q", s))
	}
}

func (t table) walk(n node, w walker) value {
	v := value{at: place(n), key: w.key, fields: map[string]value{}}
	isMap, _ := w.entries(n, func(k name, x node) {
		if message, hint := t.name.refuses(k.text); message != "" {
			w.add(k.at, w.key, message, hint)
		}
		v.names = append(v.names, k)
		v.fields[k.text] = t.of.walk(x, w.field(k.text))
	})
	switch {
	case !isMap:
		return w.wrong(n, t.is, "")
	case n.(*ast.MappingNode).Values == nil:
		return w.bad(n, "there is nothing in it, expected "+t.is, "remove the key if there is nothing to say")
	}
	return v
}

func (o object) walk(n node, w walker) value {
	v := value{at: place(n), key: w.key, fields: map[string]value{}}
	meant := map[string]bool{} // keys that a misspelt one stands for: they are not missed as well
	isMap, holes := w.entries(n, func(k name, x node) {
		in := w.field(k.text)
		known, ok := o.key(k.text)
		if !ok {
			likely, hint := "", ""
			if len(w.all) < maxProblems { // nobody reads the hints of the others
				likely = nearest(k.text, o.names())
				hint = o.hintFor(k.text, likely)
				meant[likely] = true
			}
			w.add(k.at, in.key, fmt.Sprintf("unknown key %s in %s", quote(k.text), o.is), hint)
			return
		}
		v.names = append(v.names, k)
		v.fields[k.text] = known.value.walk(x, in)
	})
	if !isMap {
		return w.wrong(n, o.is, hintForObject(o, n))
	}
	if holes { // what is missing may have been meant by one of the refused keys
		return v
	}
	for _, k := range o.keys {
		if k.required && !v.has(k.name) && !meant[k.name] {
			w.add(v.at, w.field(k.name).key, fmt.Sprintf("%q is missing in %s", k.name, o.is), "for example "+k.example)
		}
	}
	o.checkExactlyOne(v, w, meant)
	for _, want := range o.wants {
		want.check(v, w, meant)
	}
	return v
}

// hintFor helps with an unknown key: the one that was probably meant here, or
// else where a key of this name belongs.
func (o object) hintFor(written, likely string) string {
	if likely != "" && plain(likely) == plain(written) {
		return fmt.Sprintf("did you mean %q?", likely)
	}
	if owners := owner(root, written); len(owners) > 0 {
		for i := range owners {
			owners[i] = strings.TrimPrefix(owners[i], "the keys of ")
		}
		return "it is a key of " + oneOf(owners, "or of")
	}
	if likely != "" {
		return fmt.Sprintf("did you mean %q?", likely)
	}
	return "known are " + oneOf(o.names(), "and")
}

func (o object) checkExactlyOne(v value, w walker, meant map[string]bool) {
	var there []string
	for _, k := range o.exactlyOne {
		if v.has(k) {
			there = append(there, k)
		}
		if meant[k] {
			return
		}
	}
	switch {
	case len(o.exactlyOne) == 0:
	case len(there) == 0:
		example, _ := o.key(o.exactlyOne[0])
		w.add(v.at, w.field(example.name).key, fmt.Sprintf("%q is missing in %s", example.name, o.is), "for example "+example.example)
	case len(there) > 1:
		last := v.nameOf(there[0])
		for _, k := range there[1:] {
			if n := v.nameOf(k); n.at.line > last.at.line || n.at.line == last.at.line && n.at.column > last.at.column {
				last = n
			}
		}
		w.add(last.at, w.field(last.text).key, oneOf(there, "and")+" exclude each other", "keep one of them")
	}
}

func (want want) check(v value, w walker, meant map[string]bool) {
	given, there := v.get(want.with)
	if v.has(want.with) && !there {
		return // it was refused: nobody knows what was meant
	}
	switch {
	case given.text == want.is && !v.has(want.key) && !meant[want.key]:
		w.add(v.nameOf(want.with).at, w.field(want.key).key, fmt.Sprintf("%s: %s needs %q", want.with, want.is, want.key), want.hint)
	case given.text != want.is && v.has(want.key):
		w.add(v.nameOf(want.key).at, w.field(want.key).key, fmt.Sprintf("%q is possible only with %s: %s", want.key, want.with, want.is), "remove it")
	}
}

// nameOf is where the key stands; it must be there.
func (v value) nameOf(key string) name {
	for _, n := range v.names {
		if n.text == key {
			return n
		}
	}
	return name{at: v.at, text: key}
}
