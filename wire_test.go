package wechat

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// wireRow is one endpoint on the wire: what a method sends, and what it makes of
// the answer. Every method of Client that reaches an endpoint has at least one,
// in the test file of its area.
type wireRow struct {
	name  string                                              // method of Client, with "/case" behind it where it has several rows
	call  func(ctx context.Context, c *Client) (any, error)   // nil result for methods that only return an error
	http  string                                              // method and path, such as "POST /cgi-bin/menu/create"
	query string                                              // without access_token, in the order of url.Values.Encode
	body  string                                              // JSON that must be sent; "" for no body
	form  func(t *testing.T, contentType string, body []byte) // instead of body, for uploads
	reply string                                              // the platform's answer; "" is {"errcode":0,"errmsg":"ok"}
	want  any                                                 // result of call
	anon  bool                                                // no access_token goes along
	host  string                                              // "" is api.weixin.qq.com
}

var rows []wireRow

// wireRows collects the rows of an area: var _ = wireRows([]wireRow{…}).
func wireRows(area []wireRow) struct{} {
	rows = append(rows, area...)
	return struct{}{}
}

const wireOK = `{"errcode":0,"errmsg":"ok"}`

type wireRequest struct {
	*http.Request
	body []byte
}

// client returns a client whose transport returns the same response to every request and keeps the last request.
func (r wireRow) client(reply func(*http.Request) (*http.Response, error)) (*Client, *wireRequest) {
	seen := &wireRequest{}
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		seen.Request = req
		if req.Body != nil {
			seen.body, _ = io.ReadAll(req.Body)
		}
		return reply(req)
	})
	return newTestClient("wx0000000000000001", "SECRET-CANARY",
		WithHTTPClient(&http.Client{Transport: mock}),
		WithTokenSource(StaticToken("TOKEN")),
		WithoutClientMsgIDs(), // a body is then the same each time
		WithRetry(RetryPolicy{MaxAttempts: 1})), seen
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {"text/plain"}},
			Body: io.NopCloser(strings.NewReader(body)), Request: r,
		}, nil
	}
}

func TestEveryEndpointOnTheWire(t *testing.T) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Run("answer", row.answers)
			t.Run("refusal", row.refuses)
			t.Run("cancellation", row.cancels)
		})
	}
}

func (r wireRow) answers(t *testing.T) {
	reply := r.reply
	if reply == "" {
		reply = wireOK
	}
	c, seen := r.client(answer(http.StatusOK, reply))
	got, err := r.call(t.Context(), c)
	require.NoError(t, err)
	require.NotNil(t, seen.Request, "nothing was sent")
	assert.Equal(t, r.http, seen.Method+" "+seen.URL.Path)
	host := r.host
	if host == "" {
		host = "api.weixin.qq.com"
	}
	assert.Equal(t, host, seen.URL.Host)
	query, err := url.ParseQuery(seen.URL.RawQuery)
	require.NoError(t, err)
	if r.anon {
		assert.False(t, query.Has("access_token") && !strings.Contains(r.query, "access_token"), "a token went along")
	} else {
		assert.Equal(t, "TOKEN", query.Get("access_token"))
		query.Del("access_token")
	}
	assert.Equal(t, r.query, query.Encode())
	switch {
	case r.form != nil:
		r.form(t, seen.Header.Get("Content-Type"), seen.body)
	case r.body == "":
		assert.Empty(t, seen.body)
	case strings.HasPrefix(r.body, "{") || strings.HasPrefix(r.body, "["):
		assert.JSONEq(t, r.body, string(seen.body))
		assert.NotContains(t, string(seen.body), `\u`)
	default:
		assert.Equal(t, r.body, string(seen.body))
	}
	assert.Equal(t, int64(len(seen.body)), max(seen.ContentLength, 0))
	if r.want != nil {
		assert.Equal(t, r.want, got)
	}
}

func (r wireRow) refuses(t *testing.T) {
	c, seen := r.client(answer(http.StatusOK, `{"errcode":48001,"errmsg":"api unauthorized rid: 5f1e-2"}`))
	got, err := r.call(t.Context(), c)
	var refusal *Error
	require.ErrorAs(t, err, &refusal)
	require.ErrorIs(t, err, ErrForbidden)
	assert.Equal(t, "5f1e-2", refusal.RequestID)
	assert.Equal(t, r.http, refusal.Method+" "+refusal.Path)
	assert.NotNil(t, seen.Request)
	if got != nil {
		assert.Empty(t, got)
	}
}

func (r wireRow) cancels(t *testing.T) {
	c, seen := r.client(answer(http.StatusOK, wireOK))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.call(ctx, c)
	require.ErrorIs(t, err, context.Canceled)
	assert.Nil(t, seen.Request, "a canceled call was sent")
}

// noResult makes a row's call of a method that only returns an error.
func noResult(call func(ctx context.Context, c *Client) error) func(context.Context, *Client) (any, error) {
	return func(ctx context.Context, c *Client) (any, error) { return nil, call(ctx, c) }
}

// result makes a row's call of a method that returns a value; nil stays nil.
func result[T any](call func(ctx context.Context, c *Client) (*T, error)) func(context.Context, *Client) (any, error) {
	return func(ctx context.Context, c *Client) (any, error) {
		v, err := call(ctx, c)
		if v == nil {
			return nil, err
		}
		return v, err
	}
}

// results makes a row's call of a method that returns a slice.
func results[T any](call func(ctx context.Context, c *Client) ([]T, error)) func(context.Context, *Client) (any, error) {
	return func(ctx context.Context, c *Client) (any, error) {
		v, err := call(ctx, c)
		return v, err
	}
}

// multipartWith checks an upload: the file part with its name and content, and
// the text parts.
func multipartWith(field, fileName, content string, values url.Values) func(*testing.T, string, []byte) {
	return func(t *testing.T, contentType string, body []byte) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", contentType)
		require.NoError(t, req.ParseMultipartForm(1<<20))
		file, header, err := req.FormFile(field)
		require.NoError(t, err)
		got, err := io.ReadAll(file)
		require.NoError(t, err)
		assert.Equal(t, fileName, header.Filename)
		assert.Equal(t, content, string(got))
		if values == nil {
			values = url.Values{}
		}
		assert.Equal(t, values, url.Values(req.MultipartForm.Value))
	}
}

// refused asserts that a call was stopped before anything was sent, and what its
// error names.
func refused(t *testing.T, argument string, call func(ctx context.Context, c *Client) error) {
	t.Helper()
	c, seen := wireRow{}.client(answer(http.StatusOK, wireOK))
	assertArgument(t, call(t.Context(), c), argument)
	assert.Nil(t, seen.Request, "a wrong call was sent")
}

func assertArgument(t *testing.T, err error, argument string) {
	t.Helper()
	var problem *ArgumentError
	if assert.ErrorAs(t, err, &problem) {
		assert.Equal(t, argument, problem.Argument)
	}
}
