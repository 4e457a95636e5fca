package callback

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/wechatoa/wechat/internal/raceskip"
)

// A bound is what the push took when it was set. Lower it with the code; before
// raising it, see where the allocations come from: make profile.
func TestParsingAPushAllocatesNoMoreThanItsBound(t *testing.T) {
	raceskip.Allocations(t)
	const head = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o-1]]></FromUserName><CreateTime>1700000000</CreateTime>"
	for _, row := range []struct {
		name, push string
		bound      float64
	}{
		{"text", head + "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content><MsgId>1</MsgId></xml>", 2},
		{"event", head + "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[scancode_waitmsg]]></Event><EventKey><![CDATA[6]]></EventKey>" +
			"<ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType><ScanResult><![CDATA[2]]></ScanResult></ScanCodeInfo></xml>", 5},
		{"JSON", `{"ToUserName":"gh_1","FromUserName":"o-1","CreateTime":1700000000,"MsgType":"text","Content":"你好","MsgId":1}`, 88},
	} {
		push := []byte(row.push)
		got := testing.AllocsPerRun(500, func() {
			if _, err := ParseMessage(push); err != nil {
				t.Error(err)
			}
		})
		if got > row.bound {
			t.Errorf("%s: %.0f allocations, must be %.0f", row.name, got, row.bound)
		}
	}
}

func TestAnsweringAPushAllocatesNoMoreThanItsBound(t *testing.T) {
	raceskip.Allocations(t)
	const runs = 1000
	for _, mode := range []struct {
		name  string
		p     platform
		cfg   Config
		bound float64
	}{
		{"plain", plainPlatform(), plainConfig(), 9},
		{"safe", safePlatform(), safeConfig(), 13},
	} {
		h := newTestHandler(t, mode.cfg)
		handled := make(chan struct{}, runs+1)
		On(h, func(_ context.Context, m *TextMessage) (Reply, error) {
			handled <- struct{}{}
			return Text(m.Content), nil
		})
		push := []byte(textPush(1, "今天天气怎么样"))
		all := distinct(mode.p, push, bytes.Index(push, []byte("<MsgId>"))+len("<MsgId>"), runs+1)
		r, body, w := mode.p.request(context.Background(), string(push)), &reader{strings.NewReader("")}, &discard{header: http.Header{}}
		n := 0
		got := testing.AllocsPerRun(runs, func() {
			body.Reset(all[n].body)
			r.URL.RawQuery, r.Body, r.ContentLength = all[n].query, body, int64(len(all[n].body))
			n++
			h.ServeHTTP(w, r)
		})
		if got > mode.bound {
			t.Errorf("%s: %.0f allocations, must be %.0f", mode.name, got, mode.bound)
		}
		if len(handled) != runs+1 {
			t.Errorf("%s: %d of %d pushes were handled", mode.name, len(handled), runs+1)
		}
	}
}
