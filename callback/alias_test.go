package callback

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type contextKey struct{}

// kept is what a handler and the programs around it may keep for ever.
type kept struct {
	message Message
	raw     []byte
	ctx     context.Context
	reply   TextReply
	header  http.Header
	body    []byte
	seen    string // all of it, when it was new
}

// describe prints everything that is kept, with copies of all texts.
func (k *kept) describe() string {
	return fmt.Sprintf("%#v %s %s %s %s %v", reflect.ValueOf(k.message).Elem(), k.raw, k.reply.Content,
		k.body, k.header["Content-Length"], k.ctx.Value(contextKey{}))
}

// keeper is a writer that keeps the header that it is given, as middleware may.
type keeper struct {
	header http.Header
	body   bytes.Buffer
}

func (w *keeper) Header() http.Header         { return w.header }
func (w *keeper) Write(p []byte) (int, error) { return w.body.Write(p) }
func (w *keeper) WriteHeader(int)             {}
func (w *keeper) Flush()                      {}

// TestWhatAHandlerKeepsNeverChanges: messages, their documents, contexts, replies and headers
// that the program keeps are its own. 1,000 further pushes, of other texts and lengths, valid
// and malformed, at once, do not change them; nor does anything that the program does to
// them change a later push.
func TestWhatAHandlerKeepsNeverChanges(t *testing.T) {
	for name, test := range map[string]struct {
		p   platform
		cfg Config
	}{
		"plain": {plainPlatform(), plainConfig()},
		"safe":  {safePlatform(), safeConfig()},
		"JSON":  {func() platform { p := safePlatform(); p.json = true; return p }(), safeConfig()},
	} {
		h := newTestHandler(t, test.cfg)
		var mu sync.Mutex
		all := map[string]*kept{}
		h.Fallback(func(ctx context.Context, m Message) (Reply, error) {
			k := &kept{message: m, raw: m.Meta().Raw, ctx: ctx, reply: TextReply{"答 " + contentOf(m)}}
			mu.Lock()
			defer mu.Unlock()
			all[contentOf(m)] = k
			return k.reply, nil
		})
		send := func(id int, content string) {
			push := fmt.Sprintf("<xml><ToUserName>%s</ToUserName><FromUserName>o-%d</FromUserName><CreateTime>%d</CreateTime>"+
				"<MsgType>text</MsgType><Content><![CDATA[%s]]></Content><MsgId>%d</MsgId></xml>", testAccount, id, 1_700_000_000, content, id)
			if test.p.json {
				push = fmt.Sprintf(`{"ToUserName":%q,"FromUserName":"o-%d","CreateTime":%d,"MsgType":"text","Content":%q,"MsgId":%d}`, testAccount, id, 1_700_000_000, content, id)
			}
			w := &keeper{header: http.Header{}}
			r := test.p.request(context.WithValue(context.Background(), contextKey{}, "request "+content), push)
			h.ServeHTTP(w, r)
			mu.Lock()
			defer mu.Unlock()
			k := all[content]
			if k == nil {
				t.Errorf("%s: %q was not handled", name, content)
				return
			}
			k.header, k.body = w.header, w.body.Bytes()
		}
		const first = 20
		for i := range first {
			send(i+1, strings.Repeat(string(rune('a'+i)), 10*i+1))
		}
		require.Len(t, all, first, name)
		early := map[string]*kept{}
		for content, k := range all {
			k.seen, early[content] = k.describe(), k
			assert.Contains(t, k.seen, content)
			assert.Equal(t, "request "+content, k.ctx.Value(contextKey{}))
		}
		var sending sync.WaitGroup
		for c := range 4 {
			sending.Go(func() {
				for i := range 250 {
					id := 1000*(c+1) + i
					send(id, strconv.Itoa(id)+strings.Repeat("Z", id%700))
					h.ServeHTTP(httptest.NewRecorder(), test.p.request(context.Background(), "<xml><MsgType>text</MsgType>"))
				}
			})
		}
		sending.Wait()
		require.Len(t, all, first+1000, name)
		for content, k := range early {
			assert.Equal(t, k.seen, k.describe(), "%s: %q", name, content)
		}
		for _, k := range all { // what the program does to its own
			for i := range k.raw {
				k.raw[i] = '~'
			}
			for i := range k.body {
				k.body[i] = '~'
			}
			for key, values := range k.header {
				if key != "X-Content-Type-Options" {
					values[0] = "~"
				}
			}
		}
		send(9999, "afterwards")
		last := all["afterwards"]
		assert.Contains(t, string(last.raw), "afterwards", name)
		assert.NotContains(t, last.describe(), "~", name)
		assert.Equal(t, strconv.Itoa(len(last.body)), last.header.Get("Content-Length"), name)
	}
}

func contentOf(m Message) string {
	text, ok := m.(*TextMessage)
	if !ok {
		return fmt.Sprintf("%T", m)
	}
	return text.Content
}
