package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/go-resty/resty/v2"
)

const benchUser = `{"subscribe":1,"openid":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M","language":"zh_CN","subscribe_time":1382694957,` +
	`"unionid":"o6_bmasdasdsad6_2sgVt7hMZOPfL","remark":"","groupid":0,"tagid_list":[128,2],"subscribe_scene":"ADD_SCENE_QR_CODE",` +
	`"qr_scene":98765,"qr_scene_str":""}`

// memory returns responses without a network.
func memory(body string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json; encoding=utf-8"}},
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
		}, nil
	})
}

var benchBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// floorCall is a call written by hand with a given token: without retries, typed errors,
// redaction and repair.
func floorCall(ctx context.Context, h *http.Client, method, address string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := h.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	buf := benchBuffers.Get().(*bytes.Buffer)
	defer benchBuffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(resp.Body); err != nil {
		return err
	}
	return json.Unmarshal(buf.Bytes(), out)
}

var benchWays = []struct {
	name string
	send func(*http.Client) Option
}{
	{"client", WithHTTPClient},
	{"resty", func(h *http.Client) Option { return WithRestyClient(resty.NewWithClient(h)) }},
}

// BenchmarkCall is one call with a warm token and no network.
func BenchmarkCall(b *testing.B) {
	ctx := context.Background()
	message := TemplateMessage{
		OpenID: "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", TemplateID: "t", Data: TemplateData{}.Set("thing1", "招牌奶茶").Set("amount2", "18元"),
	}
	b.Run("get/floor", func(b *testing.B) {
		h := &http.Client{Transport: memory(benchUser)}
		b.ReportAllocs()
		for b.Loop() {
			var user struct {
				User
				Subscribed int `json:"subscribe"` // which encoding/json does not read into a bool
				Code       int `json:"errcode"`
			}
			address := "https://api.weixin.qq.com/cgi-bin/user/info?access_token=TOKEN&lang=zh_CN&openid=" + url.QueryEscape(message.OpenID)
			if err := floorCall(ctx, h, http.MethodGet, address, nil, &user); err != nil || user.Code != 0 {
				b.Fatal(err)
			}
		}
	})
	for _, way := range benchWays {
		b.Run("get/"+way.name, func(b *testing.B) {
			c := NewClient("wx1", "secret", way.send(&http.Client{Transport: memory(benchUser)}), WithTokenSource(StaticToken("TOKEN")))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.GetUserInLanguage(ctx, message.OpenID, LanguageZHCN); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	const sent = `{"errcode":0,"errmsg":"ok","msgid":200228332}`
	b.Run("post/floor", func(b *testing.B) {
		h := &http.Client{Transport: memory(sent)}
		b.ReportAllocs()
		for b.Loop() {
			var res struct {
				Code int   `json:"errcode"`
				ID   int64 `json:"msgid"`
			}
			const address = "https://api.weixin.qq.com/cgi-bin/message/template/send?access_token=TOKEN"
			if err := floorCall(ctx, h, http.MethodPost, address, message, &res); err != nil || res.Code != 0 {
				b.Fatal(err)
			}
		}
	})
	for _, way := range benchWays {
		b.Run("post/"+way.name, func(b *testing.B) {
			c := NewClient("wx1", "secret", way.send(&http.Client{Transport: memory(sent)}), WithTokenSource(StaticToken("TOKEN")))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.SendTemplateMessage(ctx, message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
