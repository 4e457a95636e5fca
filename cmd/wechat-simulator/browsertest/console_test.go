package browsertest

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

func TestURLIsVerifiedOnSaveAndAFailureHasItsReason(t *testing.T) {
	s := startSimulator(t)
	p := startProgram(t, s)
	answers := func(h http.HandlerFunc) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	w := open(t, s)
	w.expect(failedVerifications)
	w.click("#tab-setup")
	for url, reason := range map[string]string{
		closed.URL: "Connection refused",
		answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello world")) }):               `did not return the echostr as it is: "hello world"`,
		answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }):                    "not 200: 418",
		answers(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }): "redirect, which the platform does not follow: 302",
		answers(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }):                                "did not respond in time: 1s",
		"http://192.0.2.1/wechat": "not on this machine",
	} {
		w.fill("#callback-form [name=url]", url)
		w.click("#save-callback")
		w.see("#callback-outcome", reason)
	}
	w.seeNot("#callback-status", "Callback verified")
	w.fill("#callback-form [name=url]", p.URL)
	w.click("#save-callback")
	w.see("#callback-outcome", "Verified")
	w.see("#callback-status", "Callback verified")
}

func TestRevokedTokenIsShownAndHeals(t *testing.T) {
	s := startSimulator(t)
	p := startProgram(t, s)
	openID := s.addFollower("Alice")
	_, err := p.client.GetUser(t.Context(), openID)
	require.NoError(t, err)
	w := open(t, s)
	w.click("#tab-tokens")
	w.see("td", "Stable token")
	w.see("td", "1:59:")
	w.click("#revoke-tokens")
	w.see("td", "There is no valid token.")
	_, err = p.client.GetUser(t.Context(), openID)
	require.NoError(t, err, "the client fetches another token")
	w.see("td", "Stable token")
	w.click("#tab-log")
	w.see(".log .chip-bad", "40001")
	w.clickText(".filters span", "Failed")
	w.see(".count", "1 of 5")
	w.click(".log .row")
	w.see(".detail .facts", "40001")
	w.seeNot(".detail", "access_token=99_")

	w.click("#tab-tokens")
	w.click("#expire-tokens")
	w.see("td", "There is no valid token.")
	_, err = p.client.GetUser(t.Context(), openID)
	require.NoError(t, err, "the client fetches another token")
	w.see("td", "1:59:")
}

func TestFaultsQuotasAndTheClockAreSetInTheConsole(t *testing.T) {
	s := startSimulator(t)
	p := startProgram(t, s)
	p.connect(s)
	a := s.account()
	client := wechat.NewClient(a.AppID, a.AppSecret, wechat.WithBaseURL(s.URL), wechat.WithRetry(wechat.RetryPolicy{MaxAttempts: 1}))
	defer func() { _ = client.Close() }()
	openID := s.addFollower("Alice")
	_, err := client.GetUser(t.Context(), openID)
	require.NoError(t, err)
	w := open(t, s)

	w.click("#tab-faults")
	w.click("#fault-busy")
	w.until("document.querySelector('#fault-busy').getAttribute('aria-checked') === 'true'")
	_, err = client.GetUser(t.Context(), openID)
	require.ErrorIs(t, err, wechat.ErrSystemBusy)
	w.see(".faults", "Busy")
	w.click("#fault-busy")
	w.see(".faults", "No faults.")
	_, err = client.GetUser(t.Context(), openID)
	require.NoError(t, err)

	w.click("#fault-duplicate")
	w.until("document.querySelector('#fault-duplicate').getAttribute('aria-checked') === 'true'")
	w.say("twice")
	w.see(".item-theirs .bubble", "收到：twice")
	w.click("#tab-log")
	w.clickText(".entry-name", "text Alice")
	w.see(".detail h4", "Deliveries: 2")
	w.click("#tab-faults")
	w.click("#clear-faults")
	w.see(".faults", "No faults.")

	w.click("#tab-quotas")
	w.fill("#panel-quotas input", "/cgi-bin/user/info")
	w.click("button[aria-label='Use up /cgi-bin/user/info']")
	w.see("#panel-quotas td", "5,000,000 / 5,000,000")
	_, err = client.GetUser(t.Context(), openID)
	require.ErrorIs(t, err, wechat.ErrDailyQuota)
	w.clickText("#panel-quotas button", "Restore all quotas")
	w.see("#panel-quotas td", "0 / 5,000,000")

	require.NoError(t, client.SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{OpenID: openID, Message: wechat.TextMessage{Content: "in time"}}))
	w.click("#tab-clock")
	w.click("#clock-window")
	w.see("#clock-ahead", "2 d 0:00:0")
	w.see("#clock-status", "+2 d")
	err = client.SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{OpenID: openID, Message: wechat.TextMessage{Content: "too late"}})
	require.ErrorIs(t, err, wechat.ErrReplyWindowClosed)
}

func TestLogFindsAndCopies(t *testing.T) {
	s := startSimulator(t)
	p := startProgram(t, s)
	p.connect(s)
	s.addFollower("Alice")
	w := open(t, s)
	w.say("needle in the body")
	w.see(".item-theirs .bubble", "needle")
	_, err := p.client.CreateTag(t.Context(), "haystack")
	require.NoError(t, err)
	w.see(".count", "Entries: 3")
	w.fill("#log-search", "needle")
	w.see(".log .count", "1 of 3")
	w.fill("#log-search", "haystack")
	w.see(".log .count", "1 of 3")
	w.see(".entry-name", "/cgi-bin/tags/create")
	w.fill("#log-search", "")
	w.clickText(".filters span", "Pushes")
	w.see(".log .count", "1 of 3")

	evaluate[chromedp.Void](w, "navigator.clipboard.writeText = async (text) => { window.copied = text; }")
	w.click(".log .row")
	w.click("#copy-go")
	w.until("Boolean(window.copied?.includes('wechattest') && window.copied?.includes('needle in the body'))")
	w.clickText(".filters span", "Calls")
	w.fill("#log-search", "tags/create")
	w.see(".log .count", "1 of 3")
	w.click(".log .row")
	w.click("#copy-curl")
	w.until("Boolean(window.copied?.startsWith('curl') && window.copied?.includes('haystack') && window.copied?.includes('$ACCESS_TOKEN'))")
	w.click("#copy-conversation")
	w.until("Boolean(window.copied?.includes('wechattest') && window.copied?.includes('func Test'))")
}

func TestPageSurvivesARestartOfTheSimulator(t *testing.T) {
	s := startSimulator(t)
	s.addFollower("Alice")
	w := open(t, s)
	w.see(".row-title", "Alice")
	w.expect(failedConnections)
	s.stop()
	w.see("#connection", "Reconnecting…")
	s.start(strings.TrimPrefix(s.URL, "http://"))
	w.see("#connection", "Live")
	w.see(".welcome", "Getting started")
	s.addFollower("Bob")
	w.see(".row-title", "Bob")
}

func TestStateIsSavedAndRestored(t *testing.T) {
	s := startSimulator(t, "-state", filepath.Join(t.TempDir(), "state.json"))
	p := startShop(t, s)
	openID := s.addFollower("Alice")
	require.NoError(t, p.client.CreateMenu(t.Context(), wechat.NewMenu(wechat.ClickButton("今日推荐", "TODAY"))))
	w := open(t, s)
	w.click("#swap")
	w.say("before")
	w.see(".item-theirs .bubble", "收到：before")
	p.notify(openID)
	w.see(".card-template", "手冲咖啡壶")

	w.expect(failedConnections)
	s.stop()
	w.see("#connection", "Reconnecting…")
	s.start(strings.TrimPrefix(s.URL, "http://"))
	w.see("#connection", "Live")
	w.see(".menu-bar button", "今日推荐")
	w.click("#swap")
	w.say("after")
	w.see(".item-theirs .bubble", "收到：after")
	w.see(".item-theirs .bubble", "收到：before")
	w.see(".card-template", "手冲咖啡壶")
	p.notify(openID)
	w.until("document.querySelectorAll('.card-template').length === 2")
}

func TestPasswordProtectsThePage(t *testing.T) {
	s := startSimulator(t, "-allow-remote", "-password", "correct horse")
	w := open(t, s)
	w.see("label", "The password that was printed at start-up")
	w.shoot("simulator-login")
	w.fill("#password", "wrong")
	w.expect(failedLogins)
	w.press(kb.Enter)
	w.see("[role=alert]", "password")
	w.fill("#password", "correct horse")
	w.press(kb.Enter)
	w.see("#connection", "Live")
	w.expect(failedConnections)
	w.expect(forgottenLogins)
	s.stop()
	w.see("#connection", "Reconnecting…")
	s.start(strings.TrimPrefix(s.URL, "http://"))
	w.see("label", "The password that was printed at start-up") // it does not know the browser
}

func TestManyTabsLeaveEachOtherConnections(t *testing.T) {
	s := startSimulator(t)
	startProgram(t, s).connect(s)
	openID := s.addFollower("Alice")
	first := open(t, s)
	tabs := []*window{first}
	for len(tabs) < 8 { // a browser opens six connections to a host
		tabs = append(tabs, first.openTab(s))
	}
	last := tabs[len(tabs)-1]
	last.see("#connection", "Live")
	last.say("from the eighth tab")
	last.see(".item-theirs .bubble", "from the eighth tab")

	first.until("document.hidden")
	s.post("followers/"+openID+"/messages", map[string]string{"type": "text", "content": "while it was hidden"})
	first.run(send(cdppage.BringToFront, cdp.Empty{}))
	first.see(".item-theirs .bubble", "while it was hidden")
}
