package callback

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type contextKey struct{}

// newHandlerContext returns the context of a handler that has a minute, and what ends the
// life of its Handler.
func newHandlerContext() (c *handlerContext, kill func()) {
	life, kill := context.WithCancel(context.Background())
	request := context.WithValue(context.Background(), contextKey{}, "of the request")
	return &handlerContext{Context: &detached{Context: life, request: request}, deadline: time.Now().Add(time.Minute)}, kill
}

// TestTheContextOfAHandlerEndsAsThoseOfPackageContext: however it ends, and whatever was
// called before, with or without a channel.
func TestTheContextOfAHandlerEndsAsThoseOfPackageContext(t *testing.T) {
	ends := map[string]struct {
		end  func(c *handlerContext, kill func())
		want error
	}{
		"not":                      {func(*handlerContext, func()) {}, nil},
		"by its time":              {func(*handlerContext, func()) { time.Sleep(time.Minute) }, context.DeadlineExceeded},
		"shortly before that":      {func(*handlerContext, func()) { time.Sleep(time.Minute - 1) }, nil},
		"with the Handler":         {func(_ *handlerContext, kill func()) { kill() }, context.Canceled},
		"because it returned":      {func(c *handlerContext, _ func()) { c.end() }, context.Canceled},
		"returned, then its time":  {func(c *handlerContext, _ func()) { c.end(); time.Sleep(time.Hour) }, context.Canceled},
		"by its time and returned": {func(c *handlerContext, _ func()) { time.Sleep(time.Hour); _ = c.Err(); c.end() }, context.DeadlineExceeded},
		"returned after its time":  {func(c *handlerContext, _ func()) { time.Sleep(time.Hour); c.end() }, context.DeadlineExceeded},
		"Handler, then returned":   {func(c *handlerContext, kill func()) { kill(); c.end() }, context.Canceled},
	}
	before := map[string]func(c *handlerContext){
		"nothing": func(*handlerContext) {},
		"Err":     func(c *handlerContext) { _ = c.Err() },
		"Done":    func(c *handlerContext) { c.Done() },
		"a value": func(c *handlerContext) { _ = c.Value(contextKey{}) },
		"a child": func(c *handlerContext) { context.AfterFunc(c, func() {}) },
	}
	for how, end := range ends {
		for what, call := range before {
			name := how + " after " + what
			synctest.Test(t, func(t *testing.T) {
				c, kill := newHandlerContext()
				defer kill()
				call(c)
				end.end(c, kill)
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
				assert.Equal(t, "of the request", c.Value(contextKey{}), name)
				assert.Nil(t, c.Value(http.ServerContextKey), name)
				deadline, ok := c.Deadline()
				assert.True(t, ok)
				assert.Equal(t, c.deadline, deadline)
				child, cancel := context.WithTimeout(c, time.Hour)
				assert.Equal(t, end.want, child.Err(), name)
				assert.Equal(t, end.want, context.Cause(child), name)
				cancel()
				c.end()
			})
		}
	}
}

func TestWhatWaitsForTheContextOfAHandlerIsWoken(t *testing.T) {
	for name, end := range map[string]func(c *handlerContext, kill func()){
		"by its time":         func(*handlerContext, func()) { time.Sleep(time.Minute) },
		"with the Handler":    func(_ *handlerContext, kill func()) { kill() },
		"because it returned": func(c *handlerContext, _ func()) { c.end() },
	} {
		synctest.Test(t, func(t *testing.T) {
			c, kill := newHandlerContext()
			defer kill()
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
			end(c, kill)
			synctest.Wait()
			assert.Len(t, woken, 2, name)
			c.end()
		})
	}
}

func TestPrintingTheContextOfAHandlerShowsNothingOfTheRequest(t *testing.T) {
	c, kill := newHandlerContext()
	defer kill()
	for _, verb := range []string{"%v", "%+v", "%s"} {
		assert.Equal(t, "callback.HandlerContext", fmt.Sprintf(verb, c))
	}
}
