package callback

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/testlog"
)

// otherKey is a key. With d as its last letter it is the same key.
const otherKey = "0123456789012345678901234567890123456789abc"

func TestConfigurationsThatContradictThemselvesAreRefusedByName(t *testing.T) {
	for _, test := range []struct {
		field string
		spoil func(*Config)
	}{
		{"Mode", func(c *Config) { c.Mode = ModePlain + 1 }},
		{"Mode", func(c *Config) { c.Mode = -1 }},
		{"Credentials", func(c *Config) { c.Credentials = NewCredentials("", testKey) }},
		{"Credentials", func(c *Config) { c.Credentials = NewCredentials("to", testKey) }},
		{"Credentials", func(c *Config) { c.Credentials = NewCredentials("to ken", testKey) }},
		{"Credentials", func(c *Config) { c.Credentials = NewCredentials(strings.Repeat("t", 33), testKey) }},
		{"Previous", func(c *Config) { c.Previous = NewCredentials("x", "") }},
		{"Previous", func(c *Config) { c.Previous = NewCredentials(testToken, "") }},
		{"AppID", func(c *Config) { c.AppID = "" }},
		{"AppID", func(c *Config) { c.AppID += " " }},
		{"AppID", func(c *Config) { c.AppID = testAccount }},
		{"AppID", func(c *Config) {
			c.Mode, c.Credentials, c.AppID = ModePlain, NewCredentials(testToken, ""), testAccount
		}},
		{"OriginalID", func(c *Config) { c.OriginalID = c.AppID }},
		{"OriginalID", func(c *Config) { c.OriginalID = "\n" + testAccount }},
		{"OriginalID", func(c *Config) { c.OriginalID = "wx0000000000000002" }},
		{"OriginalID", func(c *Config) {
			c.Mode, c.Credentials, c.AppID, c.OriginalID = ModePlain, NewCredentials(testToken, ""), "", testAppID
		}},
		{"Dedupe", func(c *Config) { c.Dedupe = (*MemoryDedupeStore)(nil) }},
		{"Dedupe", func(c *Config) { c.Dedupe = &MemoryDedupeStore{} }},
		{"Activity", func(c *Config) { c.Activity = &Activity{} }},
		{"Credentials", func(c *Config) { c.Credentials = NewCredentials(testToken, "") }},
		{"Credentials", func(c *Config) { c.Mode, c.Credentials = ModeCompatible, NewCredentials(testToken, "") }},
		{"Credentials", func(c *Config) { c.Credentials = NewCredentials(testToken, testKey[:42]) }},
		{"Credentials", func(c *Config) { c.Mode = ModePlain }},
		{"Previous", func(c *Config) { c.Previous = NewCredentials("", testKey+"x") }},
		{"Previous", func(c *Config) { c.Previous = NewCredentials("", testKey) }},
		{"Previous", func(c *Config) {
			c.Credentials, c.Previous = NewCredentials(testToken, otherKey), NewCredentials("", otherKey[:42]+"d")
		}},
		{"Previous", func(c *Config) {
			c.Mode, c.Credentials, c.Previous = ModePlain, NewCredentials(testToken, ""), NewCredentials("", otherKey)
		}},
		{"Previous", func(c *Config) { c.Previous = NewCredentials("", "") }},
		{"Credentials", func(c *Config) { c.Credentials = Credentials{} }},
		{"PreviousUntil", func(c *Config) { c.PreviousUntil = time.Now() }},
		{"AllowPlaintext", func(c *Config) {
			c.Mode, c.Credentials, c.AllowPlaintext = ModePlain, NewCredentials(testToken, ""), true
		}},
		{"ReplayWindow", func(c *Config) { c.ReplayWindow = -1 }},
		{"ReplayWindow", func(c *Config) { c.ReplayWindow = 300 }}, // not seconds
		{"ReplayWindow", func(c *Config) { c.ReplayWindow = 24*time.Hour + 1 }},
		{"ResponseTimeout", func(c *Config) { c.ResponseTimeout = -1 }},
		{"ResponseTimeout", func(c *Config) { c.ResponseTimeout = 5 * time.Second }},
		{"HandlerTimeout", func(c *Config) { c.HandlerTimeout = -1 }},
		{"Workers", func(c *Config) { c.Workers = -1 }},
		{"QueueSize", func(c *Config) { c.QueueSize = -1 }},
		{"QueueSize", func(c *Config) { c.QueueSize = NoQueue + 1 }},
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
		"zero":        func(*Config) {},
		"short token": func(c *Config) { c.Credentials = NewCredentials("aZ9", testKey) },
		"long token": func(c *Config) {
			c.Credentials = NewCredentials(strings.Repeat("z", 16)+strings.Repeat("0", 16), testKey)
		},
		"letters":        func(c *Config) { c.Credentials = NewCredentials("azAZ09", testKey) },
		"window":         func(c *Config) { c.ReplayWindow = 24 * time.Hour },
		"small window":   func(c *Config) { c.ReplayWindow = time.Second },
		"budget":         func(c *Config) { c.ResponseTimeout = 5*time.Second - 1 },
		"workers":        func(c *Config) { c.Workers = 1 },
		"queue":          func(c *Config) { c.QueueSize = 1 },
		"no queue":       func(c *Config) { c.QueueSize = NoQueue },
		"previous token": func(c *Config) { c.Previous = NewCredentials("old", "") },
		"previous key":   func(c *Config) { c.Previous = NewCredentials("", otherKey) },
		"until":          func(c *Config) { c.Previous, c.PreviousUntil = NewCredentials("old", ""), time.Unix(1, 0) },
		"until of a key": func(c *Config) { c.Previous, c.PreviousUntil = NewCredentials("", otherKey), time.Unix(1, 0) },
		"moving":         func(c *Config) { c.AllowPlaintext = true },
		"account":        func(c *Config) { c.OriginalID = testAccount },
		"plain":          func(c *Config) { c.Mode, c.Credentials = ModePlain, NewCredentials(testToken, "") },
		"no AppID":       func(c *Config) { c.Mode, c.Credentials, c.AppID = ModePlain, NewCredentials(testToken, ""), "" },
	} {
		cfg := safeConfig()
		change(&cfg)
		_, err := NewHandler(cfg)
		require.NoError(t, err, name)
	}
	for _, odd := range "/:@[`{ é" {
		cfg := safeConfig()
		cfg.Credentials = NewCredentials("abc"+string(odd), testKey)
		_, err := NewHandler(cfg)
		require.Error(t, err, string(odd))
	}
}

func TestWhatIsLeftOutHasItsDefault(t *testing.T) {
	cfg := Config{}.withDefaults()
	assert.Equal(t, []any{5 * time.Minute, 4500 * time.Millisecond, time.Minute, 1000, 4000}, []any{cfg.ReplayWindow, cfg.ResponseTimeout, cfg.HandlerTimeout, cfg.Workers, cfg.QueueSize})
	cfg = Config{ReplayWindow: 1, ResponseTimeout: 2, HandlerTimeout: 3, Workers: 4, QueueSize: 5}.withDefaults()
	assert.Equal(t, []any{time.Duration(1), time.Duration(2), time.Duration(3), 4, 5}, []any{cfg.ReplayWindow, cfg.ResponseTimeout, cfg.HandlerTimeout, cfg.Workers, cfg.QueueSize})
	assert.Zero(t, Config{QueueSize: NoQueue}.withDefaults().QueueSize)
	assert.Equal(t, math.MinInt, NoQueue)
	assert.NotEqual(t, slog.Default(), cfg.Logger, "what a logger's handler does is survived")
}

func TestModesHaveTheNamesOfTheConsole(t *testing.T) {
	assert.Equal(t, []string{"safe", "compatible", "plain", "Mode(3)", "Mode(-1)"}, []string{ModeSafe.String(), ModeCompatible.String(), ModePlain.String(), Mode(3).String(), Mode(-1).String()})
	assert.Equal(t, ModeSafe, Config{}.Mode)
}

// TestNothingSecretIsPrinted prints the values that contain secrets, alone and as unexported
// fields of structs, on which fmt calls no methods.
func TestNothingSecretIsPrinted(t *testing.T) {
	cfg := safeConfig()
	cfg.Previous = NewCredentials("previoustoken", otherKey)
	h := newTestHandler(t, cfg)
	push, err := h.Parse(safePlatform().request(t.Context(), textPush(1, "hello")))
	require.NoError(t, err)
	type program struct {
		config   Config
		pointer  *Config
		secrets  Credentials
		handler  Handler
		push     Push
		inside   any
		several  []Config
		byName   map[string]Config
		embedded struct{ Config }
		Exported Config
	}
	p := program{
		config: cfg, pointer: &cfg, secrets: cfg.Credentials, handler: *h, push: *push, inside: cfg, several: []Config{cfg},
		byName: map[string]Config{"a": cfg}, embedded: struct{ Config }{cfg}, Exported: cfg,
	}
	for _, value := range []any{cfg, &cfg, cfg.Credentials, &cfg.Credentials, h, *h, push, *push, p, &p, []program{p}} {
		var texts []string
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			texts = append(texts, fmt.Sprintf(verb, value))
		}
		encoded, _ := json.Marshal(value) // it returns an error for some of them
		var inText, inJSON testlog.Output
		inText.Logger().Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&inJSON, nil)).Info("x", "value", value)
		for _, text := range append(texts, string(encoded), inText.String(), inJSON.String()) {
			for _, secret := range []string{testToken, testKey, "previoustoken", otherKey} {
				for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret)} {
					assert.NotContains(t, text, form, "%T", value)
				}
			}
		}
	}
	encoded, err := json.Marshal(cfg)
	require.NoError(t, err)
	assert.JSONEq(t, `{"Mode":"safe","AppID":"wx0000000000000001"}`, string(encoded))
	assert.Equal(t, "[redacted]", fmt.Sprint(cfg.Credentials))
	encoded, err = json.Marshal(cfg.Credentials)
	require.NoError(t, err)
	assert.Equal(t, `"[redacted]"`, string(encoded))
	assert.Equal(t, "[redacted]", cfg.Credentials.LogValue().String())
}
