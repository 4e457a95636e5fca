package callback

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// discard is a ResponseWriter that does nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header             { return d.header }
func (d *discard) Write(p []byte) (int, error)     { return len(p), nil }
func (d *discard) WriteHeader(int)                 {}
func (d *discard) Flush()                          {}
func (d *discard) SetReadDeadline(time.Time) error { return nil }

// BenchmarkReply handles a text message and replies with a text, by calling the handler
// directly. The floor does the same by hand, without a library and without the safety
// checks of the handler.
func BenchmarkReply(b *testing.B) {
	for _, mode := range []struct {
		name  string
		p     platform
		cfg   Config
		floor func(r *http.Request, body []byte) []byte
	}{
		{"plain", plainPlatform(), plainConfig(), floorPlain},
		{"safe", safePlatform(), safeConfig(), floorSafe},
	} {
		r := mode.p.request(context.Background(), textPush(1, "今天天气怎么样"))
		body, _ := io.ReadAll(r.Body)
		push := []byte(textPush(1, "今天天气怎么样"))
		at := bytes.Index(push, []byte("<MsgId>")) + len("<MsgId>")
		b.Run(mode.name+"/floor", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mode.floor(r, body)
			}
		})
		b.Run(mode.name+"/handler", func(b *testing.B) {
			h := newTestHandler(b, mode.cfg)
			On(h, func(_ context.Context, m *TextMessage) (Reply, error) { return Text(m.Content), nil })
			w := &discard{header: http.Header{}}
			requests := distinct(mode.p, push, at, 4096)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if n++; n%len(requests) == 0 { // forget what was handled, so that no push is a duplicate
					if h.seen.sweeper != nil {
						h.seen.sweeper.Stop() // it would keep the old sightings in memory
					}
					h.seen = newSightings()
				}
				next := requests[n%len(requests)]
				r.URL.RawQuery, r.Body, r.ContentLength = next.query, &reader{strings.NewReader(next.body)}, int64(len(next.body))
				h.ServeHTTP(w, r)
			}
		})
	}
}

type reader struct{ *strings.Reader }

func (*reader) Close() error { return nil }

type sent struct{ query, body string }

// distinct returns pushes that differ in their MsgId.
func distinct(p platform, push []byte, at, n int) []sent {
	all := make([]sent, n)
	for i := range all {
		text := string(push[:at]) + strconv.Itoa(1000000+i) + string(push[at:])
		r := p.request(context.Background(), text)
		body, _ := io.ReadAll(r.Body)
		all[i] = sent{r.URL.RawQuery, string(body)}
	}
	return all
}

func floorSignature(parts ...string) string {
	sort.Strings(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

func floorText(body []byte) (from, to, content string) {
	s := string(body)
	return between(s, "<FromUserName><![CDATA[", "]]>"), between(s, "<ToUserName><![CDATA[", "]]>"), between(s, "<Content><![CDATA[", "]]>")
}

func floorReply(from, to, content string) []byte {
	out := make([]byte, 0, 512)
	out = append(out, "<xml><ToUserName><![CDATA["...)
	out = append(out, from...)
	out = append(out, "]]></ToUserName><FromUserName><![CDATA["...)
	out = append(out, to...)
	out = append(out, "]]></FromUserName><CreateTime>"...)
	out = strconv.AppendInt(out, time.Now().Unix(), 10)
	out = append(out, "</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA["...)
	out = append(out, content...)
	return append(out, "]]></Content></xml>"...)
}

func floorPlain(r *http.Request, body []byte) []byte {
	q, _ := url.ParseQuery(r.URL.RawQuery)
	if floorSignature(testToken, q.Get("timestamp"), q.Get("nonce")) != q.Get("signature") {
		panic("signature")
	}
	return floorReply(floorText(body))
}

var floorBlock, floorKey = func() (cipher.Block, []byte) {
	key, _ := base64.StdEncoding.DecodeString(testKey + "=")
	block, _ := aes.NewCipher(key)
	return block, key
}()

func floorSafe(r *http.Request, body []byte) []byte {
	q, _ := url.ParseQuery(r.URL.RawQuery)
	timestamp, nonce := q.Get("timestamp"), q.Get("nonce")
	encoded := between(string(body), "<Encrypt><![CDATA[", "]]>")
	if floorSignature(testToken, timestamp, nonce, encoded) != q.Get("msg_signature") {
		panic("signature")
	}
	plain, _ := base64.StdEncoding.DecodeString(encoded)
	cipher.NewCBCDecrypter(floorBlock, floorKey[:16]).CryptBlocks(plain, plain)
	reply := floorReply(floorText(plain[20 : 20+binary.BigEndian.Uint32(plain[16:])]))
	size := 20 + len(reply) + len(testAppID)
	padding := 32 - size%32
	sealed := make([]byte, 20, size+padding)
	binary.BigEndian.PutUint32(sealed[16:], uint32(len(reply)))
	sealed = append(append(sealed, reply...), testAppID...)
	sealed = append(sealed, bytes.Repeat([]byte{byte(padding)}, padding)...)
	cipher.NewCBCEncrypter(floorBlock, floorKey[:16]).CryptBlocks(sealed, sealed)
	encoded = base64.StdEncoding.EncodeToString(sealed)
	return []byte("<xml><Encrypt><![CDATA[" + encoded + "]]></Encrypt><MsgSignature><![CDATA[" + floorSignature(testToken, timestamp, nonce, encoded) +
		"]]></MsgSignature><TimeStamp>" + timestamp + "</TimeStamp><Nonce><![CDATA[" + nonce + "]]></Nonce></xml>")
}

func TestTheFloorOfTheBenchmarkDoesTheSame(t *testing.T) {
	for _, p := range []platform{plainPlatform(), safePlatform()} {
		cfg, floor := plainConfig(), floorPlain
		if p.mode == ModeSafe {
			cfg, floor = safeConfig(), floorSafe
		}
		h := newTestHandler(t, cfg)
		On(h, func(_ context.Context, m *TextMessage) (Reply, error) { return Text(m.Content), nil })
		r := p.request(t.Context(), textPush(1, "hello"))
		body, _ := io.ReadAll(r.Body)
		w := p.sends(h, textPush(1, "hello"))
		want, _ := p.read(w)
		w.Body = bytes.NewBuffer(floor(r, body))
		got, ok := p.read(w)
		if !ok || got != want {
			t.Errorf("floor: %s, handler: %s", got, want)
		}
	}
}
