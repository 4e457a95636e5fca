package wechat

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const qrCodeJSON = `{"ticket":"gQH47joAAA==","expire_seconds":60,"url":"http://weixin.qq.com/q/kZgfwMTm72WWPkovabbI"}`

var oneQRCode = &QRCode{Ticket: "gQH47joAAA==", ExpiresIn: 60, URL: "http://weixin.qq.com/q/kZgfwMTm72WWPkovabbI"}

// qrCodeRow is a row of a code with this ttl, 0 for a permanent one.
func qrCodeRow(name string, scene QRScene, ttl time.Duration, body string) wireRow {
	return wireRow{
		name: name, http: "POST /cgi-bin/qrcode/create", body: body, reply: qrCodeJSON, want: oneQRCode,
		call: result(func(ctx context.Context, c *Client) (*QRCode, error) {
			if ttl == 0 {
				return c.CreatePermanentQRCode(ctx, scene)
			}
			return c.CreateQRCode(ctx, scene, ttl)
		}),
	}
}

var _ = wireRows([]wireRow{
	qrCodeRow("CreateQRCode/number", QRSceneID(4294967295), 30*24*time.Hour,
		`{"action_name":"QR_SCENE","expire_seconds":2592000,"action_info":{"scene":{"scene_id":4294967295}}}`),
	qrCodeRow("CreateQRCode/text", QRSceneString("店-7"), 90*time.Second,
		`{"action_name":"QR_STR_SCENE","expire_seconds":90,"action_info":{"scene":{"scene_str":"店-7"}}}`),
	qrCodeRow("CreatePermanentQRCode/number", QRSceneID(100_000), 0,
		`{"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":100000}}}`),
	qrCodeRow("CreatePermanentQRCode/text", QRSceneString("shop-7"), 0,
		`{"action_name":"QR_LIMIT_STR_SCENE","action_info":{"scene":{"scene_str":"shop-7"}}}`),
	{
		name: "DownloadQRCode", http: "GET /cgi-bin/showqrcode", host: "mp.weixin.qq.com", anon: true, query: "ticket=gQH47joAAA%3D%3D",
		reply: "\xff\xd8\xff an image",
		call: result(func(ctx context.Context, c *Client) (*DownloadInfo, error) {
			return c.DownloadQRCode(ctx, "gQH47joAAA==", io.Discard)
		}),
		want: &DownloadInfo{ContentType: "text/plain", Size: 12},
	},
})

func TestQRCodeRefusesScenesAndTTLsThatThePlatformRefuses(t *testing.T) {
	for _, wrong := range []struct {
		argument, reason string
		scene            QRScene
		ttl              time.Duration
		permanent        bool
	}{
		{"scene", "must be 1 to 4294967295, but is 0", QRScene{}, time.Hour, false},
		{"scene", "must be 1 to 4294967295, but is 4294967296", QRSceneID(1 << 32), time.Hour, false},
		{"scene", "must have at most 64 characters, but has 65", QRSceneString(strings.Repeat("字", 65)), time.Hour, false},
		{"ttl", "must be 1s to 720h0m0s, but is 0s", QRSceneID(1), 0, false},
		{"ttl", "must be 1s to 720h0m0s, but is 720h0m1s", QRSceneID(1), 30*24*time.Hour + time.Second, false},
		{"scene", "must be 1 to 100000, but is 100001", QRSceneID(100_001), 0, true},
		{"scene", "must not be empty", QRSceneString(""), time.Hour, false},
		{"scene", "must not be empty", QRSceneString(""), 0, true},
	} {
		refused(t, wrong.argument, func(ctx context.Context, c *Client) (err error) {
			if wrong.permanent {
				_, err = c.CreatePermanentQRCode(ctx, wrong.scene)
			} else {
				_, err = c.CreateQRCode(ctx, wrong.scene, wrong.ttl)
			}
			require.EqualError(t, err, "wechat: invalid argument "+wrong.argument+": "+wrong.reason)
			return err
		})
	}
}

func TestQRCodeImageHasAURLAndBytes(t *testing.T) {
	assert.Equal(t, "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=a%2Bb%2Fc%3D", QRCodeImageURL("a+b/c="))
	c, seen := wireRow{}.client(answer(http.StatusOK, "\xff\xd8\xff an image"))
	var image bytes.Buffer
	_, err := c.DownloadQRCode(t.Context(), "a+b/c=", &image)
	require.NoError(t, err)
	assert.Equal(t, "\xff\xd8\xff an image", image.String())
	assert.Equal(t, QRCodeImageURL("a+b/c="), seen.URL.String())
}

func TestUnknownQRCodeTicketIsAStatus(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusNotFound, "<html>"))
	var image bytes.Buffer
	_, err := c.DownloadQRCode(t.Context(), "a", &image)
	var failure *RequestError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, http.StatusNotFound, failure.Status)
	assert.Zero(t, image.Len())
	refused(t, "ticket", func(ctx context.Context, c *Client) error { _, err := c.DownloadQRCode(ctx, "", &image); return err })
	refused(t, "w", func(ctx context.Context, c *Client) error { _, err := c.DownloadQRCode(ctx, "a", nil); return err })
}
