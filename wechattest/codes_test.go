package wechattest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

// codesIn returns the errcodes that appear as numbers in the source of a folder: those
// of refusals, and every other number of the same size that is written like a code,
// without underscores.
func codesIn(t *testing.T, folder string) map[wechat.Code]string {
	t.Helper()
	found := map[wechat.Code]string{}
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	set := token.NewFileSet()
	add := func(n ast.Node) {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.INT || strings.Contains(lit.Value, "_") {
			return
		}
		code, err := strconv.Atoi(lit.Value)
		require.NoError(t, err)
		found[wechat.Code(code)] = set.Position(lit.Pos()).String()
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		file, err := parser.ParseFile(set, name, text, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if fn, ok := n.Fun.(*ast.Ident); ok && fn.Name == "refuse" {
					add(n.Args[0])
				}
			case *ast.BasicLit:
				if len(n.Value) >= 5 {
					add(n)
				}
			}
			return true
		})
	}
	return found
}

func TestEveryCodeThatTheFakeReturnsIsKnownToTheSDK(t *testing.T) {
	found := codesIn(t, ".")
	for code, where := range codesIn(t, "../internal/apisec") {
		found[code] = where
	}
	require.Greater(t, len(found), 60)
	require.Contains(t, found, wechat.Code(404))
	require.Contains(t, found, wechat.Code(9410010))
	for code, where := range found {
		_, text, _ := strings.Cut(code.Error(), " ")
		assert.NotEmpty(t, text, "%d of %s has no text in codes.go", code, where)
	}
}
