package benchmarks

import (
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain makes sure that no request leaves the machine: the SDKs that use
// http.DefaultTransport get one that refuses, and in each benchmark that of a platform.
func TestMain(m *testing.M) {
	standard, _ = http.DefaultTransport.(*http.Transport)
	http.DefaultTransport = refusing{}
	os.Exit(m.Run())
}

var standard *http.Transport // http.DefaultTransport as net/http has it

type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errRefused }

// inMemory makes a platform for one SDK, which is called without a network.
func inMemory(tb testing.TB) *Platform {
	tb.Helper()
	p := InMemory()
	http.DefaultTransport = p.Transport(nil)
	tb.Cleanup(func() { http.DefaultTransport = refusing{} })
	return p
}

// overTLS makes a platform for one SDK on the loopback interface.
func overTLS(tb testing.TB) *Platform {
	tb.Helper()
	p, err := OverTLS()
	if err != nil {
		tb.Fatal(err)
	}
	t := standard.Clone()
	http.DefaultTransport = p.Transport(t)
	tb.Cleanup(func() {
		t.CloseIdleConnections()
		http.DefaultTransport = refusing{}
		p.Close()
	})
	return p
}

// client makes a client of an SDK, which is closed at the end.
func client(tb testing.TB, s SDK, p *Platform) Client {
	tb.Helper()
	c := s.Client(p)
	tb.Cleanup(func() {
		if c, ok := c.(io.Closer); ok {
			_ = c.Close()
		}
	})
	return c
}

// each runs a benchmark for all SDKs that have what it needs.
func each(b *testing.B, has func(SDK) bool, run func(b *testing.B, s SDK)) {
	b.Helper()
	for _, s := range SDKs {
		if has(s) {
			b.Run("sdk="+s.Name, func(b *testing.B) { run(b, s) })
		}
	}
}

func hasClient(s SDK) bool   { return s.Client != nil && !s.OnlyCalls }
func makesCalls(s SDK) bool  { return s.Client != nil }
func hasReceiver(s SDK) bool { return s.Receiver != nil }

// managesTokens leaves out plain resty, whose token never changes.
func managesTokens(s SDK) bool { return hasClient(s) && s.Name != plainResty.Name }

// does reports whether the clients of an SDK are a T too.
func does[T any](s SDK) bool {
	if !hasClient(s) {
		return false
	}
	http.DefaultTransport = InMemory().Transport(nil)
	defer func() { http.DefaultTransport = refusing{} }()
	c := s.Client(InMemory())
	_, ok := c.(T)
	if c, closes := c.(io.Closer); closes {
		_ = c.Close()
	}
	return ok
}

// counted are the results of rows that count instead of measuring time. Each is
// found once, however many times package testing runs the benchmark.
var counted sync.Map

// once reports what count finds, under the units that are its keys.
func once(b *testing.B, count func() map[string]float64) {
	b.Helper()
	result, found := counted.Load(b.Name())
	if !found {
		result = count()
		counted.Store(b.Name(), result)
	}
	units, _ := result.(map[string]float64)
	for unit, value := range units {
		b.ReportMetric(value, unit)
	}
	b.ReportMetric(0, "ns/op")
}

// push is a text message as it arrives.
type push struct{ query, body string }

// pushes makes n text messages that differ in their IDs.
func pushes(m Mode, n int) []push {
	all := make([]push, n)
	now := strconv.FormatInt(time.Now().Unix(), 10)
	for i := range all {
		nonce := strconv.Itoa(1000000 + i)
		text := "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>\n<FromUserName><![CDATA[" + OpenID + "]]></FromUserName>\n<CreateTime>" + now +
			"</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[" + question + "]]></Content>\n<MsgId>" + strconv.Itoa(23000000000000000+i) + "</MsgId>\n</xml>"
		query := "signature=" + signature(Token, now, nonce) + "&timestamp=" + now + "&nonce=" + nonce + "&openid=" + OpenID
		if m == Safe {
			sealed := seal([]byte(text))
			text = "<xml>\n<ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>\n<Encrypt><![CDATA[" + sealed + "]]></Encrypt>\n</xml>"
			query += "&encrypt_type=aes&msg_signature=" + signature(Token, now, nonce, sealed)
		}
		all[i] = push{query, text}
	}
	return all
}

const question = "今天天气怎么样"

// emptyRequest makes a request that deliver puts pushes into.
func emptyRequest() *http.Request {
	r, _ := http.NewRequest(http.MethodPost, "http://example.com/wechat", http.NoBody)
	r.RemoteAddr = "127.0.0.1:12345"
	r.Header.Set("Content-Type", "text/xml")
	r.RequestURI = "/wechat"
	return r
}

type reader struct{ strings.Reader }

func (*reader) Close() error { return nil }

// deliver puts a push into a request.
func deliver(r *http.Request, body *reader, p push) {
	body.Reset(p.body)
	r.URL.RawQuery, r.Body, r.ContentLength = p.query, body, int64(len(p.body))
}
