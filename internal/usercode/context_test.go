package usercode_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/usercode"
)

type contextKey struct{}

// newContext returns a context that lasts a minute, and what ends its parent.
func newContext() (c *usercode.Context, endParent func()) {
	parent, endParent := context.WithCancel(context.WithValue(context.Background(), contextKey{}, "of the parent"))
	c = &usercode.Context{}
	c.Begin(parent, time.Now().Add(time.Minute))
	return c, endParent
}

// TestAContextEndsAsThoseOfPackageContext: however it ends, and whatever was
// called before, with or without a channel.
func TestAContextEndsAsThoseOfPackageContext(t *testing.T) {
	ends := map[string]struct {
		end  func(c *usercode.Context, endParent func())
		want error
	}{
		"not":                      {func(*usercode.Context, func()) {}, nil},
		"by its time":              {func(*usercode.Context, func()) { time.Sleep(time.Minute) }, context.DeadlineExceeded},
		"shortly before that":      {func(*usercode.Context, func()) { time.Sleep(time.Minute - 1) }, nil},
		"with its parent":          {func(_ *usercode.Context, endParent func()) { endParent() }, context.Canceled},
		"because it returned":      {func(c *usercode.Context, _ func()) { c.End() }, context.Canceled},
		"returned, then its time":  {func(c *usercode.Context, _ func()) { c.End(); time.Sleep(time.Hour) }, context.Canceled},
		"by its time and returned": {func(c *usercode.Context, _ func()) { time.Sleep(time.Hour); _ = c.Err(); c.End() }, context.DeadlineExceeded},
		"returned after its time":  {func(c *usercode.Context, _ func()) { time.Sleep(time.Hour); c.End() }, context.DeadlineExceeded},
		"parent, then returned":    {func(c *usercode.Context, endParent func()) { endParent(); c.End() }, context.Canceled},
	}
	before := map[string]func(c *usercode.Context){
		"nothing": func(*usercode.Context) {},
		"Err":     func(c *usercode.Context) { _ = c.Err() },
		"Done":    func(c *usercode.Context) { c.Done() },
		"a value": func(c *usercode.Context) { _ = c.Value(contextKey{}) },
		"a child": func(c *usercode.Context) { context.AfterFunc(c, func() {}) },
	}
	for how, end := range ends {
		for what, call := range before {
			name := how + " after " + what
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				c, endParent := newContext()
				defer endParent()
				call(c)
				end.end(c, endParent)
				synctest.Wait()
				assert.Equal(t, end.want, c.Err(), name)
				assert.Equal(t, end.want, context.Cause(c), name)
				select {
				case <-c.Done():
					require.Error(t, end.want, name)
				default:
					require.NoError(t, end.want, name)
				}
				assert.Equal(t, end.want, c.Err(), "%s, with a channel", name)
				assert.Equal(t, end.want, context.Cause(c), "%s, with a channel", name)
				assert.Equal(t, "of the parent", c.Value(contextKey{}), name)
				assert.Nil(t, c.Value(http.ServerContextKey), name)
				deadline, ok := c.Deadline()
				assert.True(t, ok)
				assert.Equal(t, begin.Add(time.Minute), deadline)
				child, cancel := context.WithTimeout(c, time.Hour)
				assert.Equal(t, end.want, child.Err(), name)
				assert.Equal(t, end.want, context.Cause(child), name)
				cancel()
				c.End()
			})
		}
	}
}

func TestWhatWaitsForAContextIsWoken(t *testing.T) {
	for name, end := range map[string]func(c *usercode.Context, endParent func()){
		"by its time":         func(*usercode.Context, func()) { time.Sleep(time.Minute) },
		"with its parent":     func(_ *usercode.Context, endParent func()) { endParent() },
		"because it returned": func(c *usercode.Context, _ func()) { c.End() },
	} {
		synctest.Test(t, func(t *testing.T) {
			c, endParent := newContext()
			defer endParent()
			woken := make(chan error, 2)
			child, cancel := context.WithCancel(c)
			defer cancel()
			context.AfterFunc(child, func() { woken <- child.Err() })
			go func() {
				<-c.Done()
				woken <- c.Err()
			}()
			synctest.Wait()
			assert.Empty(t, woken, name)
			end(c, endParent)
			synctest.Wait()
			assert.Len(t, woken, 2, name)
			c.End()
		})
	}
}

func TestPrintingAContextShowsNothingOfItsParent(t *testing.T) {
	c, endParent := newContext()
	defer endParent()
	for _, verb := range []string{"%v", "%+v", "%s"} {
		assert.Equal(t, "wechat.Context", fmt.Sprintf(verb, c))
	}
}

func TestAContextLastsNoLongerThanItsParent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, row := range map[string]struct{ parent, own, want time.Duration }{ // 0 is none
			"neither":      {0, 0, 0},
			"parent":       {time.Minute, 0, time.Minute},
			"own":          {0, time.Minute, time.Minute},
			"parent first": {time.Minute, time.Hour, time.Minute},
			"own first":    {time.Hour, time.Minute, time.Minute},
			"together":     {time.Minute, time.Minute, time.Minute},
		} {
			parent, cancel := context.WithCancel(t.Context())
			if row.parent != 0 {
				parent, cancel = context.WithTimeout(t.Context(), row.parent)
			}
			var own time.Time
			if row.own != 0 {
				own = time.Now().Add(row.own)
			}
			var c, waited usercode.Context
			c.Begin(parent, own)
			waited.Begin(parent, own)
			done := waited.Done()
			deadline, ok := c.Deadline()
			assert.Equal(t, row.want != 0, ok, name)
			if ok {
				assert.Equal(t, row.want, time.Until(deadline), name)
			}
			time.Sleep(time.Minute - 1)
			synctest.Wait()
			require.NoError(t, c.Err(), name)
			assert.Empty(t, done, name)
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			if row.want == 0 {
				require.NoError(t, c.Err(), name)
				cancel()
				require.ErrorIs(t, c.Err(), context.Canceled, name)
			}
			require.Error(t, c.Err(), name)
			<-done
			assert.Equal(t, c.Err(), waited.Err(), name)
			c.End()
			waited.End()
			cancel()
		}
	})
}
