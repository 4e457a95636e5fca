package wechat

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var aComment = CommentRef{MsgDataID: 2247483655, Index: 1, CommentID: 3}

const aCommentJSON = `{"msg_data_id":2247483655,"index":1,"user_comment_id":3}`

var _ = wireRows([]wireRow{
	{
		name: "OpenComments", http: "POST /cgi-bin/comment/open", body: `{"msg_data_id":2247483655,"index":0}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.OpenComments(ctx, 2247483655, 0) }),
	},
	{
		name: "CloseComments", http: "POST /cgi-bin/comment/close", body: `{"msg_data_id":2247483655,"index":1}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.CloseComments(ctx, 2247483655, 1) }),
	},
	{
		name: "ListComments", http: "POST /cgi-bin/comment/list", body: `{"msg_data_id":2247483655,"index":1,"begin":0,"count":49,"type":2}`,
		reply: `{"errcode":0,"errmsg":"ok","total":2,"comment":[
			{"user_comment_id":3,"create_time":1635156700,"content":"好","comment_type":1,"openid":"oAlice","reply":{"content":"谢谢","create_time":"1635156701"}},
			{"user_comment_id":4,"create_time":1635156702,"content":"嗯","comment_type":0}]}`,
		call: result(func(ctx context.Context, c *Client) (*CommentPage, error) {
			return c.ListComments(ctx, ListCommentsRequest{MsgDataID: 2247483655, Index: 1, Count: 49, Filter: CommentFilterFeatured})
		}),
		want: &CommentPage{Total: 2, Comments: []Comment{
			{ID: 3, CreateTime: unix(1635156700), Content: "好", Featured: true, OpenID: "oAlice", Reply: &CommentReply{Content: "谢谢", CreateTime: unix(1635156701)}},
			{ID: 4, CreateTime: unix(1635156702), Content: "嗯"},
		}},
	},
	{
		name: "FeatureComment", http: "POST /cgi-bin/comment/markelect", body: aCommentJSON,
		call: noResult(func(ctx context.Context, c *Client) error { return c.FeatureComment(ctx, aComment) }),
	},
	{
		name: "UnfeatureComment", http: "POST /cgi-bin/comment/unmarkelect", body: aCommentJSON,
		call: noResult(func(ctx context.Context, c *Client) error { return c.UnfeatureComment(ctx, aComment) }),
	},
	{
		name: "DeleteComment", http: "POST /cgi-bin/comment/delete", body: aCommentJSON,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteComment(ctx, aComment) }),
	},
	{
		name: "ReplyToComment", http: "POST /cgi-bin/comment/reply/add", body: `{"msg_data_id":2247483655,"index":1,"user_comment_id":3,"content":"谢谢"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.ReplyToComment(ctx, aComment, "谢谢") }),
	},
	{
		name: "DeleteCommentReply", http: "POST /cgi-bin/comment/reply/delete", body: aCommentJSON,
		call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteCommentReply(ctx, aComment) }),
	},
})

func TestCommentReplyIsReadInEveryShape(t *testing.T) {
	thanks := &CommentReply{Content: "谢谢", CreateTime: unix(1635156701)}
	for reply, want := range map[string]*CommentReply{
		`,"reply":{"content":"谢谢","create_time":1635156701}`:     thanks,
		`,"reply":[{"content":"谢谢","create_time":"1635156701"}]`: thanks,
		`,"reply":[]`:   nil,
		`,"reply":{}`:   nil,
		`,"reply":null`: nil,
		`,"reply":""`:   nil,
		``:              nil,
	} {
		var got Comment
		require.NoError(t, json.Unmarshal([]byte(`{"user_comment_id":3,"user_name":"oAlice"`+reply+`}`), &got), reply)
		assert.Equal(t, Comment{ID: 3, OpenID: "oAlice", Reply: want}, got, reply)
	}
}

func TestCommentCallsRefuseWhatCannotBeRight(t *testing.T) {
	refused(t, "msgDataID", func(ctx context.Context, c *Client) error { return c.OpenComments(ctx, 0, 0) })
	refused(t, "index", func(ctx context.Context, c *Client) error { return c.CloseComments(ctx, 1, -1) })
	refused(t, "CommentID", func(ctx context.Context, c *Client) error {
		return c.FeatureComment(ctx, CommentRef{MsgDataID: 1, CommentID: -1})
	})
	refused(t, "CommentID", func(ctx context.Context, c *Client) error {
		return c.ReplyToComment(ctx, CommentRef{MsgDataID: 1, CommentID: -1}, "谢谢")
	})
	refused(t, "content", func(ctx context.Context, c *Client) error { return c.ReplyToComment(ctx, aComment, "") })
	for argument, req := range map[string]ListCommentsRequest{
		"Count":  {MsgDataID: 1, Count: 50},
		"Offset": {MsgDataID: 1, Count: 49, Offset: -1},
	} {
		refused(t, argument, func(ctx context.Context, c *Client) error { _, err := c.ListComments(ctx, req); return err })
	}
}

func TestRepeatedReplyThatIsThereAlreadyIsSuccess(t *testing.T) {
	calls := 0
	c := repeating(func(r *http.Request) (*http.Response, error) {
		if calls++; calls == 1 {
			return answer(http.StatusBadGateway, "")(r)
		}
		return answer(http.StatusOK, `{"errcode":88005,"errmsg":"already reply"}`)(r)
	})
	require.NoError(t, c.ReplyToComment(t.Context(), aComment, "谢谢"))
	assert.ErrorIs(t, c.ReplyToComment(t.Context(), aComment, "谢谢"), ErrCommentReplied)
}

func TestAllCommentsReadsPageAfterPage(t *testing.T) {
	var begins []int
	c := repeating(func(r *http.Request) (*http.Response, error) {
		body, err := r.GetBody()
		require.NoError(t, err)
		var req ListCommentsRequest
		require.NoError(t, json.NewDecoder(body).Decode(&req))
		assert.Equal(t, CommentFilterNormal, req.Filter)
		begins = append(begins, req.Offset)
		if req.Offset == 98 {
			return answer(http.StatusOK, `{"errcode":88001,"errmsg":"gone"}`)(r)
		}
		items := make([]string, req.Count)
		for i := range items {
			items[i] = fmt.Sprintf(`{"user_comment_id":%d}`, req.Offset+i)
		}
		return answer(http.StatusOK, `{"total":120,"comment":[`+strings.Join(items, ",")+`]}`)(r)
	})
	n := 0
	for comment, err := range c.AllComments(t.Context(), 2247483655, 0, CommentFilterNormal) {
		if n == 98 {
			require.ErrorIs(t, err, ErrArticleNotFound)
			break
		}
		require.NoError(t, err)
		assert.EqualValues(t, n, comment.ID)
		n++
	}
	assert.Equal(t, []int{0, 49, 98}, begins)
}
