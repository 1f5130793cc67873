package local

import (
	"fmt"
	"os"
	"strings"
)

// startedAt returns the machine's boot and the clock tick at which a process
// began (field 22 of /proc/PID/stat, see proc_pid_stat(5)), or "" if there is no
// such process or it is a zombie.
func startedAt(pid int) string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The second field is the program's name in parentheses, which may hold
	// anything; the third is the state.
	_, rest, _ := strings.Cut(string(stat), " ")
	fields := strings.Fields(rest[strings.LastIndex(rest, ")")+1:])
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "/" + fields[19]
}
