package main

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/wechatoa/wechat/wechattest"
)

// warnPause is the time between two warnings of pushes that failed for the same reason.
const warnPause = 30 * time.Second

// warner says on the terminal which pushes have failed: whoever watches a program there may
// not have the page open. A program that is down does not fill the terminal.
type warner struct {
	log *slog.Logger

	mu     sync.Mutex
	said   map[wechattest.Reason]time.Time
	unsaid map[wechattest.Reason]int // failed pushes since then
}

func newWarner(log *slog.Logger) *warner {
	return &warner{log: log, said: map[wechattest.Reason]time.Time{}, unsaid: map[wechattest.Reason]int{}}
}

// push warns if a push that has ended was not accepted.
func (w *warner) push(r *wechattest.Report, timeout time.Duration) {
	last := len(r.Deliveries) - 1
	failed := last >= 0 && r.Deliveries[last].Err != nil || r.PushesPaused
	if !failed || r.Reason == wechattest.ReasonCanceled {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if at, ok := w.said[r.Reason]; ok && time.Since(at) < warnPause {
		w.unsaid[r.Reason]++
		return
	}
	what := []any{"type", cmp.Or(r.Push.Event, r.Push.Type)}
	if why := noteOfReport(r, timeout); why != nil {
		what = append(what, "reason", why.English, "原因", why.Chinese)
	}
	if n := w.unsaid[r.Reason]; n > 0 {
		what = append(what, "others_before", n)
	}
	w.log.Warn("a push failed 推送失败", what...)
	w.said[r.Reason] = time.Now()
	delete(w.unsaid, r.Reason)
}

// dialTimeout is the time for a callback to accept a connection.
const dialTimeout = 2 * time.Second

// callback warns if nothing listens at the address of the callback.
func (w *warner) callback(ctx context.Context, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return
	}
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	switch {
	case err == nil:
		_ = conn.Close()
	case ctx.Err() == nil:
		w.log.Warn("nothing answers at -callback yet: start your program 服务器地址暂无程序响应，请启动您的程序", "url", u.Redacted())
	}
}
