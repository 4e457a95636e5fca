package wechat

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// datacube is one of the statistics APIs. Each accepts a date range, of a length that
// has its own limit.
type datacube[T any] struct {
	path string
	days int                  // the most days per call by the text of the official page
	most int                  // the days that the page mentions elsewhere, if more
	next func(from Date) Date // the first day on or after from that has figures; nil if every day has
}

// delayable is a row that reports whether its figures can still change.
type delayable interface{ setDelayed() }

// list requests a date range that one call can cover. Rows that are delayed say so; if
// there are no rows yet, the error does.
func (d datacube[T]) list(ctx context.Context, c *Client, from, to Date) ([]T, error) {
	span := dateSpan{from, to}
	if err := first(span.check(), span.atMost("to", max(d.days, d.most))); err != nil {
		return nil, err
	}
	res, err := post[struct {
		List    []T  `json:"list"`
		Delayed bool `json:"is_delay"`
	}](ctx, c, d.path, span, idempotent)
	if err != nil {
		return nil, err
	}
	if res.Delayed && len(res.List) == 0 {
		return nil, &Error{Code: ErrDataNotReady, Method: http.MethodPost, Path: d.path, Status: http.StatusOK}
	}
	for i := range res.List {
		if row, ok := any(&res.List[i]).(delayable); ok && res.Delayed {
			row.setDelayed()
		}
	}
	return res.List, nil
}

// all splits a date range of any length into calls and joins their results.
func (d datacube[T]) all(ctx context.Context, c *Client, from, to Date) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if err := (dateSpan{from, to}).check(); err != nil {
			yield(none, err)
			return
		}
		for span := range d.spans(from, to) {
			items, err := d.list(ctx, c, span.From, span.To)
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// spans splits the days from … to into date ranges of one call each. Weeks and months
// are requested one by one, by their first day, and only when they are over.
func (d datacube[T]) spans(from, to Date) iter.Seq[dateSpan] {
	return func(yield func(dateSpan) bool) {
		if d.next == nil {
			splitDays(from, to, d.days)(yield)
			return
		}
		for at := d.next(from); !to.Before(at); {
			following := d.next(at.AddDays(1))
			if today().Before(following) || !yield(dateSpan{at, at}) {
				return
			}
			at = following
		}
	}
}

// splitDays splits the days from … to into date ranges of at most so many days.
func splitDays(from, to Date, days int) iter.Seq[dateSpan] {
	return func(yield func(dateSpan) bool) {
		for at := from; !to.Before(at); at = at.AddDays(days) {
			last := at.AddDays(days - 1)
			if to.Before(last) {
				last = to
			}
			if !yield(dateSpan{at, last}) {
				return
			}
		}
	}
}

// dateSpan is a date range that includes both days.
type dateSpan struct {
	From Date `json:"begin_date"`
	To   Date `json:"end_date"`
}

// check rejects a date range that has no figures yet: those of a day are complete on the
// next day of the platform's calendar.
func (s dateSpan) check() error {
	if err := s.order("from", "to"); err != nil {
		return err
	}
	if now := today(); !s.To.Before(now) {
		return invalid("to", "must be before today in UTC+8, %s, but is %s", now, s.To)
	}
	return nil
}

// order rejects what is not a date range.
func (s dateSpan) order(from, to string) error {
	if err := first(isDay(from, s.From), isDay(to, s.To)); err != nil {
		return err
	}
	if s.To.Before(s.From) {
		return invalid(to, "must not be before %s, which is %s, but is %s", from, s.From, s.To)
	}
	return nil
}

func (s dateSpan) atMost(to string, days int) error {
	if n := s.From.DaysUntil(s.To) + 1; n > days {
		return invalid(to, "must end a date range of at most %d days, but this one has %d", days, n)
	}
	return nil
}

func isDay(argument string, d Date) error {
	if d.IsZero() {
		return invalid(argument, "must not be empty")
	}
	if DateOf(d.Time()) != d {
		return invalid(argument, "must be a day of the calendar, but is %s", d)
	}
	return nil
}

func today() Date { return DateOf(time.Now()) }

// nextMonday returns from, or the first Monday after it, which dates the figures of a
// week.
func nextMonday(from Date) Date {
	return from.AddDays(int(time.Monday+7-from.Time().Weekday()) % 7)
}

// nextFirst returns from, or the next first day of a month, which dates the figures of
// that month.
func nextFirst(from Date) Date {
	if from.Day == 1 {
		return from
	}
	return DateOf(Date{from.Year, from.Month + 1, 1}.Time())
}
