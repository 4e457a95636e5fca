package wechattest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

// otherTest is a test that keeps its failures.
type otherTest struct {
	testing.TB

	failures []string
	cleanup  []func()
}

func (t *otherTest) Errorf(format string, args ...any) {
	t.failures = append(t.failures, fmt.Sprintf(format, args...))
}
func (t *otherTest) Cleanup(f func()) { t.cleanup = append(t.cleanup, f) }

// runOther runs a test with a server and returns its failures.
func runOther(t *testing.T, test func(srv *Server)) []string {
	t.Helper()
	other := &otherTest{TB: t}
	test(NewServer(other))
	for _, f := range slices.Backward(other.cleanup) {
		f()
	}
	slices.Sort(other.failures)
	return other.failures
}

func TestAMisspelledPathFailsTheTestThatNamesIt(t *testing.T) {
	assert.Equal(t, []string{
		`wechattest: the test asks for a fault of the path "/cgi-bin/user/inof", which is not an API of the platform and was never called`,
		`wechattest: the test asks for a fault of the path "cgi-bin/user/info", which is not an API of the platform and was never called`,
		`wechattest: the test asks for a quota of the path "/c", which is not an API of the platform and was never called`,
		`wechattest: the test asks for a quota of the path "/d", which is not an API of the platform and was never called`,
		`wechattest: the test asks for the number of calls of the path "/a", which is not an API of the platform and was never called`,
		`wechattest: the test asks for the number of calls of the path "/b", which is not an API of the platform and was never called`,
	}, runOther(t, func(srv *Server) {
		srv.FailNext("cgi-bin/user/info", wechat.ErrInvalidOpenID)
		srv.InjectFault("/cgi-bin/user/inof", Fault{Drop: true})
		srv.CallCount("/a")
		srv.ExecutedCallCount("/b")
		srv.ExhaustQuota("/c")
		srv.ResetQuota("/d")
	}))
}

func TestAPathThatIsServedOrCalledMayBeNamed(t *testing.T) {
	assert.Empty(t, runOther(t, func(srv *Server) {
		srv.FailNext(somePath, wechat.ErrDailyQuota)
		srv.FailNext("", wechat.ErrDailyQuota)
		srv.CallCount("")
		srv.ResetQuota("")
		srv.CallCount("/cgi-bin/groups/members/update") // withdrawn
		srv.InjectFault("/handled/later", Fault{Code: wechat.ErrDailyQuota})
		srv.Handle("/handled/later", func(Call) (any, error) { return nil, nil })
		srv.InjectFault("/answered/by/a/fault", Fault{Times: -1, Body: []byte(`{"errcode":0}`)})
		srv.ClearFaults()
		srv.InjectFault("/answered/by/a/fault", Fault{Body: []byte(`{"errcode":0}`)})
		require.NoError(t, srv.Client().Do(t.Context(), wechat.Request{Path: "/answered/by/a/fault"}, nil))
	}))
}
