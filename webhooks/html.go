package webhooks

import (
	"regexp"
	"slices"
	"strings"
)

// HTML in comments is not rendered here. It only matters whether a line is within an element, where it may be hidden.

// tag finds comments of HTML, and tags with their attributes.
var tag = regexp.MustCompile(`(?s)<!--.*?-->|<(/?)([A-Za-z][A-Za-z0-9-]*)((?:"[^"]*"|'[^']*'|[^'">])*)>`)

// beginning matches the beginning of a comment or a tag.
var beginning = regexp.MustCompile(`<[A-Za-z/!?]`)

// unfinished reports whether a comment or a tag is begun and not ended: it contains everything after it.
func unfinished(raw []byte) bool { return beginning.Match(tag.ReplaceAll(raw, nil)) }

// void elements have no content; ended ones are ended by the block after them.
var (
	void = names("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr")
	// ended are the elements that the next paragraph ends.
	ended = names("p")
	// struckOut are elements whose text is not meant.
	struckOut = names("s strike del")
	// formats are the elements that end with their paragraph.
	formats = names("a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp small span strike strong sub sup time tt u var")
)

func names(list string) map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(list) {
		m[name] = true
	}
	return m
}

// outlives reports whether an element opened within a paragraph continues after it. A word in angle brackets that is no
// HTML element does not: people write <name> for a placeholder.
func outlives(name string) bool { return !formats[name] && !ended[name] && elements[name] }

// elements are those that may contain whole paragraphs, or hide them.
var elements = names(`address article aside audio blockquote body button canvas caption center colgroup dd details dialog dir div dl dt
	fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 head header html iframe legend li main map math menu menuitem
	nav noembed noframes noscript object ol optgroup option picture plaintext pre progress rb rp rt rtc ruby script search section select
	slot style summary svg table tbody td template textarea tfoot th thead title tr ul video xmp`)

// tags reads the tags in HTML of those elements that count. It reports whether one of them strikes text out.
func (r *reading) tags(raw []byte, counts func(name string) bool) (struck bool) {
	for _, found := range tag.FindAllSubmatch(raw, -1) {
		name := strings.ToLower(string(found[2]))
		if name == "" || void[name] || !counts(name) {
			continue
		}
		struck = struck || struckOut[name]
		switch {
		case len(found[1]) > 0: // a closing tag also ends the elements inside
			if i := slices.Index(r.open, name); i >= 0 {
				for ; slices.Contains(r.open[i+1:], name); i += 1 + slices.Index(r.open[i+1:], name) {
				}
				r.open = r.open[:i]
			}
		case strings.HasSuffix(string(found[3]), "/") && (name == "svg" || name == "math"):
		default:
			r.open = append(r.open, name)
		}
	}
	return struck
}
