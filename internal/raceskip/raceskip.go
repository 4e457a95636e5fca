// Package raceskip skips tests that the race detector falsifies.
package raceskip

import (
	"runtime/debug"
	"testing"
)

// Allocations skips a test that counts allocations: the race detector adds its own.
func Allocations(t testing.TB) {
	t.Helper()
	skip(t, "the race detector allocates too")
}

// Times skips a test that measures times: the race detector makes everything slower.
func Times(t testing.TB) {
	t.Helper()
	skip(t, "the race detector takes time too")
}

func skip(t testing.TB, reason string) {
	t.Helper()
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-race" && s.Value == "true" {
			t.Skip(reason)
		}
	}
}
