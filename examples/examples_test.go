// Package examples_test keeps the examples copyable.
package examples_test

import (
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEachMainFileCompilesAloneAndImportsNothingInternal(t *testing.T) {
	files, err := filepath.Glob("*/main.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Dir(file), func(t *testing.T) {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			require.NoError(t, err)
			for _, spec := range parsed.Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				assert.NotContains(t, path, "internal")
			}
			out, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput()
			assert.NoError(t, err, string(out))
		})
	}
}
