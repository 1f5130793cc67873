package local

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// startedAt returns the wall-clock time at which a process began, or "" if there
// is no such process or it is a zombie.
func startedAt(pid int) string {
	const zombie = 5 // SZOMB of <sys/proc.h>
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || info.Proc.P_pid != int32(pid) || info.Proc.P_stat == zombie {
		return ""
	}
	return fmt.Sprintf("%d.%06d", info.Proc.P_starttime.Sec, info.Proc.P_starttime.Usec)
}
