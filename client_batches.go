package wechat

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"sync"
)

// BatchError is the error of a call that is sent in several batches, some of which may
// have succeeded.
type BatchError struct {
	Failed []string // openids that may not have been processed; retrying with them is safe
	Total  int      // number of openids of the call
	Err    error    // error of the last batch that failed
}

// Error describes the cause and the number of openids that failed.
func (e *BatchError) Error() string {
	return fmt.Sprintf("%v (%d of %d openids not processed)", e.Err, len(e.Failed), e.Total)
}

// Unwrap returns the cause.
func (e *BatchError) Unwrap() error { return e.Err }

// LogValue returns the error as a group of attributes, without the openids.
func (e *BatchError) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("failed", len(e.Failed)), slog.Int("total", e.Total), slog.Any("cause", e.Err))
}

// partlyFailed is a response that may list openids that were not processed.
type partlyFailed struct {
	Failed []string `json:"fail_openid_list"`
}

// changeInBatches sends one call for each size openids, one after the other. If a
// batch fails for some of its openids only, it continues with the next.
func (c *Client) changeInBatches(ctx context.Context, path string, openIDs []string, size int, body func(batch []string) any) error {
	if err := noneEmpty("openIDs", openIDs); err != nil {
		return err
	}
	var failed []string
	var cause error
	for done := 0; done < len(openIDs); done += size {
		batch := openIDs[done:min(done+size, len(openIDs))]
		var left partlyFailed
		err := c.Do(ctx, Request{Path: path, Body: body(batch), Idempotent: true}, &left)
		if err == nil && len(left.Failed) > 0 {
			err = &Error{Code: ErrPartlyFailed, Method: http.MethodPost, Path: path, Status: http.StatusOK}
		}
		if err == nil {
			continue
		}
		cause = err
		if len(left.Failed) == 0 {
			failed = append(failed, openIDs[done:]...)
			break
		}
		failed = append(failed, left.Failed...)
	}
	if cause == nil {
		return nil
	}
	return &BatchError{Failed: failed, Total: len(openIDs), Err: cause}
}

// parallelBatches is the maximum number of batches that are fetched at a time.
const parallelBatches = 8

// fetchInBatches fetches a value for each openid, in batches of size that run in
// parallel. The results are in the order of the openids.
func fetchInBatches[T any](ctx context.Context, openIDs []string, size int, fetch func(ctx context.Context, batch []string) ([]T, error)) ([]T, error) {
	if err := noneEmpty("openIDs", openIDs); err != nil {
		return nil, err
	}
	if len(openIDs) <= size {
		return fetch(ctx, openIDs)
	}
	all := make([]T, 0, len(openIDs))
	one := func(context.Context) iter.Seq2[[]string, error] {
		return func(yield func([]string, error) bool) { yield(openIDs, nil) }
	}
	for v, err := range pipeline(ctx, one, size, fetch) {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// batch is a result of pages or fetch.
type batch[T any] struct {
	items  []T
	err    error
	escape func() // repeats the panic or runtime.Goexit that ended it; nil if it returned
}

// capture runs f and tells done how to repeat its panic or runtime.Goexit elsewhere. A
// transport panics or fails a test on the goroutine of the call, also if that is another.
func capture(f func(), done func(escape func())) {
	returned := false
	defer func() {
		switch v := recover(); {
		case v != nil:
			done(func() { panic(v) })
		case !returned:
			done(runtime.Goexit)
		default:
			done(nil)
		}
	}()
	f()
	returned = true
}

// pipeline fetches a value for each openid of all pages and returns them in the order
// of the openids. While the consumer works on a batch, up to parallelBatches batches
// and one page are fetched ahead. When the loop over the results ends, all goroutines
// have ended too.
func pipeline[T any](
	ctx context.Context, pages func(ctx context.Context) iter.Seq2[[]string, error], size int,
	fetch func(ctx context.Context, batch []string) ([]T, error),
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()

		ahead := make(chan batch[string])
		lastPage, whole := false, false // each is written before its channel is closed
		running.Go(func() {
			defer close(ahead)
			capture(func() {
				for page, err := range pages(ctx) {
					if !send(ctx, ahead, batch[string]{items: page, err: err}) {
						return
					}
				}
				lastPage = true
			}, func(escape func()) {
				if escape != nil {
					send(ctx, ahead, batch[string]{escape: escape})
				}
			})
		})
		queue := make(chan chan batch[T], parallelBatches-1) // the consumer has one more
		running.Go(func() {
			defer close(queue)
			for page := range ahead {
				for openIDs := range slices.Chunk(page.items, size) {
					slot := make(chan batch[T], 1)
					if !send(ctx, queue, slot) {
						return
					}
					running.Go(func() {
						var b batch[T]
						capture(func() { b.items, b.err = fetch(ctx, openIDs) }, func(escape func()) {
							b.escape = escape
							slot <- b
						})
					})
				}
				if page.err != nil || page.escape != nil {
					slot := make(chan batch[T], 1)
					slot <- batch[T]{err: page.err, escape: page.escape}
					send(ctx, queue, slot)
					return
				}
			}
			whole = lastPage
		})
		for slot := range queue {
			b := <-slot
			if b.escape != nil {
				b.escape()
			}
			for _, item := range b.items {
				if !yield(item, nil) {
					return
				}
			}
			if b.err != nil {
				var none T
				yield(none, b.err)
				return
			}
		}
		if !whole {
			var none T
			yield(none, ctx.Err())
		}
	}
}

// send sends v to a channel and reports whether it did so before the end of ctx.
func send[T any](ctx context.Context, to chan<- T, v T) bool {
	select {
	case to <- v:
		return true
	case <-ctx.Done():
		return false
	}
}
