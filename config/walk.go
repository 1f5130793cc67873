package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// node is a node of the YAML library's tree.
type node = ast.Node

// value is what a file says in one place, after its shape was checked.
type value struct {
	at     position
	key    string // as in Problem.Key
	bad    bool   // a problem was noted here, so the rest of this value is empty
	text   string // of text, number and boolean
	items  []value
	names  []name           // the keys of a map in the order of the file
	fields map[string]value // what they hold
}

// name is a key in a map of the file.
type name struct {
	at   position
	text string
}

// get is the value of a key; ok is false if it is absent or was refused.
func (v value) get(key string) (value, bool) {
	f, ok := v.fields[key]
	return f, ok && !f.bad
}

// has reports whether the key is there, be it good or bad.
func (v value) has(key string) bool {
	_, ok := v.fields[key]
	return ok
}

// texts is the text of every good item of a list.
func (v value) texts() []string {
	var all []string
	for _, i := range v.items {
		if !i.bad {
			all = append(all, i.text)
		}
	}
	return all
}

// walker says where in the file a walk is.
type walker struct {
	*problems
	key string // as in Problem.Key
}

func (w walker) field(k string) walker {
	return walker{w.problems, strings.TrimPrefix(w.key+"."+k, ".")}
}
func (w walker) item(i int) walker { return walker{w.problems, fmt.Sprintf("%s[%d]", w.key, i)} }

// bad notes a problem with a node and is the value it leaves.
func (w walker) bad(n node, message, hint string) value {
	w.add(place(n), w.key, message, hint)
	return value{at: place(n), key: w.key, bad: true}
}

// wrong notes that a node is of another kind than was expected.
func (w walker) wrong(n node, expected, hint string) value {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode:
		return w.bad(n, "anchors and aliases are not supported", aliasHint(n))
	case *ast.MergeKeyNode:
		return w.bad(n, "merge keys are not supported", "write the keys out")
	case *ast.TagNode:
		return w.bad(n, "YAML tags are not supported", "remove it; put text in quotes")
	case nil, *ast.NullNode:
		return w.bad(n, "there is no value, expected "+expected, hint)
	}
	return w.bad(n, fmt.Sprintf("expected %s, found %s", expected, kind(n)), hint)
}

// kind names what a node is, for people.
func kind(n node) string {
	switch n := n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		s, _ := scalar(n)
		return "the text " + quote(s)
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "the number " + n.GetToken().Value
	case *ast.BoolNode:
		return n.GetToken().Value
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys and values"
	}
	return "something else"
}

// scalar is the text of a node as it was written, and whether it is one.
func scalar(n node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// refuses says what is wrong with a text; the message is empty if nothing is.
func (t text) refuses(s string) (message, hint string) {
	if s == "" {
		return "the text is empty, expected " + t.what(), ""
	}
	if t.options != nil && !slices.Contains(t.options, s) {
		if t.check != nil {
			if message, hint := t.check(s); message != "" && message != generic {
				return message, hint
			}
		}
		hint := didYouMean(s, t.options)
		if meant := meansOption(s, t.options); meant != "" {
			hint = "write " + meant
		}
		return fmt.Sprintf("expected %s, found %s", oneOf(t.options, "or"), quote(s)), hint
	}
	if hint = hintForQuotes(s); hint != "" && t.pattern != nil && !t.pattern.MatchString(s) {
		return fmt.Sprintf("expected %s, found %s", t.what(), quote(s)), hint
	}
	if t.check != nil {
		if message, hint = t.check(s); message != "" && message != generic {
			return message, hint
		}
	}
	switch {
	case message == generic, t.pattern != nil && !t.pattern.MatchString(s):
		return fmt.Sprintf("expected %s, found %s", t.what(), quote(s)), hint
	case !t.lines && strings.Contains(s, "\n"):
		return "expected one line of text", ""
	}
	return "", ""
}

// unquoted is the text that the YAML library took for keys and values because of
// its colons, at most so many: in a list inside braces it wants no space after
// them.
func unquoted(n node, most int) (string, bool) {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) == 1 {
		n = m.Values[0]
	}
	if pair, ok := n.(*ast.MappingValueNode); ok && most > 0 {
		key, ok1 := scalar(pair.Key)
		value, ok2 := unquoted(pair.Value, most-1)
		return key + ":" + value, ok1 && ok2
	}
	return scalar(n)
}

func (t text) walk(n node, w walker) value {
	s, ok := scalar(n)
	if !ok {
		hint := ""
		if s, ok := unquoted(n, 3); ok {
			if message, _ := t.refuses(s); message == "" {
				hint = "inside braces, text with a colon needs quotes: " + strconv.Quote(s)
			}
		} else if seq, ok := n.(*ast.SequenceNode); ok {
			hint = hintForList(t, w.key, seq)
		}
		return w.wrong(n, t.what(), hint)
	}
	message, hint := t.refuses(s)
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
	default: // YAML reads it as a number, true or false
		if message == "" {
			hint = fmt.Sprintf("write it in quotes: %q", s)
		}
		return w.wrong(n, t.what(), hint)
	}
	if message != "" {
		return w.bad(n, message, hint)
	}
	return value{at: place(n), key: w.key, text: s}
}

func (t number) walk(n node, w walker) value {
	s, _ := scalar(n)
	i, err := strconv.Atoi(s)
	inside := err == nil && i >= t.min && i <= t.max
	switch n.(type) {
	case *ast.IntegerNode:
		if !inside {
			return w.bad(n, fmt.Sprintf("expected %s, found %s", t.is, quote(s)), "")
		}
		return value{at: place(n), key: w.key, text: s}
	case *ast.StringNode:
		if inside {
			return w.wrong(n, t.is, "write it without quotes: "+s)
		}
	}
	return w.wrong(n, t.is, "")
}

func (b boolean) walk(n node, w walker) value {
	s, _ := scalar(n)
	switch n.(type) {
	case *ast.BoolNode:
		return value{at: place(n), key: w.key, text: strings.ToLower(s)}
	case *ast.StringNode:
		switch strings.ToLower(s) {
		case "true", "yes", "on", "y":
			return w.wrong(n, b.what(), "write true, without quotes")
		case "false", "no", "off", "n":
			return w.wrong(n, b.what(), "write false, without quotes")
		}
	}
	return w.wrong(n, b.what(), "")
}

func (l list) walk(n node, w walker) value {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		hint := ""
		if t, isText := l.of.(text); isText {
			if s, ok := scalar(n); ok {
				if message, _ := t.refuses(s); message == "" {
					hint = fmt.Sprintf("write [%s]", bare(s))
				}
			}
		} else if _, isMap := n.(*ast.MappingNode); isMap {
			hint = "begin each entry with a dash"
		}
		return w.wrong(n, l.is, cmp.Or(hint, l.example()))
	}
	if len(seq.Values) == 0 {
		return w.bad(n, "the list is empty, expected "+l.is, cmp.Or(l.example(), "remove the key if there is nothing to say"))
	}
	v := value{at: place(n), key: w.key}
	seen := map[string]bool{}
	for i, item := range seq.Values {
		got := l.of.walk(item, w.item(i))
		if !got.bad && got.fields == nil {
			if seen[got.text] {
				got = w.item(i).bad(item, quote(got.text)+" is listed twice", "remove one of them")
			}
			seen[got.text] = true
		}
		v.items = append(v.items, got)
	}
	return v
}

// example is a hint for a list that a file cannot do without; empty: it can.
func (l list) example() string {
	if o, ok := l.of.(object); ok && o.is == stage.is {
		return "for example " + shortest
	}
	return ""
}

// shortest is the least that a file must have.
const shortest = "stages: [{name: production, app: NAME}]"

// aliasHint helps with an anchor or an alias, which may be meant as text.
func aliasHint(n node) string {
	if alias, ok := n.(*ast.AliasNode); ok && alias.Value != nil {
		return fmt.Sprintf("write the value out; text that starts with * needs quotes: %q", "*"+alias.Value.String())
	}
	return "write the value out"
}

func (e either) walk(n node, w walker) value {
	for _, option := range e {
		switch option.(type) {
		case text:
			if _, ok := scalar(n); ok {
				return option.walk(n, w)
			}
		case boolean:
			if s, ok := scalar(n); ok && meansBoolean(s) {
				return option.walk(n, w)
			}
		case list:
			if _, ok := n.(*ast.SequenceNode); ok {
				return option.walk(n, w)
			}
		case object, table:
			m, ok := n.(*ast.MappingNode)
			if !ok {
				continue
			}
			if t, ok := e.meansText(option, m); ok {
				return t.walk(n, w)
			}
			return option.walk(n, w)
		}
	}
	return w.wrong(n, e.what(), cmp.Or(e.listed(n), e.forText(n)))
}

// forText is a hint for a list of one text where a text is expected.
func (e either) forText(n node) string {
	seq, ok := n.(*ast.SequenceNode)
	for _, option := range e {
		if t, isText := option.(text); ok && isText && len(seq.Values) == 1 {
			return hintForList(t, "", seq)
		}
	}
	return ""
}

// meansBoolean reports whether a text is true or false, or how people write that.
func meansBoolean(s string) bool {
	return slices.Contains([]string{"true", "yes", "on", "y", "false", "no", "off", "n"}, strings.ToLower(s))
}

// listed is a hint for texts that stand where an object is expected that must have a list
// of them.
func (e either) listed(n node) string {
	nodes := []node{n}
	if seq, ok := n.(*ast.SequenceNode); ok {
		nodes = seq.Values
	}
	for _, option := range e {
		o, ok := option.(object)
		if !ok || !o.keys[0].required {
			continue
		}
		l, ok := o.keys[0].value.(list)
		if !ok {
			continue
		}
		t, ok := l.of.(text)
		if !ok {
			continue
		}
		var texts []string
		for _, item := range nodes {
			s, ok := scalar(item)
			if message, _ := t.refuses(s); !ok || message != "" {
				return ""
			}
			texts = append(texts, bare(s))
		}
		if len(texts) > 0 {
			return fmt.Sprintf("write {%s: [%s]}", o.keys[0].name, strings.Join(texts, ", "))
		}
	}
	return ""
}

// meansText finds out whether a map with one unknown key is text with a colon that
// lacks its quotes, and could be.
func (e either) meansText(option shape, m *ast.MappingNode) (text, bool) {
	o, isObject := option.(object)
	if !isObject || len(m.Values) != 1 {
		return text{}, false
	}
	if key, _ := scalar(m.Values[0].Key); slices.Contains(o.names(), key) || nearest(key, o.names()) != "" {
		return text{}, false
	}
	for _, other := range e {
		if t, ok := other.(text); ok {
			s, ok := unquoted(m, 3)
			message, _ := t.refuses(s)
			return t, ok && message == ""
		}
	}
	return text{}, false
}

// bare writes text for a hint as it would stand in a YAML list.
func bare(s string) string {
	if strings.ContainsAny(s, ",[]{}#&*!|>'\"%@`: ") {
		return strconv.Quote(s)
	}
	return s
}
