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
