// Command silenceper is a program with a client and a receiver of silenceper/wechat.
package main

import (
	"log"
	"net/http"

	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/officialaccount"
	"github.com/silenceper/wechat/v2/officialaccount/config"
)

func main() {
	account := officialaccount.NewOfficialAccount(&config.Config{AppID: "appid", AppSecret: "secret", Token: "token", Cache: cache.NewMemory()})
	if _, err := account.GetUser().GetUserInfo("openid"); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:gosec // it is only weighed
		_ = account.GetServer(r, w).Serve()
	})))
}
