// Command powerwechat is a program with a client and a receiver of PowerWeChat.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount"
)

func main() {
	account, err := officialAccount.NewOfficialAccount(&officialAccount.UserConfig{AppID: "appid", Secret: "secret", Token: "token"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := account.User.Get(context.Background(), "openid", "zh_CN"); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { //nolint:gosec // it is only weighed
		_, _ = account.Server.Serve(r) //nolint:bodyclose // as in its README
	})))
}
