// Command chanxuehong is a program with a client and a receiver of chanxuehong/wechat.
package main

import (
	"log"
	"net/http"

	"github.com/chanxuehong/wechat/mp/core"
	"github.com/chanxuehong/wechat/mp/user"
)

func main() {
	client := core.NewClient(core.NewDefaultAccessTokenServer("appid", "secret", nil), nil)
	if _, err := user.Get(client, "openid", ""); err != nil {
		log.Fatal(err)
	}
	server := core.NewServer("", "appid", "token", "", core.NewServeMux(), nil)
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:gosec // it is only weighed
		server.ServeHTTP(w, r, nil)
	})))
}
