package callback

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/msgcrypt"
	"github.com/wechatoa/wechat/internal/testlog"
)

const (
	testToken   = "exampletoken"
	testKey     = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	testAppID   = "wx0000000000000001"
	testOpenID  = "o0000000000000000000000000001"
	testAccount = "gh_000000000001"
)

func safeConfig() Config {
	return Config{Credentials: NewCredentials(testToken, testKey), AppID: testAppID}
}

func plainConfig() Config {
	return Config{Mode: ModePlain, Credentials: NewCredentials(testToken, ""), AppID: testAppID}
}

func newTestHandler(t testing.TB, cfg Config) *Handler {
	t.Helper()
	h, err := NewHandler(cfg)
	require.NoError(t, err)
	return h
}

// platform sends pushes as the real platform does.
type platform struct {
	mode  Mode
	token string
	key   string
	appID string
	json  bool
}

func safePlatform() platform {
	return platform{mode: ModeSafe, token: testToken, key: testKey, appID: testAppID}
}

func plainPlatform() platform { return platform{mode: ModePlain, token: testToken, appID: testAppID} }

func mustKey(encoded string) msgcrypt.Key {
	key, err := msgcrypt.ParseKey(encoded)
	if err != nil {
		panic(err)
	}
	return key
}

// request returns one delivery of a push.
func (p platform) request(ctx context.Context, push string) *http.Request {
	timestamp, nonce := strconv.FormatInt(time.Now().Unix(), 10), msgcrypt.Nonce()
	query := url.Values{
		"timestamp": {timestamp}, "nonce": {nonce}, "openid": {testOpenID},
		"signature": {msgcrypt.Sign(p.token, timestamp, nonce)},
	}
	body := push
	if p.mode != ModePlain {
		encoded := mustKey(p.key).Encrypt([]byte(push), p.appID)
		query.Set("encrypt_type", "aes")
		query.Set("msg_signature", msgcrypt.Sign(p.token, timestamp, nonce, encoded))
		switch {
		case p.json:
			body = `{"ToUserName":"` + testAccount + `","Encrypt":"` + encoded + `"}`
		case p.mode == ModeCompatible:
			body = strings.Replace(push, "</xml>", "<Encrypt><![CDATA["+encoded+"]]></Encrypt></xml>", 1)
		default:
			body = "<xml><ToUserName><![CDATA[" + testAccount + "]]></ToUserName><Encrypt><![CDATA[" + encoded + "]]></Encrypt></xml>"
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/wechat?"+query.Encode(), strings.NewReader(body))
	return r.WithContext(ctx)
}

// read decrypts a response, with other code than that which wrote it. It returns ok = false
// for a response that the platform would not accept.
func (p platform) read(w *httptest.ResponseRecorder) (plain string, ok bool) {
	body := w.Body.String()
	switch {
	case w.Code != http.StatusOK:
		return "", false
	case body == "" || body == "success":
		return "", true
	case p.mode == ModePlain:
		return body, strings.HasPrefix(body, "<xml>") || strings.HasPrefix(body, "{")
	}
	encoded, signature := between(body, "<Encrypt><![CDATA[", "]]>"), between(body, "<MsgSignature><![CDATA[", "]]>")
	timestamp, nonce := between(body, "<TimeStamp>", "<"), between(body, "<Nonce><![CDATA[", "]]>")
	if p.json {
		encoded, signature = between(body, `"Encrypt":"`, `"`), between(body, `"MsgSignature":"`, `"`)
		timestamp, nonce = between(body, `"TimeStamp":`, ","), between(body, `"Nonce":"`, `"`)
	}
	if msgcrypt.Sign(p.token, timestamp, nonce, encoded) != signature {
		return "", false
	}
	message, err := mustKey(p.key).Decrypt(encoded, p.appID)
	return string(message), err == nil && len(message) > 0
}

func between(s, left, right string) string {
	_, s, _ = strings.Cut(s, left)
	s, _, _ = strings.Cut(s, right)
	return s
}

// sends delivers a push once and waits for the response.
func (p platform) sends(h http.Handler, push string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, p.request(context.Background(), push))
	return w
}

// seen is what a follower sees after sending a message.
type seen struct {
	reply    string        // decrypted; "" if there is none
	failed   bool          // the platform shows that the service is unavailable
	attempts int           // number of deliveries
	latest   time.Duration // time until the last response
}

// pushes delivers a push until there is a response: up to three times, waiting 5 seconds
// each time. If there are several handlers, they are replicas that take turns.
func (p platform) pushes(push string, handlers ...http.Handler) seen {
	var s seen
	for n := range deliveries {
		s.attempts++
		ctx, cancel := context.WithTimeout(context.Background(), platformWaits)
		w := httptest.NewRecorder()
		done := make(chan struct{})
		began := time.Now()
		go func() {
			defer close(done)
			handlers[n%len(handlers)].ServeHTTP(w, p.request(ctx, push))
		}()
		select {
		case <-done:
		case <-ctx.Done():
		}
		late := ctx.Err() != nil
		cancel()
		<-done
		if late {
			continue
		}
		s.latest = max(s.latest, time.Since(began))
		if reply, ok := p.read(w); ok {
			s.reply = reply
			return s
		}
		time.Sleep(time.Until(began.Add(interval)))
	}
	s.failed = true
	return s
}

func textPush(id int, content string) string {
	return fmt.Sprintf("<xml><ToUserName><![CDATA[%s]]></ToUserName><FromUserName><![CDATA[%s]]></FromUserName>"+
		"<CreateTime>%d</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[%s]]></Content><MsgId>%d</MsgId></xml>",
		testAccount, testOpenID, time.Now().Unix(), content, id)
}

func eventPush(event, key, more string) string {
	return fmt.Sprintf("<xml><ToUserName><![CDATA[%s]]></ToUserName><FromUserName><![CDATA[%s]]></FromUserName>"+
		"<CreateTime>%d</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[%s]]></Event><EventKey><![CDATA[%s]]></EventKey>%s</xml>",
		testAccount, testOpenID, time.Now().Unix(), event, key, more)
}

// journal collects what a handler reports.
type journal struct {
	mu     sync.Mutex
	events []Observation
	sent   []string
	log    testlog.Output
}

func (j *journal) observe(_ context.Context, e Observation) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
}

func (j *journal) send(_ context.Context, body []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sent = append(j.sent, string(body))
	return nil
}

func (j *journal) messages() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.sent...)
}

func (j *journal) outcomes() map[Outcome]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	counts := map[Outcome]int{}
	for _, e := range j.events {
		counts[e.Outcome]++
	}
	return counts
}

// counter handles texts and counts them.
type counter struct {
	mu   sync.Mutex
	runs int
}

func (c *counter) handle(context.Context, *TextMessage) (Reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs++
	return Text("runs " + strconv.Itoa(c.runs)), nil
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.runs
}

func answering(r Reply, err error) HandlerFunc {
	return func(context.Context, Message) (Reply, error) { return r, err }
}

// allocates returns the number of bytes that f allocates.
func allocates(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
