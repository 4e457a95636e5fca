package tokenservice_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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

func TestThePythonClientOfTheGuideWorks(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: the Python client of docs/accounts.md was not run")
	}
	client := blocks(t, "../docs/accounts.md", "python")[0]
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
	server.Close() // waits for the log, which comes after the response
	assert.Equal(t, 2, strings.Count(f.log.String(), "outcome=ok"), "one request, and one for the rejected token")
	assert.Equal(t, 1, strings.Count(f.log.String(), "renewal=true"))
}
