package silenceper

import (
	"strings"
	"testing"

	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/officialaccount"
	"github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/officialaccount/material"
	"github.com/silenceper/wechat/v2/util"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// A Go test needs neither the simulator nor its proxy, because the HTTP client of the SDK
// can be replaced.
func TestOneLineEnablesTheFakePlatform(t *testing.T) {
	srv := wechattest.NewServer(t)
	before := util.DefaultHTTPClient
	t.Cleanup(func() { util.DefaultHTTPClient = before })

	util.DefaultHTTPClient = srv.HTTPClient() // the line

	alice := srv.AddUser(wechattest.User{})
	oa := officialaccount.NewOfficialAccount(&config.Config{AppID: srv.AppID, AppSecret: srv.AppSecret, Cache: cache.NewMemory()})
	tag, err := oa.GetUser().CreateTag("VIP")
	require.NoError(t, err)
	require.NoError(t, oa.GetUser().BatchTag([]string{alice.OpenID}, tag.ID))
	assert.Len(t, alice.TagIDs(), 1)

	uploaded, err := oa.GetMaterial().MediaUpload(material.MediaTypeImage, file(t, "a.png", "content"))
	require.NoError(t, err)
	assert.NotEmpty(t, uploaded.MediaID)

	srv.FailNext("/cgi-bin/tags/create", wechat.ErrTooManyTags)
	_, err = oa.GetUser().CreateTag("more")
	assert.ErrorContains(t, err, "45056")
}

// The base URL of the SDK can be changed too, one request at a time.
func TestModifierOfURIsSetsTheBaseURL(t *testing.T) {
	srv := wechattest.NewServer(t)
	util.SetURIModifier(func(uri string) string { return strings.Replace(uri, "https://api.weixin.qq.com", srv.URL, 1) })
	t.Cleanup(func() { util.SetURIModifier(nil) })

	oa := officialaccount.NewOfficialAccount(&config.Config{AppID: srv.AppID, AppSecret: srv.AppSecret, Cache: cache.NewMemory()})
	_, err := oa.GetUser().CreateTag("VIP")
	require.NoError(t, err)
	_, err = oa.GetMaterial().MediaUpload(material.MediaTypeImage, file(t, "a.png", "content"))
	require.NoError(t, err)
	assert.Equal(t, 1, srv.ExecutedCallCount("/cgi-bin/media/upload"))
}
