package wechat

import (
	"net/http"
	"testing"

	"github.com/jarcoal/httpmock"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newMock returns a client whose requests end in a mock of this test alone.
func newMock(t *testing.T, opts ...Option) (*Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	opts = append([]Option{
		WithHTTPClient(&http.Client{Transport: mock}),
		WithTokenSource(StaticToken("TOKEN")),
		WithRetry(RetryPolicy{MinDelay: 1, MaxDelay: 1}),
	}, opts...)
	c := NewClient("wx0000000000000001", "SECRET-CANARY", opts...)
	t.Cleanup(func() { _ = c.Close() })
	return c, mock
}
