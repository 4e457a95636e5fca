package wechat

import (
	"context"
	"iter"
)

// UpstreamMessageType is the type of the messages that people send to the account.
type UpstreamMessageType int

// The types of messages that people send to the account.
const (
	UpstreamMessageText  UpstreamMessageType = 1
	UpstreamMessageImage UpstreamMessageType = 2
	UpstreamMessageVoice UpstreamMessageType = 3
	UpstreamMessageVideo UpstreamMessageType = 4
	UpstreamMessageLink  UpstreamMessageType = 6 // links, and messages shared from other apps
)

// UpstreamSummary is the number of messages that people sent to the account in a day, a
// week or a month.
type UpstreamSummary struct {
	RefDate     Date                `json:"ref_date"`    // the day, the Monday of the week, or the first day of the month
	Source      int64               `json:"user_source"` // the platform does not document the values
	MessageType UpstreamMessageType `json:"msg_type"`
	Users       int64               `json:"msg_user"`  // people who sent messages
	Messages    int64               `json:"msg_count"` // messages that they sent
}

var upstreamDays = datacube[UpstreamSummary]{path: "/datacube/getupstreammsg", days: 7}

// ListUpstreamDays returns how many messages of each type people sent to the account on
// each day (获取消息发送概况数据). The date range is up to 7 days and ends yesterday at
// the latest.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsg
func (c *Client) ListUpstreamDays(ctx context.Context, from, to Date) ([]UpstreamSummary, error) {
	return upstreamDays.list(ctx, c, from, to)
}

// AllUpstreamDays is [Client.ListUpstreamDays] for a date range of any length
// (获取消息发送概况数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsg
func (c *Client) AllUpstreamDays(ctx context.Context, from, to Date) iter.Seq2[UpstreamSummary, error] {
	return upstreamDays.all(ctx, c, from, to)
}

// UpstreamHour is the number of messages that people sent to the account in one hour.
type UpstreamHour struct {
	RefDate     Date                `json:"ref_date"`
	RefHour     int64               `json:"ref_hour"`    // the start of the hour: 0, 100, … 2300
	Source      int64               `json:"user_source"` // the platform does not document the values
	MessageType UpstreamMessageType `json:"msg_type"`
	Users       int64               `json:"msg_user"`  // people who sent messages
	Messages    int64               `json:"msg_count"` // messages that they sent
}

var upstreamHours = datacube[UpstreamHour]{path: "/datacube/getupstreammsghour", days: 1, most: 2}

// ListUpstreamHours returns how many messages people sent to the account in each hour
// of a day (获取消息发送分时数据). from and to must be the same day, yesterday at the
// latest; an example on the official page has two days, so the client accepts them too.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsghour
func (c *Client) ListUpstreamHours(ctx context.Context, from, to Date) ([]UpstreamHour, error) {
	return upstreamHours.list(ctx, c, from, to)
}

// AllUpstreamHours is [Client.ListUpstreamHours] for a date range of any length, with one
// call per day (获取消息发送分时数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsghour
func (c *Client) AllUpstreamHours(ctx context.Context, from, to Date) iter.Seq2[UpstreamHour, error] {
	return upstreamHours.all(ctx, c, from, to)
}

var upstreamWeeks = datacube[UpstreamSummary]{path: "/datacube/getupstreammsgweek", days: 30, next: nextMonday}

// ListUpstreamWeeks returns how many messages people sent to the account in a week
// (获取消息发送周数据). The figures of a week carry the date of its Monday and are
// available when the week is over. The date range is up to 30 days and must include that Monday.
// Newer official pages allow only one day or 15 days, so it is safest to pass the Monday
// as both from and to.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsgweek
func (c *Client) ListUpstreamWeeks(ctx context.Context, from, to Date) ([]UpstreamSummary, error) {
	return upstreamWeeks.list(ctx, c, from, to)
}

// AllUpstreamWeeks is [Client.ListUpstreamWeeks] for a date range of any length, with one
// call per week that is over and whose Monday is in the range (获取消息发送周数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsgweek
func (c *Client) AllUpstreamWeeks(ctx context.Context, from, to Date) iter.Seq2[UpstreamSummary, error] {
	return upstreamWeeks.all(ctx, c, from, to)
}

var upstreamMonths = datacube[UpstreamSummary]{path: "/datacube/getupstreammsgmonth", days: 30, next: nextFirst}

// ListUpstreamMonths returns how many messages people sent to the account in a month
// (获取消息发送月数据). The figures of a month carry the date of its first day and are
// available when the month is over. The date range is up to 30 days and must include that first
// day. Newer official pages allow only one day or 15 days, so it is safest to pass the
// first day as both from and to.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsgmonth
func (c *Client) ListUpstreamMonths(ctx context.Context, from, to Date) ([]UpstreamSummary, error) {
	return upstreamMonths.list(ctx, c, from, to)
}

// AllUpstreamMonths is [Client.ListUpstreamMonths] for a date range of any length, with
// one call per month that is over and whose first day is in the range
// (获取消息发送月数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsgmonth
func (c *Client) AllUpstreamMonths(ctx context.Context, from, to Date) iter.Seq2[UpstreamSummary, error] {
	return upstreamMonths.all(ctx, c, from, to)
}

// UpstreamInterval is a range for the number of messages that one person sent.
type UpstreamInterval int

// The ranges for the number of messages.
const (
	UpstreamIntervalNone   UpstreamInterval = 0
	UpstreamInterval1To5   UpstreamInterval = 1
	UpstreamInterval6To10  UpstreamInterval = 2
	UpstreamIntervalOver10 UpstreamInterval = 3
)

// UpstreamDistribution is the number of people who sent a certain number of messages in
// a day, a week or a month.
type UpstreamDistribution struct {
	RefDate  Date             `json:"ref_date"`    // the day, the Monday of the week, or the first day of the month
	Source   int64            `json:"user_source"` // the platform does not document the values
	Interval UpstreamInterval `json:"count_interval"`
	Users    int64            `json:"msg_user"`
}

var upstreamDistributionDays = datacube[UpstreamDistribution]{path: "/datacube/getupstreammsgdist", days: 15}

// ListUpstreamDistributionDays returns how many people sent how many messages on each
// day (获取消息发送分布数据). The date range is up to 15 days and ends yesterday at the
// latest.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsgdist
func (c *Client) ListUpstreamDistributionDays(ctx context.Context, from, to Date) ([]UpstreamDistribution, error) {
	return upstreamDistributionDays.list(ctx, c, from, to)
}

// AllUpstreamDistributionDays is [Client.ListUpstreamDistributionDays] for a date range
// of any length (获取消息发送分布数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsgdist
func (c *Client) AllUpstreamDistributionDays(ctx context.Context, from, to Date) iter.Seq2[UpstreamDistribution, error] {
	return upstreamDistributionDays.all(ctx, c, from, to)
}

var upstreamDistributionWeeks = datacube[UpstreamDistribution]{path: "/datacube/getupstreammsgdistweek", days: 30, next: nextMonday}

// ListUpstreamDistributionWeeks returns how many people sent how many messages in a week
// (获取消息发送分布周数据). The date range is the same as for [Client.ListUpstreamWeeks].
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsgdistweek
func (c *Client) ListUpstreamDistributionWeeks(ctx context.Context, from, to Date) ([]UpstreamDistribution, error) {
	return upstreamDistributionWeeks.list(ctx, c, from, to)
}

// AllUpstreamDistributionWeeks is [Client.ListUpstreamDistributionWeeks] for a date range
// of any length, with one call per week that is over and whose Monday is in the range
// (获取消息发送分布周数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsgdistweek
func (c *Client) AllUpstreamDistributionWeeks(ctx context.Context, from, to Date) iter.Seq2[UpstreamDistribution, error] {
	return upstreamDistributionWeeks.all(ctx, c, from, to)
}

var upstreamDistributionMonths = datacube[UpstreamDistribution]{path: "/datacube/getupstreammsgdistmonth", days: 30, next: nextFirst}

// ListUpstreamDistributionMonths returns how many people sent how many messages in a
// month (获取消息发送分布月数据). The date range is the same as for
// [Client.ListUpstreamMonths].
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsgdistmonth
func (c *Client) ListUpstreamDistributionMonths(ctx context.Context, from, to Date) ([]UpstreamDistribution, error) {
	return upstreamDistributionMonths.list(ctx, c, from, to)
}

// AllUpstreamDistributionMonths is [Client.ListUpstreamDistributionMonths] for a date
// range of any length, with one call per month that is over and whose first day is in the
// range (获取消息发送分布月数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/mess/api_getupstreammsgdistmonth
func (c *Client) AllUpstreamDistributionMonths(ctx context.Context, from, to Date) iter.Seq2[UpstreamDistribution, error] {
	return upstreamDistributionMonths.all(ctx, c, from, to)
}
