package words

import "strings"

// Words from outside in Markdown.

// Link is a Markdown link; empty for whatever is no web address.
func Link(url string) string {
	if s := Linked("open", url); s != "open" {
		return s
	}
	return ""
}

// Output links what a build wrote, in brackets.
func Output(url string) string {
	if s := Linked("output", url); s != "output" {
		return " (" + s + ")"
	}
	return ""
}

// Linked makes a label a link; it stays plain where there is no web address.
func Linked(label, url string) string {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return label
	}
	return "[" + label + "](" + inLinks.Replace(url) + ")"
}

// Text makes words from outside safe to stand in Markdown and in a table: they
// mention nobody, format nothing, and stay on their line.
func Text(s string) string { return inText.Replace(s) }

// Code makes words from outside safe to stand between backquotes.
func Code(s string) string { return inCode.Replace(s) }

// Replacers are slow to make and fast to use, from any number of goroutines.
var (
	inText = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\v", " ", "\f", " ", "\u0085", " ", "\u2028", " ", "\u2029", " ",
		"&", "&amp;", "|", "&#124;", "<", "&lt;", ">", "&gt;", "`", "&#96;", "\\", "&#92;", "*", "&#42;", "~", "&#126;",
		"[", "&#91;", "]", "&#93;", "@", "@\u200b", "#", "#\u200b")
	inCode  = strings.NewReplacer("\n", " ", "\r", " ", "`", "'", "|", "/")
	inLinks = strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "|", "%7C", "\\", "%5C", "<", "%3C", ">", "%3E",
		"\"", "%22", "\n", "", "\r", "", "\t", "")
)
