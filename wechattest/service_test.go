package wechattest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/spec"
)

func TestAgentsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := platform(t)
		c := p.Client()
		ctx := t.Context()
		require.NoError(t, c.CreateKFAccount(ctx, wechat.CreateKFAccountRequest{Account: "ann@shop", Nickname: "Ann"}))
		require.ErrorIs(t, c.CreateKFAccount(ctx, wechat.CreateKFAccountRequest{Account: "ann@shop", Nickname: "Ann"}), wechat.ErrKFAccountExists)
		refusedWith(t, c, 65404, "/customservice/kfaccount/add", obj{"kf_account": "ann", "nickname": "Ann"})
		refusedWith(t, c, 65403, "/customservice/kfaccount/update", obj{"kf_account": "ann@shop", "nickname": ""})
		require.NoError(t, c.UpdateKFAccount(ctx, wechat.UpdateKFAccountRequest{Account: "ann@shop", Nickname: "Anna"}))
		require.NoError(t, c.InviteKFAgent(ctx, "ann@shop", "wx_ann"))
		require.ErrorIs(t, c.InviteKFAgent(ctx, "ann@shop", "wx_ann"), wechat.Code(65408))
		require.ErrorIs(t, c.InviteKFAgent(ctx, "ann@shop", "wx_other"), wechat.Code(65411))
		list, err := c.ListKFAccounts(ctx, 0)
		require.NoError(t, err)
		require.Len(t, list, 1)
		assert.Equal(t, "Anna", list[0].Nickname)
		assert.Equal(t, wechat.KFInviteStatusWaiting, list[0].InviteStatus)
		assert.True(t, p.AcceptKFInvite("ann@shop"))
		assert.False(t, p.AcceptKFInvite("ann@shop"))
		require.ErrorIs(t, c.InviteKFAgent(ctx, "ann@shop", "wx_ann"), wechat.Code(65412))
		require.NoError(t, c.UploadKFAvatar(ctx, "ann@shop", upload("a.jpg", "jpg")))

		require.NoError(t, c.CreateKFAccount(ctx, wechat.CreateKFAccountRequest{Account: "ben@shop", Nickname: "Ben"}))
		require.ErrorIs(t, c.InviteKFAgent(ctx, "ben@shop", "wx_ann"), wechat.Code(65407))
		require.NoError(t, c.InviteKFAgent(ctx, "ben@shop", "wx_ben"))
		time.Sleep(invitationLife)
		assert.False(t, p.AcceptKFInvite("ben@shop"), "it has expired")
		require.NoError(t, c.DeleteKFAccount(ctx, wechat.DeleteKFAccountRequest{Account: "ben@shop"}))
		require.ErrorIs(t, c.DeleteKFAccount(ctx, wechat.DeleteKFAccountRequest{Account: "ben@shop"}), wechat.ErrInvalidKFAccount)
	})
}

func TestConversationsAreHandedToAgents(t *testing.T) {
	p, alice, h := chat(t, WithCallbackMode(CallbackModePlain))
	c := p.Client()
	ctx := t.Context()
	p.AddKFAccount(KFAccount{Account: "ann@shop", Nickname: "Ann", WeChatID: "wx_ann"})
	p.AddKFAccount(KFAccount{Account: "ben@shop", Nickname: "Ben"})
	h.answer = answering(replyXML(p, alice, "transfer_customer_service", ""))
	assert.Equal(t, SeenNothing, alice.Sends(ctx, "help").Seen)
	waiting, err := c.ListKFWaitingUsers(ctx)
	require.NoError(t, err)
	require.Len(t, waiting.Users, 1)
	assert.Equal(t, alice.OpenID, waiting.Users[0].OpenID)

	h.answer = answering("")
	require.ErrorIs(t, c.CreateKFSession(ctx, "ann@shop", alice.OpenID), wechat.Code(65415))
	require.ErrorIs(t, c.CreateKFSession(ctx, "ben@shop", alice.OpenID), wechat.Code(65402))
	assert.True(t, p.SetKFStatus("ann@shop", wechat.KFStatusOnline))
	require.NoError(t, c.CreateKFSession(ctx, "ann@shop", alice.OpenID))
	p.Wait()
	assert.Contains(t, h.seen()[1], "kf_create_session")
	session, err := c.GetKFSession(ctx, alice.OpenID)
	require.NoError(t, err)
	assert.Equal(t, "ann@shop", session.Account)
	sessions, err := c.ListKFSessions(ctx, "ann@shop")
	require.NoError(t, err)
	assert.Len(t, sessions, 1)
	online, err := c.ListOnlineKFAccounts(ctx, 0)
	require.NoError(t, err)
	require.Len(t, online, 1)
	assert.Equal(t, int64(1), online[0].AcceptedCases)
	waiting, err = c.ListKFWaitingUsers(ctx)
	require.NoError(t, err)
	assert.Zero(t, waiting.Count)

	require.NoError(t, c.CloseKFSession(ctx, "ann@shop", alice.OpenID))
	p.Wait()
	assert.Contains(t, h.seen()[2], "kf_close_session")
	require.ErrorIs(t, c.CloseKFSession(ctx, "ann@shop", alice.OpenID), wechat.Code(65413))

	h.answer = answering(replyXML(p, alice, "transfer_customer_service", "<TransInfo><KfAccount>ann@shop</KfAccount></TransInfo>"))
	alice.Sends(ctx, "Ann, please")
	session, err = c.GetKFSession(ctx, alice.OpenID)
	require.NoError(t, err)
	assert.Equal(t, "ann@shop", session.Account, "she is online")
}

func TestQRCodesAreScannedUntilTheyEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, h := chat(t)
		c := p.Client()
		ctx := t.Context()
		code, err := c.CreateQRCode(ctx, wechat.QRSceneString("poster"), time.Hour)
		require.NoError(t, err)
		assert.Equal(t, int64(3600), code.ExpiresIn)
		alice.Scans(ctx, code.Ticket)
		assert.Contains(t, h.seen()[0], "<Event><![CDATA[SCAN]]></Event>")
		assert.Contains(t, h.seen()[0], "<EventKey><![CDATA[poster]]></EventKey>")
		assert.Contains(t, h.seen()[0], "<Ticket><![CDATA["+code.Ticket+"]]></Ticket>")
		bob := p.AddUser(User{NotFollowing: true})
		bob.Scans(ctx, "poster")
		assert.Contains(t, h.seen()[1], "qrscene_poster")
		assert.Contains(t, h.seen()[1], code.Ticket)
		u, err := c.GetUser(ctx, bob.OpenID)
		require.NoError(t, err)
		assert.Equal(t, "poster", u.QRSceneString)
		assert.Equal(t, wechat.SubscribeScene("ADD_SCENE_QR_CODE"), u.Scene)

		var buf bytes.Buffer
		_, err = c.DownloadQRCode(ctx, code.Ticket, &buf)
		require.NoError(t, err)
		assert.NotZero(t, buf.Len())
		time.Sleep(time.Hour)
		assert.Nil(t, p.QRCode(code.Ticket))
		report := alice.Scans(ctx, code.Ticket)
		assert.True(t, report.Blocked)
		assert.Equal(t, SeenNothing, report.Seen)
		_, err = c.DownloadQRCode(ctx, code.Ticket, &buf)
		require.Error(t, err)

		permanent, err := c.CreatePermanentQRCode(ctx, wechat.QRSceneID(7))
		require.NoError(t, err)
		time.Sleep(1000 * time.Hour)
		assert.Equal(t, "7", p.QRCode(permanent.Ticket).Scene)
		for _, body := range []obj{
			{"action_name": "QR_LIMIT_SCENE", "action_info": obj{"scene": obj{"scene_id": 100_001}}},
			{"action_name": "QR_SCENE", "action_info": obj{"scene": obj{"scene_id": 0}}},
			{"action_name": "QR_STR_SCENE", "action_info": obj{"scene": obj{"scene_str": ""}}},
		} {
			refusedWith(t, c, 40053, "/cgi-bin/qrcode/create", body)
		}
		refusedWith(t, c, 40052, "/cgi-bin/qrcode/create", obj{"action_name": "QR", "action_info": obj{}})
	})
}

func TestShortKeysEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := platform(t).Client()
		key, err := c.CreateShortKey(t.Context(), "long & data", time.Hour)
		require.NoError(t, err)
		assert.Len(t, key, 15)
		time.Sleep(time.Minute)
		data, err := c.GetShortKey(t.Context(), key)
		require.NoError(t, err)
		assert.Equal(t, "long & data", data.Data)
		assert.Equal(t, int64(3540), data.ExpiresIn)
		time.Sleep(time.Hour)
		_, err = c.GetShortKey(t.Context(), key)
		require.ErrorIs(t, err, wechat.Code(9410012))
	})
}

func TestRulesOfQRCodesArePublishedOnce(t *testing.T) {
	p := platform(t)
	c := p.Client()
	ctx := t.Context()
	rule := wechat.QRCodeJumpRule{Prefix: "https://example.com/a/", PagePath: "pages/index"}
	require.NoError(t, c.AddQRCodeJumpRule(ctx, "wx1", rule))
	require.ErrorIs(t, c.AddQRCodeJumpRule(ctx, "wx1", rule), wechat.Code(85071))
	rule.PagePath = "pages/other"
	require.NoError(t, c.UpdateQRCodeJumpRule(ctx, "wx1", rule))
	require.NoError(t, c.PublishQRCodeJumpRule(ctx, rule.Prefix))
	require.ErrorIs(t, c.UpdateQRCodeJumpRule(ctx, "wx1", rule), wechat.ErrInvalidArguments)
	page, err := c.GetQRCodeJumpRules(ctx, "wx1", rule.Prefix)
	require.NoError(t, err)
	require.Len(t, page.Rules, 1)
	assert.Equal(t, "pages/other", page.Rules[0].PagePath)
	assert.Equal(t, wechat.QRCodeJumpStatus(2), page.Rules[0].Status)
	assert.Equal(t, int64(99), page.PublishQuota)
	page, err = c.ListQRCodeJumpRules(ctx, "wx1", 1, 10)
	require.NoError(t, err)
	assert.Equal(t, int64(1), page.Total)
	require.NoError(t, c.DeleteQRCodeJumpRule(ctx, "wx1", rule.Prefix))
	require.Error(t, c.DeleteQRCodeJumpRule(ctx, "wx1", rule.Prefix))
}

func TestNotificationsNeedASubscriptionEach(t *testing.T) {
	p, alice, h := chat(t)
	c := p.Client()
	ctx := t.Context()
	id, err := c.AddSubscribeTemplate(ctx, wechat.AddSubscribeTemplateRequest{LibraryTemplateID: 43, KeywordIDs: []int64{1, 2}, Scene: "scene"})
	require.NoError(t, err)
	m := wechat.SubscribeMessage{OpenID: alice.OpenID, TemplateID: id, Data: wechat.TemplateData{}.Set("thing1", "a").Set("thing2", "b"), Page: "https://example.com/"}
	require.ErrorIs(t, c.SendSubscribeMessage(ctx, m), wechat.ErrSubscriptionRefused)
	alice.RefusesSubscription(ctx, id)
	require.ErrorIs(t, c.SendSubscribeMessage(ctx, m), wechat.ErrSubscriptionRefused)
	alice.AcceptsSubscription(ctx, id)
	assert.Contains(t, h.seen()[1], "subscribe_msg_popup_event")
	assert.Contains(t, h.seen()[1], "[accept]")
	require.NoError(t, c.SendSubscribeMessage(ctx, m))
	p.Wait()
	assert.Contains(t, h.seen()[2], "subscribe_msg_sent_event")
	assert.Equal(t, ViaSubscribeMessage, alice.LastMessage().Via)
	assert.Equal(t, "a", alice.LastMessage().Data["thing1"])
	require.ErrorIs(t, c.SendSubscribeMessage(ctx, m), wechat.ErrSubscriptionRefused, "it was good for one")

	list, err := c.ListSubscribeTemplates(ctx)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.NoError(t, c.DeleteSubscribeTemplate(ctx, id))
	require.ErrorIs(t, c.DeleteSubscribeTemplate(ctx, id), wechat.Code(200014))
	refusedWith(t, c, 200020, "/wxaapi/newtmpl/addtemplate", obj{"tid": "1", "kidList": []int{1}, "sceneDesc": "s"})
	require.NoError(t, c.SendOneTimeMessage(ctx, wechat.OneTimeMessage{OpenID: alice.OpenID, TemplateID: "t", Title: "T", Content: "C"}))
	assert.Equal(t, "C", alice.LastMessage().Content)
	assert.Equal(t, ViaOneTimeMessage, alice.LastMessage().Via)
}

// authorize makes a user open an authorization page and returns the code.
func authorize(t *testing.T, c *wechat.Client, f *Follower, scope wechat.OAuthScope) (code wechat.Secret) {
	t.Helper()
	state := wechat.NewOAuthState()
	page, err := c.OAuthURL(wechat.OAuthURLRequest{RedirectURL: "https://example.com/back?a=b", Scope: scope, State: state})
	require.NoError(t, err)
	back, err := f.Authorizes(page)
	require.NoError(t, err)
	u, err := url.Parse(back)
	require.NoError(t, err)
	assert.Equal(t, "b", u.Query().Get("a"))
	assert.Equal(t, string(state), u.Query().Get("state"))
	return wechat.Secret(u.Query().Get("code"))
}

func TestUsersAuthorizePages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := platform(t)
		c := p.Client()
		ctx := t.Context()
		alice := p.AddUser(User{Nickname: "Alice", UnionID: "u1", AvatarURL: "https://example.com/a.jpg"})
		code := authorize(t, c, alice, wechat.OAuthScopeUserInfo)
		token, err := c.ExchangeOAuthCode(ctx, code)
		require.NoError(t, err)
		assert.Equal(t, alice.OpenID, token.OpenID)
		assert.Equal(t, "u1", token.UnionID)
		user, err := c.GetOAuthUser(ctx, token.AccessToken, token.OpenID)
		require.NoError(t, err)
		assert.Equal(t, "Alice", user.Nickname)
		require.NoError(t, c.CheckOAuthToken(ctx, token.AccessToken, token.OpenID))
		require.ErrorIs(t, c.CheckOAuthToken(ctx, token.AccessToken, "x"), wechat.ErrInvalidOpenID)

		_, err = c.ExchangeOAuthCode(ctx, code)
		require.ErrorIs(t, err, wechat.ErrOAuthCodeUsed)
		_, err = c.ExchangeOAuthCode(ctx, "x")
		require.ErrorIs(t, err, wechat.ErrInvalidOAuthCode)
		late := authorize(t, c, alice, wechat.OAuthScopeBase)
		time.Sleep(codeLife)
		_, err = c.ExchangeOAuthCode(ctx, late)
		require.ErrorIs(t, err, wechat.Code(42003))

		time.Sleep(userTokenLife)
		require.ErrorIs(t, c.CheckOAuthToken(ctx, token.AccessToken, token.OpenID), wechat.ErrExpiredAccessToken)
		token, err = c.RefreshOAuthToken(ctx, token.RefreshToken)
		require.NoError(t, err)
		require.NoError(t, c.CheckOAuthToken(ctx, token.AccessToken, token.OpenID))
		time.Sleep(refreshLife)
		_, err = c.RefreshOAuthToken(ctx, token.RefreshToken)
		require.ErrorIs(t, err, wechat.ErrExpiredRefreshToken)
	})
}

func TestBaseScopeTellsNoProfile(t *testing.T) {
	p := platform(t)
	c := p.Client()
	token, err := c.ExchangeOAuthCode(t.Context(), authorize(t, c, p.AddUser(User{UnionID: "u1"}), wechat.OAuthScopeBase))
	require.NoError(t, err)
	assert.Empty(t, token.UnionID)
	_, err = c.GetOAuthUser(t.Context(), token.AccessToken, token.OpenID)
	require.ErrorIs(t, err, wechat.ErrUnauthorizedAPI)

	bob := p.AddUser(User{Nickname: "Bob"})
	user, err := c.GetOAuthUserByCode(t.Context(), authorize(t, c, bob, wechat.OAuthScopeBase))
	require.NoError(t, err)
	assert.Equal(t, &wechat.OAuthUser{OpenID: bob.OpenID}, user)
}

func TestAuthorizationPagesThatAreWrongAreRefused(t *testing.T) {
	p := platform(t)
	alice := p.AddUser(User{})
	const page = "https://open.weixin.qq.com/connect/oauth2/authorize"
	query := func(pairs ...string) string {
		q := values("appid", p.AppID, "redirect_uri", "https://example.com/", "response_type", "code", "scope", "snsapi_base")
		for i := 0; i < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		return page + "?" + q.Encode()
	}
	for want, address := range map[string]string{
		"must be that of an authorization page": "https://open.weixin.qq.com/",
		"appid":                                 query("appid", "wx0") + "#wechat_redirect",
		"redirect_uri":                          query("redirect_uri", "/back") + "#wechat_redirect",
		"response_type":                         query("response_type", "token") + "#wechat_redirect",
		"scope":                                 query("scope", "all") + "#wechat_redirect",
		"#wechat_redirect":                      query(),
	} {
		_, err := alice.Authorizes(address)
		assert.ErrorContains(t, err, want) //nolint:testifylint // every row is to be seen
	}
	_, err := alice.Authorizes(query() + "#wechat_redirect")
	require.NoError(t, err)
}

func TestPagesAreSignedWithTheTicket(t *testing.T) {
	p := platform(t)
	require.Error(t, p.VerifyPage("https://example.com/", "n", 1, "s"), "no ticket yet")
	cfg, err := p.Client().SignPage(t.Context(), "https://example.com/a?b=c#top", "chooseImage")
	require.NoError(t, err)
	require.NoError(t, p.VerifyPage("https://example.com/a?b=c#other", cfg.Nonce, cfg.Timestamp, cfg.Signature))
	require.Error(t, p.VerifyPage("https://example.com/", cfg.Nonce, cfg.Timestamp, cfg.Signature))
}

func TestSecuredCallsAreEncryptedAndSigned(t *testing.T) {
	srv := NewServer(t, WithAPISecurity())
	alice := srv.AddUser(User{})
	srv.SetCallback(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	plain, secured := srv.Client(), srv.Client(wechat.WithAPISecurity(srv.APISecurity()))
	send := func(c *wechat.Client) error {
		alice.Sends(t.Context(), "hi")
		return c.SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{OpenID: alice.OpenID, Message: wechat.TextMessage{Content: "secret & <b>"}})
	}
	require.ErrorIs(t, send(plain), wechat.Code(40233), "the headers are missing")
	require.NoError(t, send(secured))
	assert.Equal(t, "secret & <b>", alice.LastMessage().Content)
	calls := srv.Calls()
	assert.Contains(t, string(calls[len(calls)-1].Response), `"authtag"`)

	quota, err := secured.GetAPIQuota(t.Context(), "/cgi-bin/message/custom/send")
	require.NoError(t, err)
	assert.Equal(t, int64(2), quota.Used)
	_, err = secured.GetAPIQuota(t.Context(), "/cgi-bin/nothing")
	require.ErrorIs(t, err, wechat.ErrUnknownAPIPath, "refusals are sealed too")
	_, err = plain.ListTags(t.Context())
	require.NoError(t, err, "which takes no part")

	require.NoError(t, srv.ReplaceCertificate())
	require.NoError(t, send(secured), "the old certificate still signs")
	require.NoError(t, send(srv.Client(wechat.WithAPISecurity(srv.APISecurity()))))
	assert.Empty(t, NewPlatform().APISecurity().SymmetricKeySerial)
}

func TestClosedPlatformLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, h := chat(t, WithJobDelay(time.Hour))
		h.answer = func(_ int, _ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }
		m := wechat.TemplateMessage{OpenID: alice.OpenID, TemplateID: p.AddTemplate(Template{}), Data: wechat.TemplateData{}}
		_, err := p.Client().SendTemplateMessage(t.Context(), m)
		require.NoError(t, err)
		done := make(chan *Report, 1)
		go func() { done <- alice.Sends(context.Background(), "hi") }()
		synctest.Wait()
		p.Close()
		require.ErrorIs(t, (<-done).Deliveries[0].Err, context.Canceled)
		assert.Len(t, h.seen(), 1, "the job's event is not pushed any more")
	})
}

// FuzzPlatform: whatever a program sends to an API with a valid token, it gets a response,
// and the platform has a state that it can save and restore.
func FuzzPlatform(f *testing.F) {
	all := spec.All()
	for i, e := range all {
		body := "{}"
		if len(e.Request) > 0 {
			sample, err := json.Marshal(map[string]any{e.Request[0].Name: []any{}})
			require.NoError(f, err)
			body = string(sample)
		}
		f.Add(uint16(i), "type=image&openid=x&media_id=1", "application/json", []byte(body))
	}
	f.Add(uint16(0), "type=image", "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=media; filename=a.png\r\n\r\nx\r\n--x--"))
	f.Fuzz(func(t *testing.T, endpoint uint16, query, contentType string, body []byte) {
		p := NewPlatform()
		defer p.Close()
		e := all[int(endpoint)%len(all)]
		token, err := p.Client().Token(t.Context(), "")
		require.NoError(t, err)
		r := &http.Request{
			Method: e.Method, URL: &url.URL{Path: e.Path, RawQuery: "access_token=" + token + "&" + query}, Host: "api.weixin.qq.com",
			Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r.WithContext(t.Context()))
		assert.NotEqual(t, http.StatusInternalServerError, w.Code)
		if strings.HasPrefix(strings.TrimSpace(w.Body.String()), "{") {
			assert.True(t, json.Valid(w.Body.Bytes()), "%s", w.Body)
		}
		saved, other := savedOf(t, p), NewPlatform()
		defer other.Close()
		require.NoError(t, other.RestoreState(bytes.NewReader(saved)))
		assert.Equal(t, string(saved), string(savedOf(t, other)))
	})
}
