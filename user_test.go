package wechat

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

const userJSON = `{"subscribe":1,"openid":"o1","language":"zh_CN","subscribe_time":1382694957,"unionid":"u1","remark":"甲","groupid":0,"tagid_list":[128,2],"subscribe_scene":"ADD_SCENE_QR_CODE","qr_scene":98765,"qr_scene_str":"","nickname":"","sex":0,"country":"","province":"","city":"","headimgurl":""}`

var oneUser = User{
	Subscribed: true, OpenID: "o1", Language: LanguageZHCN, SubscribeTime: unix(1382694957), UnionID: "u1", Remark: "甲",
	TagIDs: []int64{128, 2}, Scene: SubscribeSceneQRCode, QRSceneID: 98765,
}

var _ = wireRows([]wireRow{
	{
		name: "GetUserInLanguage", http: "GET /cgi-bin/user/info", query: "lang=en&openid=o1", reply: userJSON,
		call: result(func(ctx context.Context, c *Client) (*User, error) { return c.GetUserInLanguage(ctx, "o1", LanguageEN) }),
		want: &oneUser,
	},
	{
		name: "GetUser", http: "GET /cgi-bin/user/info", query: "openid=o1", reply: `{"subscribe":0,"openid":"o1"}`,
		call: result(func(ctx context.Context, c *Client) (*User, error) { return c.GetUser(ctx, "o1") }),
		want: &User{OpenID: "o1"},
	},
	{
		name: "GetUsersInLanguage", http: "POST /cgi-bin/user/info/batchget",
		body:  `{"user_list":[{"openid":"o1","lang":"zh_CN"},{"openid":"o2","lang":"zh_CN"}]}`,
		reply: `{"user_info_list":[` + userJSON + `,{"subscribe":0,"openid":"o2"}]}`,
		call: results(func(ctx context.Context, c *Client) ([]User, error) {
			return c.GetUsersInLanguage(ctx, []string{"o1", "o2"}, LanguageZHCN)
		}),
		want: []User{oneUser, {OpenID: "o2"}},
	},
	{
		name: "GetUsers", http: "POST /cgi-bin/user/info/batchget", body: `{"user_list":[{"openid":"o1"}]}`,
		reply: `{"user_info_list":[` + userJSON + `]}`,
		call:  results(func(ctx context.Context, c *Client) ([]User, error) { return c.GetUsers(ctx, []string{"o1"}) }),
		want:  []User{oneUser},
	},
	{
		name: "ListFollowerIDs", http: "GET /cgi-bin/user/get", query: "next_openid=o0",
		reply: `{"total":3,"count":2,"data":{"openid":["o1","o2"]},"next_openid":"o2"}`,
		call: result(func(ctx context.Context, c *Client) (*OpenIDPage, error) {
			return c.ListFollowerIDs(ctx, "o0")
		}),
		want: &OpenIDPage{Total: 3, Count: 2, OpenIDs: []string{"o1", "o2"}, NextOpenID: "o2"},
	},
	{
		name: "SetRemark", http: "POST /cgi-bin/user/info/updateremark", body: `{"openid":"o1","remark":"甲"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.SetRemark(ctx, "o1", "甲") }),
	},
	{
		name: "SetRemark/removed", http: "POST /cgi-bin/user/info/updateremark", body: `{"openid":"o1","remark":""}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.SetRemark(ctx, "o1", "") }),
	},
	{
		name: "ConvertOpenIDs", http: "POST /cgi-bin/changeopenid", body: `{"from_appid":"gh_1","openid_list":["o1","o2"]}`,
		reply: `{"errcode":0,"errmsg":"ok","result_list":[{"ori_openid":"o1","new_openid":"n1","err_msg":"ok"},{"ori_openid":"o2","err_msg":"ori_openid error"}]}`,
		call: results(func(ctx context.Context, c *Client) ([]ConvertedOpenID, error) {
			return c.ConvertOpenIDs(ctx, "gh_1", []string{"o1", "o2"})
		}),
		want: []ConvertedOpenID{{OldOpenID: "o1", NewOpenID: "n1", Message: "ok"}, {OldOpenID: "o2", Message: "ori_openid error"}},
	},
})

func TestUserCallsRefuseWrongArguments(t *testing.T) {
	refused(t, "openID", func(ctx context.Context, c *Client) error { _, err := c.GetUser(ctx, ""); return err })
	refused(t, "openIDs", func(ctx context.Context, c *Client) error { _, err := c.GetUsers(ctx, nil); return err })
	refused(t, "openIDs", func(ctx context.Context, c *Client) error { _, err := c.GetUsers(ctx, []string{"o1", ""}); return err })
	refused(t, "openID", func(ctx context.Context, c *Client) error { return c.SetRemark(ctx, " ", "甲") })
	refused(t, "remark", func(ctx context.Context, c *Client) error {
		return c.SetRemark(ctx, "o1", strings.Repeat("甲", 10)+"a")
	})
	refused(t, "oldAccountID", func(ctx context.Context, c *Client) error {
		_, err := c.ConvertOpenIDs(ctx, "", []string{"o1"})
		return err
	})
}

// followers serves the follower list and the profiles of an account with count
// followers. Each response takes latency.
type followers struct {
	count    int
	pageSize int
	latency  time.Duration
	failAt   string // the batch with this openid is refused

	pages, batches, inFlight, most atomic.Int64
}

func followerID(i int) string { return fmt.Sprintf("o%07d", i) }

func (f *followers) RoundTrip(r *http.Request) (*http.Response, error) {
	f.most.Store(max(f.most.Load(), f.inFlight.Add(1)))
	defer f.inFlight.Add(-1)
	timer := time.NewTimer(f.latency)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if strings.HasSuffix(r.URL.Path, "/user/get") {
		f.pages.Add(1)
		return answer(http.StatusOK, f.page(r.URL.Query().Get("next_openid")))(r)
	}
	f.batches.Add(1)
	var body struct {
		Users []userRef `json:"user_list"`
	}
	data, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(data, &body)
	var users []map[string]any
	for _, u := range body.Users {
		if u.OpenID == f.failAt {
			return answer(http.StatusOK, `{"errcode":40003,"errmsg":"invalid openid"}`)(r)
		}
		users = append(users, map[string]any{"openid": u.OpenID, "subscribe": 1})
	}
	reply, _ := json.Marshal(map[string]any{"user_info_list": users})
	return answer(http.StatusOK, string(reply))(r)
}

func (f *followers) page(after string) string {
	begin := 0
	if after != "" {
		n, _ := strconv.Atoi(after[1:])
		begin = n + 1
	}
	end := min(begin+f.pageSize, f.count)
	if begin >= end {
		return fmt.Sprintf(`{"total":%d,"count":0,"next_openid":""}`, f.count)
	}
	var ids []string
	for i := begin; i < end; i++ {
		ids = append(ids, followerID(i))
	}
	next := ""
	if end < f.count {
		next = ids[len(ids)-1]
	}
	data, _ := json.Marshal(ids)
	return fmt.Sprintf(`{"total":%d,"count":%d,"data":{"openid":%s},"next_openid":%q}`, f.count, len(ids), data, next)
}

func (f *followers) client() *Client {
	return newTestClient("wx0000000000000001", "SECRET-CANARY", WithHTTPClient(&http.Client{Transport: f}), WithTokenSource(StaticToken("TOKEN")))
}

func TestAllFollowerIDsWalksThePages(t *testing.T) {
	f := &followers{count: 25, pageSize: 10}
	var ids []string
	for id, err := range f.client().AllFollowerIDs(t.Context()) {
		require.NoError(t, err)
		ids = append(ids, id)
	}
	require.Len(t, ids, 25)
	assert.True(t, slices.IsSorted(ids))
	assert.Equal(t, int64(3), f.pages.Load())
}

func TestFollowerListEndsWhereThePlatformRepeatsItsCursor(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusOK, `{"total":9,"count":1,"data":{"openid":["o1"]},"next_openid":"o1"}`))
	n := 0
	for _, err := range c.AllFollowerIDs(t.Context()) {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, 2, n)
}

func TestFollowerListStopsAtAnError(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusOK, `{"errcode":48001,"errmsg":"api unauthorized"}`))
	n := 0
	for id, err := range c.AllFollowerIDs(t.Context()) {
		assert.Empty(t, id)
		require.ErrorIs(t, err, ErrForbidden)
		n++
	}
	assert.Equal(t, 1, n)
}

func TestGetUsersSplitsAnyNumberAndKeepsTheOrder(t *testing.T) {
	f := &followers{}
	var ids []string
	for i := range 1050 {
		ids = append(ids, followerID(i))
	}
	users, err := f.client().GetUsers(t.Context(), ids)
	require.NoError(t, err)
	require.Len(t, users, len(ids))
	for i, u := range users {
		require.Equal(t, ids[i], u.OpenID)
	}
	assert.Equal(t, int64(11), f.batches.Load())
	f.failAt = followerID(555)
	_, err = f.client().GetUsers(t.Context(), ids)
	assert.ErrorIs(t, err, ErrInvalidOpenID)
}

func TestAllFollowersPipelinesItsBatchesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &followers{count: 4250, pageSize: 1000, latency: 100 * time.Millisecond}
		begin, n := time.Now(), 0
		for u, err := range f.client().AllFollowers(t.Context()) {
			require.NoError(t, err)
			require.Equal(t, followerID(n), u.OpenID)
			n++
		}
		assert.Equal(t, f.count, n)
		assert.Equal(t, int64(5), f.pages.Load())
		assert.Equal(t, int64(43), f.batches.Load())
		assert.LessOrEqual(t, f.most.Load(), int64(parallelBatches+1))
		// one page, then 43 batches 8 at a time
		assert.LessOrEqual(t, time.Since(begin), 8*f.latency)
	})
}

func TestAllFollowersStopsAtAnErrorBehindWhatCameBefore(t *testing.T) {
	f := &followers{count: 2000, pageSize: 1000, failAt: followerID(777)}
	n, failures := 0, 0
	for u, err := range f.client().AllFollowers(t.Context()) {
		if err != nil {
			require.ErrorIs(t, err, ErrInvalidOpenID)
			failures++
			continue
		}
		require.Equal(t, followerID(n), u.OpenID)
		n++
	}
	assert.Equal(t, 700, n)
	assert.Equal(t, 1, failures)
}

func TestAllFollowersPassesOnTheErrorOfAPage(t *testing.T) {
	c, _ := wireRow{}.client(answer(http.StatusOK, `{"errcode":48001,"errmsg":"api unauthorized"}`))
	n := 0
	for _, err := range c.AllFollowers(t.Context()) {
		require.ErrorIs(t, err, ErrForbidden)
		n++
	}
	assert.Equal(t, 1, n)
}

// TestPanicsOfBatchesReachTheCaller: on the goroutine of a batch they would end the program.
func TestPanicsOfBatchesReachTheCaller(t *testing.T) {
	for _, path := range []string{"/cgi-bin/user/get", "/cgi-bin/user/info/batchget"} {
		for _, escape := range []func(){func() { panic(http.ErrAbortHandler) }, runtime.Goexit} {
			f := &followers{count: 2000, pageSize: 1000}
			c := newTestClient("wx0000000000000001", "SECRET-CANARY", WithTokenSource(StaticToken("TOKEN")),
				WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path == path {
						escape()
					}
					return f.RoundTrip(r)
				})}))
			returned, panicked := false, any(nil)
			var caller sync.WaitGroup
			caller.Go(func() {
				defer func() { panicked = recover() }()
				for u, err := range c.AllFollowers(t.Context()) {
					t.Error("there is no follower", u, err)
				}
				returned = true
			})
			caller.Wait()
			assert.False(t, returned)
			if panicked != nil {
				assert.Equal(t, any(http.ErrAbortHandler), panicked)
			}
			assert.Zero(t, f.inFlight.Load(), "a request is still under way")
		}
	}
	goleak.VerifyNone(t)
}

func TestAllFollowersLeavesNothingBehindWhenTheLoopBreaks(t *testing.T) {
	for _, latency := range []time.Duration{0, time.Millisecond} {
		for _, at := range []int{1, 99, 100, 101, 950, 1000, 2999} {
			f := &followers{count: 3000, pageSize: 1000, latency: latency}
			n := 0
			for _, err := range f.client().AllFollowers(t.Context()) {
				require.NoError(t, err)
				if n++; n == at {
					break
				}
			}
			assert.Zero(t, f.inFlight.Load(), "a request is still under way")
			assert.LessOrEqual(t, f.batches.Load(), int64((at+99)/100+parallelBatches))
		}
	}
	goleak.VerifyNone(t)
}

func TestAllFollowersEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &followers{count: 100_000, pageSize: 10_000, latency: 50 * time.Millisecond}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		var last error
		for _, err := range f.client().AllFollowers(ctx) {
			last = err
		}
		require.ErrorIs(t, last, context.DeadlineExceeded)
		assert.Zero(t, f.inFlight.Load())
	})
}

func TestAllFollowersWithASlowLoopFetchesNoMoreThanItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &followers{count: 100_000, pageSize: 10_000, latency: time.Millisecond}
		n := 0
		for _, err := range f.client().AllFollowers(t.Context()) {
			require.NoError(t, err)
			if n++; n == 100 {
				break
			}
			time.Sleep(time.Second)
			require.LessOrEqual(t, f.batches.Load(), int64(parallelBatches+1))
			require.LessOrEqual(t, f.pages.Load(), int64(2))
		}
	})
}

func TestAllFollowersKeepsNoMoreInMemoryForMoreFollowers(t *testing.T) {
	if testing.Short() {
		t.Skip("walks 100,000 followers")
	}
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	f := &followers{count: 100_000, pageSize: 10_000}
	var early, most uint64
	n := 0
	for _, err := range f.client().AllFollowers(t.Context()) {
		require.NoError(t, err)
		switch n++; {
		case n == 10_000:
			early = live()
		case n%30_000 == 0:
			most = max(most, live())
		}
	}
	assert.Equal(t, f.count, n)
	assert.Less(t, most, early+(4<<20), "profiles pile up")
}
