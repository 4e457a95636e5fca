package tokenservice_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var guides = []string{"../docs/accounts.md", "../docs/zh/accounts.md"}

// blocks returns the code of a guide in one language.
func blocks(t *testing.T, guide, language string) []string {
	t.Helper()
	text, err := os.ReadFile(guide)
	require.NoError(t, err)
	var all []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[1])
	}
	require.NotEmpty(t, all)
	return all
}

func TestBothGuidesHaveTheSameCode(t *testing.T) {
	comment := regexp.MustCompile(` // .*`)
	for _, language := range []string{"go", "sh", "python"} {
		english, chinese := blocks(t, guides[0], language), blocks(t, guides[1], language)
		require.Len(t, chinese, len(english), language)
		for i := range english {
			assert.Equal(t, comment.ReplaceAllString(english[i], ""), comment.ReplaceAllString(chinese[i], ""))
		}
	}
}

func TestTheGoCodeOfTheGuideCompiles(t *testing.T) {
	const head = `package guide

import (
	"context"
	"net/http"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/tokenservice"
)

var (
	ctx           context.Context
	appID         string
	lookUp        func(context.Context, string) (wechat.Secret, error)
	credentialsOf func(context.Context, string) (callback.Credentials, error)
	store         wechat.TokenStore
	dedupe        callback.DedupeStore
	clients       *wechat.Clients
	shopKey       wechat.Secret
	reportsKey    wechat.Secret
)
`
	var source strings.Builder
	source.WriteString(head)
	code := blocks(t, guides[0], "go")
	for _, block := range code {
		source.WriteString("\nfunc _() error {\n" + block)
		if !strings.Contains(block, "\nreturn ") {
			source.WriteString("return nil\n")
		}
		source.WriteString("}\n")
	}
	require.Len(t, code, 4)
	dir, err := os.MkdirTemp(".", "_guide") //nolint:usetesting // it must be inside the module
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "guide.go"), []byte(source.String()), 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "vet", "./"+dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestThePythonClientOfTheGuideWorks(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: the Python client of docs/accounts.md was not run")
	}
	client := blocks(t, guides[0], "python")[0]
	assert.LessOrEqual(t, strings.Count(client, "\n"), 15)
	f := newFixture(t)
	server := httptest.NewServer(f.service)
	defer server.Close()
	script := client + `
import os, sys
tokens = Tokens(sys.argv[1], os.environ["TOKEN_SERVICE_KEY"], sys.argv[2])
first = tokens.get()
assert first == tokens.get(), "kept"
second = tokens.get(rejected=first)
assert second == tokens.get(), "kept"
print(first, second)
`
	run := exec.CommandContext(t.Context(), python, "-c", script, server.URL, f.AppID)
	run.Env = append(os.Environ(), "TOKEN_SERVICE_KEY="+shopKey, "no_proxy=*")
	out, err := run.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Regexp(t, `^\S+ \S+\n$`, string(out))
	assert.Equal(t, 2, strings.Count(f.log.String(), "outcome=ok"), "one request, and one for the rejected token")
	assert.Equal(t, 1, strings.Count(f.log.String(), "renewal=true"))
}
