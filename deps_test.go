package wechat

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheReceiverNeedsTheStandardLibraryAloneAndTheClientResty(t *testing.T) {
	list := func(args ...string) (foreign []string) {
		out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).Output()
		require.NoError(t, err)
		for _, path := range strings.Fields(string(out)) {
			first, _, _ := strings.Cut(path, "/")
			if strings.Contains(first, ".") && !strings.HasPrefix(path, "github.com/wechatoa/wechat") {
				foreign = append(foreign, path)
			}
		}
		return foreign
	}
	assert.Empty(t, list("-deps", "./callback", "./internal/msgcrypt"))
	assert.Equal(t, []string{"github.com/go-resty/resty/v2"}, list("-f", `{{join .Imports "\n"}}`, "."))
	for _, path := range list("-deps", ".", "./callback", "./wechattest", "./storetest") {
		assert.NotContains(t, path, "redis")
		assert.NotContains(t, path, "sql")
	}
}
