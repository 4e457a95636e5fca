package callback

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rotating returns the guard of a configuration while both token and key are changing.
func rotating(t *testing.T, now time.Time, change func(*Config)) *guard {
	t.Helper()
	cfg := safeConfig()
	cfg.Previous = NewCredentials("oldtoken", otherKey)
	change(&cfg)
	require.NoError(t, cfg.check())
	g, err := newGuard(cfg.withDefaults(), now)
	require.NoError(t, err)
	return g
}

// accepts reports whether a push with a token and a key is accepted at a given time.
func (g *guard) accepts(t *testing.T, token, key string, now time.Time) bool {
	t.Helper()
	c := capture(g, token, "n", now)
	c.encoded = mustKey(key).Encrypt([]byte("<xml><MsgType>text</MsgType></xml>"), g.appID)
	c.body = "<xml><Encrypt>" + c.encoded + "</Encrypt></xml>"
	return c.opens(g, c.timestamp, c.nonce, now) == nil
}

func TestE12PreviousCredentialsEndAfterADayExactly(t *testing.T) {
	start := time.Unix(1_790_000_000, 0)
	g := rotating(t, start, func(*Config) {})
	for _, pair := range [][2]string{{"oldtoken", otherKey}, {"oldtoken", testKey}, {testToken, otherKey}} {
		assert.True(t, g.accepts(t, pair[0], pair[1], start.Add(24*time.Hour-time.Second)), pair)
		assert.False(t, g.accepts(t, pair[0], pair[1], start.Add(24*time.Hour)), pair)
	}
	assert.True(t, g.accepts(t, testToken, testKey, start.Add(24*time.Hour)))
}

// TestE12PreviousCredentialsDoNotLiveLongerByRestarts: with PreviousUntil they expire at the
// same time, whenever the program was started.
func TestE12PreviousCredentialsDoNotLiveLongerByRestarts(t *testing.T) {
	end := time.Unix(1_790_000_000, 0)
	for _, start := range []time.Time{end.Add(-30 * 24 * time.Hour), end.Add(-time.Hour), end.Add(-time.Second), end, end.Add(time.Hour)} {
		g := rotating(t, start, func(c *Config) { c.PreviousUntil = end })
		assert.True(t, g.accepts(t, "oldtoken", otherKey, end.Add(-time.Second)), start)
		assert.False(t, g.accepts(t, "oldtoken", otherKey, end), start)
		assert.True(t, g.accepts(t, testToken, testKey, end), start)
	}
}

func TestE12PreviousCredentialsEndTenMinutesAfterTheFirstCurrentPush(t *testing.T) {
	start := time.Unix(1_790_000_000, 0)
	later := start.Add(time.Hour)
	g := rotating(t, start, func(*Config) {})
	require.True(t, g.accepts(t, testToken, testKey, later))
	assert.Equal(t, later.Add(10*time.Minute).Unix(), g.ends.Load())
	assert.True(t, g.accepts(t, testToken, testKey, later.Add(5*time.Minute)), "it does not begin anew")
	assert.True(t, g.accepts(t, "oldtoken", otherKey, later.Add(10*time.Minute-time.Second)))
	assert.False(t, g.accepts(t, "oldtoken", otherKey, later.Add(10*time.Minute)))

	g = rotating(t, start, func(c *Config) { c.PreviousUntil = later.Add(time.Minute) })
	require.True(t, g.accepts(t, testToken, testKey, later))
	assert.Equal(t, later.Add(time.Minute).Unix(), g.ends.Load(), "nor does it last longer")
}

func TestE12OnlyAPushWithAllThatIsCurrentEndsTheChange(t *testing.T) {
	start := time.Unix(1_790_000_000, 0)
	day := start.Add(24 * time.Hour).Unix()
	g := rotating(t, start, func(*Config) {})
	for _, pair := range [][2]string{{"oldtoken", otherKey}, {"oldtoken", testKey}, {testToken, otherKey}} {
		require.True(t, g.accepts(t, pair[0], pair[1], start))
		assert.Equal(t, day, g.ends.Load(), pair)
	}
	for name, change := range map[string]func(*Config){
		"a token alone": func(c *Config) { c.Previous = NewCredentials("oldtoken", "") },
		"a key alone":   func(c *Config) { c.Previous = NewCredentials("", otherKey) },
	} {
		g := rotating(t, start, change)
		require.True(t, g.accepts(t, testToken, testKey, start), name)
		assert.Equal(t, start.Add(10*time.Minute).Unix(), g.ends.Load(), name)
	}
	g = rotating(t, start, func(c *Config) {
		c.Mode, c.Credentials, c.Previous = ModePlain, NewCredentials(testToken, ""), NewCredentials("oldtoken", "")
	})
	c := capture(g, testToken, "n", start)
	require.NoError(t, c.opens(g, c.timestamp, c.nonce, start))
	assert.Equal(t, start.Add(10*time.Minute).Unix(), g.ends.Load(), "there is no key in plain mode")

	g = rotating(t, start, func(c *Config) { c.AllowPlaintext = true })
	query := signedQuery(c.timestamp, c.nonce)
	q, err := g.authenticate(query, start)
	require.NoError(t, err)
	_, err = g.open(&q, []byte(c.body), start)
	require.NoError(t, err)
	assert.Equal(t, day, g.ends.Load(), "a push in plain text says nothing about the key")
}

func TestE12WithoutPreviousCredentialsNothingEnds(t *testing.T) {
	start := time.Unix(1_790_000_000, 0)
	g := rotating(t, start, func(c *Config) { c.Previous = Credentials{} })
	for _, later := range []time.Duration{0, time.Hour, 24 * time.Hour, 365 * 24 * time.Hour} {
		assert.True(t, g.accepts(t, testToken, testKey, start.Add(later)), later)
	}
	assert.False(t, g.accepts(t, "oldtoken", testKey, start))
	assert.False(t, g.accepts(t, testToken, otherKey, start))
}
