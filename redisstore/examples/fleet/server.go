package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/redisstore"
)

const (
	redisVariable = "FLEET_REDIS" // makes a process a server
	apiVariable   = "FLEET_API"
)

// runServer is a server of the fleet: what a program of yours would be.
func runServer(context.Context) error {
	appID := os.Getenv("WECHAT_APP_ID")
	rdb := redis.NewClient(&redis.Options{Addr: os.Getenv(redisVariable), ContextTimeoutEnabled: true})
	store := redisstore.New(rdb)
	client := wechat.NewClient(appID, os.Getenv("WECHAT_APP_SECRET"),
		wechat.WithTokenStore(store), wechat.WithBaseURL(os.Getenv(apiVariable)))
	handler, err := callback.NewHandler(callback.Config{
		AppID:       appID,
		Credentials: callback.NewCredentials(os.Getenv("WECHAT_TOKEN"), os.Getenv("WECHAT_AES_KEY")),
		Dedupe:      store,
		Activity:    callback.NewActivity(store.Activity(appID)),
	})
	if err != nil {
		return err
	}
	var runs atomic.Int32
	callback.On(handler, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		runs.Add(1)
		return callback.Text("you said: " + m.Content), nil
	})

	mux := http.NewServeMux()
	mux.Handle("/wechat", handler)
	mux.HandleFunc("/call", func(w http.ResponseWriter, r *http.Request) {
		if _, err := client.ListCallbackIPs(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})
	mux.HandleFunc("/runs", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, runs.Load())
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(l, mux) }()
	fmt.Println(l.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
