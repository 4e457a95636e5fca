// Package msgcrypt signs and encrypts the messages between the platform and a callback,
// for both ends.
//
// https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption
package msgcrypt

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the platform's signatures are SHA-1
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
)

const (
	encodedKeySize = 43
	blockSize      = 32 // of the padding; twice that of the cipher
	randomSize     = 16
	lengthSize     = 4
)

// The errors of this package. ErrDecrypt gives no reason, so that it does not help to
// forge a message.
var (
	ErrKey     = errors.New("EncodingAESKey must be 43 letters and digits")
	ErrDecrypt = errors.New("message cannot be decrypted")
)

// Key is a message key (EncodingAESKey). The zero Key means that there is none.
type Key struct{ secret *secret }

type secret struct {
	block cipher.Block
	iv    [aes.BlockSize]byte // first half of the key
	sum   [sha256.Size]byte   // of the key

	encrypter, decrypter atomic.Pointer[mode] // not in use; nil if none
}

// mode is a chain of blocks. It can begin again, which is cheaper than a new one, because that
// has a copy of the key's schedule.
type mode struct{ cipher.BlockMode }

// crypt encrypts or decrypts data in place.
func (s *secret) crypt(idle *atomic.Pointer[mode], create func(cipher.Block, []byte) cipher.BlockMode, data []byte) {
	m := idle.Swap(nil)
	if m == nil {
		m = &mode{create(s.block, s.iv[:])}
	}
	m.CryptBlocks(data, data)
	if again, ok := m.BlockMode.(interface{ SetIV(iv []byte) }); ok {
		again.SetIV(s.iv[:])
		idle.Store(m)
	}
}

// ParseKey reads an EncodingAESKey. The last of its 43 characters contains two bits more
// than the key needs, which are ignored: in most published keys they are set.
func ParseKey(encoded string) (Key, error) {
	if len(encoded) != encodedKeySize {
		return Key{}, ErrKey
	}
	raw, err := base64.StdEncoding.DecodeString(encoded + "=")
	if err != nil {
		return Key{}, ErrKey
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return Key{}, ErrKey
	}
	return Key{&secret{block: block, iv: [aes.BlockSize]byte(raw), sum: sha256.Sum256(raw)}}, nil
}

// Equal reports whether two keys are the same, whatever the unused bits of their last
// character are.
func (k Key) Equal(other Key) bool {
	if k.IsZero() || other.IsZero() {
		return k.IsZero() && other.IsZero()
	}
	return subtle.ConstantTimeCompare(k.secret.sum[:], other.secret.sum[:]) == 1
}

// IsZero reports whether k is the zero Key.
func (k Key) IsZero() bool { return k.secret == nil }

// Format writes no part of the key.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// LogValue returns no part of the key.
func (k Key) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalJSON writes no part of the key.
func (k Key) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

// Encrypt encrypts a message of an account, as the value of an Encrypt element.
func (k Key) Encrypt(message []byte, appID string) string {
	return string(k.AppendEncrypt(nil, message, appID))
}

// AppendEncrypt appends what Encrypt returns.
func (k Key) AppendEncrypt(out, message []byte, appID string) []byte {
	size := randomSize + lengthSize + len(message) + len(appID)
	padding := blockSize - size%blockSize
	encoded := base64.StdEncoding.EncodedLen(size + padding)
	begin, end := len(out), len(out)+encoded
	out = slices.Grow(out, encoded+size+padding)
	plain := out[end : end+size+padding] // behind its encoding
	_, _ = rand.Read(plain[:randomSize]) // never fails, see crypto/rand
	binary.BigEndian.PutUint32(plain[randomSize:], uint32(len(message)))
	n := randomSize + lengthSize
	n += copy(plain[n:], message)
	copy(plain[n:], appID)
	for i := size; i < len(plain); i++ {
		plain[i] = byte(padding)
	}
	k.secret.crypt(&k.secret.encrypter, cipher.NewCBCEncrypter, plain)
	base64.StdEncoding.Encode(out[begin:end], plain)
	return out[:end]
}

// Decrypt decrypts the value of an Encrypt element that is for the account.
func (k Key) Decrypt(encoded string, appID string) ([]byte, error) {
	message, made, err := k.Open(encoded)
	if err != nil || !Equal(made, appID) {
		return nil, ErrDecrypt
	}
	return message, nil
}

// Open decrypts the value of an Encrypt element and also returns its account.
func (k Key) Open(encoded string) (message []byte, appID string, err error) {
	plain, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(plain) == 0 || len(plain)%aes.BlockSize != 0 {
		return nil, "", ErrDecrypt
	}
	k.secret.crypt(&k.secret.decrypter, cipher.NewCBCDecrypter, plain)
	padding := int(plain[len(plain)-1])
	size := len(plain) - padding
	if padding < 1 || padding > blockSize || size < randomSize+lengthSize {
		return nil, "", ErrDecrypt
	}
	length := binary.BigEndian.Uint32(plain[randomSize:])
	body := plain[randomSize+lengthSize : size]
	if uint64(length) > uint64(len(body)) {
		return nil, "", ErrDecrypt
	}
	return body[:length:length], string(body[length:]), nil
}

// Sign returns the signature of parts, in any order: token, timestamp and nonce, and for
// a msg_signature also the Encrypt value.
func Sign(parts ...string) string {
	signature := sign(nil, parts)
	return string(signature[:])
}

// AppendSignature appends what [Sign] returns for an Encrypt value and the other parts.
func AppendSignature(out, encoded []byte, parts ...string) []byte {
	signature := sign(encoded, parts)
	return append(out, signature[:]...)
}

// Verify reports in constant time whether signature is that of parts.
func Verify(signature string, parts ...string) bool {
	want := sign(nil, parts)
	return subtle.ConstantTimeCompare([]byte(signature), want[:]) == 1
}

func sign(encoded []byte, parts []string) (signature [2 * sha1.Size]byte) {
	var array [4]string
	sorted := append(array[:0], parts...)
	slices.Sort(sorted)
	at, _ := slices.BinarySearchFunc(sorted, encoded, func(p string, encoded []byte) int { return bytes.Compare([]byte(p), encoded) })
	var buffer [1 << 10]byte // on the stack, and large enough for most pushes
	message := buffer[:0]
	for _, p := range sorted[:at] {
		message = append(message, p...)
	}
	message = append(message, encoded...)
	for _, p := range sorted[at:] {
		message = append(message, p...)
	}
	sum := sha1.Sum(message) //nolint:gosec // the platform's signatures are SHA-1
	hex.Encode(signature[:], sum[:])
	return signature
}

// Equal compares two values in constant time.
func Equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Nonce returns a random nonce.
func Nonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	var digits [2 * len(b)]byte
	hex.Encode(digits[:], b[:])
	return string(digits[:])
}
