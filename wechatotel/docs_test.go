package wechatotel_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var blocks = regexp.MustCompile("(?s)```go\n(.*?)```")

func TestTheGuideCompiles(t *testing.T) {
	english, err := os.ReadFile("../docs/observability.md")
	require.NoError(t, err)
	chinese, err := os.ReadFile("../docs/zh/observability.md")
	require.NoError(t, err)
	code := blocks.FindAllStringSubmatch(string(english), -1)
	require.Len(t, code, 2)
	assert.Equal(t, code, blocks.FindAllStringSubmatch(string(chinese), -1))
	program := `package main
import (
	"context"
	"log/slog"
	"time"
	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechatotel"
)
var appID, appSecret, token, aesKey string
func main() {
` + code[0][1] + code[1][1] + `
	_, _, _, _ = client, handler, err, slow
}`
	dir, err := os.MkdirTemp(".", "_guide") //nolint:usetesting // it must be inside the module
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "vet", "./"+dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestTheGuideListsAllMetrics holds the table of the guide to what is exported.
func TestTheGuideListsAllMetrics(t *testing.T) {
	for _, name := range []string{"../docs/observability.md", "../docs/zh/observability.md"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		listed := map[string]bool{"target_info": true}
		for _, metric := range metricName.FindAllString(string(text), -1) {
			listed[metric] = true
		}
		metrics := exported(t)
		assert.Len(t, listed, len(metrics), name)
		for metric := range metrics {
			assert.True(t, listed[metric], "%s does not list %s", name, metric)
		}
	}
}
