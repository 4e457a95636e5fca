package redisstore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const (
	keySize = 32
	mask    = "[redacted]"
	sealed  = "\x01gcm\x01" // begins every encrypted value
)

// ErrKey is returned by [ParseKey] if the text is not a valid key, and by every call of
// a [Store] that was given the zero [Key].
var ErrKey = errors.New("redisstore: a key must be 32 bytes, as base64 or as 64 hexadecimal digits")

// Key is a key for [WithEncryption]. It is redacted by fmt, slog and encoding/json.
type Key struct{ aead cipher.AEAD }

// ParseKey parses a key: 32 random bytes in base64 or as hexadecimal digits. It returns
// [ErrKey] if the text is anything else. This command generates a key:
//
//	openssl rand -base64 32
func ParseKey(encoded string) (Key, error) {
	encoded = strings.TrimSpace(encoded)
	key, err := hex.DecodeString(encoded)
	if err != nil {
		key, err = base64.StdEncoding.DecodeString(encoded)
	}
	if err != nil || len(key) != keySize {
		return Key{}, ErrKey
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return Key{}, ErrKey
	}
	aead, err := cipher.NewGCM(block)
	return Key{aead}, err
}

// Format writes the redacted text for every verb.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// LogValue returns the redacted text.
func (k Key) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText returns the redacted text.
func (k Key) MarshalText() ([]byte, error) { return []byte(mask), nil }

// ring are the keys of a store, the current one first; nil stores values in clear.
type ring []Key

// seal returns what is stored for a value. An empty value is none, so it stays empty.
func (r ring) seal(name, value string) (string, error) {
	switch {
	case r == nil || value == "":
		return value, nil
	case r[0].aead == nil:
		return "", ErrKey
	}
	nonce := make([]byte, r[0].aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails, see crypto/rand
	return sealed + string(r[0].aead.Seal(nonce, nonce, []byte(value), []byte(name))), nil
}

// open returns the value of what is stored, and whether it could be read.
func (r ring) open(name, stored string) (string, bool) {
	data, found := strings.CutPrefix(stored, sealed)
	if !found {
		return stored, r == nil
	}
	for _, k := range r {
		if k.aead == nil || len(data) < k.aead.NonceSize() {
			continue
		}
		nonce, text := data[:k.aead.NonceSize()], data[k.aead.NonceSize():]
		if value, err := k.aead.Open(nil, []byte(nonce), []byte(text), []byte(name)); err == nil {
			return string(value), true
		}
	}
	return "", false
}
