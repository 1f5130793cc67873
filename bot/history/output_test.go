package history

import (
	"strings"
	"testing"
)

func TestErrorLines(t *testing.T) {
	for line, want := range map[string]bool{
		"-----> Node.js app detected": false, "./main.go:5:2: undefined: x": true, "main.go:7:1: missing return": true,
		"src/app.ts:3:1: warning: unused variable": false, "Error: Cannot find module 'express'": true, "TypeError: x is not a function": true,
		"error[E0425]: cannot find value `x` in this scope": true, "npm ERR! code ELIFECYCLE": true, "npm error Missing script: \"build\"": true,
		"Compiled with 0 errors and 2 warnings": false, "12 passed, 0 failed in 2.3s": false, "found 0 vulnerabilities, no errors": false, "1 failed, 3 passed": true,
		" !     Push rejected, failed to compile Go app.": true, "remote:  !": false, " !": false, "--- FAIL: TestTill (0.00s)": true, "FAIL\tshop/till\t0.1s": true,
		"Traceback (most recent call last):": true, "permission denied": true, "copying node_modules/errors/index.js": false, "compiled src/error.ts": false,
		"rake aborted!": true, "java.lang.NullPointerException: null": true, "The release command ended with exit status 1: x.": true, "exit status 0": false, "$ make || echo ERROR: no": false, "": false,
	} {
		if got := IsError(line); got != want {
			t.Errorf("%q tells of an error: %t, should be %t", line, got, want)
		}
	}
}

// failing is an output on Heroku with a cause.
func failing(cause string) string {
	return "-----> Node.js app detected\n       Installing node modules\n       " + cause + "\n\n-----> Build failed\n !     Build failed\n !\n !     Push rejected, failed to compile Node.js app.\n !\n !     Push failed\n"
}

func TestFingerprint(t *testing.T) {
	same := []string{
		"Error: Cannot find module '/tmp/build_1f2e3d4c/app/till.js' after 1.23s",
		"Error: Cannot find module '/tmp/build_99aabbcc/app/till.js' after 1m 4s",
	}
	first := NewOutput(Output{Text: failing(same[0])})
	if first.Fingerprint == 0 || first.Error != same[0] {
		t.Errorf("the error should be %q, got %q (%d)", same[0], first.Error, first.Fingerprint)
	}
	if again := NewOutput(Output{Text: "something else before\n" + failing(same[1])}); again.Fingerprint != first.Fingerprint {
		t.Errorf("%q should look like %q", again.Error, first.Error)
	}
	for _, other := range []string{"Error: Cannot find package 'till'", "src/till.js:3:1: unexpected token", "sh: vite: not found"} {
		if o := NewOutput(Output{Text: failing(other)}); o.Fingerprint == first.Fingerprint || o.Error != other {
			t.Errorf("%q should look different from %q", o.Error, first.Error)
		}
	}
	for text, want := range map[string]string{
		"": "", "\n \n": "", "it went wrong\nin the end\n": "in the end", failing(""): "Push failed",
		"Error: one\nError: two\nError: three\nError: four\n": "Error: four", "Error: " + strings.Repeat("x", 300): "Error: " + strings.Repeat("x", 192) + "…",
	} {
		if o := NewOutput(Output{Text: text}); o.Error != want || (o.Fingerprint == 0) != (want == "") {
			t.Errorf("the error of %q should be %q, got %q (%d)", text, want, o.Error, o.Fingerprint)
		}
	}
}
