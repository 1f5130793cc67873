package config

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a file means the same on every machine, also on one without time zones

	"github.com/headstart-cd/headstart/bot/words"
)

// The values that keys take. Patterns are shared with the JSON schema, so they
// keep to what both Go's and JavaScript's regular expressions understand.

const (
	nameRule    = "lowercase letters, digits, - and _, a letter first"
	appNameRule = "3 to 30 lowercase letters, digits and dashes, a letter first"
)

var (
	// appName is Heroku's rule for names of apps (schema.json of heroku-go, app.name).
	appName = text{
		is:      "the name of an app (" + appNameRule + ")",
		pattern: appNamePattern,
		check:   checkAppName,
	}

	appNamePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{1,28}[a-z0-9]$`)
	appSlugPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,98}[a-z0-9])?$`)

	namePattern  = regexp.MustCompile(`^[a-z]([a-z0-9_-]{0,38}[a-z0-9])?$`)
	stageName    = text{is: "the name of a stage (at most 40 " + nameRule + ")", pattern: namePattern, never: regexp.MustCompile(`^(build|to|with|all|[0-9a-f]{7,40}|v[0-9]+)$`), check: checkStageName}
	className    = text{is: "the name of a class of change (" + nameRule + ")", pattern: namePattern, check: checkNamePattern(namePattern.String())}
	windowName   = text{is: "the name of a window (" + nameRule + ")", pattern: namePattern, check: checkNamePattern(namePattern.String())}
	pipelineName = text{is: "the name of a pipeline (" + nameRule + ")", pattern: namePattern, check: checkNamePattern(namePattern.String())}
	holdFor      = text{is: "approval, or the name of a window", pattern: namePattern, check: checkNamePattern(namePattern.String())}

	branchName = text{
		is:      "the name of a branch",
		pattern: regexp.MustCompile(`^[^\x00-\x20\x7f~^:?*\[\\]{1,255}$`),
		never:   regexp.MustCompile(`^refs/heads/|^@$|^-|\.$|\.\.|@\{|^/|/$|//|(^|/)\.|\.lock(/|$)`),
		check:   checkBranch,
	}

	// checkName is the name of a check run or the context of a commit status.
	checkName = text{
		is:      "the name of a check",
		pattern: regexp.MustCompile(`^[^\x00-\x20]([^\x00-\x1f]{0,253}[^\x00-\x20])?$`),
		never:   regexp.MustCompile(`^[hH][eE][aA][dD][sS][tT][aA][rR][tT]/|^none$`),
		check:   checkCheck,
	}

	appSlug = text{is: "the name of a GitHub App (lowercase letters, digits and dashes)", pattern: appSlugPattern, check: checkNamePattern(appSlugPattern.String())}

	pathGlob = text{is: "a path, with * and ** as wildcards", pattern: regexp.MustCompile(`^[^/\x00-\x1f][^\x00-\x1f]*$`), check: checkGlob,
		never: regexp.MustCompile(`^!|//|/$|(^|/)\.\.?(/|$)|[^/]\*\*|\*\*[^/]|\{[^{}/]*,[^{}/]*\}`)}
	shortText = text{is: "text on one line, at most 200 characters", pattern: regexp.MustCompile(`^[^\x00-\x1f]{1,200}$`)}

	webAddress = text{is: "an address such as https://shop.example.com/healthz", pattern: regexp.MustCompile(`^https?://[^\s\x00-\x1f]+$`), never: regexp.MustCompile(`^[a-z]+://[^/?#]*@|#`), check: checkURL}
	revision   = text{is: "body, or header NAME", pattern: regexp.MustCompile(`^(body|header [A-Za-z0-9-]{1,100})$`), check: checkRevision}
	duration   = text{is: "a duration such as 90s, 15m, 1h30m or 1d", pattern: durationPattern, never: regexp.MustCompile(`^(0+[smhdw])+$`), check: checkDuration}

	daysPattern = regexp.MustCompile(`^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?(, ?(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?)*$`)
	weekdays    = text{is: "days such as mon-fri or sat,sun", pattern: daysPattern, check: checkDays}
	timeOfDay   = text{is: `a time of day such as "20:00"`, pattern: regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`), check: checkTime}
	endOfTime   = text{is: `a time of day such as "20:00", or "24:00"`, pattern: regexp.MustCompile(`^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`), check: checkEnd}
	date        = text{is: "a date such as 2026-12-23", pattern: regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`), check: checkDate}
	timeZone    = text{is: "a time zone such as America/Toronto or UTC", pattern: regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+/-]*$`), check: checkZone}

	person       = text{is: "write, maintain, admin, team/NAME or @NAME", pattern: regexp.MustCompile(`^(write|maintain|admin|team/[A-Za-z0-9][A-Za-z0-9_-]*|@[A-Za-z0-9][A-Za-z0-9_-]*)$`), check: checkPerson}
	foreignStage = text{
		is:      "OWNER/REPOSITORY:STAGE or OWNER/REPOSITORY:PIPELINE:STAGE",
		pattern: regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+(:[a-z]([a-z0-9_-]{0,38}[a-z0-9])?){1,2}$`),
		check:   checkForeignStage,
	}

	copyCommand = text{is: "a command", lines: true, check: checkCommand("write the command that copies the database")}
)

// checkNamePattern adds to a pattern for names the name that was probably meant.
func checkNamePattern(pattern string) func(string) (string, string) {
	re := regexp.MustCompile(pattern)
	return func(s string) (string, string) {
		if re.MatchString(s) {
			return "", ""
		}
		better := strings.Trim(nonName.ReplaceAllString(strings.ToLower(s), "-"), "-")
		if len(s) < 100 && re.MatchString(better) {
			return generic, fmt.Sprintf("did you mean %q?", better)
		}
		return generic, ""
	}
}

// checkAppName adds to the pattern for names of apps the app whose address was written.
func checkAppName(s string) (message, hint string) {
	if name := meansAppName(s); name != "" {
		return generic, "write the name alone: " + name
	}
	return checkNamePattern(appNamePattern.String())(s)
}

// generic stands for the message that the walk makes of what was expected.
const generic = "expected"

var nonName = regexp.MustCompile(`[^a-z0-9]+`)

var (
	looksLikeCommit  = regexp.MustCompile(`^[0-9a-f]{7,40}$`)
	looksLikeVersion = regexp.MustCompile(`^v[0-9]+$`)
)

// checkStageName refuses names that mean something else: the status
// headstart/build, and the words that commands read in a stage's place.
func checkStageName(s string) (message, hint string) {
	switch {
	case s == "build":
		return "a stage cannot be called build: headstart/build is the status of the build", "choose another name"
	case s == "to" || s == "with" || s == "all":
		return fmt.Sprintf("a stage cannot be called %s: commands such as /rollback read that word differently", s), "choose another name"
	case looksLikeCommit.MatchString(s):
		return fmt.Sprintf("a stage cannot be called %s: commands would read it as a commit", s), "choose another name"
	case looksLikeVersion.MatchString(s):
		return fmt.Sprintf("a stage cannot be called %s: commands would read it as a release", s), "choose another name"
	}
	return checkNamePattern(namePattern.String())(s)
}

// checkBranch follows git check-ref-format.
func checkBranch(s string) (message, hint string) {
	if name, ok := strings.CutPrefix(s, "refs/heads/"); ok && name != "" {
		return "expected the name of a branch without refs/heads/", "write " + quote(name)
	}
	bad := s == "@" || strings.HasPrefix(s, "-") || strings.HasSuffix(s, ".") ||
		strings.Contains(s, "..") || strings.Contains(s, "@{")
	for _, part := range strings.Split(s, "/") {
		bad = bad || part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock")
	}
	if bad {
		return "git allows no branch with the name " + quote(s), ""
	}
	if strings.Contains(s, "*") {
		return generic, "one pipeline follows one branch; wildcards are not possible"
	}
	return "", ""
}

func checkCommand(hint string) func(string) (string, string) {
	return func(s string) (string, string) {
		if strings.TrimSpace(s) == "" {
			return "the command is empty", hint
		}
		return "", ""
	}
}

// checkChecksWord is about text in the place of a list of checks.
func checkChecksWord(s string) (message, hint string) {
	switch strings.ToLower(s) {
	case "none":
		return "", ""
	case "github", "required", "default", "all", "auto":
		return "expected none or a list of checks", "what GitHub requires is the default: remove the key"
	}
	if message, _ := checkName.refuses(s); message == "" {
		return "expected none or a list of checks", fmt.Sprintf("write [%s]", bare(s))
	}
	return "", ""
}

func checkCheck(s string) (message, hint string) {
	if len(s) >= 10 && strings.EqualFold(s[:10], "headstart/") {
		return quote(s) + " is a status of Headstart itself, which would wait for itself forever", "remove it"
	}
	if s == "none" {
		return "none cannot stand in a list of checks", "write checks: none to wait for no check"
	}
	return "", ""
}

// braces are those of a shell: alternatives, which a path does not have. Others may be in a name.
var braces = regexp.MustCompile(`\{[^{}/]*,[^{}/]*\}`)

// expand writes out the first braces of a path.
func expand(s string) (list []string) {
	at := braces.FindStringIndex(s)
	for _, option := range strings.Split(s[at[0]+1:at[1]-1], ",") {
		list = append(list, bare(s[:at[0]]+option+s[at[1]:]))
	}
	return list
}

func checkGlob(s string) (message, hint string) {
	if strings.HasPrefix(s, "/") {
		return generic, "paths begin at the top of the repository, without a slash"
	}
	if strings.HasPrefix(s, "!") {
		return "paths cannot be excluded with !", "name the paths that count"
	}
	if braces.MatchString(s) {
		return "braces are not possible in the path " + quote(s), "write a path for each: " + strings.Join(expand(s), ", ")
	}
	for _, part := range strings.Split(s, "/") {
		switch {
		case part == "":
			return fmt.Sprintf("the path %s has a part without a name", quote(s)), fmt.Sprintf("write %q for everything in a folder", strings.TrimRight(s, "/")+"/**")
		case part == "." || part == "..":
			return fmt.Sprintf("the path %s has a part %q", quote(s), part), "name it as git does"
		case part != "**" && strings.Contains(part, "**"):
			return "** stands for whole folders only, in " + quote(s), "write a slash on each side of **"
		}
		if _, err := path.Match(part, ""); err != nil {
			return "the pattern " + quote(s) + " has a [ or a \\ without its end", ""
		}
	}
	return "", ""
}

// bareHost is an address without its beginning. One with a user or a password does not match.
var bareHost = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?(/.*)?$`)

func checkURL(s string) (message, hint string) {
	u, err := url.Parse(s)
	switch {
	case err == nil && u.Scheme == "" && bareHost.MatchString(s):
		return "expected an address such as https://shop.example.com/healthz", "begin it with https://"
	case err != nil || u.Host == "" || u.Hostname() == "":
		return "expected an address such as https://shop.example.com/healthz", "" // not quoted: it may hold a password
	case u.Scheme != "https" && u.Scheme != "http":
		return "expected an address that begins with https:// or http://", ""
	case u.User != nil:
		return "an address here must not contain a user or a password", "everybody who reads the repository would know them"
	case u.Fragment != "":
		return "the part of an address after # is never sent", "remove it"
	}
	return "", ""
}

func checkRevision(s string) (message, hint string) {
	if name, ok := strings.CutPrefix(s, "header:"); ok {
		return generic, "write header " + strings.TrimSpace(name)
	}
	if strings.HasPrefix(s, "X-") {
		return generic, "did you mean header " + s + "?"
	}
	return "", ""
}

var durationPattern = regexp.MustCompile(words.DurationPattern)

// maxDuration is the longest span of time that a key takes.
const maxDuration = 7 * 24 * time.Hour

func checkDuration(s string) (message, hint string) {
	if n := strings.TrimRight(s, "0123456789"); n == "" && s != "" && len(s) < 6 {
		return generic, fmt.Sprintf("name the unit: %ss or %sm", s, s)
	}
	d, ok := words.ParseDuration(s)
	if meant := meansDuration(s); !ok && meant != "" && meant != s {
		return generic, "write " + meant
	}
	switch {
	case !ok && !durationPattern.MatchString(s):
		return "", "" // the pattern says what is expected
	case !ok || d < time.Second || d > maxDuration:
		return fmt.Sprintf("%s is out of bounds, expected 1s to 7d", quote(s)), ""
	}
	return "", ""
}

// endOfDay is the midnight that ends a day.
const endOfDay = "24:00"

func checkTime(s string) (message, hint string) {
	for _, layout := range []string{"3pm", "3 pm", "3:04pm", "3:04 pm", "15", "15h", "15.04", "15:04:05"} {
		if t, err := time.Parse(layout, strings.ToLower(s)); err == nil {
			return generic, fmt.Sprintf("write %q", t.Format("15:04"))
		}
	}
	if _, err := time.Parse("15:04", s); err == nil && len(s) == 4 {
		return generic, fmt.Sprintf("write %q", "0"+s)
	}
	if s == endOfDay {
		return generic, `a window begins at "00:00" at the earliest`
	}
	return "", ""
}

func checkEnd(s string) (message, hint string) {
	if s == endOfDay {
		return "", ""
	}
	return checkTime(s)
}

func checkDate(s string) (message, hint string) {
	for _, layout := range []string{"2.1.2006", "2006/1/2", "20060102", "2 Jan 2006", "Jan 2, 2006", "2006-1-2", "January 2, 2006", "2 January 2006"} {
		if d, err := time.Parse(layout, s); err == nil && d.Format(time.DateOnly) != s {
			return generic, "write " + d.Format(time.DateOnly)
		}
	}
	if len(s) != len(time.DateOnly) {
		return "", ""
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "there is no day " + quote(s) + ", expected YEAR-MONTH-DAY", ""
	}
	return "", ""
}

// wellKnownZones are offered when a name is not in the database.
var wellKnownZones = []string{
	"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Bogota",
	"America/Chicago", "America/Denver", "America/Halifax", "America/Los_Angeles", "America/Mexico_City",
	"America/New_York", "America/Phoenix", "America/Sao_Paulo", "America/Toronto", "America/Vancouver",
	"Asia/Bangkok", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Jerusalem", "Asia/Karachi",
	"Asia/Kolkata", "Asia/Manila", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo",
	"Australia/Melbourne", "Australia/Perth", "Australia/Sydney", "Europe/Amsterdam", "Europe/Berlin",
	"Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London",
	"Europe/Madrid", "Europe/Paris", "Europe/Rome", "Europe/Stockholm", "Europe/Warsaw", "Europe/Zurich",
	"Pacific/Auckland", "Pacific/Honolulu",
}

func checkZone(s string) (message, hint string) {
	if s == "Local" {
		return "Local means another time on every machine", "name the zone, such as Europe/Berlin"
	}
	if _, err := time.LoadLocation(s); err == nil {
		return "", ""
	}
	if hint = meansZone(s); hint != "" {
		return "there is no time zone " + quote(s), hint
	}
	options := wellKnownZones
	if !strings.Contains(s, "/") { // a city alone
		for _, z := range wellKnownZones {
			if _, city, ok := strings.Cut(z, "/"); ok && plain(city) == plain(s) {
				return "there is no time zone " + quote(s), fmt.Sprintf("did you mean %q?", z)
			}
		}
		options = []string{"UTC"}
	}
	hint = didYouMean(s, options)
	if hint == "" {
		hint = "names are those of the IANA database, such as America/Toronto"
	}
	return "there is no time zone " + quote(s), hint
}

var login = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

func checkPerson(s string) (message, hint string) {
	if strings.HasPrefix(s, "@") && strings.Contains(s, "/") {
		_, team, _ := strings.Cut(s, "/")
		return generic, "write team/" + team
	}
	permissions := []string{"write", "maintain", "admin"}
	hint = didYouMean(s, permissions)
	_, team, isPath := strings.Cut(s, "/")
	switch {
	case slices.Contains(permissions, s), strings.HasPrefix(s, "@"), strings.HasPrefix(s, "team/"):
		return "", ""
	case hint != "":
		return generic, hint
	case slices.Contains([]string{"everyone", "everybody", "all", "anyone", "read", "triage", "none"}, strings.ToLower(s)):
		return generic, "a command needs write at least; that is the default: remove the key"
	case isPath && !strings.Contains(team, "/"):
		return generic, fmt.Sprintf("write team/%s for a team of the organization", team)
	case login.MatchString(s):
		return generic, fmt.Sprintf("write \"@%s\" for a person, or team/%s for a team", s, s)
	}
	return "", ""
}

var looksLikeRepo = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$`)

func checkForeignStage(s string) (message, hint string) {
	switch {
	case looksLikeRepo.MatchString(s):
		return generic, fmt.Sprintf("name the stage too: %s:production", s)
	case namePattern.MatchString(s):
		return generic, "stages of this pipeline go in order by themselves"
	}
	return "", ""
}
