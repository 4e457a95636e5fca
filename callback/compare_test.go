package callback

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestE5_SignaturesAreComparedInConstantTime looks for operators that compare what a
// stranger could find out byte by byte.
func TestE5_SignaturesAreComparedInConstantTime(t *testing.T) {
	secret := regexp.MustCompile(`(?i)signature|digest|\bsum\b|\bwant\b|expected`)
	harmless := regexp.MustCompile(`^(""|nil|\d+|true|false)$|^len\(`)
	constantTime := 0
	for _, dir := range []string{".", "../internal/msgcrypt"} {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, 0)
			require.NoError(t, err)
			text := func(n ast.Node) string {
				var out bytes.Buffer
				require.NoError(t, printer.Fprint(&out, set, n))
				return out.String()
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if n.Sel.Name == "ConstantTimeCompare" {
						constantTime++
					}
				case *ast.BinaryExpr:
					x, y := text(n.X), text(n.Y)
					if (n.Op == token.EQL || n.Op == token.NEQ) && secret.MatchString(x+" "+y) && !harmless.MatchString(x) && !harmless.MatchString(y) {
						t.Errorf("%s: %s %s %s", set.Position(n.Pos()), x, n.Op, y)
					}
				}
				return true
			})
		}
	}
	assert.GreaterOrEqual(t, constantTime, 2)
}
