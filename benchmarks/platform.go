package benchmarks

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// host is where all SDKs send their calls to. Nothing of it leaves the machine: every
// transport is one of a Platform.
const host = "api.weixin.qq.com"

// Life is the lifetime of a token: what the platform says in seconds, and after what
// time a client fetches the next one.
type Life struct {
	ExpiresIn int
	Ends      time.Duration
}

// Platform is a fake of the few endpoints that are measured. It costs as little as it
// can, so that what is measured is the client.
type Platform struct {
	Latency      time.Duration // of a call
	TokenLatency time.Duration // of the token endpoints
	ExpiresIn    int           // of tokens, 7200 if 0
	Followers    int           // in the list
	Look         func()        // called while a body is transferred

	Requests      atomic.Int64 // calls, those for tokens not included
	TokenRequests atomic.Int64
	Down          atomic.Bool  // the token endpoints do not answer
	Blocked       atomic.Int64 // users put on the blacklist

	issued, revoked atomic.Int64

	transport http.RoundTripper // in memory, nil for the loopback
	server    *http.Server
	address   string
	roots     *x509.CertPool
	conns     connections
}

// InMemory makes a platform that is called without a network.
func InMemory() *Platform {
	p := &Platform{}
	p.transport = memory{p}
	return p
}

// OverTLS makes a platform on the loopback interface.
func OverTLS() (*Platform, error) {
	certificate, roots, err := certify(host)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // takes no time
	if err != nil {
		return nil, err
	}
	p := &Platform{address: listener.Addr().String(), roots: roots}
	p.server = &http.Server{
		Handler: p, ReadHeaderTimeout: time.Minute, ConnState: p.conns.note,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	go func() { _ = p.server.ServeTLS(listener, "", "") }()
	return p, nil
}

// Close ends the server of the platform.
func (p *Platform) Close() {
	if p.server != nil {
		_ = p.server.Close()
	}
}

// Transport returns t with its connections led to the platform, or what takes its
// place in memory.
func (p *Platform) Transport(t *http.Transport) http.RoundTripper {
	if p.transport != nil {
		return p.transport
	}
	t.Proxy = nil
	t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", p.address)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: p.roots, MinVersion: tls.VersionTLS12}
	return t
}

// Revoke makes the platform refuse all tokens that it has issued.
func (p *Platform) Revoke() { p.revoked.Store(p.issued.Load()) }

// Conns returns how many connections were opened, and how many were open at once at most.
func (p *Platform) Conns() (opened, most int) { return p.conns.read() }

// accepts reports whether the token in a query is one that is not revoked.
func (p *Platform) accepts(query string) bool {
	_, rest, _ := strings.Cut(query, "access_token=T")
	number, _, _ := strings.Cut(rest, "&")
	n, err := strconv.ParseInt(number, 10, 64)
	return err == nil && n > p.revoked.Load()
}

const (
	refused   = `{"errcode":40001,"errmsg":"invalid credential, access_token is invalid or not latest"}`
	sent      = `{"errcode":0,"errmsg":"ok","msgid":200228332}`
	uploaded  = `{"type":"image","media_id":"MEDIA_ID","created_at":1700000000}`
	mediaSize = 10 << 20
)

var errUnreachable = fmt.Errorf("the token endpoint is down: %w", syscall.ECONNREFUSED)

// answer returns the JSON of a call. Its body is read where that says what to answer.
func (p *Platform) answer(r *http.Request) (string, error) {
	switch r.URL.Path {
	case "/cgi-bin/token", "/cgi-bin/stable_token":
		return p.token()
	}
	p.Requests.Add(1)
	time.Sleep(p.Latency)
	if !p.accepts(r.URL.RawQuery) {
		drain(r.Body, p.Look)
		return refused, nil
	}
	switch r.URL.Path {
	case "/cgi-bin/user/info":
		return UserDocument, nil
	case "/cgi-bin/user/get":
		return p.openIDs(r.URL.Query().Get("next_openid")), nil
	case "/cgi-bin/user/info/batchget":
		return profiles(r.Body)
	case "/cgi-bin/message/template/send":
		drain(r.Body, p.Look)
		return sent, nil
	case "/cgi-bin/media/upload":
		drain(r.Body, p.Look)
		return uploaded, nil
	case "/cgi-bin/tags/members/batchblacklist":
		return p.block(r.Body)
	case "/cgi-bin/tags/members/getblacklist":
		return p.blacklist(r.Body)
	case "/datacube/getusersummary":
		return userSummaries(r.Body)
	}
	return "", errors.New("no such endpoint: " + r.URL.Path)
}

func (p *Platform) token() (string, error) {
	p.TokenRequests.Add(1)
	time.Sleep(p.TokenLatency)
	if p.Down.Load() {
		return "", errUnreachable
	}
	expires := p.ExpiresIn
	if expires == 0 {
		expires = 7200
	}
	return fmt.Sprintf(`{"access_token":"T%d","expires_in":%d}`, p.issued.Add(1), expires), nil
}

// ServeHTTP answers a call over the loopback.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := p.answer(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header()["Content-Type"] = contentType
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = io.WriteString(w, text)
}

var contentType = []string{"application/json; encoding=utf-8"}

// memory is the transport of a platform without a network.
type memory struct{ p *Platform }

func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r}
	if r.URL.Path == "/cgi-bin/media/get" {
		resp.Header = http.Header{"Content-Type": {"image/jpeg"}, "Content-Disposition": {`attachment; filename="a.jpg"`}}
		resp.ContentLength = mediaSize
		resp.Body = &content{left: mediaSize, look: m.p.Look}
		return resp, nil
	}
	text, err := m.p.answer(r)
	if r.Body != nil {
		_ = r.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	resp.Header = http.Header{"Content-Type": contentType}
	resp.ContentLength = int64(len(text))
	resp.Body = io.NopCloser(strings.NewReader(text))
	return resp, nil
}

// content is a file of zeros.
type content struct {
	left int
	look func()
}

func (c *content) Read(b []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b), c.left)
	if c.look != nil && c.left>>20 != (c.left-n)>>20 {
		c.look()
	}
	c.left -= n
	return n, nil
}

func (c *content) Close() error { return nil }

var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// drain reads a body to its end.
func drain(body io.Reader, look func()) {
	if body == nil {
		return
	}
	b, _ := buffers.Get().(*[]byte)
	defer buffers.Put(b)
	for total := 0; ; {
		n, err := body.Read(*b)
		if look != nil && total>>20 != (total+n)>>20 {
			look()
		}
		total += n
		if err != nil {
			return
		}
	}
}

const pageSize = 10000

// openIDs returns the page of followers behind one of them.
func (p *Platform) openIDs(behind string) string { return page(behind, pageSize, p.Followers) }

func page(behind string, size, total int) string {
	from := 0
	if behind != "" {
		n, _ := strconv.Atoi(strings.TrimPrefix(behind, openIDPrefix))
		from = n + 1
	}
	return OpenIDsDocument(from, min(size, total-from), total)
}

// The limits of the platform.
const (
	blacklistPage = 1000
	blockedAtOnce = 20
	summaryDays   = 7
)

var errTooMany = errors.New("more than the platform takes at once")

// block counts the users of a call that puts them on the blacklist.
func (p *Platform) block(body io.Reader) (string, error) {
	var in struct {
		OpenIDs []string `json:"openid_list"`
	}
	if err := json.NewDecoder(body).Decode(&in); err != nil {
		return "", err
	}
	if len(in.OpenIDs) > blockedAtOnce {
		return "", errTooMany
	}
	p.Blocked.Add(int64(len(in.OpenIDs)))
	return `{"errcode":0,"errmsg":"ok"}`, nil
}

// blacklist returns a page of the users that were put on it.
func (p *Platform) blacklist(body io.Reader) (string, error) {
	var in struct {
		Behind string `json:"begin_openid"`
	}
	if err := json.NewDecoder(body).Decode(&in); err != nil {
		return "", err
	}
	return page(in.Behind, blacklistPage, int(p.Blocked.Load())), nil
}

// userSummaries returns the new and lost followers of some days, from each source.
func userSummaries(body io.Reader) (string, error) {
	var in struct {
		From string `json:"begin_date"`
		To   string `json:"end_date"`
	}
	if err := json.NewDecoder(body).Decode(&in); err != nil {
		return "", err
	}
	from, err := time.Parse(time.DateOnly, in.From)
	if err != nil {
		return "", err
	}
	to, err := time.Parse(time.DateOnly, in.To)
	if err != nil {
		return "", err
	}
	if to.Sub(from) >= summaryDays*24*time.Hour {
		return "", errTooMany
	}
	var b strings.Builder
	b.WriteString(`{"list":[`)
	for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
		for i, source := range sources {
			if b.Len() > len(`{"list":[`) {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"ref_date":"%s","user_source":%d,"new_user":%d,"cancel_user":%d}`, day.Format(time.DateOnly), source, i+1, i)
		}
	}
	b.WriteString("]}")
	return b.String(), nil
}

// sources are the ways to follow an account.
var sources = []int{0, 1, 17, 30, 57, 100, 149, 161, 200, 201}

const openIDPrefix = "o6_bmjrPTlm6_2sgVt7h"

// followerID returns the openid of the follower of a number.
func followerID(n int) string { return fmt.Sprintf("%s%08d", openIDPrefix, n) }

// profiles returns the profiles of the users that a request asks for.
func profiles(body io.Reader) (string, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(`{"user_info_list":[`)
	for first := true; ; first = false { // encoding/json would cost the platform as much as the client
		_, rest, found := bytes.Cut(data, []byte(`"openid":"`))
		if !found {
			break
		}
		id, after, _ := bytes.Cut(rest, []byte(`"`))
		data = after
		if !first {
			b.WriteByte(',')
		}
		b.WriteString(userBefore)
		b.Write(id)
		b.WriteString(userAfter)
	}
	b.WriteString("]}")
	return b.String(), nil
}

// The documents of the benchmarks.
const (
	userBefore   = `{"subscribe": 1,"openid":"`
	userAfter    = `","nickname":"","sex":0,"language":"zh_CN","city":"广州","province":"广东","country":"中国","headimgurl":"http://thirdwx.qlogo.cn/mmopen/g3MonUZtNHkdmzicIlibx6iaFqAc56vxLSUfpb6n5WKSYVY0ChQKkiaJSgQ1dZuTOgvLLrhJbERQQ4eMsv84eavHiaiceqxibJxCfHe/0","subscribe_time":1382694957,"unionid":"o6_bmasdasdsad6_2sgVt7hMZOPfL","remark":"","groupid":0,"tagid_list":[128,2],"subscribe_scene":"ADD_SCENE_QR_CODE","qr_scene":98765,"qr_scene_str":""}`
	UserDocument = userBefore + OpenID + userAfter
)

// OpenIDsDocument returns a page of n openids.
func OpenIDsDocument(from, n, total int) string {
	ids := make([]string, max(n, 0))
	for i := range ids {
		ids[i] = followerID(from + i)
	}
	list, err := json.Marshal(ids)
	if err != nil {
		panic(err) // strings
	}
	next := ""
	if n > 0 {
		next = ids[n-1]
	}
	return fmt.Sprintf(`{"total":%d,"count":%d,"data":{"openid":%s},"next_openid":"%s"}`, total, len(ids), list, next)
}

// UsersDocument returns a batch of n profiles.
func UsersDocument(n int) string {
	return `{"user_info_list":[` + strings.TrimSuffix(strings.Repeat(UserDocument+",", n), ",") + `]}`
}

// connections counts the connections of a server.
type connections struct {
	mu                 sync.Mutex
	opened, open, most int
}

func (c *connections) note(_ net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.opened, c.open = c.opened+1, c.open+1
		c.most = max(c.most, c.open)
	case http.StateClosed, http.StateHijacked:
		c.open--
	}
}

func (c *connections) read() (opened, most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened, c.most
}

// certify makes a certificate for a name.
func certify(name string) (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots, nil
}
