package tokenservice_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
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
)

var refusedConnection = func(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused, key=" + shopKey)}
}

func TestAThousandCallersCauseOneRequestOfTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		n := &network{service: f.service, latency: 20 * time.Millisecond}
		s := n.source(t, f.AppID)
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				token, _ := s.Token(t.Context(), "")
				assert.NotEmpty(t, token)
			})
		}
		all.Wait()
		assert.EqualValues(t, 1, n.requests.Load())
		for range 100 { // 100 minutes
			time.Sleep(time.Minute)
			_, err := s.Token(t.Context(), "")
			require.NoError(t, err)
		}
		assert.EqualValues(t, 1, n.requests.Load(), "kept until shortly before its end")
	})
}

func TestARevokedTokenIsReplacedForAllProgramsWithoutAFailedCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		n := &network{service: f.service, latency: 5 * time.Millisecond}
		programs := make([]*wechat.Client, 10)
		for i := range programs {
			programs[i] = wechat.NewClient(f.AppID, "", wechat.WithTokenSource(n.source(t, f.AppID)),
				wechat.WithHTTPClient(&http.Client{Transport: f.Transport()}), wechat.WithLogger(quiet))
			require.NoError(t, ping(t.Context(), programs[i]))
		}
		for revocation := range 3 {
			time.Sleep(time.Minute)
			f.RevokeTokens()
			before := n.requests.Load()
			var all sync.WaitGroup
			for i := range 500 {
				all.Go(func() { assert.NoError(t, ping(t.Context(), programs[i%10])) })
			}
			all.Wait()
			assert.Equal(t, 2+revocation, f.CallCount(stable), "one fetch for ten programs")
			assert.LessOrEqual(t, n.requests.Load()-before, int32(10), "one request for each")
		}
	})
}

// faults are what can become of a service.
var faults = map[string]func(*http.Request) (*http.Response, error){
	"hangs":            hangs,
	"is down":          refusedConnection,
	"fails":            says(500, "<html>oops "+shopKey+"</html>"),
	"is overloaded":    says(503, `{"error":"unavailable"}`),
	"redirects":        says(302, ""),
	"redirects POST":   says(307, ""),
	"knows no key":     says(401, `{"error":"unauthorized"}`),
	"says nothing":     says(200, ""),
	"says HTML":        says(200, "<html>login</html>"),
	"says null":        says(200, "null"),
	"has no token":     says(200, `{"expires_in":7200}`),
	"has no lifetime":  says(200, `{"access_token":"T-1"}`),
	"has an odd type":  says(200, `{"access_token":{"KEY-CANARY":1},"expires_in":7200}`),
	"has an odd token": says(200, `{"access_token":"<b>KEY-CANARY</b>","expires_in":7200}`),
	"has a ticket":     says(200, `{"ticket":"KEY-CANARY","expires_in":7200}`),
	"goes on for ever": says(200, `{"access_token":"`+strings.Repeat("x", 1<<20)+`","expires_in":7200}`),
	"panics":           func(*http.Request) (*http.Response, error) { panic("Authorization: Bearer " + shopKey) },
}

func TestTheLastTokenIsUsedWhileItLivesWhateverTheServiceDoes(t *testing.T) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				n := &network{service: f.service}
				log := new(testlog.Output)
				s := n.source(t, f.AppID, func(c *tokenservice.SourceConfig) { c.Logger = log.Logger() })
				first, err := s.Token(t.Context(), "")
				require.NoError(t, err)
				time.Sleep(7200*time.Second - 8*time.Minute)
				n.breaks(fault)
				before := n.requests.Load()
				for range 7 * 60 {
					begin := time.Now()
					token, err := s.Token(t.Context(), "")
					require.NoError(t, err)
					assert.Equal(t, first, token)
					time.Sleep(max(0, time.Second-time.Since(begin)))
				}
				assert.LessOrEqual(t, n.requests.Load()-before, int32(20), "and it is asked rarely")
				time.Sleep(2 * time.Minute)
				begin := time.Now()
				_, err = s.Token(t.Context(), "")
				require.Error(t, err)
				assert.LessOrEqual(t, time.Since(begin), 5500*time.Millisecond)
				assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err)+log.String(), "CANARY")
				assert.NotContains(t, err.Error()+log.String(), first)
				n.breaks(nil)
				time.Sleep(10 * time.Second)
				_, err = s.Token(t.Context(), "")
				require.NoError(t, err, "when it is back")
				n.hosts.Range(func(host, _ any) bool { return assert.Equal(t, "tokens.example.com", host) })
			})
		})
	}
}

func TestAServiceThatRestartsFailsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		n := &network{service: f.service}
		for _, fault := range []func(*http.Request) (*http.Response, error){refusedConnection, says(502, ""), says(503, "")} {
			s := n.source(t, f.AppID)
			tries := atomic.Int32{}
			n.breaks(func(r *http.Request) (*http.Response, error) {
				if tries.Add(1) == 2 {
					n.breaks(nil)
				}
				return fault(r)
			})
			_, err := s.Token(t.Context(), "")
			require.NoError(t, err)
			assert.EqualValues(t, 2, tries.Load())
		}
	})
}

func TestACallerWaitsForAHangingServiceNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{}
		n.breaks(hangs)
		s := n.source(t, "wx1")
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := s.Token(ctx, "")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 50*time.Millisecond, time.Since(begin))
		go func() {
			time.Sleep(time.Second)
			_ = s.Close()
		}()
		_, err = s.Token(t.Context(), "")
		require.ErrorIs(t, err, wechat.ErrClosed)
		assert.LessOrEqual(t, time.Since(begin), 2*time.Second)
	})
}

func TestARefusalOfTheServiceCanBeToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{}
		n.breaks(says(403, `{"error":"forbidden"}`))
		s := n.source(t, "wx1")
		for range 100 {
			_, err := s.Token(t.Context(), "")
			var refused *tokenservice.Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, tokenservice.Error{Status: 403, Name: "forbidden"}, *refused)
			time.Sleep(100 * time.Millisecond)
		}
		assert.LessOrEqual(t, n.requests.Load(), int32(3), "and is not asked for again at once")

		n.breaks(says(502, `{"error":"refused","errcode":40164}`))
		client := wechat.NewClient("wx2", "", wechat.WithTokenSource(n.source(t, "wx2")), wechat.WithLogger(quiet))
		err := ping(t.Context(), client)
		require.ErrorIs(t, err, wechat.ErrConfiguration)
		require.ErrorIs(t, err, wechat.ErrIPNotAllowed)
		assert.NotErrorIs(t, err, wechat.ErrQuotaExceeded)
	})
}

func TestPagesAreSignedWithTicketsOfTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		n := &network{service: f.service}
		const page = "https://shop.example.com/a?b=c"
		for range 5 {
			client := wechat.NewClient(f.AppID, "", wechat.WithTokenSource(n.source(t, f.AppID)),
				wechat.WithHTTPClient(&http.Client{Transport: f.Transport()}), wechat.WithLogger(quiet))
			for range 20 {
				signed, err := client.SignPage(t.Context(), page)
				require.NoError(t, err)
				require.NoError(t, f.VerifyPage(page, signed.Nonce, signed.Timestamp, signed.Signature))
			}
		}
		assert.Equal(t, 1, f.CallCount("/cgi-bin/ticket/getticket"), "the service's own")
		assert.EqualValues(t, 5, n.requests.Load(), "each keeps its ticket")
	})
}

func TestATokenOfUnknownLifeIsNotAskedForAtEachCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		static := wechat.NewClient("wx1", "", wechat.WithTokenSource(wechat.StaticToken("T-1")), wechat.WithLogger(quiet))
		h, err := tokenservice.NewHandler(tokenservice.Config{
			Client: tokenservice.Only(static), Programs: []tokenservice.Program{{Name: "shop", Keys: []wechat.Secret{shopKey}}}, Logger: quiet,
		})
		require.NoError(t, err)
		assert.Equal(t, 0, *post(t, h, "/token", shopKey, `{"appid":"wx1"}`).Expires)
		n := &network{service: h}
		s := n.source(t, "wx1")
		for range 600 { // a minute
			_, err := s.Token(t.Context(), "")
			require.NoError(t, err)
			time.Sleep(100 * time.Millisecond)
		}
		assert.LessOrEqual(t, n.requests.Load(), int32(8))
	})
}

func TestKeysTravelEncryptedOrWithinTheMachine(t *testing.T) {
	try := func(url string, allow bool) error {
		s, err := tokenservice.NewSource(tokenservice.SourceConfig{URL: url, AppID: "wx1", Key: shopKey, AllowHTTP: allow})
		if err == nil {
			_ = s.Close()
		}
		return err
	}
	for _, url := range []string{"https://tokens.example.com", "https://tokens.example.com/a/", "http://127.0.0.1:80", "http://[::1]:80", "http://localhost:8080"} {
		require.NoError(t, try(url, false), url)
	}
	for _, url := range []string{
		"http://tokens.example.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://localhost.example.com",
		"tokens.example.com", "ftp://a", "https://user:KEY-CANARY@a", "https://a?key=KEY-CANARY", "https://a#b", "", "https://", ":",
		"https://a?", "https://a/b?", "https://a#", "https://a/#",
	} {
		var problem *wechat.ArgumentError
		err := try(url, false)
		require.ErrorAs(t, err, &problem, url)
		assert.Equal(t, "URL", problem.Argument)
		assert.NotContains(t, err.Error(), "CANARY")
	}
	require.NoError(t, try("http://tokens.example.com", true))
	for argument, cfg := range map[string]tokenservice.SourceConfig{
		"AppID": {URL: "https://a", Key: shopKey}, "Key": {URL: "https://a", AppID: "wx1", Key: "KEY-CANARY short"},
	} {
		var problem *wechat.ArgumentError
		_, err := tokenservice.NewSource(cfg)
		require.ErrorAs(t, err, &problem)
		assert.Equal(t, argument, problem.Argument)
		assert.NotContains(t, err.Error(), "CANARY")
	}
}

func TestCloseEndsRequestsForTickets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{service: http.NotFoundHandler()}
		n.breaks(hangs)
		source := n.source(t, "wx1")
		done := make(chan error)
		go func() {
			_, _, err := source.TicketWithTTL(t.Context(), wechat.TicketJSAPI)
			done <- err
		}()
		synctest.Wait()
		require.NoError(t, source.Close())
		begin, asked := time.Now(), n.requests.Load()
		require.ErrorIs(t, <-done, wechat.ErrClosed)
		assert.Zero(t, time.Since(begin))
		_, _, err := source.TicketWithTTL(t.Context(), wechat.TicketJSAPI)
		require.ErrorIs(t, err, wechat.ErrClosed)
		assert.Equal(t, asked, n.requests.Load())
	})
}

func TestSourcesLeaveNoGoroutine(t *testing.T) {
	f := newFixture(t)
	before := runtime.NumGoroutine()
	for range 1000 {
		s := (&network{service: f.service}).source(t, f.AppID)
		_, err := s.Token(t.Context(), "")
		require.NoError(t, err)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before+100, "without Close")
}

// FuzzSource: whatever a service responds, a source returns what can be a token, for at
// most two hours, or an error without the response.
func FuzzSource(f *testing.F) {
	for _, body := range []string{
		`{"access_token":"TOKEN","expires_in":7200}`, `{"access_token":"TOKEN"}`, `{"access_token":"a\nb","expires_in":1}`, `{"access_token":"T","expires_in":-9223372036854775808}`,
		`{"ticket":"T","expires_in":9223372036854775807}`, `{"error":"unauthorized","message":"RESPONSE-CANARY"}`, "<html>RESPONSE-CANARY", "", "null",
	} {
		for _, status := range []uint16{200, 302, 401, 503} {
			f.Add(status, body)
		}
	}
	f.Fuzz(func(t *testing.T, status uint16, body string) {
		if status < 200 || status > 599 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			n := &network{}
			n.breaks(says(int(status), body))
			s := n.source(t, "wx0000000000000001")
			token, err := s.Token(t.Context(), "")
			ticket, ttl, ticketErr := s.TicketWithTTL(t.Context(), wechat.TicketJSAPI)
			for value, err := range map[string]error{token: err, string(ticket): ticketErr} {
				if err != nil {
					assert.Empty(t, value)
					assert.NotContains(t, err.Error(), "RESPONSE-CANARY")
					continue
				}
				assert.Equal(t, uint16(http.StatusOK), status)
				assert.Regexp(t, `^[!-~]+$`, value)
				assert.LessOrEqual(t, len(value), 2<<10)
			}
			assert.True(t, ttl >= 0 && ttl <= 2*time.Hour, ttl)
			assert.False(t, err == nil && ticketErr == nil, "one response cannot be both")
		})
	})
}
