package local

import (
	"fmt"
	"slices"
	"strings"
)

// listensElsewhere says where a web process listens that does not answer on its port; empty:
// it listens nowhere yet, or nobody knows.
func listensElsewhere(ports []int, port int) string {
	if len(ports) == 0 {
		return ""
	}
	if slices.Contains(ports, port) {
		return "it listens on PORT, but does not answer at 127.0.0.1"
	}
	var list []string
	for _, p := range ports {
		list = append(list, fmt.Sprint(p))
	}
	return fmt.Sprintf("it listens on %s, not on PORT", strings.Join(list, ", "))
}
