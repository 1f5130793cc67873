// Package words makes phrases for people: lists of names, durations, moments, and
// text that is safe inside of Markdown.
//
// It knows nothing of pipelines. [Text] and [Code] take text of others and keep it from
// becoming markup, a link or a mention. All text in a comment that Headstart did not write
// goes through one of them.
//
// Times are in UTC, durations in the unit that people would use.
package words
