package raceskip

import (
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type skipRecorder struct {
	testing.TB
	reasons []any
}

func (r *skipRecorder) Helper()          {}
func (r *skipRecorder) Skip(args ...any) { r.reasons = append(r.reasons, args...) }

func TestOnlyTheRaceDetectorSkips(t *testing.T) {
	var r skipRecorder
	skip(&r, nil, "without settings")
	skip(&r, []debug.BuildSetting{{Key: "-race", Value: "false"}, {Key: "-cover", Value: "true"}}, "without it")
	assert.Empty(t, r.reasons)

	skip(&r, []debug.BuildSetting{{Key: "-cover", Value: "true"}, {Key: "-race", Value: "true"}}, "with it")
	assert.Equal(t, []any{"with it"}, r.reasons)
}

func TestBothKindsSkipAlike(t *testing.T) {
	info, _ := debug.ReadBuildInfo()
	require.NotNil(t, info)
	var want []any
	if slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		want = []any{"the race detector allocates too", "the race detector takes time too"}
	}

	var r skipRecorder
	Allocations(&r)
	Times(&r)
	assert.Equal(t, want, r.reasons)
}
