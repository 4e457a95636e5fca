package wechat

import (
	"context"
	"iter"
)

// QRCodeJumpRule opens a mini program when a user scans a QR code whose link begins with
// Prefix.
type QRCodeJumpRule struct {
	Prefix   string `json:"prefix"`
	PagePath string `json:"path"` // of the page in the mini program

	// Status is only received, never sent.
	Status QRCodeJumpStatus `json:"state,omitempty"`

	// These are for ordinary links, not for the account's own QR codes.
	Version   QRCodeJumpVersion `json:"open_version,omitempty"`
	DebugURLs []string          `json:"debug_url,omitempty"` // links to test with before the rule is published
	SubRule   QRCodeJumpSubRule `json:"permit_sub_rule,omitempty"`
}

// QRCodeJumpStatus says whether a rule is published.
type QRCodeJumpStatus int

// The statuses of rules.
const (
	QRCodeJumpStatusUnpublished QRCodeJumpStatus = 1
	QRCodeJumpStatusPublished   QRCodeJumpStatus = 2
)

// QRCodeJumpVersion is the version of the mini program that the test links open.
type QRCodeJumpVersion int

// The versions of the mini program.
const (
	QRCodeJumpVersionDevelopment QRCodeJumpVersion = 1
	QRCodeJumpVersionTrial       QRCodeJumpVersion = 2
	QRCodeJumpVersionRelease     QRCodeJumpVersion = 3
)

// QRCodeJumpSubRule says whether other accounts may have rules for longer prefixes.
type QRCodeJumpSubRule int

// The settings for longer prefixes.
const (
	QRCodeJumpSubRuleShared    QRCodeJumpSubRule = 1
	QRCodeJumpSubRuleExclusive QRCodeJumpSubRule = 2
)

type qrCodeJumpChange struct {
	QRCodeJumpRule
	AppID  string `json:"appid"`
	IsEdit Flag   `json:"is_edit"`
}

func (r qrCodeJumpChange) check() error {
	return first(notEmpty("appID", r.AppID), notEmpty("Prefix", r.Prefix), notEmpty("PagePath", r.PagePath))
}

// AddQRCodeJumpRule adds a rule for a mini program that is linked to the account
// (增加或修改二维码规则, 增加二维码规则). The rule takes effect after
// [Client.PublishQRCodeJumpRule]. It returns [ErrFrequencyLimit] after more than 5 calls
// in a second.
//
// https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodejump/api_qrcodejumpadd
func (c *Client) AddQRCodeJumpRule(ctx context.Context, appID string, rule QRCodeJumpRule) error {
	rule.Status = 0
	return c.post(ctx, "/cgi-bin/wxopen/qrcodejumpadd", qrCodeJumpChange{QRCodeJumpRule: rule, AppID: appID})
}

// UpdateQRCodeJumpRule replaces the rule with the same prefix (增加或修改二维码规则). It returns
// [ErrInvalidArguments] if the rule is already published.
//
// https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodejump/api_qrcodejumpadd
func (c *Client) UpdateQRCodeJumpRule(ctx context.Context, appID string, rule QRCodeJumpRule) error {
	rule.Status = 0
	return c.post(ctx, "/cgi-bin/wxopen/qrcodejumpadd", qrCodeJumpChange{QRCodeJumpRule: rule, AppID: appID, IsEdit: true}, idempotent)
}

// PublishQRCodeJumpRule puts a rule into effect (发布已设置的二维码规则, 发布二维码规则). An
// account can do this 100 times a month.
//
// https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodejump/api_qrcodejumppublish
func (c *Client) PublishQRCodeJumpRule(ctx context.Context, prefix string) error {
	if err := notEmpty("prefix", prefix); err != nil {
		return err
	}
	body := struct {
		Prefix string `json:"prefix"`
	}{prefix}
	return c.post(ctx, "/cgi-bin/wxopen/qrcodejumppublish", body)
}

// DeleteQRCodeJumpRule deletes a rule (删除已设置的二维码规则, 删除二维码规则).
//
// https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodejump/api_qrcodejumpdelete
func (c *Client) DeleteQRCodeJumpRule(ctx context.Context, appID, prefix string) error {
	if err := first(notEmpty("appID", appID), notEmpty("prefix", prefix)); err != nil {
		return err
	}
	body := struct {
		Prefix string `json:"prefix"`
		AppID  string `json:"appid"`
	}{prefix, appID}
	return c.post(ctx, "/cgi-bin/wxopen/qrcodejumpdelete", body, idempotent)
}

// QRCodeJumpRulePage is a page of the rules for a mini program.
type QRCodeJumpRulePage struct {
	IsOpen       bool             `json:"qrcodejump_open"`      // whether the rules are enabled
	PublishQuota int64            `json:"qrcodejump_pub_quota"` // how many rules can still be published this month
	Count        int64            `json:"list_size"`            // on this page
	Total        int64            `json:"total_count"`          // on all pages
	Rules        []QRCodeJumpRule `json:"rule_list"`
}

type qrCodeJumpQuery struct {
	AppID    string   `json:"appid"`
	Type     int      `json:"get_type"` // 0: the newest, 1: by prefix, 2: by page
	Prefixes []string `json:"prefix_list,omitempty"`
	Page     int      `json:"page_num,omitempty"`
	PageSize int      `json:"page_size,omitempty"`
}

func (c *Client) listQRCodeJumpRules(ctx context.Context, q qrCodeJumpQuery) (*QRCodeJumpRulePage, error) {
	if err := notEmpty("appID", q.AppID); err != nil {
		return nil, err
	}
	return post[QRCodeJumpRulePage](ctx, c, "/cgi-bin/wxopen/qrcodejumpget", q, idempotent)
}

const maxQRCodeJumpRules = 200

// GetQRCodeJumpRules returns the rules with these prefixes, at most 200
// (获取已设置的二维码规则).
//
// https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodejump/api_qrcodejumpget
func (c *Client) GetQRCodeJumpRules(ctx context.Context, appID string, prefixes ...string) (*QRCodeJumpRulePage, error) {
	if err := first(noneEmpty("prefixes", prefixes), elements("prefixes", len(prefixes), 0, maxQRCodeJumpRules)); err != nil {
		return nil, err
	}
	return c.listQRCodeJumpRules(ctx, qrCodeJumpQuery{AppID: appID, Type: 1, Prefixes: prefixes})
}

// ListQRCodeJumpRules returns a page of the rules for a mini program
// (获取已设置的二维码规则). The first page is 1, and pageSize is 1 to 200.
//
// https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodejump/api_qrcodejumpget
func (c *Client) ListQRCodeJumpRules(ctx context.Context, appID string, page, pageSize int) (*QRCodeJumpRulePage, error) {
	if err := first(positive("page", page), within("pageSize", pageSize, 1, maxQRCodeJumpRules)); err != nil {
		return nil, err
	}
	return c.listQRCodeJumpRules(ctx, qrCodeJumpQuery{AppID: appID, Type: 2, Page: page, PageSize: pageSize})
}

// AllQRCodeJumpRules iterates over all rules for a mini program (获取已设置的二维码规则).
//
// https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodejump/api_qrcodejumpget
func (c *Client) AllQRCodeJumpRules(ctx context.Context, appID string) iter.Seq2[QRCodeJumpRule, error] {
	return paginate(1, func(page int) (items []QRCodeJumpRule, next int, more bool, err error) {
		list, err := c.ListQRCodeJumpRules(ctx, appID, page, maxQRCodeJumpRules)
		if err != nil {
			return nil, 0, false, err
		}
		return list.Rules, page + 1, int64(page*maxQRCodeJumpRules) < list.Total, nil
	})
}
