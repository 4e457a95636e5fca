package tokenservice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/tokenservice"
	"github.com/wechatoa/wechat/wechattest"
)

func TestAProgramWithAKeyGetsTokenAndTicketWithWhatIsLeftOfTheirLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		body := `{"appid":"` + f.AppID + `"}`
		first := post(t, f.service, "/token", shopKey, body)
		require.Equal(t, http.StatusOK, first.status, first.text)
		assert.Equal(t, 7200, *first.Expires)
		assert.Equal(t, "no-store", first.header.Get("Cache-Control"))
		assert.Equal(t, "application/json", first.header.Get("Content-Type"))

		time.Sleep(1000 * time.Second)
		again := post(t, f.service, "/token", shopKey, body)
		assert.Equal(t, first.Token, again.Token)
		assert.Equal(t, 6200, *again.Expires)

		for _, kind := range []string{"jsapi", "wx_card"} {
			ticket := post(t, f.service, "/ticket", shopKey, `{"appid":"`+f.AppID+`","type":"`+kind+`"}`)
			require.Equal(t, http.StatusOK, ticket.status, ticket.text)
			assert.NotEmpty(t, ticket.Ticket)
			assert.Positive(t, *ticket.Expires)
			assert.Empty(t, ticket.Token)
		}
		assert.Equal(t, 1, f.CallCount(stable))
	})
}

func TestEveryOtherRequestIsRefusedWithItsReasonAndNothingElse(t *testing.T) {
	f := newFixture(t)
	good := `{"appid":"` + f.AppID + `"}`
	token := post(t, f.service, "/token", shopKey, good).Token
	require.NotEmpty(t, token)
	huge := `{"appid":"` + f.AppID + `","rejected":"` + strings.Repeat("x", 5000) + `"}`
	for name, c := range map[string]struct {
		path, key, body string
		status          int
		reason          string
	}{
		"no key":                {"/token", "", good, 401, "unauthorized"},
		"beginning of a key":    {"/token", shopKey[:len(shopKey)-1], good, 401, "unauthorized"},
		"more than a key":       {"/token", shopKey + "0", good, 401, "unauthorized"},
		"key in other letters":  {"/token", strings.ToLower(shopKey), good, 401, "unauthorized"},
		"no key, no path":       {"/admin", "", good, 401, "unauthorized"},
		"path":                  {"/", shopKey, good, 404, "not_found"},
		"unclean path":          {"//token", shopKey, good, 404, "not_found"},
		"account of others":     {"/token", otherKey, good, 403, "forbidden"},
		"unknown account":       {"/token", shopKey, `{"appid":"wx0000000000000404"}`, 404, "unknown_account"},
		"own, unknown account":  {"/token", otherKey, `{"appid":"wx0000000000000404"}`, 404, "unknown_account"},
		"no account":            {"/token", shopKey, `{}`, 400, "bad_request"},
		"strange account":       {"/token", shopKey, `{"appid":"../secret"}`, 400, "bad_request"},
		"no JSON":               {"/token", shopKey, `appid=` + f.AppID, 400, "bad_request"},
		"two documents":         {"/token", shopKey, good + good, 400, "bad_request"},
		"unknown field":         {"/token", shopKey, `{"appid":"` + f.AppID + `","force":true}`, 400, "bad_request"},
		"empty":                 {"/token", shopKey, ``, 400, "bad_request"},
		"large":                 {"/token", shopKey, huge, 413, "too_large"},
		"type of a token":       {"/token", shopKey, `{"appid":"` + f.AppID + `","type":"jsapi"}`, 400, "bad_request"},
		"rejected ticket":       {"/ticket", shopKey, `{"appid":"` + f.AppID + `","type":"jsapi","rejected":"x"}`, 400, "bad_request"},
		"ticket without a type": {"/ticket", shopKey, good, 400, "bad_request"},
		"strange type":          {"/ticket", shopKey, `{"appid":"` + f.AppID + `","type":"x"}`, 400, "bad_request"},
	} {
		got := post(t, f.service, c.path, c.key, c.body)
		assert.Equal(t, c.status, got.status, name)
		assert.Equal(t, c.reason, got.Error, name)
		assert.NotEmpty(t, got.Message, name)
		assert.Nil(t, got.Expires, name)
		assert.NotContains(t, got.text, token, name)
		assert.Equal(t, "no-store", got.header.Get("Cache-Control"), name)
		assert.Empty(t, got.header.Get("Location"), name)
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions} {
		r := httptest.NewRequestWithContext(t.Context(), method, "/token", strings.NewReader(good))
		r.Header.Set("Authorization", "Bearer "+shopKey)
		got := exchange(t, f.service, r)
		assert.Equal(t, http.StatusMethodNotAllowed, got.status, method)
		assert.Equal(t, http.MethodPost, got.header.Get("Allow"))
	}
	basic := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/token", strings.NewReader(good))
	basic.Header.Set("Authorization", "Basic "+shopKey)
	refused := exchange(t, f.service, basic)
	assert.Equal(t, http.StatusUnauthorized, refused.status)
	assert.Equal(t, "Bearer", refused.header.Get("WWW-Authenticate"))
	assert.Equal(t, 1, f.CallCount(stable))
}

func TestAKeyIsReplacedWithoutAGapAndTheOldOneEnds(t *testing.T) {
	f := newFixture(t)
	body := `{"appid":"` + f.AppID + `"}`
	status := func(key string) int { return post(t, f.service, "/token", key, body).status }
	program := func(keys ...wechat.Secret) []tokenservice.Program {
		return []tokenservice.Program{{Name: "shop", Keys: keys}}
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	served := atomic.Int32{}
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if assert.Equal(t, http.StatusOK, status(shopKey)) {
						served.Add(1)
					}
				}
			}
		})
	}
	for range 50 {
		require.NoError(t, f.service.SetPrograms(program(newKey, shopKey)))
		require.NoError(t, f.service.SetPrograms(program(shopKey)))
	}
	close(stop)
	all.Wait()
	require.NoError(t, f.service.SetPrograms(program(shopKey, newKey)))
	assert.Equal(t, []int{200, 200}, []int{status(shopKey), status(newKey)})
	require.NoError(t, f.service.SetPrograms(program(newKey)))
	assert.Equal(t, []int{401, 200, 401}, []int{status(shopKey), status(newKey), status(otherKey)})
	require.Error(t, f.service.SetPrograms(program("short")))
	assert.Equal(t, http.StatusOK, status(newKey), "a wrong list changes nothing")
	require.NoError(t, f.service.SetPrograms(nil))
	assert.Equal(t, http.StatusUnauthorized, status(newKey))
}

func TestAProgramBeyondItsLimitWaitsAndHarmsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		programs := []tokenservice.Program{
			{Name: "shop", Keys: []wechat.Secret{shopKey}, PerMinute: 60}, {Name: "other", Keys: []wechat.Secret{otherKey}},
		}
		require.NoError(t, f.service.SetPrograms(programs))
		body := `{"appid":"` + f.AppID + `"}`
		statuses := map[int]int{}
		for range 600 { // a minute
			got := post(t, f.service, "/token", shopKey, body)
			statuses[got.status]++
			if got.status == http.StatusTooManyRequests {
				assert.Equal(t, "rate_limited", got.Error)
				assert.Equal(t, "1", got.header.Get("Retry-After"))
			}
			require.NoError(t, f.service.SetPrograms(programs), "which gives nothing back")
			time.Sleep(100 * time.Millisecond)
		}
		assert.InDelta(t, 60+60, statuses[http.StatusOK], 2)
		assert.Equal(t, 600, statuses[http.StatusOK]+statuses[http.StatusTooManyRequests])
		assert.Equal(t, http.StatusOK, post(t, f.service, "/token", otherKey, body).status)
	})
}

func TestARejectedTokenIsReplacedOnceForAllPrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		old := post(t, f.service, "/token", shopKey, `{"appid":"`+f.AppID+`"}`).Token
		f.RevokeTokens()
		var all sync.WaitGroup
		var tokens sync.Map
		for range 100 {
			all.Go(func() {
				got := post(t, f.service, "/token", shopKey, `{"appid":"`+f.AppID+`","rejected":"`+old+`"}`)
				assert.Equal(t, http.StatusOK, got.status)
				tokens.Store(got.Token, true)
			})
		}
		all.Wait()
		assert.Equal(t, 2, f.CallCount(stable))
		n := 0
		tokens.Range(func(token, _ any) bool {
			n++
			return assert.NotEqual(t, old, token)
		})
		assert.Equal(t, 1, n)
	})
}

func TestEachRequestIsOneLineOfTheLogWithoutKeyAndToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		body := `{"appid":"` + f.AppID + `"}`
		token := post(t, f.service, "/token", shopKey, body).Token
		ticket := post(t, f.service, "/ticket", shopKey, `{"appid":"`+f.AppID+`","type":"jsapi"}`).Ticket
		post(t, f.service, "/token", shopKey, `{"appid":"`+f.AppID+`","rejected":"`+token+`"}`)
		post(t, f.service, "/token", otherKey, body)
		for range 1000 {
			post(t, f.service, "/token", "KEY-CANARY-of-a-stranger", body)
		}
		time.Sleep(time.Minute)
		post(t, f.service, "/token", "", body)
		lines := strings.Split(strings.TrimSpace(f.log.String()), "\n")
		require.Len(t, lines, 4+60+1)
		for i, want := range []string{
			"level=INFO msg=\"tokenservice: request\" program=shop app_id=" + f.AppID + " what=token outcome=ok renewal=false",
			"program=shop app_id=" + f.AppID + " what=\"ticket jsapi\" outcome=ok",
			"what=token outcome=ok renewal=true",
			"level=WARN msg=\"tokenservice: request\" program=other app_id=" + f.AppID + " what=token outcome=forbidden",
			"program=\"\" app_id=\"\" what=\"\" outcome=unauthorized",
		} {
			assert.Contains(t, lines[i], want)
		}
		assert.Contains(t, lines[64], "unreported=940")
		for _, secret := range []string{"CANARY", token, ticket, f.AppSecret} {
			assert.NotContains(t, f.log.String(), secret)
		}
	})
}

func TestWhatThePlatformRefusesIsPassedOnAsItsCode(t *testing.T) {
	f := newFixture(t, wechattest.WithIPNotAllowed("203.0.113.9"))
	got := post(t, f.service, "/token", shopKey, `{"appid":"`+f.AppID+`"}`)
	assert.Equal(t, http.StatusBadGateway, got.status)
	assert.Equal(t, "refused", got.Error)
	assert.Equal(t, int(wechat.ErrIPNotAllowed), got.Code)
	assert.NotContains(t, got.text, "203.0.113.9")
	assert.Contains(t, f.log.String(), "40164", "the log says more")
}

func TestAServiceWhoseClientsCannotBeHadRespondsInTime(t *testing.T) {
	for name, client := range map[string]func(context.Context, string) (*wechat.Client, error){
		"hang":  func(context.Context, string) (*wechat.Client, error) { time.Sleep(time.Hour); return nil, nil },
		"panic": func(context.Context, string) (*wechat.Client, error) { panic("SECRET-CANARY") },
		"error": func(context.Context, string) (*wechat.Client, error) {
			return nil, errors.New("down, appsecret=SECRET-CANARY")
		},
		"nil": func(context.Context, string) (*wechat.Client, error) { return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := new(testlog.Output)
				h, err := tokenservice.NewHandler(tokenservice.Config{
					Client: client, Programs: []tokenservice.Program{{Name: "shop", Keys: []wechat.Secret{shopKey}}},
					Logger: log.Logger(),
				})
				require.NoError(t, err)
				begin := time.Now()
				got := post(t, h, "/token", shopKey, `{"appid":"wx1"}`)
				assert.Equal(t, http.StatusServiceUnavailable, got.status)
				assert.Equal(t, "1", got.header.Get("Retry-After"))
				assert.LessOrEqual(t, time.Since(begin), 10*time.Second)
				assert.NotContains(t, got.text+log.String(), "CANARY")
				time.Sleep(time.Hour)
			})
		})
	}
}

func TestAnAccountWhoseClientHangsHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.NewPlatform()
		defer p.Close()
		good, end := p.Client(wechat.WithLogger(quiet)), make(chan struct{})
		var calls, hung atomic.Int32
		hung.Store(1)
		h, err := tokenservice.NewHandler(tokenservice.Config{
			Client: func(_ context.Context, appID string) (*wechat.Client, error) {
				if appID == p.AppID {
					return good, nil
				}
				calls.Add(1)
				if hung.Load() == 1 {
					<-end // and ignores its context
				}
				return nil, wechat.ErrUnknownAccount
			},
			Programs: []tokenservice.Program{{Name: "shop", Keys: []wechat.Secret{shopKey}}}, Logger: quiet,
		})
		require.NoError(t, err)
		ask := func(appID string) int { return post(t, h, "/token", shopKey, `{"appid":"`+appID+`"}`).status }
		for range 40 {
			assert.Equal(t, http.StatusServiceUnavailable, ask("wxHung"))
			begin := time.Now()
			require.Equal(t, http.StatusOK, ask(p.AppID))
			require.Less(t, time.Since(begin), time.Second)
		}
		assert.LessOrEqual(t, calls.Load(), int32(8), "4 in a minute")

		hung.Store(0)
		time.Sleep(time.Minute)
		assert.Equal(t, http.StatusNotFound, ask("wxHung"), "it is asked for again, though the old calls never return")
		hung.Store(1)
		for i := range 100 {
			go ask("wxHung" + strconv.Itoa(i))
		}
		time.Sleep(time.Minute)
		assert.Equal(t, http.StatusOK, ask(p.AppID))
		close(end)
	})
}

func TestManyAccountsAreServedByARegistryOfClients(t *testing.T) {
	f := newFixture(t)
	clients := wechat.NewClients(func(_ context.Context, appID string) (wechat.Account, error) {
		if appID != f.AppID {
			return wechat.Account{}, wechat.ErrUnknownAccount
		}
		return wechat.Account{AppSecret: wechat.Secret(f.AppSecret)}, nil
	}, wechat.WithHTTPClient(&http.Client{Transport: f.Transport()}), wechat.WithLogger(quiet))
	defer func() { _ = clients.Close() }()
	h, err := tokenservice.NewHandler(tokenservice.Config{
		Client: clients.Get, Programs: []tokenservice.Program{{Name: "shop", Keys: []wechat.Secret{shopKey}}}, Logger: quiet,
	})
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, post(t, h, "/token", shopKey, `{"appid":"`+f.AppID+`"}`).status)
	assert.Equal(t, http.StatusNotFound, post(t, h, "/token", shopKey, `{"appid":"wx2"}`).status)
	f.ResetAppSecret()
	old := post(t, h, "/token", shopKey, `{"appid":"`+f.AppID+`"}`).Token
	got := post(t, h, "/token", shopKey, `{"appid":"`+f.AppID+`","rejected":"`+old+`"}`)
	assert.Equal(t, http.StatusOK, got.status, "the new AppSecret was asked for")
	assert.NotEqual(t, old, got.Token)
}

func TestWhoSendsNoBodyIsRefusedInTime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	server := httptest.NewServer(f.service) // without time-outs
	t.Cleanup(server.Close)
	for reason, head := range map[string]string{
		"unauthorized": "POST /token HTTP/1.1\r\n",
		"not_found":    "POST /admin HTTP/1.1\r\nAuthorization: Bearer " + shopKey + "\r\n",
		"bad_request":  "POST /token HTTP/1.1\r\nAuthorization: Bearer " + shopKey + "\r\n",
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			c, err := net.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer func() { _ = c.Close() }()
			_, err = io.WriteString(c, head+"Host: tokens\r\nContent-Length: 100\r\n\r\n")
			require.NoError(t, err)
			require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
			text, err := io.ReadAll(c) // and the connection ends
			require.NoError(t, err)
			assert.Contains(t, string(text), reason)
		})
	}
}

func TestAClientOfAnotherAccountIsNotServed(t *testing.T) {
	f := newFixture(t)
	h, err := tokenservice.NewHandler(tokenservice.Config{
		Client: func(ctx context.Context, _ string) (*wechat.Client, error) {
			return tokenservice.Only(f.Client())(ctx, f.AppID)
		},
		Programs: []tokenservice.Program{{Name: "shop", Keys: []wechat.Secret{shopKey}, AppIDs: []string{"wx1"}}},
		Logger:   f.log.Logger(),
	})
	require.NoError(t, err)
	got := post(t, h, "/token", shopKey, `{"appid":"wx1"}`)
	assert.Equal(t, http.StatusServiceUnavailable, got.status)
	assert.Empty(t, got.Token)
	assert.Contains(t, f.log.String(), "another account")
	assert.Zero(t, f.CallCount(stable))
}

func TestAWrongConfigurationIsRefused(t *testing.T) {
	only := tokenservice.Only()
	good := tokenservice.Program{Name: "shop", Keys: []wechat.Secret{shopKey}}
	for argument, cfg := range map[string]tokenservice.Config{
		"Client":                {Programs: []tokenservice.Program{good}},
		"Programs[0].Name":      {Client: only, Programs: []tokenservice.Program{{Keys: good.Keys}}},
		"Programs[1].Name":      {Client: only, Programs: []tokenservice.Program{good, {Name: "shop"}}},
		"Programs[1].Keys[0]":   {Client: only, Programs: []tokenservice.Program{good, {Name: "b", Keys: good.Keys}}},
		"Programs[0].Keys[1]":   {Client: only, Programs: []tokenservice.Program{{Name: "a", Keys: []wechat.Secret{shopKey, shopKey}}}},
		"Programs[0].Keys[0]":   {Client: only, Programs: []tokenservice.Program{{Name: "a", Keys: []wechat.Secret{"too-short"}}}},
		"Programs[0].AppIDs[0]": {Client: only, Programs: []tokenservice.Program{{Name: "a", AppIDs: []string{""}}}},
		"Programs[0].PerMinute": {Client: only, Programs: []tokenservice.Program{{Name: "a", PerMinute: -1}}},
	} {
		h, err := tokenservice.NewHandler(cfg)
		assert.Nil(t, h)
		var problem *wechat.ArgumentError
		if assert.ErrorAs(t, err, &problem) {
			assert.Equal(t, argument, problem.Argument)
			assert.NotContains(t, err.Error(), "CANARY")
		}
	}
}

func TestNothingPrintsAKey(t *testing.T) {
	f := newFixture(t)
	program := tokenservice.Program{Name: "shop", Keys: []wechat.Secret{shopKey}}
	source := (&network{service: f.service}).source(t, f.AppID)
	cfg := tokenservice.SourceConfig{Key: shopKey}
	for i, v := range []any{f.service, program, tokenservice.Config{Programs: []tokenservice.Program{program}}, source, *source, cfg, *f.service} {
		log := new(testlog.Output)
		slog.New(slog.NewJSONHandler(log, nil)).Info("x", "v", v)
		log.Logger().Info("x", "v", v)
		text := fmt.Sprintf("%v %+v %#v %s %q ", v, v, v, v, v)
		assert.NotContains(t, text+log.String(), "CANARY", strconv.Itoa(i))
	}
}

// FuzzHandler: whatever is sent to the service, it responds with JSON, serves nothing
// without a key, and says neither a key nor the AppSecret.
func FuzzHandler(f *testing.F) {
	fix := newFixture(f)
	known := `{"appid":"` + fix.AppID + `"`
	for _, body := range []string{
		known + "}", known + `,"rejected":"x"}`, known + `,"type":"jsapi"}`, known + `,"type":"x"}`, known + `,"a":1}`, known + "}{}", "", "null", "[]", `{"appid":"wx\u0000"}`,
	} {
		f.Add(http.MethodPost, "/token", "Bearer "+shopKey, body)
		f.Add(http.MethodPost, "/ticket", "Bearer "+shopKey, body)
		f.Add(http.MethodPost, "/token", "Bearer "+otherKey, body)
		f.Add(http.MethodGet, "/token/", "bearer  "+shopKey[1:], body)
	}
	f.Fuzz(func(t *testing.T, method, path, authorization, body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Method, r.URL.Path = method, path
		r.Header.Set("Authorization", authorization)
		out := exchange(t, fix.service, r)
		if out.status == http.StatusOK {
			assert.Equal(t, http.MethodPost, method)
			assert.Contains(t, authorization, shopKey)
			assert.True(t, out.Token != "" && path == "/token" || out.Ticket != "" && path == "/ticket")
		} else {
			assert.NotEmpty(t, out.Error)
			assert.Empty(t, out.Token+out.Ticket)
		}
		line := fix.log.String()
		fix.log.Reset()
		for _, secret := range []string{shopKey, otherKey, fix.AppSecret} {
			assert.NotContains(t, out.text+line, secret)
		}
	})
}
