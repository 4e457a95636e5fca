package wechattest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

const somePath = "/cgi-bin/getcallbackip"

func TestFailNextRefusesOneCall(t *testing.T) {
	p := platform(t)
	c := p.Client()
	get(t, c, somePath)
	p.FailNext(somePath, wechat.ErrDailyQuota)
	get(t, c, "/cgi-bin/get_api_domain_ip")
	refusedWith(t, c, wechat.ErrDailyQuota, somePath, nil)
	get(t, c, somePath)
	p.FailNext("", wechat.ErrUnauthorizedAPI)
	refusedWith(t, c, wechat.ErrUnauthorizedAPI, somePath, nil)
	assert.Equal(t, 4, p.CallCount(somePath))
	assert.Equal(t, 2, p.ExecutedCallCount(somePath))
}

func TestFaultsPlayInOrderAsOftenAsTheySay(t *testing.T) {
	p := platform(t)
	c := p.Client()
	get(t, c, somePath)
	p.InjectFault(somePath, Fault{Code: wechat.ErrDailyQuota, Times: 2})
	p.InjectFault(somePath, Fault{Code: wechat.ErrUnauthorizedAPI, Times: -1})
	for _, want := range []wechat.Code{wechat.ErrDailyQuota, wechat.ErrDailyQuota, wechat.ErrUnauthorizedAPI, wechat.ErrUnauthorizedAPI} {
		refusedWith(t, c, want, somePath, nil)
	}
	p.ClearFaults()
	get(t, c, somePath)
}

func TestAFaultThatChangesNothingSparesCalls(t *testing.T) {
	p := platform(t)
	c := p.Client()
	p.InjectFault(somePath, Fault{Times: 2})
	p.FailNext(somePath, wechat.ErrDailyQuota)
	get(t, c, somePath)
	get(t, c, somePath)
	refusedWith(t, c, wechat.ErrDailyQuota, somePath, nil)
	get(t, c, somePath)
	require.Empty(t, p.PendingFaults())
}

// play makes one call of a write that must not be repeated, under a fault.
func play(t *testing.T, p *Platform, c *wechat.Client, f Fault) error {
	t.Helper()
	p.InjectFault("/cgi-bin/tags/create", f)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var out struct {
		Tag struct{ ID int }
	}
	return c.Do(ctx, wechat.Request{Path: "/cgi-bin/tags/create", Body: obj{"tag": obj{"name": f.Name}}}, &out)
}

func TestEveryFaultPlaysInProcess(t *testing.T) {
	for _, f := range Faults() {
		t.Run(f.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := platform(t)
				checkFault(t, p, p.Client(), f)
			})
		})
	}
}

func TestEveryFaultPlaysOverHTTP(t *testing.T) {
	for _, f := range Faults() {
		if f.Hang || f.Drip > 0 || f.Code == wechat.ErrMinuteQuota {
			continue // they take time
		}
		t.Run(f.Name, func(t *testing.T) {
			srv := NewServer(t)
			checkFault(t, srv.Platform, srv.Client(), f)
		})
	}
}

func TestThePageOfAFaultIsThatOfItsStatus(t *testing.T) {
	pages := 0
	for _, f := range Faults() {
		if f.Status != 0 && len(f.Body) > 0 {
			pages++
			assert.Contains(t, string(f.Body), strconv.Itoa(f.Status)+" "+http.StatusText(f.Status), f.Name)
		}
	}
	assert.Equal(t, 3, pages)
}

func checkFault(t *testing.T, p *Platform, c *wechat.Client, f Fault) {
	t.Helper()
	get(t, c, somePath)
	begin := time.Now()
	err := play(t, p, c, f)
	switch f.Name {
	case "control bytes", "429":
		require.NoError(t, err, "the client puts it right")
		assert.Equal(t, 1, p.ExecutedCallCount("/cgi-bin/tags/create"))
		return
	}
	require.Error(t, err)
	want := 0
	if f.Executed {
		want = 1
	}
	assert.Equal(t, want, p.ExecutedCallCount("/cgi-bin/tags/create"))
	assert.Equal(t, 1, p.CallCount("/cgi-bin/tags/create"))
	if f.Hang || f.Drip > 0 {
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 20*time.Second, time.Since(begin))
	}
}

func TestBodyOfUnknownLengthIsRefused(t *testing.T) {
	srv := NewServer(t)
	for name, client := range map[string]*http.Client{srv.URL: srv.http.Client(), "https://api.weixin.qq.com": srv.HTTPClient()} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, name+stablePath, io.MultiReader(strings.NewReader("{}")))
		require.NoError(t, err)
		resp, err := client.Do(req)
		require.NoError(t, err)
		assert.Equal(t, http.StatusPreconditionFailed, resp.StatusCode)
		require.NoError(t, resp.Body.Close())
	}
}

func TestRequestsAreHeldAgainstTheDocumentation(t *testing.T) {
	p := platform(t)
	c := p.Client()
	alice := p.AddUser(User{})
	token, err := c.Token(t.Context(), "")
	require.NoError(t, err)
	for name, x := range map[string]struct {
		path string
		body string
		want wechat.Code
	}{
		"escape":            {"/cgi-bin/menu/create", `{"button":[{"name":"a\u0026b","type":"click","key":"k"}]}`, wechat.ErrEscapedUnicode},
		"bad UTF-8":         {"/cgi-bin/tags/create", "{\"tag\":{\"name\":\"\xff\"}}", wechat.ErrEscapedUnicode},
		"malformed":         {"/cgi-bin/tags/create", `{"tag":`, wechat.ErrMalformedJSON},
		"two documents":     {"/cgi-bin/tags/create", `{"tag":{"name":"a"}}{}`, wechat.ErrMalformedJSON},
		"array":             {"/cgi-bin/tags/create", `[]`, wechat.ErrMalformedJSON},
		"no body":           {"/cgi-bin/tags/create", ``, wechat.ErrEmptyBody},
		"wrong type":        {"/cgi-bin/tags/create", `{"tag":{"name":7}}`, wechat.ErrMalformedJSON},
		"fraction":          {"/cgi-bin/tags/update", `{"tag":{"id":1.5,"name":"a"}}`, wechat.ErrMalformedJSON},
		"missing object":    {"/cgi-bin/tags/create", `{}`, wechat.ErrMalformedJSON},
		"missing openid":    {"/cgi-bin/message/custom/send", `{"msgtype":"text","text":{"content":"x"}}`, wechat.ErrInvalidOpenID},
		"missing list":      {"/cgi-bin/tags/members/batchtagging", `{"tagid":100}`, wechat.ErrInvalidOpenIDCount},
		"wrong command":     {"/cgi-bin/message/custom/typing", `{"touser":"` + alice.OpenID + `","command":"Write"}`, wechat.ErrInvalidTypingCommand},
		"unknown type":      {"/cgi-bin/message/custom/send", `{"touser":"` + alice.OpenID + `","msgtype":"poem"}`, wechat.ErrInvalidMessageType},
		"documented escape": {"/cgi-bin/tags/create", `{"tag":{"name":"a\\u0026b"}}`, 0},
	} {
		address := "https://api.weixin.qq.com" + x.path + "?access_token=" + token
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(x.body))
		require.NoError(t, err)
		raw(t, p, req)
		calls := p.Calls()
		assert.Equal(t, x.want, calls[len(calls)-1].Code, name)
	}
	err = c.Do(t.Context(), wechat.Request{Method: http.MethodPost, Path: "/cgi-bin/user/info", Body: obj{}}, nil)
	require.ErrorIs(t, err, wechat.Code(43001))
	err = c.Do(t.Context(), wechat.Request{Method: http.MethodGet, Path: "/cgi-bin/tags/create"}, nil)
	require.ErrorIs(t, err, wechat.ErrPOSTRequired)
	refusedWith(t, c, wechat.ErrInvalidOpenID, "/cgi-bin/user/info", nil)
}

func TestUnknownPathFailsTheTestOfAServer(t *testing.T) {
	var heard []string
	p := platform(t)
	p.unknown = func(call, _ string) { heard = append(heard, call) }
	c := p.Client()
	refusedWith(t, c, 40066, "/cgi-bin/new/api", obj{})
	assert.Equal(t, []string{"POST /cgi-bin/new/api is not an API of the platform"}, heard)

	p.Handle("/cgi-bin/new/api", func(c Call) (any, error) {
		if c.Query.Get("n") == "2" {
			return nil, wechat.ErrDailyQuota
		}
		return obj{"body": string(c.Body)}, nil
	})
	out := post(t, c, "/cgi-bin/new/api", obj{"a": 1})
	assert.JSONEq(t, `{"a":1}`, text(t, out["body"]))
	refusedWith(t, c, wechat.ErrDailyQuota, "/cgi-bin/new/api", obj{}, "n", "2")
	assert.Len(t, heard, 1)
}

func TestHandleReplacesWhatThePlatformDoes(t *testing.T) {
	p := platform(t)
	p.Handle("/cgi-bin/media/get", func(Call) (any, error) { return []byte("\xff\xd8\xff bytes"), nil })
	var buf bytes.Buffer
	require.NoError(t, p.Client().Do(t.Context(), wechat.Request{Path: "/cgi-bin/media/get"}, &buf))
	assert.Equal(t, "\xff\xd8\xff bytes", buf.String())
}

func TestCallsAreRememberedWithoutTheirToken(t *testing.T) {
	srv := NewServer(t)
	c := srv.Client()
	refusedWith(t, c, wechat.ErrInvalidOpenID, "/cgi-bin/user/info", nil, "openid", "x")
	calls := srv.Calls()
	require.Len(t, calls, 2)
	last := calls[1]
	assert.Equal(t, "GET", last.Method)
	assert.Equal(t, values("openid", "x"), last.Query)
	assert.Equal(t, wechat.ErrInvalidOpenID, last.Code)
	assert.NotEmpty(t, last.Token)
	assert.Contains(t, last.Header.Get("User-Agent"), "wechatoa")
	assert.Equal(t, 2, srv.CallCount(""))
	assert.Equal(t, 1, srv.ExecutedCallCount(""))
}

func TestOldCallsAreForgottenByHalves(t *testing.T) {
	var list []int
	for i := range 2*keep + 1 {
		list = remember(list, i)
	}
	assert.Len(t, list, keep+1)
	assert.Equal(t, keep, list[0])
	assert.Equal(t, 2*keep, list[keep])
}
