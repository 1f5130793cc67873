// Package redact takes secrets out of text that other people wrote, before it is
// stored or published: titles, reasons, the output of builds and releases.
//
// There are two ways to know a secret. [Redact] knows the forms that tokens and keys
// of well-known services have, and it knows values by the name that they are
// assigned to (PASSWORD=…, "api_key": …). The first is exact, the second weighs: a
// reference to a variable, a path or a version is no secret.
//
// When in doubt a value goes. A title that lost a word is a nuisance, a key in a
// public comment is an incident.
//
// Begin with [Redact]; [Line] and [Title] also cut the text to a length.
package redact
