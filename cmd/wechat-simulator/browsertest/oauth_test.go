package browsertest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

func TestFollowerAuthorizesAPage(t *testing.T) {
	s := startSimulator(t)
	client := s.client()
	state := wechat.NewOAuthState()
	signedIn := make(chan string, 1)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/signed-in" {
			http.NotFound(w, r)
			return
		}
		if err := state.Check(r.FormValue("state")); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		user, err := client.GetOAuthUserByCode(r.Context(), wechat.Secret(r.FormValue("code")))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		signedIn <- user.Nickname
	}))
	defer site.Close()
	s.addFollower("Alice")
	url, err := client.OAuthURL(wechat.OAuthURLRequest{RedirectURL: site.URL + "/signed-in", Scope: wechat.OAuthScopeUserInfo, State: state})
	require.NoError(t, err)

	w := open(t, s)
	w.click("#more-button")
	w.clickText(".more-action", "Open an OAuth link")
	w.fill("dialog textarea", url)
	w.clickText("dialog button", "Open")
	w.see("dialog", "A web page asks who Alice is.")
	w.see("dialog dd", site.URL+"/signed-in")
	w.click("#consent-allow")
	w.click("#consent-onward")
	select {
	case name := <-signedIn:
		require.Equal(t, "Alice", name)
	case <-t.Context().Done():
		t.Fatal("the page was not opened")
	}
}
