package wechat

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var _ = wireRows([]wireRow{
	{
		name: "GetTicket", http: "GET /cgi-bin/ticket/getticket", query: "type=wx_card",
		reply: `{"errcode":0,"errmsg":"ok","ticket":"T","expires_in":7200}`,
		call:  result(func(ctx context.Context, c *Client) (*Ticket, error) { return c.GetTicket(ctx, TicketCard) }),
		want:  &Ticket{Ticket: "T", ExpiresIn: 7200},
	},
})

func TestPageSignatureMatchesTheOfficialExample(t *testing.T) {
	const ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
	const want = "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
	assert.Equal(t, want, signPage(ticket, "Wm3WZYTPz0wzccnW", 1414587457, "http://mp.weixin.qq.com?params=value"))
	assert.Equal(t, want, signPage(ticket, "Wm3WZYTPz0wzccnW", 1414587457, "http://mp.weixin.qq.com?params=value#top"))
}

func TestCardSignatureSortsItsValues(t *testing.T) {
	const want = "b376f0ac8c74eb3ee22342065e8e55e378b4aef2"
	assert.Equal(t, want, signCard("TICKET123", "1700000000", "pFS7Fjg8kV1IdDz01r4SQwMkuCKc", "abc123"))
	assert.Equal(t, want, signCard("abc123", "pFS7Fjg8kV1IdDz01r4SQwMkuCKc", "", "1700000000", "TICKET123"))
}

// ticketServer returns tickets; like the platform, it always reports 7200 seconds.
func ticketServer(value func() string, fetches *atomic.Int64) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		fetches.Add(1)
		return answer(http.StatusOK, `{"errcode":0,"errmsg":"ok","ticket":"`+value()+`","expires_in":7200}`)(r)
	}
}

func TestSignedPageIsReadyForWxConfig(t *testing.T) {
	var fetches atomic.Int64
	c, _ := wireRow{}.client(ticketServer(func() string { return "TICKET-CANARY" }, &fetches))
	cfg, err := c.SignPage(t.Context(), "https://example.com/a?b=c#d", "chooseImage")
	require.NoError(t, err)
	data, err := json.Marshal(cfg)
	require.NoError(t, err)
	assert.NotContains(t, string(data), "CANARY")
	var fields map[string]any
	require.NoError(t, json.Unmarshal(data, &fields))
	assert.Equal(t, "wx0000000000000001", fields["appId"])
	assert.Equal(t, []any{"chooseImage"}, fields["jsApiList"])
	assert.Equal(t, signPage("TICKET-CANARY", cfg.Nonce, cfg.Timestamp, "https://example.com/a?b=c"), fields["signature"])

	again, err := c.SignPage(t.Context(), "https://example.com/")
	require.NoError(t, err)
	assert.NotEqual(t, cfg.Nonce, again.Nonce)
	assert.NotNil(t, again.JSAPIList)
	assert.EqualValues(t, 1, fetches.Load())

	_, err = c.SignPage(t.Context(), "example.com")
	assertArgument(t, err, "pageURL")
}

func TestSignedCardsCarryTheTimeAndNonceThatWereSigned(t *testing.T) {
	var fetches atomic.Int64
	c, _ := wireRow{}.client(ticketServer(func() string { return "TICKET-CANARY" }, &fetches))
	ext, err := c.SignCard(t.Context(), "pCard", "code-1", "oUser")
	require.NoError(t, err)
	assert.Equal(t, signCard("TICKET-CANARY", ext.Timestamp, "pCard", ext.Nonce, "code-1", "oUser"), ext.Signature)
	assert.JSONEq(t, `{"code":"code-1","openid":"oUser","timestamp":"`+ext.Timestamp+`","nonce_str":"`+ext.Nonce+`","signature":"`+ext.Signature+`"}`, ext.String())

	choice, err := c.SignCardChoice(t.Context(), "", "", "GROUPON")
	require.NoError(t, err)
	assert.Equal(t, signCard("TICKET-CANARY", "wx0000000000000001", strconv.FormatInt(choice.Timestamp, 10), choice.Nonce, "GROUPON"), choice.CardSign)

	_, err = c.SignCard(t.Context(), "", "", "")
	assertArgument(t, err, "cardID")
}

func TestTicketOfUnknownAgeIsCheckedEveryTenMinutesUntilItChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The ticket in force when the client starts has 25 minutes left.
		begin := time.Now()
		value := func() string {
			generation := (time.Since(begin) + 95*time.Minute) / (2 * time.Hour)
			return "ticket-" + strconv.Itoa(int(generation))
		}
		var fetches atomic.Int64
		c, _ := wireRow{}.client(ticketServer(value, &fetches))
		defer func() { _ = c.Close() }()
		wrong := 0
		for range 6 * 60 {
			ticket, err := c.Ticket(t.Context(), TicketJSAPI)
			require.NoError(t, err)
			if string(ticket) != value() {
				wrong++
			}
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		assert.LessOrEqual(t, wrong, 10, "minutes with a ticket that is over")
		assert.LessOrEqual(t, fetches.Load(), int64(40), "fetches in six hours")
	})
}

func TestTicketsHaveAType(t *testing.T) {
	refused(t, "ticketType", func(ctx context.Context, c *Client) error { _, err := c.GetTicket(ctx, ""); return err })
	refused(t, "ticketType", func(ctx context.Context, c *Client) error { _, err := c.Ticket(ctx, ""); return err })
}
