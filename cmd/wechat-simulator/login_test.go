package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const password = "correct horse"

// protected runs a simulator with a password.
func protected(t *testing.T) *simulator {
	t.Helper()
	return start(t, func(set *settings) { set.allowRemote, set.password = true, password })
}

// browses sends a request as a browser does.
func browses(s *simulator, method, path string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Host = "simulator.example:8099"
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestControlAPIAndPageNeedThePassword(t *testing.T) {
	s := protected(t)
	for pattern := range s.endpoints() {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{openid}", "o", "{id}", "1", "{account}", "a").Replace(path)
		status, _ := asks(t, s, method, path, nil)
		assert.Equal(t, http.StatusUnauthorized, status, pattern)
	}
	for pattern := range s.handlers() {
		_, path, _ := strings.Cut(strings.NewReplacer("{$}", "", "{openid}", "o", "{id}", "1").Replace(pattern), " ")
		status, _ := asks(t, s, "GET", path, nil)
		assert.Equal(t, http.StatusUnauthorized, status, pattern)
	}
	status, _ := asks(t, s, "GET", "/simulator/none", nil)
	assert.Equal(t, http.StatusUnauthorized, status)
	calls(t, s, "/cgi-bin/get_api_domain_ip", nil) // the platform's API does not
}

func TestProgramSendsThePasswordWithBasicAuthentication(t *testing.T) {
	s := protected(t)
	ask := func(password string) int {
		return browses(s, http.MethodGet, "/simulator/state", nil, func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Mode")
			r.Header.Set("Accept", "*/*")
			r.SetBasicAuth("any", password)
		}).Code
	}
	assert.Equal(t, http.StatusOK, ask(password))
	assert.Equal(t, http.StatusUnauthorized, ask("wrong"))
	w := browses(s, http.MethodGet, "/simulator/state", nil, func(r *http.Request) { r.Header.Set("Accept", "*/*") })
	assert.Equal(t, http.StatusUnauthorized, w.Code)
	assert.Empty(t, w.Header().Get("WWW-Authenticate"), "a browser would ask for it in a dialog")
}

func TestBrowserLogsInWithTheForm(t *testing.T) {
	s := protected(t)
	w := browses(s, http.MethodGet, "/simulator/", nil)
	assert.Equal(t, http.StatusSeeOther, w.Code)
	assert.Equal(t, "/simulator/login", w.Header().Get("Location"))
	w = browses(s, http.MethodGet, "/simulator/login", nil)
	assert.Contains(t, w.Body.String(), `name="password"`)
	assert.Equal(t, pagePolicy, w.Header().Get("Content-Security-Policy"))
	assert.Equal(t, http.StatusOK, browses(s, http.MethodGet, "/simulator/page/base.css", nil).Code, "the form needs it")

	w = browses(s, http.MethodPost, "/simulator/login", url.Values{"password": {"wrong"}})
	assert.Equal(t, http.StatusForbidden, w.Code)
	assert.Empty(t, w.Result().Cookies())

	w = browses(s, http.MethodPost, "/simulator/login", url.Values{"password": {password}})
	assert.Equal(t, http.StatusSeeOther, w.Code)
	cookies := w.Result().Cookies()
	require.Len(t, cookies, 1)
	assert.True(t, cookies[0].HttpOnly)
	assert.Equal(t, http.SameSiteStrictMode, cookies[0].SameSite)
	assert.NotContains(t, cookies[0].Value, password)
	with := func(r *http.Request) { r.AddCookie(cookies[0]) }
	assert.Equal(t, http.StatusOK, browses(s, http.MethodGet, "/simulator/", nil, with).Code)
	assert.Equal(t, http.StatusSeeOther, browses(s, http.MethodGet, "/simulator/login", nil, with).Code)

	foreign := func(r *http.Request) { r.Header.Set("Origin", "https://example.com") }
	assert.Equal(t, http.StatusForbidden, browses(s, http.MethodPost, "/simulator/reset", nil, with, foreign).Code)
	assert.Equal(t, http.StatusForbidden, browses(s, http.MethodPost, "/simulator/login", url.Values{"password": {password}}, foreign).Code)
}

func TestPasswordsAreTriedOneASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(password)
		begin, done := time.Now(), make(chan struct{}, 10)
		for range 10 {
			go func() {
				w := httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodPost, "/simulator/login", strings.NewReader("password=guess"))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				l.submit(w, r)
				done <- struct{}{}
			}()
		}
		for range 10 {
			<-done
		}
		assert.Equal(t, 10*failurePause, time.Since(begin))
	})
}

// A client that does not wait for the response to a wrong password, or that tries many at
// once, must not find the right one sooner.
func TestARightPasswordWaitsForTheWrongOnesBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(password)
		logsIn := func(ctx context.Context, password string) bool {
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/simulator/state", nil)
			r.SetBasicAuth("any", password)
			return l.knows(r)
		}
		begin := time.Now()
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			assert.False(t, logsIn(ctx, "guess"))
			cancel()
		}
		assert.Equal(t, 5*time.Millisecond, time.Since(begin), "nobody waits for a client that has left")
		assert.True(t, logsIn(t.Context(), password))
		assert.Equal(t, failurePause, time.Since(begin), "one was compared")
		assert.True(t, logsIn(t.Context(), password))
		assert.Equal(t, failurePause, time.Since(begin))

		go logsIn(t.Context(), "guess")
		synctest.Wait()
		r := httptest.NewRequest(http.MethodGet, "/simulator/", nil)
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: l.session})
		assert.True(t, l.knows(r))
		assert.Equal(t, failurePause, time.Since(begin), "a browser that has logged in does not wait")
		time.Sleep(failurePause)
	})
}

func TestWithoutAPasswordThereIsNoForm(t *testing.T) {
	s := start(t)
	w := browses(s, http.MethodGet, "/simulator/login", nil, func(r *http.Request) { r.Host = "localhost" })
	assert.Equal(t, http.StatusSeeOther, w.Code)
	assert.Equal(t, "/simulator/", w.Header().Get("Location"))
}
