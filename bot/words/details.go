package words

import (
	"regexp"
	"strings"
)

// The server's pages tell more than a status or a comment. Where people find them is a
// setting of the server, which no decision knows: a text holds the place of a link, and
// whoever publishes the text completes it.

// Details is the place of a link, at the end of a line of Markdown, to a part of the page of
// a commit; without a commit, to the named pipeline's page. [WithDetails] makes the link.
func Details(pipeline, sha, part string) string {
	return " [details](headstart:" + pipeline + "/" + sha + "#" + part + ")"
}

var details = regexp.MustCompile(` \[details\]\(headstart:([a-z0-9_-]*)/([0-9a-z]*)#([a-z0-9_-]*)\)`)

// WithDetails completes the links of a text. address returns where the page of a named
// pipeline's commit is; nil: there are no pages, and the text gets no links.
func WithDetails(text string, address func(pipeline, sha, part string) string) string {
	if !strings.Contains(text, "(headstart:") {
		return text
	}
	return details.ReplaceAllStringFunc(text, func(place string) string {
		if address == nil {
			return ""
		}
		of := details.FindStringSubmatch(place)
		return " [details](" + address(of[1], of[2], of[3]) + ")"
	})
}
