package wechat

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goneCodes are the codes by which a page says that there is nothing to delete; 0
// where the page documents none.
var goneCodes = map[string]Code{
	"DeleteComment":           ErrCommentNotFound,
	"DeleteCommentReply":      87009,
	"DeleteConditionalMenu":   ErrConditionalMenuNotFound,
	"DeleteDraft":             ErrInvalidMediaID,
	"DeleteKFAccount":         ErrInvalidKFAccount,
	"DeleteMass":              0,
	"DeleteMassArticle":       0,
	"DeleteMassArticleByURL":  0,
	"DeleteMaterial":          ErrInvalidMediaID,
	"DeleteMenu":              ErrMenuNotFound,
	"DeletePublication":       0,
	"DeletePublishedArticle":  0,
	"DeleteQRCodeJumpRule":    0,
	"DeleteStore":             65115,
	"DeleteSubscribeTemplate": 200014,
	"DeleteTag":               0,
	"DeleteTemplate":          ErrInvalidTemplateID,
}

func TestADeleteThatARetryFindsDoneSucceeds(t *testing.T) {
	found := 0
	for _, row := range rows {
		name, _, _ := strings.Cut(row.name, "/")
		if !strings.HasPrefix(name, "Delete") {
			continue
		}
		code, known := goneCodes[name]
		require.True(t, known, "%s: look up the code of its page", name)
		found++
		if code == 0 {
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			gone := fmt.Sprintf(`{"errcode":%d,"errmsg":"gone"}`, code)
			c, bodies := lost(gone)
			_, err := row.call(t.Context(), c)
			require.NoError(t, err, "the first attempt may have deleted it")
			assert.Len(t, *bodies, 2)

			c, _ = row.client(answer(http.StatusOK, gone))
			_, err = row.call(t.Context(), c)
			require.ErrorIs(t, err, code, "there was nothing to delete")
		})
	}
	assert.GreaterOrEqual(t, found, len(goneCodes))
}
