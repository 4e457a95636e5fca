package wechat

import (
	"context"
	"time"
)

type shortKeyRef struct {
	Key string `json:"short_key"`
}

// CreateShortKey stores up to 4 KiB of text on the platform and returns its key of 15
// letters and digits (长信息转短链, 生成短key托管). The key expires after ttl, at most 30
// days; pass 0 for 30 days.
//
// https://developers.weixin.qq.com/doc/service/api/qrcode/shorten/api_genshortkey
func (c *Client) CreateShortKey(ctx context.Context, data string, ttl time.Duration) (key string, err error) {
	if err := first(notEmpty("data", data), maxBytes("data", data, 4<<10)); err != nil {
		return "", err
	}
	if ttl != 0 {
		if err := within("ttl", ttl, time.Second, maxStoredTTL); err != nil {
			return "", err
		}
	}
	body := struct {
		Data      string `json:"long_data"`
		ExpiresIn int64  `json:"expire_seconds,omitempty"`
	}{data, int64(ttl / time.Second)}
	res, err := post[shortKeyRef](ctx, c, "/cgi-bin/shorten/gen", body)
	if err != nil {
		return "", err
	}
	return res.Key, nil
}

// ShortKeyData is the text of a short key.
type ShortKeyData struct {
	Data       string    `json:"long_data"`
	CreateTime Timestamp `json:"create_time"`
	ExpiresIn  int64     `json:"expire_seconds"` // the remaining seconds
}

// GetShortKey returns the text of a short key (短链转长信息, 获取短key托管的数据).
//
// https://developers.weixin.qq.com/doc/service/api/qrcode/shorten/api_fetchshorten
func (c *Client) GetShortKey(ctx context.Context, key string) (*ShortKeyData, error) {
	if err := notEmpty("key", key); err != nil {
		return nil, err
	}
	return post[ShortKeyData](ctx, c, "/cgi-bin/shorten/fetch", shortKeyRef{key}, idempotent)
}
