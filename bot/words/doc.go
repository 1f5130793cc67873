// Package words makes phrases for people: lists of names, durations, moments, and
// text that is safe inside of Markdown.
//
// It knows nothing of pipelines. [Text] and [Code] take text that somebody else wrote
// and keep it from becoming markup, a link or a mention. Whatever ends up in a
// comment and was not written by Headstart passes through one of the two.
//
// Times are shown in UTC, durations in the unit that people would use.
package words
