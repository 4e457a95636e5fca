package tokencache

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// times is a record of forced fetches this long ago.
func times(ago ...time.Duration) string {
	var fields []string
	for _, d := range ago {
		fields = append(fields, strconv.FormatInt(time.Now().Add(-d).Unix(), 10))
	}
	return strings.Join(fields, ",")
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
		{"the clock was set back by an hour", []time.Duration{-time.Hour}, true},
		{"the clock was set back a little", []time.Duration{-10 * time.Second}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			virtually(t, func(t *testing.T, _ *source, m *memory, c *Cache) {
				before := times(row.ago...)
				if before != "" {
					m.set(key+":forced", before, time.Hour)
				}
				assert.Equal(t, row.may, c.cfg.Shared.mayForce(t.Context(), key))
				if !row.may {
					assert.Equal(t, before, m.value(key+":forced"))
					return
				}
				fields := strings.Split(m.value(key+":forced"), ",")
				assert.Equal(t, times(0), fields[len(fields)-1])
				assert.LessOrEqual(t, len(fields), forcedPerDay)
				assert.False(t, c.cfg.Shared.mayForce(t.Context(), key))
				_, ttl, err := m.Load(t.Context(), key+":forced")
				require.NoError(t, err)
				assert.Equal(t, 24*time.Hour, ttl)
			})
		})
	}
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
		assert.Equal(t, times(0), m.value(key+":forced"))
		m.odd = func(_ context.Context, operation string) error {
			if operation == "swap" {
				m.set(key+":forced", times(time.Hour), time.Hour)
			}
			return nil
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		assert.False(t, c.cfg.Shared.mayForce(t.Context(), key), "another process was faster")
	})
}
