package main

import (
	"regexp"
	"strings"
)

// kind is what a value looks like, in words.
type kind string

const (
	isUnknown  kind = ""
	isKey      kind = "a private key"
	isNumber   kind = "a number, perhaps the App's id"
	isClientID kind = "the App's client id"
	isToken    kind = "a token of GitHub's"
	isFile     kind = "the name of a file"
)

var (
	clientID    = regexp.MustCompile(`^Iv\d*[A-Za-z]*[.\d][0-9A-Za-z]{10,}$`)
	gitHubToken = regexp.MustCompile(`^(gh[a-z]_|github_pat_)[0-9A-Za-z_]{10,}`)
	file        = regexp.MustCompile(`^(\.{0,2}/[^\n]*|[^\n=]{1,200}\.pem)$`)
)

func kindOf(value string) kind {
	value = strings.TrimSpace(value)
	switch {
	case strings.Contains(value, "-----BEGIN") || strings.HasPrefix(value, "LS0tLS1CRUdJTi"):
		return isKey
	case value != "" && strings.Trim(value, "0123456789") == "":
		return isNumber
	case clientID.MatchString(value):
		return isClientID
	case gitHubToken.MatchString(value):
		return isToken
	case file.MatchString(value):
		return isFile
	}
	return isUnknown
}

// belongs says where a value of that kind is expected.
func (k kind) belongs() string {
	switch k {
	case isKey:
		return "that belongs into GITHUB_PRIVATE_KEY"
	case isClientID:
		return "that is public, so it is no secret"
	}
	return "that belongs into no setting of this server"
}
