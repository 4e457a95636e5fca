package wechatotel_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheModuleNeedsTheAPIOfOpenTelemetryAloneNotItsSDK(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "go.opentelemetry.io/otel/trace")
	for _, path := range strings.Fields(string(out)) {
		assert.NotContains(t, path, "go.opentelemetry.io/otel/sdk")
		assert.NotContains(t, path, "prometheus")
	}
}
