package redisstore_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheStoreNeedsTheInterfacesOfCallbackAloneAndGoRedis(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	require.NoError(t, err)
	var foreign []string
	for _, path := range strings.Fields(string(out)) {
		if strings.Contains(path, ".") {
			foreign = append(foreign, path)
		}
	}
	assert.Equal(t, []string{"github.com/redis/go-redis/v9", "github.com/wechatoa/wechat/callback"}, foreign)
}
