// Command nethttp is a program with an HTTP client and a server alone.
package main

import (
	"log"
	"net/http"
)

func main() {
	resp, err := http.Get("https://api.weixin.qq.com/") //nolint:noctx // it is only weighed
	if err != nil {
		log.Fatal(err)
	}
	_ = resp.Body.Close()
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil)) //nolint:gosec // it is only weighed
}
