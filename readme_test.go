package wechat

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var readmes = []string{"README.md", "README.zh-CN.md"}

var (
	codeBlock  = regexp.MustCompile("(?s)```(\\w+)\n(.*?)```")
	methodName = regexp.MustCompile("`([A-Z][A-Za-z]+)`")
	localLink  = regexp.MustCompile(`\]\(([^):#]+)\)`)
)

func readReadme(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}

func TestTheStartOfTheReadmeCompiles(t *testing.T) {
	for _, name := range readmes {
		compiled := 0
		for _, block := range codeBlock.FindAllStringSubmatch(readReadme(t, name), -1) {
			if block[1] != "go" || !strings.HasPrefix(block[2], "package main") {
				continue
			}
			dir, err := os.MkdirTemp(".", "_readme") //nolint:usetesting // it must be inside the module
			require.NoError(t, err)
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(block[2]), 0o600))
			out, err := exec.CommandContext(t.Context(), "go", "vet", "./"+dir).CombinedOutput()
			require.NoError(t, err, "%s: %s", name, out)
			assert.LessOrEqual(t, strings.Count(block[2], "\n"), 22)
			compiled++
		}
		assert.Equal(t, 1, compiled, name)
	}
}

// fragments are the heads of functions that make programs of the blocks in the
// README that are none, by what they begin with.
var fragments = map[string]string{
	"_, err := client.Send": `func errorsOf(ctx context.Context, client *wechat.Client, message wechat.TemplateMessage) {`,
	"h, err := callback.":   `func newHandler(client *wechat.Client, appID, token, aesKey string) *callback.Handler {`,
	"srv := wechattest.":    `func TestBot(t *testing.T) { ctx := t.Context()`,
}

// ends are the last lines of such functions.
var ends = map[string]string{"h, err := callback.": "return h\n"}

// TestTheFragmentsOfTheReadmeWork puts them into one package, so that what one of them
// uses of another is there, and runs the test among them. The other README has the same
// code, see TestBothReadmesHaveTheSameParts.
func TestTheFragmentsOfTheReadmeWork(t *testing.T) {
	const imports = `package readme

import (
	"context"
	"errors"
	"log"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)
`
	var source strings.Builder
	source.WriteString(imports)
	found := 0
	for _, block := range codeBlock.FindAllStringSubmatch(readReadme(t, readmes[0]), -1) {
		for beginning, head := range fragments {
			if block[1] == "go" && strings.HasPrefix(block[2], beginning) {
				source.WriteString(head + "\n" + block[2] + ends[beginning] + "}\n")
				found++
			}
		}
	}
	require.Equal(t, len(fragments), found)
	dir, err := os.MkdirTemp(".", "_readme") //nolint:usetesting // it must be inside the module
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "readme_test.go"), []byte(source.String()), 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "test", "-run=TestBot", "./"+dir).CombinedOutput()
	assert.NoError(t, err, "%s", out)
}

func TestTheReadmeNamesWhatThereIs(t *testing.T) {
	known := map[string]bool{}
	for _, m := range clientMethods(t) {
		known[m.name] = true
	}
	for _, name := range readmes {
		for _, row := range strings.Split(readReadme(t, name), "\n") {
			if !strings.HasPrefix(row, "| ") || !strings.Contains(row, "…") {
				continue
			}
			for _, method := range methodName.FindAllStringSubmatch(row, -1) {
				assert.True(t, known[method[1]], "%s names %s", name, method[1])
			}
		}
		for _, link := range localLink.FindAllStringSubmatch(readReadme(t, name), -1) {
			_, err := os.Stat(link[1])
			assert.NoError(t, err, "%s links to %s", name, link[1])
		}
	}
}

func TestBothReadmesHaveTheSameParts(t *testing.T) {
	parts := func(name string) []string {
		var all []string
		comment := regexp.MustCompile(`//.*|#.*|"收到.*`)
		text := readReadme(t, name)
		for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
			var lines []string
			for _, line := range strings.Split(block[2], "\n") {
				lines = append(lines, strings.TrimSpace(comment.ReplaceAllString(line, "")))
			}
			all = append(all, strings.Join(lines, "\n"))
		}
		text = codeBlock.ReplaceAllString(text, "")
		all = append(all, regexp.MustCompile(`(?m)^#+ |^\|[-|]+$`).FindAllString(text, -1)...)
		return append(all, regexp.MustCompile("`[^`\n]+`").FindAllString(text, -1)...)
	}
	english, chinese := parts(readmes[0]), parts(readmes[1])
	assert.ElementsMatch(t, english, chinese)
}
