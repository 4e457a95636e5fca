// Echo-server is a program to start with: it replies to each text with the same text. The
// simulator passes it an account, and pushes to it what a follower writes:
//
//	go run ./cmd/wechat-simulator -addr 127.0.0.1:8099 -callback http://127.0.0.1:8081/wechat -- go run ./examples/echo-server
package main

import (
	"cmp"
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/wechatoa/wechat/callback"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	h, err := callback.NewHandler(callback.Config{
		AppID:       os.Getenv("WECHAT_APP_ID"),
		Credentials: callback.NewCredentials(os.Getenv("WECHAT_TOKEN"), os.Getenv("WECHAT_AES_KEY")),
	})
	if err != nil {
		log.Fatal(err)
	}
	callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.Text(m.Content), nil
	})
	server := &http.Server{
		Addr: cmp.Or(os.Getenv("ADDRESS"), "127.0.0.1:8081"), Handler: h, ReadHeaderTimeout: 5 * time.Second,
	}
	context.AfterFunc(ctx, func() { _ = server.Shutdown(context.Background()) })
	log.Println("listening at", server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	_ = h.Shutdown(context.Background())
}
