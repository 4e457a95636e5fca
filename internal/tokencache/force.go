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
// processes: the ages of the forced fetches when the last one was made, in seconds. How
// long ago that was follows from the TTL of the record, so that the store's clock alone
// counts: those of the processes may differ.
func (s *Shared) mayForce(ctx context.Context, key string) bool {
	key += ":forced"
	value, ttl, err := s.read(ctx, key)
	if s.note("load", key, err); err != nil {
		return false
	}
	kept := []string{"0"} // this one
	for field := range strings.SplitSeq(value, ",") {
		sec, err := strconv.ParseUint(field, 10, 32)
		age := time.Duration(sec)*time.Second + max(0, forcedDay-ttl)
		if err != nil || age >= forcedDay {
			continue
		}
		if age < forcedInterval {
			return false
		}
		kept = append(kept, strconv.FormatInt(int64(age/time.Second), 10))
	}
	if len(kept) > forcedPerDay {
		return false
	}
	swapped, err := s.swap(ctx, key, value, strings.Join(kept, ","), forcedDay)
	return swapped && err == nil
}
