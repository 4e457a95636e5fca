package wechattest

import (
	"crypto/rand"
	"encoding/hex"
)

const (
	hexadecimal = "0123456789abcdef"
	letters     = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	urlSafe     = letters + "-_"
)

// random returns n characters of an alphabet.
func random(alphabet string, n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

// newOpenID returns an identity as the platform makes them, 28 characters.
func newOpenID() string { return "o" + random(urlSafe, 27) }

// newRequestID returns the rid of a call.
func newRequestID() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:16] + "-" + s[16:]
}
