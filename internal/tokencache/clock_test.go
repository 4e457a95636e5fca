package tokencache

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestA12_TimesOfAValueAreMonotonic shows that a change of the wall clock moves none of
// them: Go compares such times by their monotonic readings.
func TestA12_TimesOfAValueAreMonotonic(t *testing.T) {
	s, m := newSource(), &memory{}
	c := newCache(s, m)
	defer c.Close()
	require.Equal(t, "value-1", token(t, c, ""))
	require.Equal(t, "value-2", func() string { s.revoke(); return token(t, c, "value-1") }())
	e := c.current.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, at := range map[string]time.Time{
		"refreshAt": e.refreshAt, "mustAt": e.mustAt, "end": e.end, "replaced": c.pace.replaced[0],
	} {
		assert.NotEqual(t, at.Round(0).String(), at.String(), "%s has no monotonic reading", name)
	}
}
