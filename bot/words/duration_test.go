package words_test

import (
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot/words"
)

// One parser reads the durations of files, commands and settings.
func TestDurations(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "30m": 30 * time.Minute, "2h": 2 * time.Hour, "1d": day, "2w": 14 * day, "1h30m": 90 * time.Minute,
		"1d12h": 36 * time.Hour, "0s": 0, "730d": 730 * day, "36500d": 36500 * day, "36501d": 36500 * day, "999999d999999d999999d": 36500 * day,
	} {
		if got, ok := words.ParseDuration(text); !ok || got != want {
			t.Errorf("%s should be %v, it is %v, %v", text, want, got, ok)
		}
	}
	for _, text := range []string{"", "5", "5 m", "1.5h", "-1h", "1H", "1y", "m", "1000000s"} {
		if got, ok := words.ParseDuration(text); ok {
			t.Errorf("%q should be no duration, it is %v", text, got)
		}
	}
	for d, want := range map[time.Duration]string{0: "0s", 280 * time.Second: "4m40s", 36 * time.Hour: "1d12h", day: "1d", time.Hour + time.Second: "1h1s"} {
		got := words.Duration(d)
		if back, ok := words.ParseDuration(got); got != want || !ok || back != d {
			t.Errorf("%v should be written %s and read back, it is %s, %v", d, want, got, back)
		}
	}
}
