package wechat

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var _ = wireRows([]wireRow{
	{
		name: "CreateKFSession", http: "POST /customservice/kfsession/create", body: `{"kf_account":"test1@test","openid":"oAlice"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.CreateKFSession(ctx, "test1@test", "oAlice") }),
	},
	{
		name: "CloseKFSession", http: "POST /customservice/kfsession/close", body: `{"kf_account":"test1@test","openid":"oAlice"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.CloseKFSession(ctx, "test1@test", "oAlice") }),
	},
	{
		name: "GetKFSession", http: "GET /customservice/kfsession/getsession", query: "openid=oAlice",
		reply: `{"createtime":"1635156704","errcode":0,"errmsg":"","kf_account":"test1@test"}`,
		call:  result(func(ctx context.Context, c *Client) (*KFSession, error) { return c.GetKFSession(ctx, "oAlice") }),
		want:  &KFSession{Account: "test1@test", OpenID: "oAlice", CreateTime: unix(1635156704)},
	},
	{
		name: "ListKFSessions", http: "GET /customservice/kfsession/getsessionlist", query: "kf_account=test1%40test",
		reply: `{"sessionlist":[{"createtime":1635156704,"openid":"oAlice"},{"createtime":1635156705,"openid":"oBob"}]}`,
		call:  results(func(ctx context.Context, c *Client) ([]KFSession, error) { return c.ListKFSessions(ctx, "test1@test") }),
		want: []KFSession{
			{Account: "test1@test", OpenID: "oAlice", CreateTime: unix(1635156704)},
			{Account: "test1@test", OpenID: "oBob", CreateTime: unix(1635156705)},
		},
	},
	{
		name: "ListKFWaitingUsers", http: "GET /customservice/kfsession/getwaitcase",
		reply: `{"count":150,"waitcaselist":[{"latest_time":1635156704,"openid":"oAlice"}]}`,
		call:  result(func(ctx context.Context, c *Client) (*KFWaitingList, error) { return c.ListKFWaitingUsers(ctx) }),
		want:  &KFWaitingList{Count: 150, Users: []KFWaitingUser{{OpenID: "oAlice", LastMessageTime: unix(1635156704)}}},
	},
})

func TestSessionCallsRefuseWhatCannotBeRight(t *testing.T) {
	refused(t, "account", func(ctx context.Context, c *Client) error { return c.CreateKFSession(ctx, "", "oAlice") })
	refused(t, "openID", func(ctx context.Context, c *Client) error { return c.CloseKFSession(ctx, "test1@test", "") })
	refused(t, "openID", func(ctx context.Context, c *Client) error { _, err := c.GetKFSession(ctx, ""); return err })
	refused(t, "account", func(ctx context.Context, c *Client) error { _, err := c.ListKFSessions(ctx, ""); return err })
}

func TestASessionThatMayBeThereIsAskedForAgain(t *testing.T) {
	c, bodies := lost(wireOK) // which is also the response for a session that exists
	require.NoError(t, c.CreateKFSession(t.Context(), "test1@test", "oAlice"))
	assert.Len(t, *bodies, 2)
}
