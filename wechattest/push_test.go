package wechattest

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/msgcrypt"
)

// receiver is a callback with the behavior that a test sets.
type receiver struct {
	p *Platform

	mu     sync.Mutex
	bodies []string // decrypted
	nonces []string
	answer func(n int, w http.ResponseWriter, r *http.Request, body []byte) // n from 1
}

func (h *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	query := r.URL.Query()
	if query.Get("signature") != msgcrypt.Sign(h.p.Token, query.Get("timestamp"), query.Get("nonce")) {
		http.Error(w, "signature", http.StatusForbidden)
		return
	}
	if query.Get("encrypt_type") == "aes" {
		var in struct {
			Encrypt string `json:"Encrypt"`
		}
		if body[0] == '{' {
			_ = json.Unmarshal(body, &in)
		} else {
			_ = xml.Unmarshal(body, &in)
		}
		if query.Get("msg_signature") != msgcrypt.Sign(h.p.Token, query.Get("timestamp"), query.Get("nonce"), in.Encrypt) {
			http.Error(w, "msg_signature", http.StatusForbidden)
			return
		}
		body, _ = h.p.settings.key.Decrypt(in.Encrypt, h.p.AppID)
	}
	h.mu.Lock()
	h.bodies = append(h.bodies, string(body))
	h.nonces = append(h.nonces, query.Get("nonce"))
	n := len(h.bodies)
	h.mu.Unlock()
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, query.Get("echostr"))
		return
	}
	h.answer(n, w, r, body)
}

// seen returns the pushes received so far, decrypted.
func (h *receiver) seen() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.bodies)
}

func answering(body string) func(int, http.ResponseWriter, *http.Request, []byte) {
	return func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) { _, _ = io.WriteString(w, body) }
}

// chat is a follower and a callback.
func chat(t *testing.T, opts ...Option) (*Platform, *Follower, *receiver) {
	t.Helper()
	p := platform(t, opts...)
	h := &receiver{p: p, answer: answering("success")}
	p.SetCallback(h)
	return p, p.AddUser(User{Nickname: "Alice"}), h
}

// replyXML returns an unencrypted reply.
func replyXML(p *Platform, f *Follower, kind, rest string) string {
	return fmt.Sprintf("<xml><ToUserName>%s</ToUserName><FromUserName>%s</FromUserName><CreateTime>1</CreateTime><MsgType>%s</MsgType>%s</xml>",
		f.OpenID, p.OriginalID, kind, rest)
}

// sealed encrypts a reply.
func sealed(p *Platform, appID, reply string) string {
	encrypt := p.settings.key.Encrypt([]byte(reply), appID)
	return fmt.Sprintf("<xml><Encrypt>%s</Encrypt><MsgSignature>%s</MsgSignature><TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>",
		encrypt, msgcrypt.Sign(p.Token, "1", "n", encrypt))
}

func TestMessageArrivesInEveryModeAndItsReplyIsSeen(t *testing.T) {
	for _, mode := range []CallbackMode{CallbackModePlain, CallbackModeCompatible, CallbackModeSafe} {
		for _, asJSON := range []bool{false, true} {
			t.Run(fmt.Sprint(mode, asJSON), func(t *testing.T) {
				opts := []Option{WithCallbackMode(mode)}
				if asJSON {
					opts = append(opts, WithJSONPushes())
				}
				p, alice, h := chat(t, opts...)
				h.answer = func(_ int, w http.ResponseWriter, r *http.Request, _ []byte) {
					assert.Equal(t, alice.OpenID, r.URL.Query().Get("openid"))
					assert.Equal(t, map[bool]string{false: "text/xml", true: "application/json"}[asJSON], r.Header.Get("Content-Type"))
					reply := replyXML(p, alice, "text", "<Content>hello</Content>")
					if mode != CallbackModePlain {
						reply = sealed(p, p.AppID, reply)
					}
					_, _ = io.WriteString(w, reply)
				}
				report := alice.Sends(t.Context(), "hi ]]> & <b>")
				require.Len(t, report.Deliveries, 1)
				require.NoError(t, report.Deliveries[0].Err)
				assert.Equal(t, SeenReply, report.Seen)
				assert.Equal(t, "hello", report.Reply.Content)
				assert.Equal(t, "hello", alice.LastMessage().Content)
				assert.Equal(t, ViaReply, alice.LastMessage().Via)

				var in struct {
					ToUserName, FromUserName, MsgType, Content string
					MsgID                                      int64 `xml:"MsgId"`
				}
				if asJSON {
					require.NoError(t, json.Unmarshal([]byte(h.seen()[0]), &in))
				} else {
					require.NoError(t, xml.Unmarshal([]byte(h.seen()[0]), &in))
				}
				assert.Equal(t, "hi ]]> & <b>", in.Content)
				assert.Equal(t, p.OriginalID, in.ToUserName)
				assert.Equal(t, alice.OpenID, in.FromUserName)
				assert.Equal(t, report.MsgID, in.MsgID)
				assert.Greater(t, in.MsgID, int64(1)<<53)
			})
		}
	}
}

func TestUnansweredMessageIsPushedThreeTimesFiveSecondsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, alice, h := chat(t)
		h.answer = func(_ int, _ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }
		begin := time.Now()
		report := alice.Sends(t.Context(), "hi")
		assert.Equal(t, SeenUnavailable, report.Seen)
		require.Len(t, report.Deliveries, 3)
		for i, a := range report.Deliveries {
			assert.Equal(t, time.Duration(i)*5*time.Second, a.At.Sub(begin))
			assert.Equal(t, 5*time.Second, a.Duration)
			require.ErrorIs(t, a.Err, context.DeadlineExceeded)
		}
		require.Len(t, h.seen(), 3)
		assert.Equal(t, h.seen()[0], h.seen()[1])
		assert.Equal(t, h.seen()[0], h.seen()[2])
		h.mu.Lock()
		defer h.mu.Unlock()
		assert.NotEqual(t, h.nonces[0], h.nonces[1], "signed anew")
		assert.Equal(t, unavailable, alice.LastMessage().Content)
		assert.Equal(t, ViaNotice, alice.LastMessage().Via)
	})
}

func TestPushEndsWithTheFirstValidAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, h := chat(t)
		h.answer = func(n int, w http.ResponseWriter, _ *http.Request, _ []byte) {
			if n < 3 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			_, _ = io.WriteString(w, sealed(p, p.AppID, replyXML(p, alice, "text", "<Content>late</Content>")))
		}
		begin := time.Now()
		report := alice.Sends(t.Context(), "hi")
		assert.Equal(t, SeenReply, report.Seen)
		assert.Len(t, report.Deliveries, 3)
		assert.Equal(t, 10*time.Second, time.Since(begin))
	})
}

func TestOnlyValidAnswersAreAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, h := chat(t, WithPauseAfterFailures(0))
		text := replyXML(p, alice, "text", "<Content>x</Content>")
		long := replyXML(p, alice, "text", "<Content>"+random(letters, 2049)+"</Content>")
		bob := &Follower{OpenID: "o1"}
		for name, c := range map[string]struct {
			answer string
			seen   Seen
		}{
			"success":              {"success", SeenNothing},
			"empty":                {"", SeenNothing},
			"encrypted":            {sealed(p, p.AppID, text), SeenReply},
			"plain in safe mode":   {text, SeenUnavailable},
			"encrypted empty":      {sealed(p, p.AppID, ""), SeenNothing},
			"encrypted success":    {sealed(p, p.AppID, "success"), SeenNothing},
			"blanks":               {" \n", SeenUnavailable},
			"of another AppID":     {sealed(p, "wx0000000000000000", text), SeenUnavailable},
			"JSON":                 {`{"errcode":0}`, SeenUnavailable},
			"a word":               {"ok", SeenUnavailable},
			"not closed":           {"<xml><Encrypt>", SeenUnavailable},
			"another root":         {"<reply></reply>", SeenUnavailable},
			"to somebody else":     {sealed(p, p.AppID, replyXML(p, bob, "text", "<Content>x</Content>")), SeenUnavailable},
			"too long":             {sealed(p, p.AppID, long), SeenUnavailable},
			"no text":              {sealed(p, p.AppID, replyXML(p, alice, "text", "")), SeenUnavailable},
			"unknown type":         {sealed(p, p.AppID, replyXML(p, alice, "poem", "<Content>x</Content>")), SeenUnavailable},
			"news without article": {sealed(p, p.AppID, replyXML(p, alice, "news", "<ArticleCount>1</ArticleCount>")), SeenUnavailable},
			"handed to an agent":   {sealed(p, p.AppID, replyXML(p, alice, "transfer_customer_service", "")), SeenNothing},
		} {
			h.answer = answering(c.answer)
			report := alice.Sends(t.Context(), "hi")
			assert.Equal(t, c.seen, report.Seen, name)
			want := 1
			if c.seen == SeenUnavailable {
				want = 3
			}
			assert.Len(t, report.Deliveries, want, name)
		}
		wrong := sealed(p, p.AppID, text)
		h.answer = answering(wrong[:len(wrong)-len("<Nonce>n</Nonce></xml>")] + "<Nonce>m</Nonce></xml>")
		assert.Equal(t, SeenUnavailable, alice.Sends(t.Context(), "hi").Seen, "signature")
	})
}

func TestOnlyTheFirstArticleIsShownAfterAMessage(t *testing.T) {
	p, alice, h := chat(t, WithCallbackMode(CallbackModePlain))
	article := "<item><Title>%s</Title><Description>d</Description><PicUrl>http://a/</PicUrl><Url>http://b/</Url></item>"
	h.answer = answering(replyXML(p, alice, "news",
		"<ArticleCount>2</ArticleCount><Articles>"+fmt.Sprintf(article, "one")+fmt.Sprintf(article, "two")+"</Articles>"))
	report := alice.Sends(t.Context(), "hi")
	require.Equal(t, SeenReply, report.Seen)
	assert.Equal(t, []Article{{Title: "one", Description: "d", PictureURL: "http://a/", URL: "http://b/"}}, report.Reply.Articles)
	assert.Len(t, alice.Clicks(t.Context(), "K").Reply.Articles, 2)
}

func TestEventsShowNothingWhenTheCallbackFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, alice, h := chat(t)
		h.answer = answering("nonsense")
		report := alice.Clicks(t.Context(), "K")
		assert.Len(t, report.Deliveries, 3)
		assert.Equal(t, SeenNothing, report.Seen)
		assert.Empty(t, alice.Messages())
	})
}

func TestReplyToAnEventIsShownWhereThePlatformShowsIt(t *testing.T) {
	p, alice, h := chat(t, WithCallbackMode(CallbackModePlain))
	h.answer = answering(replyXML(p, alice, "text", "<Content>x</Content>"))
	assert.Equal(t, SeenReply, alice.Clicks(t.Context(), "K").Seen)
	assert.Equal(t, SeenReply, alice.Scans(t.Context(), "7").Seen)
	assert.Equal(t, SeenNothing, alice.Opens(t.Context(), "https://example.com/").Seen)
	assert.Equal(t, SeenNothing, alice.ReportsLocation(t.Context(), 1, 2, 3).Seen)
}

func TestFailuresPausePushingForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, h := chat(t)
		h.answer = answering("nonsense")
		for range 3 {
			assert.False(t, p.PushesPaused())
			alice.Sends(t.Context(), "hi")
		}
		assert.True(t, p.PushesPaused())
		h.answer = answering("success")
		report := p.AddUser(User{}).Sends(t.Context(), "hi")
		assert.True(t, report.PushesPaused)
		assert.Empty(t, report.Deliveries)
		assert.Equal(t, SeenUnavailable, report.Seen)
		time.Sleep(time.Minute)
		assert.Len(t, alice.Sends(t.Context(), "hi").Deliveries, 1)
	})
}

func TestReportsAreNumberedInTheOrderInWhichThePushesBegan(t *testing.T) {
	p, alice, h := chat(t)
	bob := p.AddUser(User{})
	h.answer = func(n int, w http.ResponseWriter, _ *http.Request, _ []byte) {
		if n == 1 { // the push of Bob begins later and ends sooner
			assert.EqualValues(t, 2, bob.Sends(t.Context(), "hi").ID)
		}
		_, _ = io.WriteString(w, "success")
	}
	assert.EqualValues(t, 1, alice.Sends(t.Context(), "hi").ID)
	reports := p.Reports()
	require.Len(t, reports, 2)
	assert.EqualValues(t, 2, reports[0].ID)
}

func TestPanicOfTheCallbackIsAFailedAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, alice, h := chat(t)
		h.answer = func(int, http.ResponseWriter, *http.Request, []byte) { panic("oops") }
		report := alice.Sends(t.Context(), "hi")
		require.Len(t, report.Deliveries, 3)
		assert.ErrorContains(t, report.Deliveries[0].Err, "oops")
	})
}

func TestCallerCanGiveUpOnAPush(t *testing.T) {
	_, alice, h := chat(t)
	ctx, cancel := context.WithCancel(t.Context())
	h.answer = func(_ int, _ http.ResponseWriter, r *http.Request, _ []byte) { cancel(); <-r.Context().Done() }
	report := alice.Sends(ctx, "hi")
	require.Len(t, report.Deliveries, 1)
	require.ErrorIs(t, report.Deliveries[0].Err, context.Canceled)
	assert.Equal(t, SeenNothing, report.Seen)
}

func TestPushGoesOverHTTP(t *testing.T) {
	srv := NewServer(t)
	h := &receiver{p: srv.Platform, answer: answering("success")}
	app := httptest.NewServer(h)
	defer app.Close()
	srv.SetCallbackURL(app.URL + "/wechat?account=1")
	require.NoError(t, srv.VerifyURL(t.Context()))
	report := srv.AddUser(User{}).Sends(t.Context(), "hi")
	require.Len(t, report.Deliveries, 1)
	assert.NoError(t, report.Deliveries[0].Err)
}

func TestVerificationNeedsTheEchostrBack(t *testing.T) {
	p, _, _ := chat(t)
	require.NoError(t, p.VerifyURL(t.Context()))
	p.SetCallback(&receiver{p: platform(t)}) // with another Token
	require.ErrorContains(t, p.VerifyURL(t.Context()), "403")
	p.SetCallback(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	require.ErrorContains(t, p.VerifyURL(t.Context()), "must respond with the echostr")
	p.SetCallback(nil)
	assert.ErrorContains(t, p.VerifyURL(t.Context()), "no callback")
}

func TestBlacklistedUsersAndStrangersDoNotReachTheAccount(t *testing.T) {
	p, alice, h := chat(t)
	post(t, p.Client(), "/cgi-bin/tags/members/batchblacklist", obj{"openid_list": []string{alice.OpenID}})
	report := alice.Sends(t.Context(), "hi")
	assert.True(t, report.Blocked)
	assert.Equal(t, SeenNothing, report.Seen)
	assert.True(t, p.AddUser(User{NotFollowing: true}).Sends(t.Context(), "hi").Blocked)
	assert.Empty(t, h.seen())
}

func TestFollowingAndLeavingArePushed(t *testing.T) {
	p, _, h := chat(t)
	bob := p.AddUser(User{NotFollowing: true})
	bob.Scans(t.Context(), "7")
	assert.True(t, bob.Following())
	assert.Contains(t, h.seen()[0], "<Event><![CDATA[subscribe]]></Event>")
	assert.Contains(t, h.seen()[0], "<EventKey><![CDATA[qrscene_7]]></EventKey>")
	bob.Unfollows(t.Context())
	assert.False(t, bob.Following())
	assert.Contains(t, h.seen()[1], "[unsubscribe]")
	bob.Follows(t.Context())
	assert.True(t, bob.Following())
}

func TestJobWithoutADelayEndsWithItsCall(t *testing.T) {
	p := platform(t)
	c, ended := &call{}, false
	p.finish(c, func() Push { ended = true; return Push{} })
	assert.True(t, ended)
	assert.Len(t, c.after, 1, "its event follows")
}

func TestPushOfAnyShapeCanBeMade(t *testing.T) {
	_, alice, h := chat(t)
	alice.Push(t.Context(), Push{Type: "event", Event: "pic_sysphoto", Fields: Fields{
		"EventKey":     "K",
		"SendPicsInfo": Fields{"Count": 2, "PicList": Fields{"item": []any{Fields{"PicMd5Sum": "a"}, Fields{"PicMd5Sum": "b"}}}},
	}})
	assert.Contains(t, h.seen()[0], "<SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum><![CDATA[a]]></PicMd5Sum></item>"+
		"<item><PicMd5Sum><![CDATA[b]]></PicMd5Sum></item></PicList></SendPicsInfo>")
	assert.NotContains(t, h.seen()[0], "MsgId")
}

func TestEverythingAFollowerCanDoHasItsElements(t *testing.T) {
	_, alice, h := chat(t, WithCallbackMode(CallbackModePlain))
	for want, act := range map[string]func(context.Context) *Report{
		"<PicUrl><![CDATA[u]]>":           func(ctx context.Context) *Report { return alice.SendsImage(ctx, "u", "m") },
		"<Format><![CDATA[amr]]>":         func(ctx context.Context) *Report { return alice.SendsVoice(ctx, "m", "amr") },
		"<MsgType><![CDATA[video]]>":      func(ctx context.Context) *Report { return alice.SendsVideo(ctx, "m", "t") },
		"<MsgType><![CDATA[shortvideo]]>": func(ctx context.Context) *Report { return alice.SendsShortVideo(ctx, "m", "t") },
		"<Location_X>1.5</Location_X>":    func(ctx context.Context) *Report { return alice.SendsLocation(ctx, 1.5, 2, "l") },
		"<Title><![CDATA[t]]>":            func(ctx context.Context) *Report { return alice.SendsLink(ctx, "t", "d", "u") },
		"<bizmsgmenuid><![CDATA[9]]>":     func(ctx context.Context) *Report { return alice.ChoosesMenuItem(ctx, "9", "yes") },
		"<Event><![CDATA[VIEW]]>":         func(ctx context.Context) *Report { return alice.Opens(ctx, "u") },
		"[view_miniprogram]":              func(ctx context.Context) *Report { return alice.OpensMiniProgram(ctx, "p") },
		"[scancode_push]":                 func(ctx context.Context) *Report { return alice.ScansWithMenu(ctx, "k", "r") },
		"[scancode_waitmsg]":              func(ctx context.Context) *Report { return alice.ScansWithMenuAndWaits(ctx, "k", "r") },
		"[location_select]":               func(ctx context.Context) *Report { return alice.PicksLocation(ctx, "k", 1, 2, "l") },
		"<Precision>3</Precision>":        func(ctx context.Context) *Report { return alice.ReportsLocation(ctx, 1, 2, 3) },
	} {
		report := act(t.Context())
		require.Len(t, report.Deliveries, 1, want)
		assert.Contains(t, h.seen()[len(h.seen())-1], want)
		assert.Contains(t, string(report.Body), strconv.FormatInt(report.CreateTime.Unix(), 10))
	}
}
