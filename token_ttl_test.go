package wechat

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheTTLOfATokenIsWhatIsLeftOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPlatform{}
		c := p.client()
		second := newTestClient("wx0000000000000001", "", WithTokenSource(c))
		token, ttl, err := c.TokenWithTTL(t.Context(), "")
		require.NoError(t, err)
		assert.Equal(t, 2*time.Hour, ttl)
		time.Sleep(time.Hour)
		for _, client := range []*Client{c, second} {
			again, left, err := client.TokenWithTTL(t.Context(), "")
			require.NoError(t, err)
			assert.Equal(t, token, again)
			assert.Equal(t, time.Hour, left)
		}
		p.revoke()
		other, ttl, err := second.TokenWithTTL(t.Context(), token)
		require.NoError(t, err)
		assert.NotEqual(t, token, other)
		assert.Equal(t, 2*time.Hour, ttl)
		assert.Equal(t, 2, p.fetches)

		static := newTestClient("wx1", "", WithTokenSource(StaticToken("T-1")))
		_, ttl, err = static.TokenWithTTL(t.Context(), "")
		require.NoError(t, err)
		assert.Zero(t, ttl, "not known")
		require.NoError(t, second.Close())
		_, _, err = second.TokenWithTTL(t.Context(), "")
		require.ErrorIs(t, err, ErrClosed)
	})
}

func TestAClientTakesItsTicketsFromItsTokenSourceIfThatHasSome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tickets := 0
		p := &tokenPlatform{call: func(r *http.Request, ok bool) (*http.Response, error) {
			if !ok || r.URL.Path != "/cgi-bin/ticket/getticket" {
				return nil, nil
			}
			tickets++
			return answer(http.StatusOK, `{"errcode":0,"ticket":"TICKET-CANARY","expires_in":7200}`)(r)
		}}
		c := p.client()
		for range 10 {
			second := newTestClient("wx0000000000000001", "", WithTokenSource(c))
			ticket, ttl, err := second.TicketWithTTL(t.Context(), TicketJSAPI)
			require.NoError(t, err)
			assert.EqualValues(t, "TICKET-CANARY", ticket)
			assert.Equal(t, unsureTicketTTL, ttl, "as the source judges it")
		}
		assert.Equal(t, 1, tickets)
	})
}
