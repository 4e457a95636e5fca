package wechat

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// disasterHost is the platform's host for the time when the others cannot be reached.
const disasterHost = "api2.weixin.qq.com"

// failoverTime is how long calls stay with the disaster host before one of them tries
// the usual host again.
const failoverTime = 30 * time.Second

// failover is which host the calls go to that may go to the disaster host.
type failover struct {
	mu    sync.Mutex
	retry time.Time // when one call tries the usual host again; zero if all use it
}

// active reports whether a call goes to the disaster host.
func (f *failover) active() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.retry.IsZero() {
		return false
	}
	wait := time.Until(f.retry) > 0
	if !wait { // this call tries the usual host, and the others do not wait for it
		f.retry = time.Now().Add(failoverTime)
	}
	return wait
}

// set records whether the usual host can be reached, and reports whether that is new.
func (f *failover) set(reached bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.retry.IsZero()
	f.retry = time.Time{}
	if !reached {
		f.retry = time.Now().Add(failoverTime)
	}
	return before != reached
}

// mayFailOver reports whether a call goes to a host that the disaster host can replace.
func (c *Client) mayFailOver(cl *call) bool {
	return c.cfg.failover && c.cfg.ownHost && cl.Host == "" && c.cfg.base.Host != disasterHost
}

// chooseHost chooses the host of an attempt.
func (c *Client) chooseHost(cl *call) {
	cl.elsewhere = c.mayFailOver(cl) && c.failover.active()
}

// failOver reports whether a call that did not reach its host is sent to the disaster
// host at once. No budget pays for that, because the platform got nothing before.
func (c *Client) failOver(ctx context.Context, cl *call) bool {
	if !c.mayFailOver(cl) || cl.elsewhere || cl.failedOver || cl.body.Consumed() {
		return false
	}
	cl.failedOver = true
	if c.failover.set(false) {
		c.cfg.log.LogAttrs(ctx, slog.LevelWarn, "wechat: the host cannot be reached, continuing with the disaster host",
			slog.String("host", c.cfg.base.Host), slog.String("disaster_host", disasterHost), slog.Any("error", cl.last))
	}
	return true
}

// reached records that a host has responded.
func (c *Client) reached(ctx context.Context, cl *call) {
	if c.mayFailOver(cl) && !cl.elsewhere && c.failover.set(true) {
		c.cfg.log.LogAttrs(ctx, slog.LevelInfo, "wechat: the host can be reached again", slog.String("host", c.cfg.base.Host))
	}
}
