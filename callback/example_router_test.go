package callback_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

// Many accounts at one address: each has the URL https://example.com/wechat/{AppID}.
func ExampleNewRouter() {
	platform := wechattest.NewPlatform(wechattest.WithAccount("wx0000000000000001", "0123456789abcdef0123456789abcdef"))
	defer platform.Close()

	router, err := callback.NewRouter(callback.RouterConfig{
		Handler: func(_ context.Context, account string) (*callback.Handler, error) {
			if account != platform.AppID { // a program looks into its database
				return nil, callback.ErrUnknownAccount
			}
			h, err := callback.NewHandler(callback.Config{
				AppID: account, Credentials: callback.NewCredentials(platform.Token, platform.EncodingAESKey),
			})
			if err != nil {
				return nil, err
			}
			callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
				return callback.Text(account + " 收到: " + m.Content), nil
			})
			return h, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/wechat/", router)

	platform.SetCallback(at("/wechat/"+platform.AppID, mux)) // the console has the URL
	alice := platform.AddUser(wechattest.User{})
	fmt.Println(alice.Sends(context.Background(), "你好").Reply.Content)
	fmt.Println(router.Shutdown(context.Background()))
	// Output:
	// wx0000000000000001 收到: 你好
	// <nil>
}

// at serves requests of any path at one path of h.
func at(path string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = path
		h.ServeHTTP(w, r)
	})
}
