package wechat

import (
	"context"
	"iter"
)

// InterfaceSummary summarizes how the account's server responded to pushes on one day.
type InterfaceSummary struct {
	RefDate           Date  `json:"ref_date"`
	Callbacks         int64 `json:"callback_count"`  // pushes delivered
	Failures          int64 `json:"fail_count"`      // pushes without a valid response
	TotalMilliseconds int64 `json:"total_time_cost"` // of all responses together; divide by Callbacks for the mean
	MaxMilliseconds   int64 `json:"max_time_cost"`   // of the slowest response
}

var interfaceSummaries = datacube[InterfaceSummary]{path: "/datacube/getinterfacesummary", days: 30}

// ListInterfaceSummaries returns how the account's server responded to pushes on each
// day (获取接口分析数据). The date range is up to 30 days and ends yesterday at the
// latest.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/api/api_getinterfacesummary
func (c *Client) ListInterfaceSummaries(ctx context.Context, from, to Date) ([]InterfaceSummary, error) {
	return interfaceSummaries.list(ctx, c, from, to)
}

// AllInterfaceSummaries is [Client.ListInterfaceSummaries] for a date range of any length
// (获取接口分析数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/api/api_getinterfacesummary
func (c *Client) AllInterfaceSummaries(ctx context.Context, from, to Date) iter.Seq2[InterfaceSummary, error] {
	return interfaceSummaries.all(ctx, c, from, to)
}

// InterfaceHour summarizes how the account's server responded to pushes in one hour.
type InterfaceHour struct {
	RefDate           Date  `json:"ref_date"`
	RefHour           int64 `json:"ref_hour"`        // the start of the hour: 0, 100, … 2300
	Callbacks         int64 `json:"callback_count"`  // pushes delivered
	Failures          int64 `json:"fail_count"`      // pushes without a valid response
	TotalMilliseconds int64 `json:"total_time_cost"` // of all responses together
	MaxMilliseconds   int64 `json:"max_time_cost"`   // of the slowest response
}

var interfaceHours = datacube[InterfaceHour]{path: "/datacube/getinterfacesummaryhour", days: 1}

// ListInterfaceHours returns how the account's server responded to pushes in each hour
// of a day (获取接口分析分时数据). from and to must be the same day, yesterday at the
// latest.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/api/api_getinterfacesummaryhour
func (c *Client) ListInterfaceHours(ctx context.Context, from, to Date) ([]InterfaceHour, error) {
	return interfaceHours.list(ctx, c, from, to)
}

// AllInterfaceHours is [Client.ListInterfaceHours] for a date range of any length, with
// one call per day (获取接口分析分时数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/api/api_getinterfacesummaryhour
func (c *Client) AllInterfaceHours(ctx context.Context, from, to Date) iter.Seq2[InterfaceHour, error] {
	return interfaceHours.all(ctx, c, from, to)
}
