package local

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// listens lists the TCP ports that the processes of the group listen on, sorted; empty
// where that cannot be read. See proc_pid_net(5).
func (id identity) listens() []int {
	listeners := map[string]int{} // ports by the sockets' inodes
	for _, table := range []string{"tcp", "tcp6"} {
		data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(id.PID), "net", table))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			const listening = "0A"
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != listening {
				continue
			}
			_, hex, _ := strings.Cut(f[1], ":")
			if port, err := strconv.ParseUint(hex, 16, 16); err == nil {
				listeners["socket:["+f[9]+"]"] = int(port)
			}
		}
	}
	var ports []int
	for _, pid := range groupOf(id.PID) {
		fds := filepath.Join("/proc", strconv.Itoa(pid), "fd")
		entries, _ := os.ReadDir(fds) // it may have ended
		for _, e := range entries {
			target, _ := os.Readlink(filepath.Join(fds, e.Name()))
			if port, ok := listeners[target]; ok && !slices.Contains(ports, port) {
				ports = append(ports, port)
			}
		}
	}
	slices.Sort(ports)
	return ports
}

// groupOf lists the processes of a group.
func groupOf(group int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, file := range stats {
		data, _ := os.ReadFile(file) // it may have ended
		// PID (NAME) STATE PPID PGRP …; a name may hold anything.
		_, rest, _ := strings.Cut(string(data[strings.LastIndex(string(data), ")")+1:]), " ")
		f := strings.Fields(rest)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if len(f) > 2 && f[2] == strconv.Itoa(group) && err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
