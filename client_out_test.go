package wechat

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRetryDecodesIntoWhatTheProgramPutIntoOut(t *testing.T) {
	type user struct {
		Name string
		Tags []string
	}
	type envelope struct {
		Data any            `json:"data"`
		More map[string]any `json:"more"`
		List []any          `json:"list"`
		Self *envelope      `json:"self"`
		Code int            `json:"errcode"`
		Lang string
	}
	busy := `{"errcode":-1,"errmsg":"busy","data":{"name":"wrong","tags":["wrong"]},"more":{"wrong":1},"list":[{"name":"wrong"}]}`
	for name, failure := range map[string]func(*http.Request) (*http.Response, error){
		"no answer":       fails(assert.AnError),
		"a refusal":       answer(200, busy),
		"no errcode, 502": answer(502, `{"data":{"name":"wrong"},"more":{"wrong":1}}`),
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(failure, answer(200, `{"data":{"name":"right"},"more":{"right":1},"list":[{"name":"first"}]}`))
			data, first, more := &user{}, &user{}, map[string]any{}
			out := envelope{Data: data, More: more, List: []any{first}, Lang: "zh_CN"}
			out.Self = &out
			require.NoError(t, s.client().Do(t.Context(), request(idempotent), &out))
			require.Len(t, s.sent, 2)

			assert.Same(t, data, out.Data)
			assert.Equal(t, user{Name: "right"}, *data)
			assert.Equal(t, user{Name: "first"}, *first)
			assert.Equal(t, map[string]any{"right": 1.0}, more, "the program's own map")
			assert.Equal(t, "zh_CN", out.Lang)
			assert.Same(t, &out, out.Self)
			assert.Zero(t, out.Code)

			s = newScript(failure, answer(200, `{"name":"right"}`))
			*data = user{}
			var held any = data
			require.NoError(t, s.client().Do(t.Context(), request(idempotent), &held))
			assert.Equal(t, user{Name: "right"}, *data)
		})
	}
}
