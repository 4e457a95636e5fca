package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	stringLine  = regexp.MustCompile(`^  (?:"([\w. -]+)"|(\w+)): \["(.*)", "(.*)"\],$`)
	stringUse   = regexp.MustCompile(`\bt\("([\w. -]+)"`)
	placeholder = regexp.MustCompile(`\{\d\}`)
)

// pageScripts returns the scripts of the page by name.
func pageScripts(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("page/*.js")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	scripts := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		scripts[filepath.Base(name)] = string(text)
	}
	return scripts
}

// pageStrings returns the texts of the page, in Chinese and English, by key.
func pageStrings(t *testing.T, script string) map[string][2]string {
	t.Helper()
	_, table, begins := strings.Cut(script, "export const strings = {\n")
	table, _, ends := strings.Cut(table, "\n};\n")
	require.True(t, begins && ends, "strings.js has the table of all texts")
	texts := map[string][2]string{}
	for line := range strings.Lines(table) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "  // ") {
			continue
		}
		m := stringLine.FindStringSubmatch(line)
		require.NotNil(t, m, "not a key with a text in Chinese and one in English: %s", line)
		key := m[1] + m[2]
		require.NotContains(t, texts, key)
		texts[key] = [2]string{m[3], m[4]}
	}
	return texts
}

func TestPageSaysEverythingInBothLanguages(t *testing.T) {
	scripts := pageScripts(t)
	texts := pageStrings(t, scripts["strings.js"])
	for key, text := range texts {
		assert.NotEmpty(t, text[0], key)
		assert.NotEmpty(t, text[1], key)
		assert.NotRegexp(t, `\p{Han}`, text[1], "the English text of %s", key)
		chinese, english := placeholder.FindAllString(text[0], -1), placeholder.FindAllString(text[1], -1)
		slices.Sort(chinese)
		slices.Sort(english)
		assert.Equal(t, chinese, english, "the values in %s", key)
	}
	used := map[string]bool{}
	for name, script := range scripts {
		for _, m := range stringUse.FindAllStringSubmatch(script, -1) {
			assert.Contains(t, texts, m[1], name)
			used[m[1]] = true
		}
	}
	all := strings.Builder{}
	for name, script := range scripts {
		if name != "strings.js" {
			all.WriteString(script)
		}
	}
	for key := range texts {
		if family, _, dotted := strings.Cut(key, "."); dotted { // some of these keys are put together
			assert.Contains(t, all.String(), family+".", "nothing uses %s", key)
		} else {
			assert.True(t, used[key] || strings.Contains(all.String(), `"`+key+`"`), "nothing uses %s", key)
		}
	}
}

func TestPageTurnsNoTextIntoMarkup(t *testing.T) {
	for name, script := range pageScripts(t) {
		for _, unsafe := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc", "createContextualFragment", "javascript:"} {
			assert.NotContains(t, script, unsafe, name)
		}
	}
	page, err := os.ReadFile("page/index.html")
	require.NoError(t, err)
	assert.NotRegexp(t, `<style|\sstyle=|\son\w+=|<script[^>]*>[^<]`, string(page), "the policy of the page forbids inline scripts and styles")
}
