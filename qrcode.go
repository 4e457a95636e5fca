package wechat

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"
)

// QRScene is the value that a QR code carries. When a user scans the code, the event
// contains it. Use [QRSceneID] or [QRSceneString] to create one.
type QRScene struct {
	id     int64
	text   string
	isText bool
}

// QRSceneID returns a scene that is a number: 1 to 4294967295, or 1 to 100000 for a
// permanent QR code.
func QRSceneID(id int64) QRScene { return QRScene{id: id} }

// QRSceneString returns a scene that is a string of 1 to 64 characters.
func QRSceneString(text string) QRScene { return QRScene{text: text, isText: true} }

// QRCode is a QR code of the account.
type QRCode struct {
	Ticket    string `json:"ticket"`         // for [QRCodeImageURL] and [Client.DownloadQRCode]
	ExpiresIn int64  `json:"expire_seconds"` // seconds; 0 for a permanent QR code
	URL       string `json:"url"`            // the content of the QR code, to draw your own image
}

type qrCodeRequest struct {
	Action    string `json:"action_name"`
	ExpiresIn int64  `json:"expire_seconds,omitempty"`
	Info      struct {
		Scene struct {
			ID   int64  `json:"scene_id,omitempty"`
			Text string `json:"scene_str,omitempty"`
		} `json:"scene"`
	} `json:"action_info"`
}

// maxStoredTTL is the longest TTL of QR codes and short keys.
const maxStoredTTL = 30 * 24 * time.Hour

// CreateQRCode creates a QR code that expires after ttl, at most 30 days
// (生成带参数的二维码). The event of a scan contains the scene: a subscribe event if the
// user starts to follow the account, otherwise a SCAN event. Only service accounts can
// create QR codes.
//
// https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode
func (c *Client) CreateQRCode(ctx context.Context, scene QRScene, ttl time.Duration) (*QRCode, error) {
	if err := within("ttl", ttl, time.Second, maxStoredTTL); err != nil {
		return nil, err
	}
	return c.createQRCode(ctx, scene, 1<<32-1, qrCodeRequest{ExpiresIn: int64(ttl / time.Second)}, "QR_SCENE", "QR_STR_SCENE")
}

// CreatePermanentQRCode creates a QR code that never expires (生成带参数的二维码). An
// account can have 100,000 of them and cannot delete any, so use [Client.CreateQRCode]
// if a temporary QR code is sufficient.
//
// https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode
func (c *Client) CreatePermanentQRCode(ctx context.Context, scene QRScene) (*QRCode, error) {
	return c.createQRCode(ctx, scene, 100_000, qrCodeRequest{}, "QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE")
}

func (c *Client) createQRCode(ctx context.Context, scene QRScene, maxID int64, body qrCodeRequest, byID, byText string) (*QRCode, error) {
	body.Action, body.Info.Scene.ID, body.Info.Scene.Text = byID, scene.id, scene.text
	err := within("scene", scene.id, 1, maxID)
	if scene.isText {
		body.Action = byText
		err = first(notEmpty("scene", scene.text), maxRunes("scene", scene.text, 64))
	}
	if err != nil {
		return nil, err
	}
	return post[QRCode](ctx, c, "/cgi-bin/qrcode/create", body)
}

const qrCodeHost, qrCodePath = "mp.weixin.qq.com", "/cgi-bin/showqrcode"

// QRCodeImageURL returns the URL of a QR code's image, for use in a page or an app.
func QRCodeImageURL(ticket string) string {
	return "https://" + qrCodeHost + qrCodePath + "?ticket=" + url.QueryEscape(ticket)
}

// DownloadQRCode writes the JPEG image of a QR code to w (通过ticket换取二维码). It returns
// a [*RequestError] with status 404 if the ticket is unknown.
//
// https://developers.weixin.qq.com/doc/service/guide/product/qrcode
func (c *Client) DownloadQRCode(ctx context.Context, ticket string, w io.Writer) (*DownloadInfo, error) {
	if err := notEmpty("ticket", ticket); err != nil {
		return nil, err
	}
	info, _, err := c.download(ctx, Request{
		Method: http.MethodGet, Path: qrCodePath, Query: params("ticket", ticket), Anonymous: true, Idempotent: true, Host: qrCodeHost,
	}, w, nil)
	return info, err
}
