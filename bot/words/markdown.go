package words

import "strings"

// Text of others in Markdown.

// Link returns a Markdown link; empty if url is no web address.
func Link(url string) string {
	if s := Linked("open", url); s != "open" {
		return s
	}
	return ""
}

// Output links the output of a build, in brackets.
func Output(url string) string {
	if s := Linked("output", url); s != "output" {
		return " (" + s + ")"
	}
	return ""
}

// Linked makes a label a link; plain if url is no web address.
func Linked(label, url string) string {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return label
	}
	return "[" + label + "](" + inLinks.Replace(url) + ")"
}

// Text makes text of others safe in Markdown and in a table. It mentions nobody, formats
// nothing, and stays on its line.
func Text(s string) string { return inText.Replace(s) }

// Code makes text of others safe between backquotes.
func Code(s string) string { return inCode.Replace(s) }

// Replacers are slow to make, fast to use, and safe for concurrent use.
var (
	inText = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\v", " ", "\f", " ", "\u0085", " ", "\u2028", " ", "\u2029", " ",
		"&", "&amp;", "|", "&#124;", "<", "&lt;", ">", "&gt;", "`", "&#96;", "\\", "&#92;", "*", "&#42;", "~", "&#126;",
		"[", "&#91;", "]", "&#93;", "@", "@\u200b", "#", "#\u200b")
	inCode  = strings.NewReplacer("\n", " ", "\r", " ", "`", "'", "|", "/")
	inLinks = strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "|", "%7C", "\\", "%5C", "<", "%3C", ">", "%3E",
		"\"", "%22", "\n", "", "\r", "", "\t", "")
)
