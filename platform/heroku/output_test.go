package heroku

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/headstart-cd/headstart/bot"
)

// What buildpacks print decides whose fault a failed build is, and what people
// read.
func TestJudgeOutput(t *testing.T) {
	for _, c := range []struct {
		name, output string
		want         verdict
	}{
		{"a compiler's error", "-----> Go app detected\n       main.go:7:2: undefined: x\n !     Push rejected, failed to compile Go app.\n !     Push failed\n",
			verdict{bot.BuildFailed, "Push rejected, failed to compile Go app."}},
		{"a buildpack that explains", " !     No default language could be detected for this app.\n !\n !     HINT: This occurs when Heroku cannot detect the buildpack.\n !     Push failed\n",
			verdict{bot.BuildFailed, "No default language could be detected for this app."}},
		{"a hint before the verdict", "remote:  !     Precompiling assets failed.\nremote:  !     Push rejected, failed to compile Ruby app.\n",
			verdict{bot.BuildFailed, "Push rejected, failed to compile Ruby app."}},
		{"the source is gone", " !     Unable to fetch source from: https://codeload.example.com/x\n",
			verdict{bot.BuildErrored, "Unable to fetch source from: https://codeload.example.com/x"}},
		{"Heroku's own trouble", " !     Internal server error, please try again\n", verdict{bot.BuildErrored, "Internal server error, please try again"}},
		{"the code's talk of internal errors", "       test: internal error in parser\n !     Push rejected, failed to compile Go app.\n",
			verdict{bot.BuildFailed, "Push rejected, failed to compile Go app."}},
		{"somebody cancelled it", " !     Build cancelled\n", verdict{bot.BuildCancelled, "Build cancelled"}},
		{"nothing", "", verdict{bot.BuildFailed, "The build failed; its output says why"}},
	} {
		if got := judgeOutput(c.output); got != c.want {
			t.Errorf("%s: the output is judged %+v, want %+v", c.name, got, c.want)
		}
	}
}

// No text of Heroku's can bring the API key, a signature or more than a line
// into what people read.
func FuzzClean(f *testing.F) {
	const key = "HRKU-key"
	h := &Heroku{token: key}
	for _, seed := range []string{"", key, "a " + key + key + "\n!", "https://x.example/y?sig=" + key, "http://a?b http://c?d", strings.Repeat("é", 400), "\xff\xfe", "HRKU-HRKU-keykey"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := h.clean(text)
		if strings.Contains(got, key) || strings.ContainsAny(got, "\r\n") || utf8.RuneCountInString(got) > 300 {
			t.Errorf("%q is cleaned to %q", text, got)
		}
		if signed.MatchString(got) {
			t.Errorf("%q keeps the query of a link: %q", text, got)
		}
		judgeOutput(text)
	})
}
