package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// logged waits until the log has a number of calls and of pushes that have ended.
func logged(t *testing.T, s *simulator, calls, pushes int) {
	t.Helper()
	require.Eventually(t, func() bool {
		s.journal.mu.Lock()
		defer s.journal.mu.Unlock()
		done := 0
		for _, p := range s.journal.pushes.before(0) {
			if p.done {
				done++
			}
		}
		return len(s.journal.calls.list) >= calls && done >= pushes
	}, 5*time.Second, time.Millisecond)
}

func TestChatShowsWhatAFollowerSeesAndWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.NewPlatform(wechattest.WithCallbackMode(wechattest.CallbackModePlain))
		defer p.Close()
		s := &simulator{stream: newStream(), platform: p, set: settings{pushTimeout: 5 * time.Second}}
		s.journal = newJournal(s.stream, 5*time.Second)
		s.journal.watch(p)
		alice := p.AddUser(wechattest.User{OpenID: "o-alice"})
		var deliveries atomic.Int64
		p.SetCallback(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch deliveries.Add(1) {
			case 1:
				_, _ = w.Write([]byte("success"))
			case 2: // too late; the retry is accepted
				<-r.Context().Done()
			case 3:
				_, _ = fmt.Fprintf(w, "<xml><ToUserName>o-alice</ToUserName><FromUserName>%s</FromUserName><CreateTime>1</CreateTime>"+
					"<MsgType>text</MsgType><Content>hello</Content></xml>", p.OriginalID)
			default:
				w.WriteHeader(http.StatusTeapot)
			}
		}))
		alice.Sends(t.Context(), "quiet")
		alice.Sends(t.Context(), "slow")
		alice.Sends(t.Context(), "broken")
		synctest.Wait()
		list, more := s.journal.chat("o-alice", 0, 10)
		assert.False(t, more)
		require.Len(t, list, 5)
		assert.Equal(t, []string{"follower", "follower", "account", "follower", "platform"},
			[]string{list[0].From, list[1].From, list[2].From, list[3].From, list[4].From})
		assert.Equal(t, wechattest.ReasonNoReply, list[0].Note.Code)
		assert.Equal(t, wechattest.SeenNothing, list[0].Seen)
		assert.Equal(t, reasonLate, list[1].Note.Code)
		assert.Equal(t, 2, list[1].Attempts)
		assert.Equal(t, "hello", list[2].Message.Content)
		assert.Equal(t, list[1].PushID, list[2].PushID)
		assert.Equal(t, wechattest.ReasonStatus, list[3].Note.Code)
		assert.Contains(t, list[3].Note.English, "418")
		assert.Contains(t, list[4].Message.Content, "该公众号提供的服务出现故障")
		assert.Equal(t, list[3].Note, list[4].Note)

		list, more = s.journal.chat("o-alice", 5, 2)
		assert.True(t, more)
		assert.Equal(t, []string{"3", "4"}, []string{list[0].ID, list[1].ID})
		assert.Empty(t, s.journal.asked, "no push is under way")
	})
}

func TestEveryReasonHasATextInBothLanguages(t *testing.T) {
	for reason, text := range texts {
		assert.NotEmpty(t, text[0], reason)
		assert.NotEmpty(t, text[1], reason)
	}
	assert.Equal(t, "程序没有在规定时间内回应", noteOf(wechattest.ReasonTimeout).Chinese)
	for _, reason := range []wechattest.Reason{
		wechattest.ReasonNoCallback, wechattest.ReasonNotFollowing, wechattest.ReasonBlacklisted, wechattest.ReasonQRCode, wechattest.ReasonPaused,
		wechattest.ReasonNoReply, wechattest.ReasonNotShown, wechattest.ReasonTransferred, wechattest.ReasonTimeout, wechattest.ReasonRefused,
		wechattest.ReasonUnknownHost, wechattest.ReasonUnreachable, wechattest.ReasonClosed, wechattest.ReasonCertificate,
		wechattest.ReasonCanceled, wechattest.ReasonRedirect, wechattest.ReasonStatus, wechattest.ReasonEchostr, wechattest.ReasonFormat,
		wechattest.ReasonNotEncrypted, wechattest.ReasonSignature, wechattest.ReasonEncryption, wechattest.ReasonAddress,
		wechattest.ReasonReplyType, wechattest.ReasonContent, wechattest.ReasonMedia, reasonLate, reasonNotLoopback,
	} {
		assert.Contains(t, texts, reason)
	}
}

func TestLogShowsCallsWithoutSecretsAndPushesAsTheyWereSent(t *testing.T) {
	s := start(t)
	srv := httptest.NewServer(answering(t, s))
	t.Cleanup(srv.Close)
	does(t, s, "PATCH", "/simulator/callback", obj{"url": srv.URL})
	alice := add(t, s, obj{"openid": "o-alice"})
	calls(t, s, "/cgi-bin/tags/create", obj{"tag": obj{"name": "VIP"}})
	require.Error(t, client(t, s).Do(t.Context(), wechat.Request{Path: "/cgi-bin/tags/create", Body: obj{"tag": obj{"name": "VIP"}}}, nil))
	does(t, s, "POST", alice+"/messages", obj{"type": "text", "content": "hi"})
	logged(t, s, 4, 1)

	page := does(t, s, "GET", "/simulator/log/calls?limit=2", nil)
	list := page["calls"].([]any)
	require.Len(t, list, 2)
	newest := list[0].(obj)
	assert.EqualValues(t, 45157, newest["errcode"])
	assert.NotEmpty(t, newest["errmsg"])
	older := does(t, s, "GET", "/simulator/log/calls?after="+page["next"].(string), nil)["calls"].([]any)
	assert.Len(t, older, 2)
	assert.Len(t, does(t, s, "GET", "/simulator/log/calls?q=vip", nil)["calls"], 2)
	assert.Equal(t, newest["id"], does(t, s, "GET", "/simulator/log/calls/"+newest["request_id"].(string), nil)["id"])

	token := older[1].(obj)
	detail := does(t, s, "GET", "/simulator/log/calls/"+token["id"].(string), nil)
	assert.Contains(t, detail["body"], `"secret":"***"`)
	assert.Contains(t, detail["response"], `"access_token":"***"`)
	everything := fmt.Sprint(detail, page, older)
	assert.NotContains(t, everything, s.secret())
	for _, issued := range s.current().Tokens() {
		assert.NotContains(t, everything, issued.Value)
	}

	push := does(t, s, "GET", "/simulator/log/pushes", nil)["pushes"].([]any)[0].(obj)
	assert.Equal(t, "done", push["state"])
	detail = does(t, s, "GET", "/simulator/log/pushes/"+push["id"].(string), nil)
	assert.Contains(t, detail["xml"], "<![CDATA[hi]]>")
	assert.Contains(t, detail["encrypted"], "<Encrypt>")
	assert.Contains(t, detail["deliveries"].([]any)[0].(obj)["clear"], "you said hi")
	for _, path := range []string{"/simulator/log/calls/999", "/simulator/log/pushes/x"} {
		status, _ := asks(t, s, "GET", path, nil)
		assert.Equal(t, http.StatusNotFound, status)
	}
	status, _ := asks(t, s, "GET", "/simulator/log/calls?limit=0", nil)
	assert.Equal(t, http.StatusBadRequest, status)
}

func TestSecretsOfAQueryAreMasked(t *testing.T) {
	entry := newLoggedCall(&wechattest.Call{Path: "/sns/oauth2/access_token", Query: url.Values{
		"appid": {"wx1"}, "secret": {"s3cr3t"}, "code": {"c0de"}, "access_token": {"t0ken"}, "refresh_token": {"t0ken"},
	}, Token: "t0ken", Body: []byte(`{"appsecret" : "s3cr3t"}`), Response: []byte(`{"access_token":"t0ken","openid":"o1"}`)})
	everything := fmt.Sprintf("%+v %s", entry.detail(), entry.curl("http://h"))
	for _, secret := range []string{"s3cr3t", "c0de", "t0ken"} {
		assert.NotContains(t, everything, secret)
	}
	assert.Contains(t, everything, "wx1")
	assert.Contains(t, everything, "o1")
	ticket := newLoggedCall(&wechattest.Call{Path: "/cgi-bin/ticket/getticket", Response: []byte(`{"ticket":"t1cket"}`)})
	assert.NotContains(t, ticket.Answer, "t1cket")
}

// The simulator runs for days: 1,000 followers and more than 10,000 messages, some with
// large bodies, do not grow its memory beyond the bounds.
func TestMemoryOfTheJournalIsBounded(t *testing.T) {
	s := newStream()
	j := newJournal(s, time.Second)
	p := wechattest.NewPlatform()
	defer p.Close()
	j.watch(p)
	large := []byte(strings.Repeat("文", 1<<20))
	for i := range 3 * keptCalls {
		openID := fmt.Sprint("o", i%1000)
		call := &wechattest.Call{Path: "/cgi-bin/menu/get"}
		report := &wechattest.Report{ID: int64(i + 1), Seen: wechattest.SeenReply, Push: wechattest.Push{
			Type: "text", From: openID, Fields: wechattest.Fields{"Content": "hi"},
		}}
		if i%100 == 0 {
			call.Body, report.Body, report.Sent = large, large, large
			report.Push.Fields = wechattest.Fields{"Content": string(large)}
		}
		j.record(p, wechattest.Observation{Kind: wechattest.ObservationCall, Call: call})
		j.record(p, wechattest.Observation{Kind: wechattest.ObservationOutcome, OpenID: openID, Report: report})
		j.record(p, wechattest.Observation{Kind: wechattest.ObservationMessage, OpenID: openID, Message: &wechattest.Received{
			Message: wechattest.Message{Type: "text", Content: "hello"}, ReportID: report.ID,
		}})
	}
	for name, bytes := range map[string]int{"calls": j.calls.bytes, "pushes": j.pushes.bytes, "items": j.items.bytes} {
		assert.LessOrEqual(t, bytes, keptBytes, name)
		assert.Positive(t, bytes, name)
	}
	assert.LessOrEqual(t, len(j.calls.list), keptCalls)
	assert.LessOrEqual(t, len(j.items.list), keptItems)
	assert.LessOrEqual(t, len(j.ids), 2*keptPushes)
	assert.LessOrEqual(t, s.events.bytes, liveBytes)
	assert.LessOrEqual(t, len(s.events.list), liveEvents)
	assert.Empty(t, j.asked)
	assert.Len(t, j.lasts, 1000)
	for _, entry := range j.calls.before(0) {
		assert.LessOrEqual(t, len(entry.Body), keptBody+len(cutMark))
	}
	assert.True(t, strings.HasSuffix(truncatedText(string(large)), cutMark))
	assert.NotContains(t, truncatedText(string(large)), "\ufffd")
}

func TestPageIsServedToBrowsersAndTheIndexToPrograms(t *testing.T) {
	s := start(t)
	get := func(path, accept string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		r.Host = "localhost:8099"
		r.Header.Set("Accept", accept)
		s.ServeHTTP(w, r)
		return w
	}
	page := get("/simulator/", "text/html,application/xhtml+xml")
	assert.Contains(t, page.Header().Get("Content-Type"), "text/html")
	assert.Contains(t, page.Body.String(), "/simulator/page/main.js")
	assert.Equal(t, pagePolicy, page.Header().Get("Content-Security-Policy"))
	script := get("/simulator/page/main.js", "*/*")
	assert.Equal(t, "text/javascript; charset=utf-8", script.Header().Get("Content-Type"))
	assert.Equal(t, http.StatusNotFound, get("/simulator/page/", "text/html").Code)
	assert.Equal(t, http.StatusNotFound, get("/simulator/page/none.js", "text/html").Code)
	for _, w := range []*httptest.ResponseRecorder{page, script, get("/simulator/state", "*/*"), get("/simulator/none", "*/*")} {
		assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		assert.Equal(t, "same-origin", w.Header().Get("Cross-Origin-Resource-Policy"))
		assert.Contains(t, w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'")
		assert.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
	}
	assert.Contains(t, get("/simulator/", "*/*").Body.String(), `"endpoints"`)
}

func TestMediaCannotRunAScript(t *testing.T) {
	s := start(t)
	for name, tt := range map[string]struct{ data, declared, kind, disposition string }{
		"picture": {"\x89PNG\x0d\x0a\x1a\x0a", "image/png", "image/png", "inline"},
		"page":    {"<html><script>alert(1)</script>", "image/png", "application/octet-stream", "attachment"},
		"svg":     {`<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`, "image/svg+xml", "application/octet-stream", "attachment"},
		"voice":   {"#!AMR\n", "audio/amr", "application/octet-stream", "attachment"},
	} {
		id := does(t, s, "POST", "/simulator/media", obj{
			"type": "image", "name": "a\"\r\n/../b.png", "content_type": tt.declared, "data": []byte(tt.data),
		})["media_id"].(string)
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/simulator/media/"+id, http.NoBody)
		r.Host = "localhost"
		s.ServeHTTP(w, r)
		assert.Equal(t, tt.data, w.Body.String(), name)
		assert.Equal(t, tt.kind, w.Header().Get("Content-Type"), name)
		assert.True(t, strings.HasPrefix(w.Header().Get("Content-Disposition"), tt.disposition+";"), name)
		assert.Contains(t, w.Header().Get("Content-Security-Policy"), "sandbox", name)
		assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"), name)
		assert.NotContains(t, w.Header().Get("Content-Disposition"), "/", name)
	}
	status, _ := asks(t, s, "GET", "/simulator/media/none", nil)
	assert.Equal(t, http.StatusNotFound, status)
}
