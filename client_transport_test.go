package wechat

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newClientOver returns a client that sends through a given HTTP client.
func newClientOver(h *http.Client) *Client {
	return NewClient("wx1", "s", WithTokenSource(StaticToken("T")), WithHTTPClient(h), WithRetry(RetryPolicy{MaxAttempts: 1}))
}

func TestTimeLimitOfAGivenHTTPClientIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		})
		for limit, want := range map[time.Duration]time.Duration{0: defaultTimeout, time.Second: time.Second, time.Hour: defaultTimeout} {
			begin := time.Now()
			err := newClientOver(&http.Client{Transport: silent, Timeout: limit}).Do(t.Context(), Request{Path: "/x", Body: struct{}{}}, nil)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, ErrUnknownOutcome)
			assert.Equal(t, want, time.Since(begin), limit)
		}
	})
}

func TestCookiesOfAGivenHTTPClientAreNeitherKeptNorSent(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	for _, limit := range []time.Duration{0, time.Minute} {
		calls := 0
		h := &http.Client{Jar: jar, Timeout: limit, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			calls++
			assert.Empty(t, r.Cookies())
			raw, err := answer(http.StatusOK, wireOK)(r)
			raw.Header.Set("Set-Cookie", "a=b; Path=/")
			return raw, err
		})}
		c := newClientOver(h)
		for range 2 {
			require.NoError(t, c.Do(t.Context(), Request{Path: "/x"}, nil))
		}
		assert.Equal(t, 2, calls)
	}
}

func TestTransportThatReturnsLessThanItMustIsSurvived(t *testing.T) {
	var got *http.Response
	c := newClientOver(&http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return got, nil })})
	err := c.Do(t.Context(), Request{Path: "/x", Body: struct{}{}}, nil)
	var failure *RequestError
	require.ErrorAs(t, err, &failure)
	require.ErrorIs(t, err, ErrUnknownOutcome)

	got = &http.Response{StatusCode: http.StatusOK}
	err = c.Do(t.Context(), Request{Path: "/x", Body: struct{}{}}, nil)
	var unreadable *DecodeError
	require.ErrorAs(t, err, &unreadable)

	got = &http.Response{StatusCode: http.StatusBadGateway}
	err = c.Do(t.Context(), Request{Path: "/x", Idempotent: true}, nil)
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, http.StatusBadGateway, failure.Status)
}
