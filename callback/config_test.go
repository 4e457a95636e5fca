package callback

import (
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// otherKey is a key, and so is otherKey with d at its end: the same one.
const otherKey = "0123456789012345678901234567890123456789abc"

func TestConfigurationsThatContradictThemselvesAreRefusedByName(t *testing.T) {
	for _, test := range []struct {
		field string
		spoil func(*Config)
	}{
		{"Mode", func(c *Config) { c.Mode = Plain + 1 }},
		{"Mode", func(c *Config) { c.Mode = -1 }},
		{"Token", func(c *Config) { c.Token = "" }},
		{"Token", func(c *Config) { c.Token = "to" }},
		{"Token", func(c *Config) { c.Token = "to ken" }},
		{"Token", func(c *Config) { c.Token = strings.Repeat("t", 33) }},
		{"PreviousToken", func(c *Config) { c.PreviousToken = "x" }},
		{"PreviousToken", func(c *Config) { c.PreviousToken = c.Token }},
		{"AppID", func(c *Config) { c.AppID = "" }},
		{"AppID", func(c *Config) { c.AppID += " " }},
		{"AppID", func(c *Config) { c.AppID = testAccount }},
		{"AppID", func(c *Config) { c.Mode, c.EncodingAESKey, c.AppID = Plain, "", testAccount }},
		{"Account", func(c *Config) { c.Account = c.AppID }},
		{"Account", func(c *Config) { c.Account = "\n" + testAccount }},
		{"EncodingAESKey", func(c *Config) { c.EncodingAESKey = "" }},
		{"EncodingAESKey", func(c *Config) { c.Mode, c.EncodingAESKey = Compatible, "" }},
		{"EncodingAESKey", func(c *Config) { c.EncodingAESKey = testKey[:42] }},
		{"EncodingAESKey", func(c *Config) { c.Mode = Plain }},
		{"PreviousEncodingAESKey", func(c *Config) { c.PreviousEncodingAESKey = testKey + "x" }},
		{"PreviousEncodingAESKey", func(c *Config) { c.PreviousEncodingAESKey = testKey }},
		{"PreviousEncodingAESKey", func(c *Config) { c.EncodingAESKey, c.PreviousEncodingAESKey = otherKey, otherKey[:42]+"d" }},
		{"PreviousEncodingAESKey", func(c *Config) { c.Mode, c.EncodingAESKey, c.PreviousEncodingAESKey = Plain, "", otherKey }},
		{"PreviousUntil", func(c *Config) { c.PreviousUntil = time.Now() }},
		{"AllowPlaintext", func(c *Config) { c.Mode, c.EncodingAESKey, c.AllowPlaintext = Plain, "", true }},
		{"Window", func(c *Config) { c.Window = -1 }},
		{"Window", func(c *Config) { c.Window = 24*time.Hour + 1 }},
		{"Budget", func(c *Config) { c.Budget = -1 }},
		{"Budget", func(c *Config) { c.Budget = 5 * time.Second }},
		{"MaxRun", func(c *Config) { c.MaxRun = -1 }},
		{"Workers", func(c *Config) { c.Workers = -1 }},
		{"Queue", func(c *Config) { c.Queue = -1 }},
		{"Queue", func(c *Config) { c.Queue = NoQueue + 1 }},
	} {
		cfg := safeConfig()
		test.spoil(&cfg)
		_, err := NewHandler(cfg)
		var problem *ConfigError
		if assert.ErrorAs(t, err, &problem, "%s: %+v", test.field, cfg) {
			assert.Equal(t, test.field, problem.Field, "%v", err)
			assert.Contains(t, err.Error(), "callback: Config."+test.field+" ")
			for _, secret := range []string{testKey[:20], otherKey[:20], testToken} {
				assert.NotContains(t, err.Error(), secret)
			}
		}
	}
}

func TestTheBoundsOfAConfigurationAreAccepted(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"zero":           func(*Config) {},
		"short token":    func(c *Config) { c.Token = "aZ9" },
		"long token":     func(c *Config) { c.Token = strings.Repeat("z", 16) + strings.Repeat("0", 16) },
		"letters":        func(c *Config) { c.Token = "azAZ09" },
		"window":         func(c *Config) { c.Window = 24 * time.Hour },
		"small window":   func(c *Config) { c.Window = 1 },
		"budget":         func(c *Config) { c.Budget = 5*time.Second - 1 },
		"workers":        func(c *Config) { c.Workers = 1 },
		"queue":          func(c *Config) { c.Queue = 1 },
		"no queue":       func(c *Config) { c.Queue = NoQueue },
		"previous token": func(c *Config) { c.PreviousToken = "old" },
		"previous key":   func(c *Config) { c.PreviousEncodingAESKey = otherKey },
		"until":          func(c *Config) { c.PreviousToken, c.PreviousUntil = "old", time.Unix(1, 0) },
		"until of a key": func(c *Config) { c.PreviousEncodingAESKey, c.PreviousUntil = otherKey, time.Unix(1, 0) },
		"moving":         func(c *Config) { c.AllowPlaintext = true },
		"account":        func(c *Config) { c.Account = testAccount },
		"plain":          func(c *Config) { c.Mode, c.EncodingAESKey = Plain, "" },
		"no AppID":       func(c *Config) { c.Mode, c.EncodingAESKey, c.AppID = Plain, "", "" },
	} {
		cfg := safeConfig()
		change(&cfg)
		_, err := NewHandler(cfg)
		require.NoError(t, err, name)
	}
	for _, odd := range "/:@[`{ é" {
		cfg := safeConfig()
		cfg.Token = "abc" + string(odd)
		_, err := NewHandler(cfg)
		require.Error(t, err, string(odd))
	}
}

func TestWhatIsLeftOutHasItsDefault(t *testing.T) {
	cfg := Config{}.withDefaults()
	assert.Equal(t, []any{5 * time.Minute, 4500 * time.Millisecond, time.Minute, 1000, 4000}, []any{cfg.Window, cfg.Budget, cfg.MaxRun, cfg.Workers, cfg.Queue})
	cfg = Config{Window: 1, Budget: 2, MaxRun: 3, Workers: 4, Queue: 5}.withDefaults()
	assert.Equal(t, []any{time.Duration(1), time.Duration(2), time.Duration(3), 4, 5}, []any{cfg.Window, cfg.Budget, cfg.MaxRun, cfg.Workers, cfg.Queue})
	assert.Zero(t, Config{Queue: NoQueue}.withDefaults().Queue)
	assert.Equal(t, math.MinInt, NoQueue)
	assert.NotEqual(t, slog.Default(), cfg.Logger, "what a logger's handler does is survived")
}

func TestModesHaveTheNamesOfTheConsole(t *testing.T) {
	assert.Equal(t, []string{"safe", "compatible", "plain", "Mode(3)", "Mode(-1)"}, []string{Safe.String(), Compatible.String(), Plain.String(), Mode(3).String(), Mode(-1).String()})
	assert.Equal(t, Safe, Config{}.Mode)
}
