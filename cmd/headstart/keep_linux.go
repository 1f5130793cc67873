package main

import "golang.org/x/sys/unix"

// keepSecrets closes the memory and the first environment of this process to other
// processes of its user, among them the builds of the embedded platform: no core dump,
// no ptrace, no /proc/PID/environ. See prctl(2), PR_SET_DUMPABLE. Programs that are
// started are not concerned.
func keepSecrets() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
