package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failedOf makes the call of a row for a change in batches; its result is the openids
// that the platform left out.
func failedOf(call func(ctx context.Context, c *Client) error) func(context.Context, *Client) (any, error) {
	return func(ctx context.Context, c *Client) (any, error) {
		err := call(ctx, c)
		var partly *BatchError
		if errors.Is(err, ErrPartlyFailed) && errors.As(err, &partly) {
			return partly.Failed, nil
		}
		return nil, err
	}
}

var _ = wireRows([]wireRow{
	{
		name: "CreateTag", http: "POST /cgi-bin/tags/create", body: `{"tag":{"name":"广东"}}`, reply: `{"tag":{"id":134,"name":"广东"}}`,
		call: result(func(ctx context.Context, c *Client) (*Tag, error) { return c.CreateTag(ctx, "广东") }),
		want: &Tag{ID: 134, Name: "广东"},
	},
	{
		name: "ListTags", http: "GET /cgi-bin/tags/get",
		reply: `{"tags":[{"id":1,"name":"每天一罐可乐星人","count":0},{"id":134,"name":"广东","count":5}]}`,
		call:  results(func(ctx context.Context, c *Client) ([]Tag, error) { return c.ListTags(ctx) }),
		want:  []Tag{{ID: 1, Name: "每天一罐可乐星人"}, {ID: 134, Name: "广东", Count: 5}},
	},
	{
		name: "UpdateTag", http: "POST /cgi-bin/tags/update", body: `{"tag":{"id":134,"name":"广东人"}}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.UpdateTag(ctx, 134, "广东人") }),
	},
	{
		name: "DeleteTag", http: "POST /cgi-bin/tags/delete", body: `{"tag":{"id":134}}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteTag(ctx, 134) }),
	},
	{
		name: "ListTagFollowerIDs", http: "POST /cgi-bin/user/tag/get", body: `{"tagid":134,"next_openid":"o0"}`,
		reply: `{"count":2,"data":{"openid":["o1","o2"]},"next_openid":"o2"}`,
		call: result(func(ctx context.Context, c *Client) (*OpenIDPage, error) {
			return c.ListTagFollowerIDs(ctx, 134, "o0")
		}),
		want: &OpenIDPage{Count: 2, OpenIDs: []string{"o1", "o2"}, NextOpenID: "o2"},
	},
	{
		name: "TagUsers", http: "POST /cgi-bin/tags/members/batchtagging", body: `{"openid_list":["o1","o2"],"tagid":134}`,
		reply: `{"errcode":45171,"errmsg":"partly failed","fail_openid_list":["o2"]}`,
		call:  failedOf(func(ctx context.Context, c *Client) error { return c.TagUsers(ctx, 134, "o1", "o2") }),
		want:  []string{"o2"},
	},
	{
		name: "UntagUsers", http: "POST /cgi-bin/tags/members/batchuntagging", body: `{"openid_list":["o1","o2"],"tagid":134}`,
		reply: `{"errcode":0,"errmsg":"ok","fail_openid_list":["o1"]}`,
		call:  failedOf(func(ctx context.Context, c *Client) error { return c.UntagUsers(ctx, 134, "o1", "o2") }),
		want:  []string{"o1"},
	},
	{
		name: "ListUserTagIDs", http: "POST /cgi-bin/tags/getidlist", body: `{"openid":"o1"}`, reply: `{"tagid_list":[134,2]}`,
		call: results(func(ctx context.Context, c *Client) ([]int64, error) { return c.ListUserTagIDs(ctx, "o1") }),
		want: []int64{134, 2},
	},
})

func TestTagCallsRefuseWrongArguments(t *testing.T) {
	refused(t, "name", func(ctx context.Context, c *Client) error { _, err := c.CreateTag(ctx, ""); return err })
	refused(t, "name", func(ctx context.Context, c *Client) error { return c.UpdateTag(ctx, 134, strings.Repeat("长", 31)) })
	refused(t, "tagID", func(ctx context.Context, c *Client) error { return c.UpdateTag(ctx, 0, "广东") })
	refused(t, "tagID", func(ctx context.Context, c *Client) error { return c.DeleteTag(ctx, 0) })
	refused(t, "tagID", func(ctx context.Context, c *Client) error { return c.TagUsers(ctx, 0, "o1") })
	refused(t, "openIDs", func(ctx context.Context, c *Client) error { return c.UntagUsers(ctx, 134) })
	refused(t, "openID", func(ctx context.Context, c *Client) error { _, err := c.ListUserTagIDs(ctx, ""); return err })
	refused(t, "tagID", func(ctx context.Context, c *Client) error { _, err := c.ListTagFollowerIDs(ctx, 0, ""); return err })
}

func TestAllTagFollowersWalksThePages(t *testing.T) {
	pages := map[string]string{
		"":   `{"count":2,"data":{"openid":["o1","o2"]},"next_openid":"o2"}`,
		"o2": `{"count":1,"data":{"openid":["o3"]},"next_openid":"o3"}`,
		"o3": `{"count":0,"next_openid":""}`,
	}
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		var body struct {
			TagID int64  `json:"tagid"`
			Next  string `json:"next_openid"`
		}
		data, _ := r.GetBody()
		require.NoError(t, json.NewDecoder(data).Decode(&body))
		assert.Equal(t, int64(134), body.TagID)
		return answer(http.StatusOK, pages[body.Next])(r)
	})
	var ids []string
	for id, err := range c.AllTagFollowerIDs(t.Context(), 134) {
		require.NoError(t, err)
		ids = append(ids, id)
	}
	assert.Equal(t, []string{"o1", "o2", "o3"}, ids)
}

// taggingPlatform answers tagging calls one after another and records their bodies.
func taggingPlatform(t *testing.T, replies ...string) (*Client, *[][]string) {
	t.Helper()
	var batches [][]string
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		var body tagging
		data, err := r.GetBody()
		require.NoError(t, err)
		content, err := io.ReadAll(data)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(content, &body))
		batches = append(batches, body.OpenIDs)
		return answer(http.StatusOK, replies[min(len(batches), len(replies))-1])(r)
	})
	return c, &batches
}

func manyFollowers(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = followerID(i)
	}
	return ids
}

func TestTaggingGoesInBatchesOf50(t *testing.T) {
	c, batches := taggingPlatform(t, wireOK)
	ids := manyFollowers(120)
	require.NoError(t, c.TagUsers(t.Context(), 134, ids...))
	require.Len(t, *batches, 3)
	assert.Equal(t, ids, slices.Concat(*batches...))
	assert.Len(t, (*batches)[0], 50)
}

func TestFollowersThatAResponseWithoutErrcodeLeavesOutAreARefusal(t *testing.T) {
	c, _ := taggingPlatform(t, `{"errcode":0,"errmsg":"ok","fail_openid_list":["o2"]}`)
	err := c.TagUsers(t.Context(), 134, "o1", "o2")
	var refusal *Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, ErrPartlyFailed, refusal.Code)
	assert.Equal(t, "wechat: POST /cgi-bin/tags/members/batchtagging: "+ErrPartlyFailed.Error()+" (1 of 2 openids not processed)", err.Error())
}

func TestTaggingGoesOnPastFollowersThatThePlatformLeavesOut(t *testing.T) {
	ids := manyFollowers(120)
	c, batches := taggingPlatform(t, wireOK, `{"errcode":45171,"errmsg":"partly failed rid: 1-2","fail_openid_list":["`+ids[60]+`"]}`, wireOK)
	err := c.TagUsers(t.Context(), 134, ids...)
	require.ErrorIs(t, err, ErrPartlyFailed)
	var partly *BatchError
	require.ErrorAs(t, err, &partly)
	assert.Equal(t, []string{ids[60]}, partly.Failed)
	assert.Equal(t, 120, partly.Total)
	assert.Len(t, *batches, 3)
}

func TestTaggingThatEndsEarlySaysWhoIsNotTagged(t *testing.T) {
	ids := manyFollowers(120)
	c, batches := taggingPlatform(t, wireOK, `{"errcode":45159,"errmsg":"invalid tagid rid: 1-2"}`)
	err := c.TagUsers(t.Context(), 134, ids...)
	require.ErrorIs(t, err, ErrInvalidTagID)
	var partly *BatchError
	require.ErrorAs(t, err, &partly)
	assert.Equal(t, ids[50:], partly.Failed)
	assert.Len(t, *batches, 2)
	require.ErrorContains(t, err, "70 of 120 openids not processed")

	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("tagging", "err", partly)
	assert.NotContains(t, log.String(), ids[60])
	assert.Contains(t, log.String(), `"failed":70`)
}
