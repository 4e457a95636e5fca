// Package raceskip skips tests that the race detector falsifies.
package raceskip

import (
	"runtime/debug"
	"slices"
	"testing"
)

// Allocations skips a test that counts allocations: the race detector adds its own.
func Allocations(t testing.TB) {
	t.Helper()
	info, _ := debug.ReadBuildInfo()
	skip(t, info.Settings, "the race detector allocates too")
}

// Times skips a test that measures times: the race detector makes everything slower.
func Times(t testing.TB) {
	t.Helper()
	info, _ := debug.ReadBuildInfo()
	skip(t, info.Settings, "the race detector takes time too")
}

func skip(t testing.TB, settings []debug.BuildSetting, reason string) {
	t.Helper()
	if slices.Contains(settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip(reason)
	}
}
