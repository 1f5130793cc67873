package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// checkClosed looks whether a process of this user is closed to others of the same
// user. Root may look everywhere, so it asks as nobody where it can.
func checkClosed(t *testing.T, pid int) {
	t.Helper()
	info, err := os.Stat(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; os.Getuid() != 0 && owner != 0 {
		t.Errorf("the environment of the server is there for its user to read:\n%s", status)
	}
}

// What is closed is this very process; a program that it starts has nothing of it.
func TestKeepSecrets(t *testing.T) {
	if os.Getenv("KEEPS_SECRETS") == "" {
		t.Setenv("HEROKU_API_KEY", "a key")
		cmd := exec.Command(os.Args[0], "-test.run=^TestKeepSecrets$", "-test.v")
		cmd.Env = append(os.Environ(), "KEEPS_SECRETS=1")
		if output, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(output), "PASS: TestKeepSecrets") {
			t.Errorf("%v\n%s", err, output)
		}
		return
	}
	if err := keepSecrets(); err != nil {
		t.Fatal(err)
	}
	if dumpable, err := prctlDumpable(); err != nil || dumpable != 0 {
		t.Errorf("the process can be dumped: %d (%v)", dumpable, err)
	}
	forgetSecrets()
	output, err := exec.Command("/bin/sh", "-c", "echo [$HEROKU_API_KEY]").Output()
	if err != nil || strings.TrimSpace(string(output)) != "[]" {
		t.Errorf("a program that it starts has its key: %s (%v)", output, err)
	}
}

// prctlDumpable is PR_GET_DUMPABLE of this process.
func prctlDumpable() (int, error) { return unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0) }
