package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGuidesExplainEveryReason(t *testing.T) {
	for _, name := range []string{"../../docs/simulator.md", "../../docs/zh/simulator.md"} {
		guide, err := os.ReadFile(name)
		require.NoError(t, err)
		for reason := range texts {
			assert.Contains(t, string(guide), "\n| `"+string(reason)+"` | ", name)
		}
	}
}
