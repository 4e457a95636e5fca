package wechat

import (
	"context"
	"iter"
	"strconv"
)

// AdSlot is a place for ads in an account's content (广告位). Mini programs have other
// slots, such as "SLOT_ID_WEAPP_BANNER".
type AdSlot string

// The ad slots of Official Accounts.
const (
	AdSlotBottom     AdSlot = "SLOT_ID_BIZ_BOTTOM"      // at the end of an article
	AdSlotInText     AdSlot = "SLOT_ID_BIZ_MID_CONTEXT" // inside an article
	AdSlotVideoEnd   AdSlot = "SLOT_ID_BIZ_VIDEO_END"
	AdSlotSponsor    AdSlot = "SLOT_ID_BIZ_SPONSOR" // 互选广告
	AdSlotCommission AdSlot = "SLOT_ID_BIZ_CPS"     // 返佣商品
)

// AdPageRequest selects a page of ad statistics.
type AdPageRequest struct {
	From, To Date // inclusive
	Page     int  // from 1; 0 means 1
	PageSize int  // 1 to 90; 0 means 90
}

const (
	adPageSize     = 90
	adDays         = 90 // the most days per call
	commissionDays = 60 // the most days per call
)

func (r AdPageRequest) complete() AdPageRequest {
	if r.Page == 0 {
		r.Page = 1
	}
	if r.PageSize == 0 {
		r.PageSize = adPageSize
	}
	return r
}

// adStatistics requests a page of an action's statistics. days is the longest date range
// of a call, 0 if there is no limit.
func adStatistics[T any](ctx context.Context, c *Client, action string, days int, slot AdSlot, req AdPageRequest) (*T, error) {
	req = req.complete()
	span := dateSpan{req.From, req.To}
	if err := first(span.order("From", "To"), positive("Page", req.Page), within("PageSize", req.PageSize, 1, adPageSize)); err != nil {
		return nil, err
	}
	if days > 0 {
		if err := span.atMost("To", days); err != nil {
			return nil, err
		}
	}
	return get[T](ctx, c, "/publisher/stat", params(
		"action", action, "ad_slot", string(slot), "start_date", req.From.String(), "end_date", req.To.String(),
		"page", strconv.Itoa(req.Page), "page_size", strconv.Itoa(req.PageSize)))
}

// allAds iterates over all pages of a date range, which it splits into calls.
func allAds[T any](from, to Date, days int, page func(req AdPageRequest) (items []T, total int64, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err := (dateSpan{from, to}).order("from", "to"); err != nil {
			var none T
			yield(none, err)
			return
		}
		if days == 0 {
			days = from.DaysUntil(to) + 1
		}
		for span := range splitDays(from, to, days) {
			pages := paginate(1, func(number int) ([]T, int, bool, error) {
				items, total, err := page(AdPageRequest{From: span.From, To: span.To, Page: number})
				return items, number + 1, int64(number)*adPageSize < total, err
			})
			for item, err := range pages {
				if !yield(item, err) || err != nil {
					return
				}
			}
		}
	}
}

// AdFigures are performance figures of ads.
type AdFigures struct {
	Requests     int64   `json:"req_succ_count"` // ads that were requested
	Exposures    int64   `json:"exposure_count"`
	ExposureRate float64 `json:"exposure_rate"` // exposures per request
	Clicks       int64   `json:"click_count"`
	ClickRate    float64 `json:"click_rate"` // clicks per exposure
	Income       int64   `json:"income"`     // fen
	ECPM         float64 `json:"ecpm"`       // fen per 1,000 exposures
}

// AdDay contains the figures of an ad slot on one day.
type AdDay struct {
	Date   Date   `json:"date"`
	SlotID int64  `json:"slot_id"`
	Slot   AdSlot `json:"ad_slot"`
	AdFigures
}

// AdReport is a page of daily figures, with the totals of the whole date range.
type AdReport struct {
	Summary AdFigures `json:"summary"`
	Days    []AdDay   `json:"list"`
	Total   int64     `json:"total_num"` // of rows in the date range, one for each day and slot
}

// ListAdDays returns a page of the figures of ads in the account's articles, by day and
// slot (获取公众号分广告位数据). Pass "" for all slots. The date range is up to 90 days
// and can begin on 2016-01-01 at the earliest.
//
// https://developers.weixin.qq.com/doc/offiaccount/Analytics/Ad_Analysis
func (c *Client) ListAdDays(ctx context.Context, slot AdSlot, req AdPageRequest) (*AdReport, error) {
	return adStatistics[AdReport](ctx, c, "publisher_adpos_general", adDays, slot, req)
}

// AllAdDays iterates over the figures of ads in the account's articles, by day and slot,
// in a date range of any length (获取公众号分广告位数据). Pass "" for all slots.
//
// https://developers.weixin.qq.com/doc/offiaccount/Analytics/Ad_Analysis
func (c *Client) AllAdDays(ctx context.Context, slot AdSlot, from, to Date) iter.Seq2[AdDay, error] {
	return allAds(from, to, adDays, func(req AdPageRequest) ([]AdDay, int64, error) {
		page, err := c.ListAdDays(ctx, slot, req)
		if err != nil {
			return nil, 0, err
		}
		return page.Days, page.Total, nil
	})
}

// CommissionFigures are the figures of products that are sold for a commission.
type CommissionFigures struct {
	Requests   int64   `json:"req_succ_count"` // product cards that were requested
	Exposures  int64   `json:"exposure_count"`
	Clicks     int64   `json:"click_count"`
	ClickRate  float64 `json:"click_rate"` // clicks per exposure
	Orders     int64   `json:"order_count"`
	OrderRate  float64 `json:"order_rate"`       // orders per click
	Sales      int64   `json:"total_fee"`        // fen
	Commission int64   `json:"total_commission"` // fen
}

// CommissionDay contains the figures of one day.
type CommissionDay struct {
	Date Date `json:"date"`
	CommissionFigures
}

// CommissionReport is a page of daily figures, with the totals of the whole date range.
type CommissionReport struct {
	Summary CommissionFigures `json:"summary"`
	Days    []CommissionDay   `json:"list"`
	Total   int64             `json:"total_num"` // days in the date range
}

// ListCommissionDays returns a page of the figures of products in the account's articles,
// by day (获取公众号返佣商品数据). The date range is up to 60 days.
//
// https://developers.weixin.qq.com/doc/offiaccount/Analytics/Ad_Analysis
func (c *Client) ListCommissionDays(ctx context.Context, req AdPageRequest) (*CommissionReport, error) {
	return adStatistics[CommissionReport](ctx, c, "publisher_cps_general", commissionDays, "", req)
}

// AllCommissionDays iterates over the figures of products in the account's articles, by
// day, in a date range of any length (获取公众号返佣商品数据).
//
// https://developers.weixin.qq.com/doc/offiaccount/Analytics/Ad_Analysis
func (c *Client) AllCommissionDays(ctx context.Context, from, to Date) iter.Seq2[CommissionDay, error] {
	return allAds(from, to, commissionDays, func(req AdPageRequest) ([]CommissionDay, int64, error) {
		page, err := c.ListCommissionDays(ctx, req)
		if err != nil {
			return nil, 0, err
		}
		return page.Days, page.Total, nil
	})
}

// SettlementStatus is the state of a settlement.
type SettlementStatus int

// The states of settlements.
const (
	SettlementStatusPending   SettlementStatus = 1
	SettlementStatusSettled   SettlementStatus = 2 // 3 means the same
	SettlementStatusBeingPaid SettlementStatus = 4
	SettlementStatusPaid      SettlementStatus = 5
)

// Settlement is the income for half a month.
type Settlement struct {
	Date      Date             `json:"date"`  // the day on which the figures were updated
	Period    string           `json:"zone"`  // the days in words, such as 2020年3月1日至15日
	Month     string           `json:"month"` // such as "202003"
	Half      int64            `json:"order"` // 1 means the days up to the 15th, 2 the days from the 16th
	Status    SettlementStatus `json:"sett_status"`
	Revenue   int64            `json:"settled_revenue"` // fen
	Number    string           `json:"sett_no"`
	MailCount int64            `json:"mail_send_cnt"` // how many times the statement was resent on request
	Slots     []SlotRevenue    `json:"slot_revenue"`
}

// SlotRevenue is the part of a settlement that comes from one ad slot.
type SlotRevenue struct {
	Slot    AdSlot `json:"slot_id"`
	Revenue int64  `json:"slot_settled_revenue"` // fen
}

// SettlementReport is a page of settlements, with the totals of the account.
type SettlementReport struct {
	Payee          string       `json:"body"`                // the company that is paid
	Revenue        int64        `json:"revenue_all"`         // fen, the income so far
	Penalty        int64        `json:"penalty_all"`         // fen, deducted
	SettledRevenue int64        `json:"settled_revenue_all"` // fen
	Settlements    []Settlement `json:"settlement_list"`
	Total          int64        `json:"total_num"` // settlements in the date range
}

// ListSettlements returns a page of the account's income from ads
// (获取公众号结算收入数据及结算主体信息): the settlements of all half months that overlap
// the date range, which can be of any length.
//
// https://developers.weixin.qq.com/doc/offiaccount/Analytics/Ad_Analysis
func (c *Client) ListSettlements(ctx context.Context, req AdPageRequest) (*SettlementReport, error) {
	return adStatistics[SettlementReport](ctx, c, "publisher_settlement", 0, "", req)
}

// AllSettlements iterates over the settlements that [Client.ListSettlements] returns for
// a date range (获取公众号结算收入数据及结算主体信息).
//
// https://developers.weixin.qq.com/doc/offiaccount/Analytics/Ad_Analysis
func (c *Client) AllSettlements(ctx context.Context, from, to Date) iter.Seq2[Settlement, error] {
	return allAds(from, to, 0, func(req AdPageRequest) ([]Settlement, int64, error) {
		page, err := c.ListSettlements(ctx, req)
		if err != nil {
			return nil, 0, err
		}
		return page.Settlements, page.Total, nil
	})
}
