package tokencache

import (
	"context"
	"strconv"
	"strings"
	"time"
)

const (
	forcedDay      = 24 * time.Hour
	forcedInterval = 30 * time.Second
	forcedPerDay   = 20
)

// mayForce takes a forced fetch from the daily budget. The store keeps it for all
// processes: the times of the forced fetches, in seconds.
func (s *Shared) mayForce(ctx context.Context, key string) bool {
	key += ":forced"
	now := time.Now()
	value, _, err := s.read(ctx, key)
	if s.note("load", key, err); err != nil {
		return false
	}
	var kept []string
	for field := range strings.SplitSeq(value, ",") {
		sec, err := strconv.ParseInt(field, 10, 64)
		age := now.Sub(time.Unix(sec, 0)).Abs() // a clock that was set back makes it negative
		if err != nil || age >= forcedDay {
			continue
		}
		if age < forcedInterval {
			return false
		}
		kept = append(kept, field)
	}
	if len(kept) >= forcedPerDay {
		return false
	}
	kept = append(kept, strconv.FormatInt(now.Unix(), 10))
	swapped, err := s.swap(ctx, key, value, strings.Join(kept, ","), forcedDay)
	return swapped && err == nil
}
