// Command wechat is a program with a client and a receiver of this SDK.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
)

func main() {
	if _, err := wechat.NewClient("appid", "secret").GetUser(context.Background(), "openid"); err != nil {
		log.Fatal(err)
	}
	h, err := callback.NewHandler(callback.Config{Mode: callback.ModePlain, Credentials: callback.NewCredentials("token", "")})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", h)) //nolint:gosec // it is only weighed
}
