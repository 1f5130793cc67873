package platform

import (
	"regexp"
	"strings"
)

// A rule that no name can match is a mistake, and would be found out only when nothing is deployed.

const (
	appRule = "names of apps have 3 to 30 lowercase letters, digits and dashes, a letter first"
	longest = 30 // characters of an app's name
)

var (
	inAppName  = regexp.MustCompile(`^[a-z0-9-]*$`)
	inRepoName = regexp.MustCompile(`^[A-Za-z0-9._/-]*$`)
	brackets   = regexp.MustCompile(`\[[^\]]*\]`)
)

// noApp says why a pattern can be the name of no app on any platform; empty: it can.
func noApp(pattern string) string {
	literal := literals(pattern)
	switch {
	case strings.ContainsAny(pattern, "/="):
		return "separate rules by spaces, and the apps of one rule by commas"
	case strings.ContainsAny(pattern, "{}"):
		return "braces are not possible: list the apps, separated by commas"
	case literal != strings.ToLower(literal):
		return "names of apps are in lowercase"
	case !inAppName.MatchString(literal), len(literal) > longest:
		return appRule
	case strings.Contains("0123456789-", pattern[:1]), strings.HasSuffix(pattern, "-"):
		return appRule
	}
	return ""
}

// noRepository says why a pattern can be the name of no repository; empty: it can.
func noRepository(pattern string) string {
	literal := literals(pattern)
	switch {
	case strings.ContainsAny(pattern, "{}"):
		return "braces are not possible: write a rule for each repository"
	case !inRepoName.MatchString(literal):
		return "expected OWNER/REPOSITORY, of letters, digits, dots, dashes and underscores"
	case strings.HasSuffix(pattern, ".git"):
		return "write its name without .git"
	}
	return ""
}

// literals is a pattern without its wildcards.
func literals(pattern string) string {
	return strings.NewReplacer("*", "", "?", "", `\`, "").Replace(brackets.ReplaceAllString(pattern, ""))
}
