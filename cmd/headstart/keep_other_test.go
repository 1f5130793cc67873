//go:build !linux

package main

import "testing"

// checkClosed has nothing to look at on this system.
func checkClosed(*testing.T, int) {}
