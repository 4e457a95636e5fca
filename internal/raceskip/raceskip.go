// Package raceskip skips tests that the race detector falsifies.
package raceskip

import (
	"runtime/debug"
	"testing"
)

// Allocations skips a test that counts allocations: the race detector adds its own.
func Allocations(t testing.TB) {
	t.Helper()
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-race" && s.Value == "true" {
			t.Skip("the race detector allocates too")
		}
	}
}
