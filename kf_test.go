package wechat

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var _ = wireRows([]wireRow{
	{
		name: "ListKFAccounts", http: "GET /cgi-bin/customservice/getkflist",
		reply: `{"kf_list":[
			{"kf_account":"test1@test","kf_headimgurl":"https://example.com/1.jpg","kf_id":"1001","kf_nick":"客服一","kf_wx":"kfwx1","kf_openid":"oAlice"},
			{"kf_account":"test2@test","kf_id":1002,"kf_nick":"客服二","invite_wx":"kfwx2","invite_expire_time":"123456789","invite_status":"waiting"}]}`,
		call: results(func(ctx context.Context, c *Client) ([]KFAccount, error) { return c.ListKFAccounts(ctx, 0) }),
		want: []KFAccount{
			{Account: "test1@test", AvatarURL: "https://example.com/1.jpg", ID: "1001", Nickname: "客服一", WeChatID: "kfwx1", OpenID: "oAlice"},
			{Account: "test2@test", ID: "1002", Nickname: "客服二", InvitedWeChatID: "kfwx2", InviteExpireTime: unix(123456789), InviteStatus: KFInviteStatusWaiting},
		},
	},
	{
		name: "ListKFAccounts/business", http: "GET /cgi-bin/customservice/getkflist", query: "business_id=7", reply: `{"kf_list":[]}`,
		call: results(func(ctx context.Context, c *Client) ([]KFAccount, error) { return c.ListKFAccounts(ctx, 7) }),
		want: []KFAccount{},
	},
	{
		name: "ListOnlineKFAccounts", http: "GET /cgi-bin/customservice/getonlinekflist", query: "business_id=7",
		reply: `{"kf_online_list":[{"kf_account":"test1@test","status":1,"kf_id":"1001","kf_openid":"oAlice","accepted_case":2}]}`,
		call:  results(func(ctx context.Context, c *Client) ([]OnlineKFAccount, error) { return c.ListOnlineKFAccounts(ctx, 7) }),
		want:  []OnlineKFAccount{{Account: "test1@test", Status: KFStatusOnline, ID: "1001", OpenID: "oAlice", AcceptedCases: 2}},
	},
	{
		name: "CreateKFAccount", http: "POST /customservice/kfaccount/add",
		body: `{"kf_account":"test1@test","nickname":"客服一","business_id":7,"kf_wx":"kfwx1","password":"PASSWORD"}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.CreateKFAccount(ctx, CreateKFAccountRequest{
				Account: "test1@test", Nickname: "客服一", BusinessID: 7, WeChatID: "kfwx1", Password: "PASSWORD",
			})
		}),
	},
	{
		name: "UpdateKFAccount", http: "POST /customservice/kfaccount/update",
		body: `{"kf_account":"test1@test","nickname":"客服一","kf_wx":"kfwx1","password":"PASSWORD"}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.UpdateKFAccount(ctx, UpdateKFAccountRequest{Account: "test1@test", Nickname: "客服一", WeChatID: "kfwx1", Password: "PASSWORD"})
		}),
	},
	{
		name: "UpdateKFAccount/name only", http: "POST /customservice/kfaccount/update", body: `{"kf_account":"test1@test","nickname":"客服一"}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.UpdateKFAccount(ctx, UpdateKFAccountRequest{Account: "test1@test", Nickname: "客服一"})
		}),
	},
	{
		name: "DeleteKFAccount", http: "POST /customservice/kfaccount/del", query: "kf_openid=oAlice",
		body: `{"kf_account":"test1@test","business_id":"7"}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.DeleteKFAccount(ctx, DeleteKFAccountRequest{Account: "test1@test", BusinessID: 7, OpenID: "oAlice"})
		}),
	},
	{
		name: "InviteKFAgent", http: "POST /customservice/kfaccount/inviteworker", body: `{"kf_account":"test1@test","invite_wx":"kfwx1"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.InviteKFAgent(ctx, "test1@test", "kfwx1") }),
	},
	{
		name: "UploadKFAvatar", http: "POST /customservice/kfaccount/uploadheadimg", query: "kf_account=test1%40test",
		form: multipartWith("media", "cat.png", "PNG-BYTES", nil),
		call: noResult(func(ctx context.Context, c *Client) error { return c.UploadKFAvatar(ctx, "test1@test", pngFile()) }),
	},
})

func TestAgentThatThePlatformWouldRefuseIsNotSent(t *testing.T) {
	for _, account := range []string{"", "test1", "@test", "test1@", "elevenchars@test", "客服@test", "te st@test", "a@b@c", "a@" + strings.Repeat("b", 31)} {
		refused(t, "Account", func(ctx context.Context, c *Client) error {
			return c.CreateKFAccount(ctx, CreateKFAccountRequest{Account: account, Nickname: "客服一"})
		})
	}
	for _, nickname := range []string{"", strings.Repeat("服", 17)} {
		refused(t, "Nickname", func(ctx context.Context, c *Client) error {
			return c.CreateKFAccount(ctx, CreateKFAccountRequest{Account: "test1@test", Nickname: nickname})
		})
		refused(t, "Nickname", func(ctx context.Context, c *Client) error {
			return c.UpdateKFAccount(ctx, UpdateKFAccountRequest{Account: "test1@test", Nickname: nickname})
		})
	}
	refused(t, "Account", func(ctx context.Context, c *Client) error { return c.DeleteKFAccount(ctx, DeleteKFAccountRequest{}) })
	refused(t, "weChatID", func(ctx context.Context, c *Client) error { return c.InviteKFAgent(ctx, "test1@test", "") })
	refused(t, "account", func(ctx context.Context, c *Client) error { return c.UploadKFAvatar(ctx, "", pngFile()) })
	refused(t, "File.Content", func(ctx context.Context, c *Client) error {
		return c.UploadKFAvatar(ctx, "test1@test", File{Name: "1.jpg", Content: strings.NewReader(strings.Repeat("x", 5<<20+1))})
	})
}

func TestAgentsPasswordIsInNoLog(t *testing.T) {
	req := CreateKFAccountRequest{Account: "test1@test", Password: "PASSWORD-CANARY"}
	for _, format := range []string{"%v", "%+v", "%#v"} {
		assert.NotContains(t, fmt.Sprintf(format, req), "CANARY")
	}
}

func TestRetriedInvitationAndRemovalThatAreDoneSucceed(t *testing.T) {
	for code, call := range map[int]func(c *Client) error{
		65411: func(c *Client) error { return c.InviteKFAgent(t.Context(), "test1@test", "kfwx1") },
		65408: func(c *Client) error { return c.InviteKFAgent(t.Context(), "test1@test", "kfwx1") },
		65401: func(c *Client) error {
			return c.DeleteKFAccount(t.Context(), DeleteKFAccountRequest{Account: "test1@test"})
		},
		65413: func(c *Client) error { return c.CloseKFSession(t.Context(), "test1@test", "oAlice") },
	} {
		reply := fmt.Sprintf(`{"errcode":%d,"errmsg":"done"}`, code)
		c, bodies := lost(reply)
		require.NoError(t, call(c), code)
		assert.Len(t, *bodies, 2)
		c, _ = wireRow{}.client(answer(http.StatusOK, reply))
		assert.ErrorIs(t, call(c), Code(code))
	}
}
