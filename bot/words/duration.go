package words

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
	// longest is a hundred years, beyond which nobody means a duration.
	longest = 100 * 365 * day
)

// DurationPattern matches what [ParseDuration] reads.
const DurationPattern = `^([0-9]{1,6}[smhdw])+$`

var (
	durationText = regexp.MustCompile(DurationPattern)
	durationPart = regexp.MustCompile(`([0-9]+)([smhdw])`)
	units        = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": day, "w": week}
)

// ParseDuration reads what people write as a duration, in files, commands and settings
// alike: 90s, 30m, 2h, 1d, 2w or 1h30m. A day has 24 hours. More than a hundred years are a
// hundred years. False: it is none of these.
func ParseDuration(text string) (time.Duration, bool) {
	if !durationText.MatchString(text) {
		return 0, false
	}
	var sum time.Duration
	for _, part := range durationPart.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(part[1])
		unit := units[part[2]]
		sum = min(sum+min(time.Duration(n), longest/unit)*unit, longest)
	}
	return sum, true
}

// Duration writes a duration as [ParseDuration] reads it, without the parts that are zero
// and to the second: 1d12h, 4m40s, 0s.
func Duration(d time.Duration) string {
	var b strings.Builder
	for _, u := range []struct {
		name string
		of   time.Duration
	}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if n := d / u.of; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d -= n * u.of
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}
