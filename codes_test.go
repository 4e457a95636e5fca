package wechat

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/spec"
)

func TestEveryCodeThatAPageListsHasAText(t *testing.T) {
	for _, e := range spec.All() {
		for _, code := range e.Errors {
			text, _ := Code(code).text()
			assert.NotEmpty(t, text, "%s: %d", e.Path, code)
		}
	}
}

// TestEveryNamedCodeHasTheTextOfItsComment fails if codes_string.go is older than
// codes.go, or if a name was added to a code that had none.
func TestEveryNamedCodeHasTheTextOfItsComment(t *testing.T) {
	named := map[Code]string{}
	eachConstant(t, "codes.go", "Code", func(spec *ast.ValueSpec) {
		value := spec.Values[0]
		sign := ""
		if minus, ok := value.(*ast.UnaryExpr); ok {
			sign, value = "-", minus.X
		}
		number := sign + value.(*ast.BasicLit).Value
		code, err := strconv.Atoi(number)
		require.NoError(t, err)
		text := strings.TrimSpace(spec.Comment.Text())
		require.NotEmpty(t, text, spec.Names[0])
		assert.Equal(t, number+" "+text, Code(code).Error(), "%s: go generate", spec.Names[0])
		assert.Empty(t, named[Code(code)], "%d has two names", code)
		assert.Empty(t, unnamed[Code(code)], "%d has a name", code)
		named[Code(code)] = spec.Names[0].Name
	})
	assert.Greater(t, len(named), 150)
	assert.Len(t, _Code_map, len(named))
}

// eachConstant visits the constants of a type in a file.
func eachConstant(t *testing.T, file, typ string, visit func(spec *ast.ValueSpec)) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	require.NoError(t, err)
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && fmt.Sprint(spec.Type) == typ {
			visit(spec)
		}
		return true
	})
}

func TestCodeWithoutATextIsItsNumber(t *testing.T) {
	assert.Equal(t, "12345678", Code(12345678).Error())
	assert.Equal(t, "-1000 system error", ErrSystemError.Error())
	assert.Equal(t, "404 wrong HTTP method for this path (subscription templates)", Code(404).Error())
}

func TestFamiliesHoldTheCodesThatAskForTheirReaction(t *testing.T) {
	for family, codes := range families {
		for _, code := range codes {
			require.ErrorIs(t, code, family)
			text, _ := code.text()
			assert.NotEmpty(t, text, "%d", code)
		}
	}
	for _, c := range []struct {
		code   Code
		family CodeFamily
	}{
		{886000, ErrQuotaExceeded},
		{85049, ErrQuotaExceeded},
		{73105, ErrBusy},
		{73107, ErrBusy},
		{43108, ErrBusy},
		{43104, ErrForbidden},
		{43107, ErrForbidden},
		{53404, ErrForbidden},
		{53406, ErrForbidden},
		{65400, ErrForbidden},
		{43117, ErrUnreachableUser},
		{46004, ErrUnreachableUser},
		{40236, ErrConfiguration},
		{40240, ErrConfiguration},
	} {
		for _, family := range []CodeFamily{ErrInvalidToken, ErrConfiguration, ErrQuotaExceeded, ErrBusy, ErrForbidden, ErrUnreachableUser} {
			assert.Equal(t, family == c.family, errors.Is(&Error{Code: c.code}, family), "%d %s", c.code, family)
		}
	}
}

// TestTheDocumentationOfAFamilyListsItsCodes compares the text of the constants with the
// source of the table.
func TestTheDocumentationOfAFamilyListsItsCodes(t *testing.T) {
	source, err := os.ReadFile("codes.go")
	require.NoError(t, err)
	documented := 0
	eachConstant(t, "errors.go", "CodeFamily", func(spec *ast.ValueSpec) {
		documented++
		_, codes, found := strings.Cut(spec.Doc.Text(), "\nCodes: ")
		require.True(t, found, spec.Names[0])
		_, entry, found := strings.Cut(string(source), "\n\t"+spec.Names[0].Name+": {")
		require.True(t, found, spec.Names[0])
		entry, _, _ = strings.Cut(entry, "}")
		word := regexp.MustCompile(`\w+`)
		assert.Equal(t, word.FindAllString(entry, -1), word.FindAllString(codes, -1), spec.Names[0])
		for _, name := range word.FindAllString(codes, -1) {
			if strings.HasPrefix(name, "Err") {
				assert.Contains(t, codes, "["+name+"]", "a link")
			}
		}
	})
	assert.Len(t, families, documented)
}

func TestTheFamilyOfACodeDependsOnThePathWhereItsMeaningDoes(t *testing.T) {
	for _, c := range []struct {
		code   Code
		path   string
		family CodeFamily
		want   bool
	}{
		{ErrInvalidCredential, "/cgi-bin/stable_token", ErrConfiguration, true},
		{ErrInvalidCredential, "/cgi-bin/user/info", ErrConfiguration, false},
		{ErrInvalidAppID, "/cgi-bin/token", ErrConfiguration, true},
		{ErrInvalidAppID, "/cgi-bin/clear_quota", ErrConfiguration, true},
		{ErrInvalidAppID, "/cgi-bin/message/template/send", ErrConfiguration, false},
		{ErrInvalidAppID, "/cgi-bin/menu/create", ErrConfiguration, false},
		{ErrRestricted, "/cgi-bin/tags/members/batchtagging", ErrUnreachableUser, true},
		{ErrRestricted, "/cgi-bin/tags/members/batchblacklist", ErrUnreachableUser, true},
		{ErrRestricted, "/cgi-bin/user/info/updateremark", ErrUnreachableUser, true},
		{ErrRestricted, "/cgi-bin/user/info/updateremark", ErrForbidden, false},
		{ErrRestricted, "/cgi-bin/draft/add", ErrUnreachableUser, false},
		{ErrRestricted, "/cgi-bin/draft/add", ErrForbidden, true},
	} {
		err := fmt.Errorf("call: %w", &Error{Code: c.code, Path: c.path})
		assert.Equal(t, c.want, errors.Is(err, c.family), "%d on %s: %s", c.code, c.path, c.family)
		require.ErrorIs(t, err, c.code)
		var code Code
		require.ErrorAs(t, err, &code)
		assert.Equal(t, c.code, code)
	}
}
