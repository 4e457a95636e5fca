package tokencache

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// setForced stores a record of forced fetches this long ago, which is since old.
func setForced(m *memory, since time.Duration, ago ...time.Duration) (record string) {
	var fields []string
	for _, d := range ago {
		fields = append(fields, strconv.Itoa(int((d - since).Seconds())))
	}
	record = strings.Join(fields, ",")
	m.set(key+":forced", record, 24*time.Hour-since)
	return record
}

func many(n int, first time.Duration) []time.Duration {
	var ago []time.Duration
	for i := range n {
		ago = append(ago, first+time.Duration(i)*time.Minute)
	}
	return ago
}

func TestForcedFetchesKeepToTheirBudget(t *testing.T) {
	for _, row := range []struct {
		name string
		ago  []time.Duration
		may  bool
	}{
		{"none yet", nil, true},
		{"29 seconds ago", []time.Duration{29 * time.Second}, false},
		{"30 seconds ago", []time.Duration{30 * time.Second}, true},
		{"an old one and a new one", []time.Duration{time.Hour, time.Second}, false},
		{"19 today", many(19, time.Hour), true},
		{"20 today", many(20, time.Hour), false},
		{"20, one of them a day ago", append(many(19, time.Hour), 24*time.Hour), true},
		{"20, one of them almost a day ago", append(many(19, time.Hour), 24*time.Hour-time.Second), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, since := range []time.Duration{0, 29 * time.Second} {
				if len(row.ago) == 0 || slices.Min(row.ago) < since {
					since = 0
				}
				virtually(t, func(t *testing.T, _ *source, m *memory, c *Cache) {
					before := ""
					if row.ago != nil {
						before = setForced(m, since, row.ago...)
					}
					assert.Equal(t, row.may, c.cfg.Shared.mayForce(t.Context(), key))
					if !row.may {
						assert.Equal(t, before, m.value(key+":forced"))
						return
					}
					fields := strings.Split(m.value(key+":forced"), ",")
					assert.Equal(t, "0", fields[0])
					assert.LessOrEqual(t, len(fields), forcedPerDay)
					assert.False(t, c.cfg.Shared.mayForce(t.Context(), key))
					_, ttl, err := m.Load(t.Context(), key+":forced")
					require.NoError(t, err)
					assert.Equal(t, 24*time.Hour, ttl)
				})
			}
		})
	}
}

func TestForcedFetchesOfADayStayWithinTheirBudget(t *testing.T) {
	virtually(t, func(t *testing.T, _ *source, _ *memory, c *Cache) {
		var taken []time.Time
		for range 3 * 24 * 60 * 2 { // three days, every 30 seconds
			if c.cfg.Shared.mayForce(t.Context(), key) {
				taken = append(taken, time.Now())
			}
			time.Sleep(30*time.Second + 300*time.Millisecond)
		}
		for n := forcedPerDay; n < len(taken); n++ {
			assert.GreaterOrEqual(t, taken[n].Sub(taken[n-forcedPerDay]), 24*time.Hour)
		}
		assert.GreaterOrEqual(t, len(taken), 3*forcedPerDay)
	})
}

func TestForcedFetchesNeedAStoreThatWorks(t *testing.T) {
	for _, failing := range []string{"load", "swap"} {
		virtually(t, func(t *testing.T, _ *source, m *memory, c *Cache) {
			m.odd = func(_ context.Context, operation string) error {
				if operation == failing {
					return errStore
				}
				return nil
			}
			assert.False(t, c.cfg.Shared.mayForce(t.Context(), key))
		})
	}
	virtually(t, func(t *testing.T, _ *source, m *memory, c *Cache) {
		m.set(key+":forced", "what is this, 12x", time.Hour)
		assert.True(t, c.cfg.Shared.mayForce(t.Context(), key), "nonsense is replaced")
		assert.Equal(t, "0", m.value(key+":forced"))
		m.odd = func(_ context.Context, operation string) error {
			if operation == "swap" {
				setForced(m, 0, time.Hour)
			}
			return nil
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		assert.False(t, c.cfg.Shared.mayForce(t.Context(), key), "another process was faster")
	})
}
