package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// How a key that takes several kinds of YAML is read, and what was probably meant where it is of none of them.

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
