package wechat

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var _ = wireRows([]wireRow{
	{
		name: "ListBlacklist", http: "POST /cgi-bin/tags/members/getblacklist", body: `{"begin_openid":"o0"}`,
		reply: `{"total":23,"count":2,"data":{"openid":["o1","o2"]},"next_openid":"o2"}`,
		call: result(func(ctx context.Context, c *Client) (*OpenIDPage, error) {
			return c.ListBlacklist(ctx, "o0")
		}),
		want: &OpenIDPage{Total: 23, Count: 2, OpenIDs: []string{"o1", "o2"}, NextOpenID: "o2"},
	},
	{
		name: "AddToBlacklist", http: "POST /cgi-bin/tags/members/batchblacklist", body: `{"openid_list":["o1","o2"]}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.AddToBlacklist(ctx, "o1", "o2") }),
	},
	{
		name: "RemoveFromBlacklist", http: "POST /cgi-bin/tags/members/batchunblacklist", body: `{"openid_list":["o1"]}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.RemoveFromBlacklist(ctx, "o1") }),
	},
})

func TestBlacklistingGoesInBatchesOf20(t *testing.T) {
	c, batches := taggingPlatform(t, wireOK)
	ids := manyFollowers(45)
	require.NoError(t, c.AddToBlacklist(t.Context(), ids...))
	require.Len(t, *batches, 3)
	assert.Equal(t, ids, slices.Concat(*batches...))
	require.NoError(t, c.RemoveFromBlacklist(t.Context(), ids...))
	assert.Len(t, *batches, 6)
	refused(t, "openIDs", func(ctx context.Context, c *Client) error { return c.AddToBlacklist(ctx, "o1", "") })
}

func TestAllBlacklistedBeginsBehindTheLastPage(t *testing.T) {
	replies := []string{`{"total":2,"count":1,"data":{"openid":["o1"]},"next_openid":"o1"}`, `{"total":2,"count":1,"data":{"openid":["o2"]},"next_openid":""}`}
	calls := 0
	c, seen := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		calls++
		return answer(http.StatusOK, replies[calls-1])(r)
	})
	var ids []string
	for id, err := range c.AllBlacklist(t.Context()) {
		require.NoError(t, err)
		ids = append(ids, id)
	}
	assert.Equal(t, []string{"o1", "o2"}, ids)
	assert.JSONEq(t, `{"begin_openid":"o1"}`, string(seen.body))
}
