package wechat

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
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
			assert.NotEmpty(t, codeText[Code(code)], "%s: %d", e.Path, code)
		}
	}
}

func TestEveryNamedCodeHasTheTextOfItsComment(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, parser.ParseComments)
	require.NoError(t, err)
	named := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || fmt.Sprint(spec.Type) != "Code" {
			return true
		}
		value := spec.Values[0]
		sign := ""
		if minus, ok := value.(*ast.UnaryExpr); ok {
			sign, value = "-", minus.X
		}
		code, err := strconv.Atoi(sign + value.(*ast.BasicLit).Value)
		require.NoError(t, err)
		assert.Equal(t, codeText[Code(code)], strings.TrimSpace(spec.Comment.Text()), spec.Names[0])
		assert.False(t, named[spec.Names[0].Name])
		named[spec.Names[0].Name] = true
		return true
	})
	assert.Greater(t, len(named), 150)
}

func TestFamiliesHoldTheCodesThatAskForTheirReaction(t *testing.T) {
	for family, codes := range families {
		for _, code := range codes {
			require.ErrorIs(t, code, family)
			assert.NotEmpty(t, codeText[code], "%d", code)
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
