package config

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Time zones by their names in the IANA database, and what people write instead.

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

// cities are one for each offset from UTC at which many people live, by minutes east in winter.
var cities = map[int]string{
	-600: "Pacific/Honolulu", -480: "America/Los_Angeles", -420: "America/Denver", -360: "America/Chicago", -300: "America/New_York",
	-240: "America/Halifax", -180: "America/Sao_Paulo", 0: "Europe/London", 60: "Europe/Berlin", 120: "Europe/Helsinki", 180: "Europe/Istanbul",
	240: "Asia/Dubai", 300: "Asia/Karachi", 330: "Asia/Kolkata", 420: "Asia/Bangkok", 480: "Asia/Singapore", 540: "Asia/Tokyo",
	600: "Australia/Sydney", 720: "Pacific/Auckland",
}

// abbreviations of zones that the IANA database does not have.
var abbreviations = map[string]string{
	"PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "PT": "America/Los_Angeles", "MDT": "America/Denver", "MT": "America/Denver",
	"CST": "America/Chicago", "CDT": "America/Chicago", "CT": "America/Chicago", "EDT": "America/New_York", "ET": "America/New_York",
	"BST": "Europe/London", "CEST": "Europe/Berlin", "EEST": "Europe/Helsinki", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "SGT": "Asia/Singapore",
	"AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland",
}

var fromUTC = regexp.MustCompile(`(?i)^(?:UTC|GMT|Z)?\s*([+-])\s*([0-9]{1,2})(?::?([0-9]{2}))?$`)

// meansZone suggests a city where an offset or an abbreviation was written, which says nothing of summer time; empty: neither
// was.
func meansZone(s string) string {
	if city := abbreviations[strings.ToUpper(s)]; city != "" {
		return fmt.Sprintf("name a city, whose summer time is known: %q?", city)
	}
	parts := fromUTC.FindStringSubmatch(s)
	if parts == nil {
		return ""
	}
	minutes := 0
	_, _ = fmt.Sscanf(parts[2], "%d", &minutes) // two digits
	minutes *= 60
	if parts[3] != "" {
		rest := 0
		_, _ = fmt.Sscanf(parts[3], "%d", &rest)
		minutes += rest
	}
	if parts[1] == "-" {
		minutes = -minutes
	}
	if city := cities[minutes]; city != "" {
		return fmt.Sprintf("name a city, whose summer time is known, such as %q", city)
	}
	return "name a city, whose summer time is known"
}
