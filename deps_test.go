package wechat

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
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

func TestOnlyTheBenchmarksNeedSDKsOfOtherAuthors(t *testing.T) {
	needs := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "go.mod" {
			return err
		}
		module, err := os.ReadFile(path)
		for _, sdk := range []string{"silenceper/wechat", "chanxuehong/wechat", "ArtisanCloud/PowerWeChat"} {
			if strings.Contains(string(module), sdk) {
				needs[path] = append(needs[path], sdk)
			}
		}
		return err
	})
	require.NoError(t, err)
	assert.Equal(t, map[string][]string{
		filepath.Join("benchmarks", "go.mod"): {"silenceper/wechat", "chanxuehong/wechat", "ArtisanCloud/PowerWeChat"},
	}, needs)
}

// TestF7_NothingButTestsIsPredictable: an identifier that can be guessed lets a stranger
// answer for a follower, or forge what an account signed.
func TestF7_NothingButTestsIsPredictable(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files++
		for _, used := range f.Imports {
			assert.NotContains(t, used.Path.Value, "math/rand", path)
		}
		return nil
	})
	require.NoError(t, err)
	assert.Greater(t, files, 200)
}
