package benchmarks

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/internal/wirejson"
)

// ours is this SDK as it comes, with an observer: nothing is switched off.
var ours = SDK{
	Name:     "ours",
	Client:   func(p *Platform) Client { return newOurClient(p, wechat.WithHTTPClient, observed) },
	Receiver: ourReceiver,
	Decode: Decoders{
		User: func(d []byte) error { return decodeInto(d, new(wechat.User)) },
		OpenIDs: func(d []byte) error {
			return decodeInto(d, new(struct {
				Total int64 `json:"total"`
				Count int64 `json:"count"`
				Data  struct {
					OpenIDs []string `json:"openid"`
				} `json:"data"`
				Next string `json:"next_openid"`
			}))
		},
		Users: func(d []byte) error {
			return decodeInto(d, new(struct {
				Users []wechat.User `json:"user_info_list"`
			}))
		},
	},
	Deduplicates: true,
	ShortLife:    Life{34, 31 * time.Second}, // refreshed a tenth before its end, no sooner than after 30 seconds
}

// unobserved is this SDK without an observer, which none of the others has.
var unobserved = SDK{
	Name:      "unobserved",
	Client:    func(p *Platform) Client { return newOurClient(p, wechat.WithHTTPClient) },
	OnlyCalls: true,
}

// oursOnResty is this SDK with a resty client that the program has brought.
var oursOnResty = SDK{
	Name:   "oursonresty",
	Client: func(p *Platform) Client { return newOurClient(p, onResty, observed) },
}

// observed gives an SDK an observer.
var observed = wechat.WithObserver(func(context.Context, wechat.Attempt) {})

// onResty gives an SDK a resty client instead of an http.Client.
func onResty(h *http.Client) wechat.Option { return wechat.WithRestyClient(resty.NewWithClient(h)) }

func decodeInto(document []byte, out any) error {
	answer, err := wirejson.Decode(document, out)
	if err != nil {
		return err
	}
	return refusal(answer.Refusal.Code)
}

type ourClient struct{ c *wechat.Client }

func newOurClient(p *Platform, with func(*http.Client) wechat.Option, more ...wechat.Option) *ourClient {
	h := &http.Client{Transport: p.Transport(wechat.NewTransport())}
	return &ourClient{wechat.NewClient(AppID, AppSecret, append(more, with(h))...)}
}

func (c *ourClient) GetUser(ctx context.Context, openID string) (string, error) {
	user, err := c.c.GetUserInLanguage(ctx, openID, wechat.LanguageZHCN)
	if err != nil {
		return "", err
	}
	return user.OpenID, nil
}

func (c *ourClient) SendTemplate(ctx context.Context, openID string) (int64, error) {
	return c.c.SendTemplateMessage(ctx, wechat.TemplateMessage{
		OpenID: openID, TemplateID: templateID, Data: wechat.TemplateData{}.Set("thing1", thing).Set("amount2", amount),
	})
}

func (c *ourClient) Upload(ctx context.Context, path string) error {
	_, err := c.c.UploadMedia(ctx, wechat.MediaImage, wechat.OpenFile(path))
	return err
}

func (c *ourClient) Download(ctx context.Context, mediaID string, w io.Writer) error {
	_, err := c.c.DownloadMedia(ctx, mediaID, w)
	return err
}

func (c *ourClient) Followers(ctx context.Context, each func(openID string)) error {
	for user, err := range c.c.AllFollowers(ctx) {
		if err != nil {
			return err
		}
		each(user.OpenID)
	}
	return nil
}

func (c *ourClient) Block(ctx context.Context, openIDs []string) error {
	return c.c.AddToBlacklist(ctx, openIDs...)
}

func (c *ourClient) Blacklist(ctx context.Context, each func(openID string)) error {
	for openID, err := range c.c.AllBlacklist(ctx) {
		if err != nil {
			return err
		}
		each(openID)
	}
	return nil
}

func (c *ourClient) NewFollowers(ctx context.Context, from, to time.Time, each func(day string, n int64)) error {
	for row, err := range c.c.AllUserSummaries(ctx, wechat.DateOf(from), wechat.DateOf(to)) {
		if err != nil {
			return err
		}
		each(row.RefDate.String(), row.NewFollowers)
	}
	return nil
}

// Close ends the client.
func (c *ourClient) Close() error { return c.c.Close() }

func ourReceiver(m Mode) http.Handler {
	cfg := callback.Config{Mode: callback.ModePlain, AppID: AppID, Credentials: callback.NewCredentials(Token, "")}
	if m == Safe {
		cfg.Mode, cfg.Credentials = callback.ModeSafe, callback.NewCredentials(Token, AESKey)
	}
	h, err := callback.NewHandler(cfg)
	if err != nil {
		panic(err)
	}
	callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.Text(m.Content), nil
	})
	return h
}
