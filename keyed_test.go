package wechat

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/spec"
)

// keyedSends are the endpoints whose body may contain a client message ID. id is that of
// the program; "" leaves it to the client.
var keyedSends = map[string]struct {
	field    string
	maxBytes int // of the page, or of what is known to work
	send     func(ctx context.Context, c *Client, id string) error
}{
	"/cgi-bin/message/template/send": {"client_msg_id", 32, func(ctx context.Context, c *Client, id string) error {
		_, err := c.SendTemplateMessage(ctx, TemplateMessage{OpenID: "oAlice", TemplateID: "T1", ClientMsgID: id})
		return err
	}},
	"/cgi-bin/message/mass/sendall": {"clientmsgid", maxClientMsgID, func(ctx context.Context, c *Client, id string) error {
		_, err := c.SendMass(ctx, SendMassRequest{ToAll: true, Message: TextMessage{Content: "新品"}, ClientMsgID: id})
		return err
	}},
	"/cgi-bin/message/mass/send": {"clientmsgid", maxClientMsgID, func(ctx context.Context, c *Client, id string) error {
		_, err := c.SendMassToUsers(ctx, SendMassToUsersRequest{
			OpenIDs: []string{"oAlice", "oBob"}, Message: TextMessage{Content: "新品"}, ClientMsgID: id,
		})
		return err
	}},
}

// keys returns the client message IDs of requests; "" if a body has no such field.
func keys(t *testing.T, field string, bodies []string) []string {
	t.Helper()
	var all []string
	for _, body := range bodies {
		var fields map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &fields))
		key, _ := fields[field].(string)
		_, present := fields[field]
		require.Equal(t, key != "", present, "an empty ID is none")
		all = append(all, key)
	}
	return all
}

func TestNoEndpointWithAClientMessageIDIsForgotten(t *testing.T) {
	found := 0
	for _, e := range spec.All() {
		spec.Walk(e.Request, func(path string, f spec.Field) {
			if strings.ReplaceAll(strings.ToLower(f.Name), "_", "") != "clientmsgid" {
				return
			}
			found++
			assert.Equal(t, keyedSends[e.Path].field, path, "%s %s: fill it in, and add it to keyedSends", e.Method, e.Path)
		})
	}
	assert.Equal(t, len(keyedSends), found)
}

func TestEveryAttemptOfASendHasTheSameKeyAndEveryCallAnother(t *testing.T) {
	for path, e := range keyedSends {
		t.Run(path, func(t *testing.T) {
			const calls = 500
			seen := map[string]bool{}
			for range calls {
				s := newScript(dropped, badGate, ok)
				require.NoError(t, e.send(t.Context(), s.client(WithRetry(RetryPolicy{BaseDelay: 1, MaxDelay: 1})), ""))
				all := keys(t, e.field, s.bodies)
				require.Len(t, all, 3, "it is retried")
				require.Equal(t, []string{all[0], all[0], all[0]}, all)
				require.LessOrEqual(t, len(all[0]), e.maxBytes)
				require.GreaterOrEqual(t, len(all[0]), 26, "128 bits of a base of 32 characters")
				require.Empty(t, strings.Trim(all[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), "nothing that needs an escape")
				seen[all[0]] = true
			}
			assert.Len(t, seen, calls, "equal contents are sent twice if a program sends them twice")
		})
	}
}

func TestKeyOfTheProgramIsKeptAndItsRequestIsNotChanged(t *testing.T) {
	for path, e := range keyedSends {
		s := newScript(dropped, ok)
		require.NoError(t, e.send(t.Context(), s.client(), "order-1"), path)
		assert.Equal(t, []string{"order-1", "order-1"}, keys(t, e.field, s.bodies), path)
	}
	message := TemplateMessage{OpenID: "oAlice", TemplateID: "T1", Data: TemplateData{}.Set("thing1", "x")}
	mass := SendMassRequest{ToAll: true, Message: TextMessage{Content: "x"}}
	messageBefore, massBefore := message, mass
	messageBefore.Data = TemplateData{}.Set("thing1", "x")
	c := newScript(ok).client()
	_, err := c.SendTemplateMessage(t.Context(), message)
	require.NoError(t, err)
	_, err = c.SendMass(t.Context(), mass)
	require.NoError(t, err)
	assert.True(t, reflect.DeepEqual(messageBefore, message) && reflect.DeepEqual(massBefore, mass))
}

func TestWithoutClientMsgIDsASendThatMayHaveRunIsNotRetried(t *testing.T) {
	for path, e := range keyedSends {
		s := newScript(dropped, ok)
		c := s.client(WithoutClientMsgIDs())
		require.ErrorIs(t, e.send(t.Context(), c, ""), ErrUnknownOutcome, path)
		assert.Equal(t, []string{""}, keys(t, e.field, s.bodies), path)

		s = newScript(dropped, ok)
		c = s.client(WithoutClientMsgIDs())
		require.NoError(t, e.send(t.Context(), c, "order-1"), path)
		assert.Equal(t, []string{"order-1", "order-1"}, keys(t, e.field, s.bodies), "the program's is not left out")
	}
}

func TestNoSendIsRetriedAfterThePlatformHasForgottenItsKey(t *testing.T) {
	for path, e := range keyedSends {
		attempts := 3
		if path == "/cgi-bin/message/template/send" {
			attempts = 2 // after 5 minutes, but not after 10
		}
		synctest.Test(t, func(t *testing.T) {
			s := newScript(hangs)
			c := s.client(WithTimeout(5*time.Minute), WithRetry(RetryPolicy{MaxAttempts: 3}))
			require.ErrorIs(t, e.send(t.Context(), c, ""), ErrUnknownOutcome, path)
			assert.Len(t, s.sent, attempts, path)
		})
	}
}

func TestKeyThatIsForgottenDuringAWaitIsNotSentAgain(t *testing.T) {
	minuteQuota := answer(http.StatusOK, `{"errcode":45011,"errmsg":"api minute-quota reach limit"}`)
	badToken := answer(http.StatusOK, `{"errcode":40001,"errmsg":"invalid credential"}`)
	slow := func(_ context.Context, rejected string) (string, error) {
		if rejected != "" {
			time.Sleep(11 * time.Minute)
		}
		return "TOKEN" + rejected, nil
	}
	for name, row := range map[string]struct {
		script *script
		opts   []Option
		sent   int
	}{
		"quota": {newScript(dropped, minuteQuota), []Option{WithRetry(RetryPolicy{MaxAttempts: 100, WaitForQuota: true})}, 10},
		"token": {newScript(dropped, badToken, ok), []Option{WithTokenSource(sourceFunc(slow))}, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Second) // a minute begins at 0
			begin := time.Now()
			_, err := row.script.client(row.opts...).SendTemplateMessage(t.Context(), TemplateMessage{OpenID: "oAlice", TemplateID: "T1"})
			require.ErrorIs(t, err, ErrUnknownOutcome, name)
			assert.Len(t, row.script.sent, row.sent, name)
			if name == "quota" {
				assert.Less(t, time.Since(begin), templateIDTime, "it waits for nothing that is then not sent")
			}
		})
	}
}

const (
	duplicateMass = `{"errcode":45065,"errmsg":"clientmsgid exist rid: 5f1e-2","msg_id":34182}`
	massTooFast   = `{"errcode":45066,"errmsg":"same clientmsgid retry too fast"}`
)

func TestDuplicateOfAMassMessageIsSuccessWithTheFirstID(t *testing.T) {
	duplicate := answer(http.StatusOK, duplicateMass)
	for name, s := range map[string]*script{"after a lost response": newScript(dropped, duplicate), "at once": newScript(duplicate)} {
		for _, id := range []string{"", "order-1"} {
			res, err := s.client().SendMass(t.Context(), SendMassRequest{ToAll: true, Message: TextMessage{Content: "新品"}, ClientMsgID: id})
			require.NoError(t, err, name)
			assert.Equal(t, &MassResult{MsgID: 34182, Duplicate: true}, res, name)
		}
	}
}

func TestEqualMassMessageWithoutAKeyIsRefused(t *testing.T) {
	s := newScript(answer(http.StatusOK, duplicateMass))
	res, err := s.client(WithoutClientMsgIDs()).SendMass(t.Context(), SendMassRequest{ToAll: true, Message: TextMessage{Content: "新品"}})
	require.ErrorIs(t, err, ErrDuplicateMassID, "this one was not sent, and nobody asked for that")
	assert.Nil(t, res)
}

func TestMassMessageRepeatedTooFastIsAskedForAgainAfterAMinute(t *testing.T) {
	tooFast, duplicate := answer(http.StatusOK, massTooFast), answer(http.StatusOK, duplicateMass)
	send := func(ctx context.Context, s *script, opts ...Option) (*MassResult, error) {
		return s.client(opts...).SendMass(ctx, SendMassRequest{ToAll: true, Message: TextMessage{Content: "新品"}})
	}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := newScript(dropped, tooFast, duplicate)
		res, err := send(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, &MassResult{MsgID: 34182, Duplicate: true}, res)
		assert.GreaterOrEqual(t, time.Since(begin), time.Minute)
		assert.Less(t, time.Since(begin), time.Minute+2*time.Second)
		all := keys(t, "clientmsgid", s.bodies)
		assert.Equal(t, []string{all[0], all[0], all[0]}, all)

		begin = time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 59*time.Second)
		defer cancel()
		s = newScript(dropped, tooFast, duplicate)
		res, err = send(ctx, s)
		require.ErrorIs(t, err, ErrMassIDTooFast)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, ErrUnknownOutcome)
		assert.Nil(t, res)
		assert.Less(t, time.Since(begin), time.Second, "no wait that cannot succeed")
		assert.Len(t, s.sent, 2)

		s = newScript(tooFast)
		_, err = send(t.Context(), s)
		require.ErrorIs(t, err, ErrMassIDTooFast)
		require.ErrorIs(t, err, ErrUnknownOutcome)
		assert.Len(t, s.sent, 2, "it waits once")

		begin = time.Now()
		s = newScript(tooFast)
		_, err = send(t.Context(), s, WithRetry(RetryPolicy{MaxAttempts: 1}))
		require.ErrorIs(t, err, ErrUnknownOutcome)
		assert.Len(t, s.sent, 1)
		assert.Zero(t, time.Since(begin))
	})
}

func TestErrorAfterAMassMessageThatWasTooFastHasAnUnknownOutcome(t *testing.T) {
	for name, last := range map[string]func(*http.Request) (*http.Response, error){
		"unreached": dialFail, "refused": answer(http.StatusOK, `{"errcode":45028,"errmsg":"has no masssend quota"}`),
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(dropped, answer(http.StatusOK, massTooFast), last)
			_, err := s.client().SendMass(t.Context(), SendMassRequest{ToAll: true, Message: TextMessage{Content: "新品"}})
			require.ErrorIs(t, err, ErrUnknownOutcome, "%s: the first attempt may have been accepted", name)
		})
	}
}
