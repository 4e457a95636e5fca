package wechattest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

func TestClockMovesForward(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	p := platform(t, WithClock(func() time.Time { return now }))
	id := p.AddMedia(wechat.MediaImage, File{Name: "a.png", Data: []byte("png")})
	file, ok := p.Media(id)
	assert.True(t, ok)
	assert.Equal(t, "a.png", file.Name)
	p.Advance(mediaLife)
	p.Advance(-time.Hour)
	assert.Equal(t, now.Add(mediaLife), p.Now(), "it does not move back")
	_, ok = p.Media(id)
	assert.False(t, ok)
}

func TestPushesAreSignedWithTheTimeOfTheCallback(t *testing.T) {
	p, alice, h := chat(t)
	p.Advance(100 * time.Hour)
	h.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) {
		signed, _ := strconv.ParseInt(r.URL.Query().Get("timestamp"), 10, 64)
		assert.WithinDuration(t, time.Now(), time.Unix(signed, 0), time.Minute, "or the callback would refuse it as a replay")
		assert.Contains(t, string(body), "<CreateTime>"+strconv.FormatInt(p.Now().Unix(), 10)[:7])
		_, _ = w.Write([]byte("success"))
	}
	assert.Equal(t, ReasonNoReply, alice.Sends(t.Context(), "hi").Reason)
}

func TestMessagesOfTwoPlatformsHaveDifferentIDs(t *testing.T) {
	seen := map[int64]bool{}
	for range 3 {
		_, alice, _ := chat(t)
		for range 3 {
			id := alice.Sends(t.Context(), "hi").MsgID
			assert.False(t, seen[id], "the callback would take it for a repeated delivery")
			seen[id] = true
		}
	}
}

func TestTokensAreListedAndExpire(t *testing.T) {
	p := platform(t)
	assert.Empty(t, p.Tokens())
	classic := p.Client(wechat.WithClassicToken())
	_, err := p.Client().GetMenu(t.Context())
	require.ErrorIs(t, err, wechat.ErrMenuNotFound)
	_, err = classic.GetMenu(t.Context())
	require.ErrorIs(t, err, wechat.ErrMenuNotFound)
	get(t, p.Client(), "/cgi-bin/ticket/getticket", "type", "jsapi")
	kinds := func() []TokenKind {
		var kinds []TokenKind
		for _, token := range p.Tokens() {
			assert.NotEmpty(t, token.Value)
			assert.WithinDuration(t, p.Now().Add(tokenLife), token.ExpireTime, time.Minute)
			assert.False(t, token.Replaced)
			kinds = append(kinds, token.Kind)
		}
		return kinds
	}
	assert.Equal(t, []TokenKind{TokenJSAPITicket, TokenStable, TokenClassic}, kinds())
	stable := p.Tokens()[1].Value
	p.ExpireTokens()
	assert.Equal(t, []TokenKind{TokenJSAPITicket}, kinds())
	status, body := raw(t, p, httptest.NewRequest(http.MethodGet, "/cgi-bin/menu/get?access_token="+stable, http.NoBody))
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, `"errcode":42001`)
	_, err = classic.GetMenu(t.Context())
	require.ErrorIs(t, err, wechat.ErrMenuNotFound, "the client fetches a new token")
}

func TestPendingFaultIsListedAndRemoved(t *testing.T) {
	p := platform(t)
	p.InjectFault("/a", Fault{Name: "one"})
	p.InjectFault("", Fault{Name: "two", Times: 3})
	pending := p.PendingFaults()
	require.Len(t, pending, 2)
	assert.Equal(t, "/a", pending[0].Path)
	assert.Equal(t, 3, pending[1].Times)
	assert.True(t, p.RemoveFault(pending[0].ID))
	assert.False(t, p.RemoveFault(pending[0].ID))
	_, err := p.Client().GetMenu(t.Context())
	require.Error(t, err)
	assert.Equal(t, "two", p.Calls()[0].Fault.Name)
	assert.Equal(t, "two", p.PendingFaults()[0].Name)
}

func TestDescriptionOfAUserChanges(t *testing.T) {
	p := platform(t)
	alice := p.AddUser(User{Nickname: "Alice", TagIDs: []int64{2}})
	alice.Update(func(u *User) {
		u.Nickname, u.OpenID, u.TagIDs, u.NotFollowing = "Bob", "another", []int64{2, 100}, true
	})
	assert.Equal(t, "Bob", alice.Nickname())
	assert.Equal(t, []int64{2, 100}, alice.TagIDs())
	assert.Equal(t, alice.OpenID, alice.User().OpenID)
	assert.True(t, alice.Following())
	assert.Equal(t, []wechat.Tag{{ID: 2, Name: "星标组", Count: 1}}, p.Tags())
	require.NoError(t, p.Client().AddToBlacklist(t.Context(), alice.OpenID))
	assert.True(t, alice.Blacklisted())
	assert.False(t, alice.MessagesRefused())
	alice.RefusesMessages()
	assert.True(t, alice.MessagesRefused())
}

func TestArticlesQRCodesAndTemplatesAreListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPlatform(WithCallbackMode(CallbackModePlain))
		defer p.Close()
		c, alice := p.Client(), p.AddUser(User{})
		thumb := p.AddMaterial(wechat.MediaThumb, File{Name: "a.jpg", Data: []byte("jpg")})
		draft := func() string {
			id, err := c.CreateDraft(t.Context(), wechat.DraftArticle{
				Title: "News", Content: "<p>text</p>", ThumbMediaID: thumb, OpenComment: wechat.NewFlag(true),
			})
			require.NoError(t, err)
			return id
		}
		_, err := c.PublishDraft(t.Context(), draft())
		require.NoError(t, err)
		p.Wait()
		_, err = c.SendMass(t.Context(), wechat.SendMassRequest{ToAll: true, Message: wechat.MPNewsMessage{MediaID: draft()}})
		require.NoError(t, err)
		p.Wait()
		list := p.Publications()
		require.Len(t, list, 2)
		assert.Empty(t, list[0].ArticleID, "a mass message, the newest")
		assert.NotEmpty(t, list[1].ArticleID)
		assert.Equal(t, "News", list[1].Articles[0].Title)
		assert.Equal(t, list[0].MsgDataID, alice.LastMessage().MsgDataID)
		assert.Equal(t, "News", alice.LastMessage().Articles[0].Title)
		require.NotZero(t, alice.CommentsOn(list[1].MsgDataID, 0, "nice"))
		article := p.Publications()[1].Articles[0]
		assert.True(t, article.CommentsOpen)
		assert.Equal(t, "nice", article.Comments[0].Content)

		expired := expiredCode(t, p)
		assert.Equal(t, expired, p.QRCodes()[0].Ticket)
		assert.Equal(t, "s", p.QRCodes()[0].Scene)
		id := p.AddTemplate(Template{Title: "T", Content: "{{thing1.DATA}}"})
		assert.Equal(t, []Template{{ID: id, Title: "T", Content: "{{thing1.DATA}}"}}, p.Templates())
		id = p.AddSubscribeTemplate("S", "{{thing1.DATA}}")
		assert.Equal(t, []Template{{ID: id, Title: "S", Content: "{{thing1.DATA}}"}}, p.SubscribeTemplates())
	})
}

func TestSettingsAreVerifiedBeforeTheyAreSaved(t *testing.T) {
	p := platform(t)
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }}
	p.network.DialContext = (&net.Dialer{Resolver: resolver}).DialContext // a real one may take longer than the platform waits
	before := p.CallbackSettings()
	serve := func(h http.HandlerFunc) string {
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		return srv.URL
	}
	tlsServer := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tlsServer.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())
	for reason, url := range map[Reason]string{
		"": serve(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(r.URL.Query().Get("echostr")))
		}),
		ReasonEchostr:     serve(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }),
		ReasonStatus:      serve(http.NotFound),
		ReasonRedirect:    serve(http.RedirectHandler("/elsewhere", http.StatusMovedPermanently).ServeHTTP),
		ReasonClosed:      serve(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		ReasonCertificate: tlsServer.URL,
		ReasonRefused:     closed,
		ReasonUnknownHost: "http://host.invalid/",
	} {
		s := before
		s.URL = url
		err := p.VerifyCallback(t.Context(), s)
		if reason == "" {
			require.NoError(t, err)
			continue
		}
		var why *CallbackError
		require.ErrorAs(t, err, &why, reason)
		assert.Equal(t, reason, why.Reason, "%v", err)
		if reason == ReasonEchostr {
			assert.Equal(t, "<html>", string(why.Body))
		}
		assert.NotContains(t, err.Error(), "signature=")
	}
	assert.Equal(t, before, p.CallbackSettings())
	require.Error(t, p.VerifyCallback(t.Context(), before), "there is no callback")
	before.Token = "a"
	require.Error(t, p.VerifyCallback(t.Context(), before))
}

func TestVerificationEndsWithThePushTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPlatform()
		defer p.Close()
		p.SetCallback(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		begin := time.Now()
		var why *CallbackError
		require.ErrorAs(t, p.VerifyURL(t.Context()), &why)
		assert.Equal(t, ReasonTimeout, why.Reason)
		assert.Equal(t, 5*time.Second, time.Since(begin))
	})
}

func TestCallsAndReportsAreForgottenByNumberAndBySize(t *testing.T) {
	var calls history[Call]
	for range keep + 3 {
		calls.add(Call{})
	}
	assert.Len(t, calls.list, keep)
	body := make([]byte, 1<<20)
	for range keepBytes>>20 + 1 {
		calls.add(Call{Body: body})
	}
	assert.Len(t, calls.list, keepBytes>>20, "the older ones, though they are small, go first")
	assert.Equal(t, keepBytes, calls.bytes)
	calls.add(Call{Form: &Form{Files: map[string]File{"media": {Data: make([]byte, keepBytes+1)}}}})
	assert.Len(t, calls.list, 1, "the newest stays")

	var reports history[*Report]
	for range 100 {
		reports.add(&Report{Body: body, Sent: body, Deliveries: []Delivery{{Body: body}}})
	}
	assert.Len(t, reports.list, keepBytes>>22)
}
