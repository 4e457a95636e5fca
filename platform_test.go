package wechat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/spec"
	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/wechattest"
)

// TestEveryCallReachesThePlatformAndComesBack sends every call over a loopback
// connection to the fake platform. What the calls name (users, media, drafts) does
// not exist there for the most part: a refusal is an answer too, if the SDK reads it.
func TestEveryCallReachesThePlatformAndComesBack(t *testing.T) {
	reached := map[string]bool{}
	answered, refused := 0, 0
	for _, row := range wechat.Rows() {
		t.Run(row.Name, func(t *testing.T) {
			srv := wechattest.NewServer(t) // fails the test for a path that it does not know
			c := srv.Client(wechat.WithRetry(wechat.RetryPolicy{MaxAttempts: 1}))
			_, err := row.Call(t.Context(), c)
			var refusal *wechat.Error
			var missing *wechat.RequestError
			switch {
			case err == nil:
				answered++
			case errors.As(err, &missing) && missing.Path == "/cgi-bin/showqrcode" && missing.Status == http.StatusNotFound:
				refused++ // the way of pictures to say that they do not exist
			case errors.As(err, &refusal):
				refused++
				assert.NotEqual(t, wechat.Code(40066), refusal.Code, "unknown path")
				assert.NotContains(t, []wechat.Code{1, 47001, 40033, 41005, 43001, 43002, 43003, 44002}, refusal.Code, "malformed request: %v", err)
			default:
				t.Errorf("%T: %v", err, err)
			}
			for _, call := range srv.Calls() {
				reached[call.Method+" "+call.Path] = true
			}
		})
	}
	endpoints, found := 0, 0
	for _, e := range spec.All() {
		if !e.Sidebar {
			continue
		}
		endpoints++
		if reached[e.Method+" "+e.Path] {
			found++
		} else {
			t.Errorf("%s %s was not called", e.Method, e.Path)
		}
	}
	t.Logf("%d/%d endpoints; %d calls answered, %d refused by name", found, endpoints, answered, refused)
}

// TestNothingSecretIsShownUnderAnyFault plays every fault of the platform against
// calls of every kind, and looks for secrets in all that comes out.
func TestNothingSecretIsShownUnderAnyFault(t *testing.T) { eachWay(t, nothingSecretIsShown) }

// eachWay runs a test once for each way of sending.
func eachWay(t *testing.T, test func(t *testing.T, way wechat.Option)) {
	t.Helper()
	for name, way := range wechat.Ways {
		t.Run(name, func(t *testing.T) { test(t, way) })
	}
}

func nothingSecretIsShown(t *testing.T, way wechat.Option) {
	t.Helper()
	all := map[string]func(ctx context.Context, c *wechat.Client) error{
		"/cgi-bin/stable_token": func(ctx context.Context, c *wechat.Client) error {
			_, err := c.GetStableAccessToken(ctx)
			return err
		},
		"/cgi-bin/user/info": func(ctx context.Context, c *wechat.Client) error {
			_, err := c.GetUser(ctx, "o0000000000000000000000000001")
			return err
		},
		"/cgi-bin/message/template/send": func(ctx context.Context, c *wechat.Client) error {
			_, err := c.SendTemplateMessage(ctx, wechat.TemplateMessage{OpenID: "o1", TemplateID: "t"})
			return err
		},
		"/cgi-bin/media/upload": func(ctx context.Context, c *wechat.Client) error {
			_, err := c.UploadMedia(ctx, wechat.MediaImage, wechat.File{Name: "a.png", Content: strings.NewReader("png")})
			return err
		},
		"/cgi-bin/media/get": func(ctx context.Context, c *wechat.Client) error {
			_, err := c.DownloadMedia(ctx, "media", io.Discard)
			return err
		},
		"/cgi-bin/ticket/getticket": func(ctx context.Context, c *wechat.Client) error {
			_, err := c.Ticket(ctx, wechat.TicketJSAPI)
			return err
		},
		"/sns/oauth2/access_token": nil, // below, with a code of the platform's
		"/sns/oauth2/refresh_token": func(ctx context.Context, c *wechat.Client) error {
			_, err := c.RefreshOAuthToken(ctx, "REFRESH-CANARY")
			return err
		},
		"/sns/userinfo": func(ctx context.Context, c *wechat.Client) error {
			_, err := c.GetOAuthUser(ctx, "USERTOKEN-CANARY", "o1")
			return err
		},
		"/cgi-bin/clear_quota/v2": func(ctx context.Context, c *wechat.Client) error { return c.ClearQuotaBySecret(ctx) },
	}
	failures := 0
	for _, fault := range wechattest.Faults() {
		for path, call := range all {
			synctest.Test(t, func(t *testing.T) {
				p := wechattest.NewPlatform(wechattest.WithAccount("wx0000000000000001", "SECRET-CANARY"))
				defer p.Close()
				var out output
				c := p.Client(
					way,
					wechat.WithLogger(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))),
					wechat.WithObserver(func(_ context.Context, a wechat.Attempt) { out.show(a, a.Err) }),
				)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				code := authorized(t, p, c)
				if path == "/sns/oauth2/access_token" {
					call = func(ctx context.Context, c *wechat.Client) error {
						token, err := c.ExchangeOAuthCode(ctx, code)
						out.show(token)
						return err
					}
				}
				fault.Times = 3
				p.InjectFault(path, fault)
				if fault.Name == "token refused" {
					p.RevokeTokens()
				}
				if err := call(ctx, c); err != nil {
					failures++
					out.show(err)
				}
				out.show(c)
				secrets := []string{"CANARY", string(code), p.Token, p.EncodingAESKey}
				for _, seen := range p.Calls() {
					if seen.Token != "" {
						secrets = append(secrets, seen.Token)
					}
					var issued struct {
						AccessToken  string `json:"access_token"`
						RefreshToken string `json:"refresh_token"`
						Ticket       string `json:"ticket"`
					}
					if json.Unmarshal(seen.Response, &issued) == nil {
						for _, s := range []string{issued.AccessToken, issued.RefreshToken, issued.Ticket} {
							if s != "" {
								secrets = append(secrets, s)
							}
						}
					}
				}
				for _, secret := range secrets {
					assert.NotContains(t, out.String(), secret, "%s under %q", path, fault.Name)
				}
			})
		}
	}
	assert.Greater(t, failures, 100)
}

// authorized returns the code of a user who has agreed.
func authorized(t *testing.T, p *wechattest.Platform, c *wechat.Client) wechat.Secret {
	t.Helper()
	address, err := c.OAuthURL(wechat.OAuthURLRequest{
		RedirectURL: "https://shop.example.com/", Scope: wechat.OAuthScopeUserInfo, State: wechat.NewOAuthState(),
	})
	require.NoError(t, err)
	back, err := p.AddUser(wechattest.User{}).Authorizes(address)
	require.NoError(t, err)
	u, err := url.Parse(back)
	require.NoError(t, err)
	return wechat.Secret(u.Query().Get("code"))
}

// output collects everything that is printed.
type output struct{ testlog.Output }

// show prints values in every way there is, and the errors inside of them.
func (o *output) show(values ...any) {
	log := slog.New(slog.NewTextHandler(o, nil))
	for _, v := range values {
		for v != nil {
			_, _ = fmt.Fprintf(o, "%v\n%+v\n%#v\n%s\n%q\n", v, v, v, v, v)
			if data, err := json.Marshal(v); err == nil {
				_, _ = o.Write(data)
			}
			log.Info("value", "v", v)
			err, _ := v.(error)
			v = nil
			if inner := errors.Unwrap(err); inner != nil {
				v = inner
			}
		}
	}
}

func TestAThousandCallersOfAColdClientFetchOneToken(t *testing.T) { eachWay(t, coldHerd) }

func coldHerd(t *testing.T, way wechat.Option) {
	t.Helper()
	srv := wechattest.NewServer(t)
	alice := srv.AddUser(wechattest.User{})
	c := srv.Client(way, wechat.WithTimeout(5*time.Minute)) // a busy machine takes long for so many at once
	failed := herd(1000, func() error { _, err := c.GetUser(t.Context(), alice.OpenID); return err })
	assert.Zero(t, failed)
	assert.Equal(t, 1, srv.CallCount("/cgi-bin/stable_token"))
	assert.Equal(t, 1000, srv.CallCount("/cgi-bin/user/info"))
}

func TestARevokedTokenIsRefreshedOnceForFiveHundredCallers(t *testing.T) { eachWay(t, revokedHerd) }

func revokedHerd(t *testing.T, way wechat.Option) {
	t.Helper()
	srv := wechattest.NewServer(t)
	alice := srv.AddUser(wechattest.User{})
	c := srv.Client(way, wechat.WithTimeout(5*time.Minute)) // a busy machine takes long for so many at once
	_, err := c.GetUser(t.Context(), alice.OpenID)
	require.NoError(t, err)
	srv.RevokeTokens()
	failed := herd(500, func() error { _, err := c.GetUser(t.Context(), alice.OpenID); return err })
	assert.Zero(t, failed)
	assert.Equal(t, 2, srv.CallCount("/cgi-bin/stable_token"), "one at the start, one for all 500")
}

// herd makes n calls at once and returns how many failed.
func herd(n int, call func() error) (failed int) {
	var all sync.WaitGroup
	errs := make(chan error, n)
	start := make(chan struct{})
	for range n {
		all.Go(func() {
			<-start
			errs <- call()
		})
	}
	close(start)
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			failed++
		}
	}
	return failed
}
