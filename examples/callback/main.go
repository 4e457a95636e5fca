// Callback receives followers' messages and events and answers them.
//
//	WECHAT_APP_ID=… WECHAT_TOKEN=… WECHAT_AES_KEY=… go run ./examples/callback
package main

import (
	"cmp"
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/wechatoa/wechat/callback"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	address := cmp.Or(os.Getenv("ADDRESS"), "127.0.0.1:8081")

	activity := callback.NewActivity(nil)
	h, err := callback.NewHandler(callback.Config{
		Mode:        callback.ModeSafe,
		AppID:       os.Getenv("WECHAT_APP_ID"),
		Credentials: callback.NewCredentials(os.Getenv("WECHAT_TOKEN"), os.Getenv("WECHAT_AES_KEY")),
		Activity:    activity,
		Logger:      slog.Default(),
	})
	if err != nil {
		log.Fatal(err)
	}
	h.OnText(callback.TextEquals("帮助"), func(context.Context, *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("您可以发送任何文字"), nil
	})
	h.OnEventKey("TODAY", func(context.Context, callback.Message) (callback.Reply, error) {
		return callback.NewsReply{Articles: []callback.Article{{Title: "今日推荐", URL: "https://example.com/today"}}}, nil
	})
	callback.On(h, func(_ context.Context, m *callback.TextMessage) (callback.Reply, error) {
		return callback.Text("收到：" + m.Content), nil
	})
	callback.On(h, func(context.Context, *callback.SubscribeEvent) (callback.Reply, error) {
		return callback.Text("感谢关注！"), nil
	})

	mux := http.NewServeMux()
	mux.Handle("/wechat", h)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stopped <- shutdown(listener, server, h)
	}()
	if err := server.Serve(listener); !errors.Is(err, net.ErrClosed) {
		log.Fatal(err)
	}
	if err := <-stopped; err != nil { // Serve returns when a shutdown begins
		log.Fatal(err)
	}
}

// shutdown takes no more connections, answers the requests that have come, and then
// finishes what was acknowledged before its handler was.
func shutdown(listener net.Listener, server *http.Server, h *callback.Handler) error {
	_ = listener.Close()
	time.Sleep(time.Second) // Shutdown drops a connection whose header is not read yet

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return errors.Join(server.Shutdown(ctx), h.Shutdown(ctx))
}
