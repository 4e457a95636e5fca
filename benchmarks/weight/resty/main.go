// Command resty is a program with a resty client and a server.
package main

import (
	"log"
	"net/http"

	"github.com/go-resty/resty/v2"
)

func main() {
	if _, err := resty.New().R().Get("https://api.weixin.qq.com/"); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil)) //nolint:gosec // it is only weighed
}
