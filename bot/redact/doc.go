// Package redact takes secrets out of text that other people wrote, before it is
// stored or published: titles, reasons, the output of builds and releases.
//
// There are two ways to know a secret. [Redact] knows the forms of well-known services'
// tokens and keys; that is exact. It also knows values by their name (PASSWORD=…,
// "api_key": …); that is weighed. A reference to a variable, a path or a version is no
// secret.
//
// When in doubt, a value is redacted. A lost word in a title is a nuisance, a key in a
// public comment is an incident.
//
// Begin with [Redact]; [Line] and [Title] also cut the text to a length.
package redact
