package wechat

import (
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the platform's signatures are SHA-1
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wechatoa/wechat/internal/tokencache"
)

// TicketType is the type of a ticket.
type TicketType string

// The types of tickets.
const (
	TicketJSAPI TicketType = "jsapi"   // signs pages
	TicketCard  TicketType = "wx_card" // signs cards
)

// Ticket is a ticket as the platform issues it.
type Ticket struct {
	Ticket    Secret `json:"ticket"`
	ExpiresIn int64  `json:"expires_in"` // seconds; always 7200, even for a ticket that was issued earlier
}

// GetTicket fetches a ticket (获取sdk临时票据, 获取jsapi_ticket, 获取api_ticket). The
// platform limits these calls; prefer [Client.Ticket], which caches the ticket.
//
// https://developers.weixin.qq.com/doc/service/api/webdev/jssdk/api_getticket
func (c *Client) GetTicket(ctx context.Context, ticketType TicketType) (*Ticket, error) {
	if err := notEmpty("ticketType", string(ticketType)); err != nil {
		return nil, err
	}
	return do[Ticket](ctx, c, ticketRequest(ticketType))
}

func ticketRequest(ticketType TicketType) Request {
	return Request{Path: "/cgi-bin/ticket/getticket", Query: params("type", string(ticketType)), Idempotent: true}
}

// Ticket returns the account's ticket of this type (获取sdk临时票据, 获取jsapi_ticket,
// 获取api_ticket). It is cached and shared in the same way as the access_token. Use it
// only on the server; it must not reach a browser.
//
// https://developers.weixin.qq.com/doc/service/api/webdev/jssdk/api_getticket
func (c *Client) Ticket(ctx context.Context, ticketType TicketType) (Secret, error) {
	if err := first(c.invalid, checkContext(ctx), notEmpty("ticketType", string(ticketType))); err != nil {
		return "", err
	}
	value, err := c.tickets.of(ticketType).Token(ctx, "")
	return Secret(value), err
}

// TicketWithTTL is [Client.Ticket] with the remaining TTL of the ticket, for a program
// that passes it on (获取sdk临时票据, 获取jsapi_ticket, 获取api_ticket).
//
// https://developers.weixin.qq.com/doc/service/api/webdev/jssdk/api_getticket
func (c *Client) TicketWithTTL(ctx context.Context, ticketType TicketType) (ticket Secret, ttl time.Duration, err error) {
	if ticket, err = c.Ticket(ctx, ticketType); err == nil {
		ttl = c.tickets.of(ticketType).TTL(string(ticket))
	}
	return ticket, ttl, err
}

// TicketSource is an optional interface of a [TokenSource]. With it, the client also gets
// its tickets from the source, and caches each for its TTL. A [*Client] implements it.
type TicketSource interface {
	// TicketWithTTL returns a ticket of the account and its remaining TTL.
	TicketWithTTL(ctx context.Context, ticketType TicketType) (ticket Secret, ttl time.Duration, err error)
}

// ticketCaches holds a cache for each type of ticket.
type ticketCaches struct {
	client *Client
	shared *tokencache.Shared
	mu     sync.Mutex
	closed bool
	caches map[TicketType]*tokencache.Cache
}

func (t *ticketCaches) of(kind TicketType) *tokencache.Cache {
	t.mu.Lock()
	defer t.mu.Unlock()
	if cache, ok := t.caches[kind]; ok {
		return cache
	}
	source := &ticketSource{client: t.client, kind: kind}
	cfg := t.client.cacheConfig("ticket:"+string(kind), t.shared, source.fetch)
	cfg.Extend = true
	cache := tokencache.New(cfg)
	if t.closed {
		cache.Close()
	}
	if t.caches == nil {
		t.caches = map[TicketType]*tokencache.Cache{}
	}
	t.caches[kind] = cache
	return cache
}

func (t *ticketCaches) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, cache := range t.caches {
		cache.Close()
	}
}

// unsureTicketTTL limits the use of a ticket that may have been issued before it was
// first seen: the platform reports 7200 seconds even for an old one.
const unsureTicketTTL = 10 * time.Minute

// ticketSource fetches tickets and estimates their TTL. The age of a ticket is only
// known if the source has seen it replace another.
type ticketSource struct {
	client *Client
	kind   TicketType

	mu    sync.Mutex
	value string
	since time.Time // when value was first seen
	fresh bool      // value replaced another one, so since is when it was issued
}

func (s *ticketSource) fetch(ctx context.Context, mode tokencache.Mode) (string, time.Duration, error) {
	if other, ok := s.client.source.(TicketSource); ok {
		ticket, ttl, err := other.TicketWithTTL(ctx, s.kind)
		return string(ticket), ttl, err
	}
	req := ticketRequest(s.kind)
	req.fetchesToken, req.fetchesAhead = true, mode == tokencache.Ahead
	ticket, err := do[Ticket](ctx, s.client, req)
	if err != nil {
		return "", 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, ttl := time.Now(), seconds(ticket.ExpiresIn)
	if value := string(ticket.Ticket); value != s.value {
		s.fresh = s.value != ""
		s.value, s.since = value, now
	}
	if left := maxTokenTTL - now.Sub(s.since); s.fresh && left > 0 {
		ttl = min(ttl, left)
	} else {
		ttl = min(ttl, unsureTicketTTL)
	}
	return s.value, ttl, nil
}

// JSConfig is the argument of wx.config, ready to be marshaled as JSON into a page.
type JSConfig struct {
	AppID     string   `json:"appId"`
	Timestamp int64    `json:"timestamp"`
	Nonce     string   `json:"nonceStr"`
	Signature string   `json:"signature"`
	JSAPIList []string `json:"jsApiList"`
	Debug     bool     `json:"debug,omitempty"`
}

// SignPage signs a page for the JS-SDK (JS-SDK使用权限签名). pageURL is the URL that the
// browser shows, including the query; the fragment is ignored. apis are the functions
// that the page calls, such as "chooseImage".
//
// https://developers.weixin.qq.com/doc/service/guide/h5/jssdk
func (c *Client) SignPage(ctx context.Context, pageURL string, apis ...string) (*JSConfig, error) {
	if err := httpURL("pageURL", pageURL); err != nil {
		return nil, err
	}
	ticket, err := c.Ticket(ctx, TicketJSAPI)
	if err != nil {
		return nil, err
	}
	cfg := &JSConfig{AppID: c.cfg.appID, Timestamp: time.Now().Unix(), Nonce: newNonce(), JSAPIList: slices.Clone(apis)}
	if cfg.JSAPIList == nil {
		cfg.JSAPIList = []string{} // wx.config needs an array
	}
	cfg.Signature = signPage(string(ticket), cfg.Nonce, cfg.Timestamp, pageURL)
	return cfg, nil
}

func signPage(ticket, nonce string, timestamp int64, pageURL string) string {
	pageURL, _, _ = strings.Cut(pageURL, "#")
	return sha1Hex("jsapi_ticket=" + ticket + "&noncestr=" + nonce + "&timestamp=" + strconv.FormatInt(timestamp, 10) + "&url=" + pageURL)
}

// CardExtension is the signed cardExt of wx.addCard.
type CardExtension struct {
	Code        string `json:"code,omitempty"`
	OpenID      string `json:"openid,omitempty"`
	Timestamp   string `json:"timestamp"`
	Nonce       string `json:"nonce_str"`
	OuterString string `json:"outer_str,omitempty"`
	Signature   string `json:"signature"`
}

// String returns the JSON text that wx.addCard accepts as cardExt.
func (e CardExtension) String() string {
	data, _ := json.Marshal(e) //nolint:errchkjson // strings only, cannot fail
	return string(data)
}

// SignCard signs the cardExt of a card for wx.addCard (添加卡券签名). Pass "" for code
// and openID unless the card needs them.
//
// https://developers.weixin.qq.com/doc/service/guide/h5/jssdk
func (c *Client) SignCard(ctx context.Context, cardID, code, openID string) (*CardExtension, error) {
	if err := notEmpty("cardID", cardID); err != nil {
		return nil, err
	}
	ticket, err := c.Ticket(ctx, TicketCard)
	if err != nil {
		return nil, err
	}
	ext := &CardExtension{Code: code, OpenID: openID, Timestamp: strconv.FormatInt(time.Now().Unix(), 10), Nonce: newNonce()}
	ext.Signature = signCard(string(ticket), ext.Timestamp, cardID, ext.Nonce, code, openID)
	return ext, nil
}

// CardChoice is the signed argument of wx.chooseCard.
type CardChoice struct {
	ShopID    string `json:"shopId"`
	CardType  string `json:"cardType"`
	CardID    string `json:"cardId"`
	Timestamp int64  `json:"timestamp"`
	Nonce     string `json:"nonceStr"`
	SignType  string `json:"signType"`
	CardSign  string `json:"cardSign"`
}

// SignCardChoice signs the argument of wx.chooseCard (拉取适用卡券列表签名). Each
// parameter restricts the list of cards; pass "" for no restriction.
//
// https://developers.weixin.qq.com/doc/service/guide/h5/jssdk
func (c *Client) SignCardChoice(ctx context.Context, shopID, cardID, cardType string) (*CardChoice, error) {
	ticket, err := c.Ticket(ctx, TicketCard)
	if err != nil {
		return nil, err
	}
	choice := &CardChoice{
		ShopID: shopID, CardType: cardType, CardID: cardID,
		Timestamp: time.Now().Unix(), Nonce: newNonce(), SignType: "SHA1",
	}
	choice.CardSign = signCard(string(ticket), c.cfg.appID, shopID, strconv.FormatInt(choice.Timestamp, 10), choice.Nonce, cardID, cardType)
	return choice, nil
}

// signCard signs the sorted values, joined without a separator.
func signCard(values ...string) string {
	slices.Sort(values)
	return sha1Hex(strings.Join(values, ""))
}

func sha1Hex(s string) string {
	sum := sha1.Sum([]byte(s)) //nolint:gosec // the platform's signatures are SHA-1
	return hex.EncodeToString(sum[:])
}

func newNonce() string { return randomHex(8) }

// randomHex returns n random bytes as 2n hexadecimal digits.
func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}
