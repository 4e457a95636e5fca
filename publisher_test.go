package wechat

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var _ = wireRows([]wireRow{
	{
		name: "ListAdDays", http: "GET /publisher/stat",
		query: "action=publisher_adpos_general&ad_slot=SLOT_ID_BIZ_BOTTOM&end_date=2026-02-28&page=2&page_size=10&start_date=2025-12-01",
		reply: `{"base_resp":{"err_msg":"ok","ret":0},"list":[{"slot_id":3030046789020061,"ad_slot":"SLOT_ID_BIZ_BOTTOM","date":"2025-12-01","req_succ_count":443610,"exposure_count":181814,"exposure_rate":0.409850995,"click_count":10095,"click_rate":0.055523777,"income":52175,"ecpm":286.969100289}],"summary":{"req_succ_count":4406394,"exposure_count":1797225,"exposure_rate":0.407867522,"click_count":100167,"click_rate":0.055734257,"income":578003,"ecpm":321.608591022},"total_num":11}`,
		call: result(func(ctx context.Context, c *Client) (*AdReport, error) {
			return c.ListAdDays(ctx, AdSlotBottom, AdPageRequest{From: aDay, To: aDay.AddDays(89), Page: 2, PageSize: 10})
		}),
		want: &AdReport{
			Summary: AdFigures{
				Requests: 4406394, Exposures: 1797225, ExposureRate: 0.407867522, Clicks: 100167, ClickRate: 0.055734257,
				Income: 578003, ECPM: 321.608591022,
			},
			Days: []AdDay{{
				Date: aDay, SlotID: 3030046789020061, Slot: AdSlotBottom,
				AdFigures: AdFigures{
					Requests: 443610, Exposures: 181814, ExposureRate: 0.409850995, Clicks: 10095, ClickRate: 0.055523777,
					Income: 52175, ECPM: 286.969100289,
				},
			}},
			Total: 11,
		},
	},
	{
		name: "ListCommissionDays", http: "GET /publisher/stat",
		query: "action=publisher_cps_general&end_date=2025-12-01&page=1&page_size=90&start_date=2025-12-01",
		reply: `{"base_resp":{"err_msg":"ok","ret":0},"list":[{"date":"2025-12-01","exposure_count":77,"click_count":7,"click_rate":0.090909,"order_count":1,"order_rate":0.142857,"total_fee":100,"total_commission":10}],"total_num":1}`,
		call: result(func(ctx context.Context, c *Client) (*CommissionReport, error) {
			return c.ListCommissionDays(ctx, AdPageRequest{From: aDay, To: aDay})
		}),
		want: &CommissionReport{
			Days: []CommissionDay{{Date: aDay, CommissionFigures: CommissionFigures{
				Exposures: 77, Clicks: 7, ClickRate: 0.090909, Orders: 1, OrderRate: 0.142857, Sales: 100, Commission: 10,
			}}},
			Total: 1,
		},
	},
	{
		name: "ListSettlements", http: "GET /publisher/stat",
		query: "action=publisher_settlement&end_date=2026-12-01&page=1&page_size=90&start_date=2025-12-01",
		reply: `{"base_resp":{"err_msg":"ok","ret":0},"body":"某公司","penalty_all":0,"revenue_all":5178368698,"settled_revenue_all":2613696765,"settlement_list":[{"date":"2025-12-25","zone":"2025年12月1日至15日","month":"202512","order":1,"sett_status":5,"settled_revenue":718926045,"sett_no":"XXX","mail_send_cnt":"2","slot_revenue":[{"slot_id":"SLOT_ID_BIZ_BOTTOM","slot_settled_revenue":718926045}]}],"total_num":1}`,
		call: result(func(ctx context.Context, c *Client) (*SettlementReport, error) {
			return c.ListSettlements(ctx, AdPageRequest{From: aDay, To: aDay.AddDays(365)})
		}),
		want: &SettlementReport{
			Payee: "某公司", Revenue: 5178368698, SettledRevenue: 2613696765, Total: 1,
			Settlements: []Settlement{{
				Date: Date{2025, 12, 25}, Period: "2025年12月1日至15日", Month: "202512", Half: 1, Status: SettlementStatusPaid,
				Revenue: 718926045, Number: "XXX", MailCount: 2,
				Slots: []SlotRevenue{{Slot: AdSlotBottom, Revenue: 718926045}},
			}},
		},
	},
})

func TestAdStatisticsRefuseWrongSpansAndPages(t *testing.T) {
	for argument, requests := range map[string][]AdPageRequest{
		"From":     {{To: aDay}},
		"To":       {{From: aDay}, {From: aDay, To: aDay.AddDays(-1)}, {From: aDay, To: aDay.AddDays(60)}},
		"Page":     {{From: aDay, To: aDay, Page: -1}},
		"PageSize": {{From: aDay, To: aDay, PageSize: 91}, {From: aDay, To: aDay, PageSize: -1}},
	} {
		for _, r := range requests {
			refused(t, argument, func(ctx context.Context, c *Client) error {
				_, err := c.ListCommissionDays(ctx, r)
				return err
			})
		}
	}
	refused(t, "to", func(ctx context.Context, c *Client) error { return failure(c.AllSettlements(ctx, aDay, Date{})) })
}

func TestAdStatisticsRefuseByBaseResp(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusOK, `{"base_resp":{"ret":2009,"err_msg":"no permission"}}`))
	_, err := c.ListAdDays(t.Context(), "", AdPageRequest{From: aDay, To: aDay})
	require.ErrorIs(t, err, Code(2009))
	require.ErrorContains(t, err, "no permission")
}

func TestAdStatisticsOfALongSpanAreJoined(t *testing.T) {
	var asked []string
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		q := r.URL.Query()
		asked = append(asked, q.Get("start_date")+" "+q.Get("end_date")+" "+q.Get("page"))
		return answer(http.StatusOK, `{"list":[{"date":"`+q.Get("start_date")+`"}],"settlement_list":[{"month":"`+q.Get("page")+`"}],"total_num":91}`)(r)
	})
	days := func() []string { defer func() { asked = nil }(); return asked }

	dates := collect(t, c.AllAdDays(t.Context(), AdSlotInText, aDay, aDay.AddDays(90)), func(d AdDay) string { return d.Date.String() })
	assert.Equal(t, []string{"2025-12-01", "2025-12-01", "2026-03-01", "2026-03-01"}, dates)
	assert.Equal(t, []string{
		"2025-12-01 2026-02-28 1", "2025-12-01 2026-02-28 2", "2026-03-01 2026-03-01 1", "2026-03-01 2026-03-01 2",
	}, days())

	require.NoError(t, failure(c.AllCommissionDays(t.Context(), aDay, aDay.AddDays(60))))
	assert.Equal(t, []string{
		"2025-12-01 2026-01-29 1", "2025-12-01 2026-01-29 2", "2026-01-30 2026-01-30 1", "2026-01-30 2026-01-30 2",
	}, days())

	months := collect(t, c.AllSettlements(t.Context(), aDay, aDay.AddDays(365)), func(s Settlement) string { return s.Month })
	assert.Equal(t, "1 2", strings.Join(months, " "), "settlements of a half month would come twice from a span that is split")
	assert.Equal(t, []string{"2025-12-01 2026-12-01 1", "2025-12-01 2026-12-01 2"}, days())

	for _, err := range c.AllAdDays(t.Context(), "", aDay, aDay.AddDays(90)) {
		require.NoError(t, err)
		break
	}
	assert.Len(t, days(), 1)
}

func TestAdStatisticsEndWithTheFirstError(t *testing.T) {
	calls := 0
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		calls++
		return answer(http.StatusOK, `{"base_resp":{"ret":45009,"err_msg":"reach max api daily quota limit"}}`)(r)
	})
	require.ErrorIs(t, failure(c.AllAdDays(t.Context(), "", aDay, aDay.AddDays(300))), ErrQuotaExceeded)
	require.ErrorIs(t, failure(c.AllCommissionDays(t.Context(), aDay, aDay.AddDays(300))), ErrQuotaExceeded)
	require.ErrorIs(t, failure(c.AllSettlements(t.Context(), aDay, aDay.AddDays(300))), ErrQuotaExceeded)
	assert.Equal(t, 3, calls)
}
