package redisstore

import (
	"fmt"
	"testing"
)

// FuzzOpen: nothing that lies in Redis makes a store panic, and nothing but what was
// sealed with a key under a name is read as a value.
func FuzzOpen(f *testing.F) {
	key, err := ParseKey(fmt.Sprintf("%064x", 1))
	if err != nil {
		f.Fatal(err)
	}
	r := ring{key}
	stored, err := r.seal("wechat:{a}:token", "token")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", sealed, "token", stored, stored[:20], stored + "x"} {
		f.Add("wechat:{a}:token", seed, seed)
	}
	f.Fuzz(func(t *testing.T, name, text, value string) {
		if opened, ok := r.open(name, text); ok && opened != "token" { // of a seed, which each process seals anew
			t.Errorf("opened %q", opened)
		}
		again, err := r.seal(name, value)
		if err != nil {
			t.Fatal(err)
		}
		if opened, ok := r.open(name, again); opened != value || ok != (value != "") {
			t.Errorf("%q was opened as %q", value, opened)
		}
		_, _ = r.open(name+"x", again)
		_, _ = parseStatus(text)
		_ = parseTime(text)
	})
}
