package msgcrypt

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sampleKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	sampleApp = "wx0000000000000001"
)

func key(t testing.TB) Key {
	t.Helper()
	k, err := ParseKey(sampleKey)
	require.NoError(t, err)
	return k
}

func TestSignaturesMatchTheOfficialExamples(t *testing.T) {
	assert.Equal(t, "899cf89e464efb63f54ddac96b0a0a235f53aa78", Sign("AAAAA", "1714037059", "486452656"))
	assert.Equal(t, "f464b24fc39322e44b38aa78f5edd27bd1441696", Sign("AAAAA", "1714036504", "1514711492"))
	assert.Equal(t, Sign("a", "b", "c"), Sign("c", "a", "b"))
}

func TestOnlyTheSignatureOfAllPartsIsVerified(t *testing.T) {
	signature := Sign("a", "b", "c")
	assert.True(t, Verify(signature, "c", "a", "b"))
	for _, wrong := range []string{"", signature[1:], strings.ToUpper(signature), Sign("a", "b")} {
		assert.False(t, Verify(wrong, "a", "b", "c"), wrong)
	}
}

func TestKnownCiphertextIsReadAndSigned(t *testing.T) {
	const encrypted = "Q3stYC6hdFzMh9T8HCvyDJatpvLhfy9s8l+X+yRGMWcPHjTxxgsuqybU9CysO8OTnMxfhhlTANVokb6wahlwbg=="
	message, err := key(t).Decrypt(encrypted, sampleApp)
	require.NoError(t, err)
	assert.Equal(t, "<xml><A>1</A></xml>", string(message))
	assert.Equal(t, "1858bf3c2358a7da2d5a9222a09b83687feb85f7", Sign("exampletoken", "1700000000", "abc123"))
	assert.Equal(t, "5d458f6fd946e0252b31e671bf63910dee5980e3", Sign("exampletoken", "1700000000", "abc123", encrypted))
}

func TestKeysThatDifferInUnusedBitsAreOneKey(t *testing.T) {
	sealed := key(t).Encrypt([]byte("hi"), sampleApp)
	for _, last := range "EFGH" {
		k, err := ParseKey(sampleKey[:42] + string(last))
		require.NoError(t, err)
		message, err := k.Decrypt(sealed, sampleApp)
		require.NoError(t, err)
		assert.Equal(t, "hi", string(message))
	}
}

func TestMalformedKeysAreRefusedWithoutBeingShown(t *testing.T) {
	for _, encoded := range []string{"", "short", sampleKey + "H", sampleKey[:42], sampleKey[:42] + "!", sampleKey[:41] + "\r\n"} {
		_, err := ParseKey(encoded)
		require.ErrorIs(t, err, ErrKey)
		if encoded != "" {
			assert.NotContains(t, err.Error(), encoded)
		}
	}
}

func TestEveryLengthSurvives(t *testing.T) {
	k := key(t)
	for n := range 4097 {
		message := bytes.Repeat([]byte{'x'}, n)
		got, err := k.Decrypt(k.Encrypt(message, sampleApp), sampleApp)
		require.NoError(t, err, n)
		require.True(t, bytes.Equal(message, got), n)
	}
}

func TestSameMessageIsNeverEncryptedAlike(t *testing.T) {
	k := key(t)
	first, second := k.Encrypt([]byte("hi"), sampleApp), k.Encrypt([]byte("hi"), sampleApp)
	assert.NotEqual(t, first, second)
}

// seal encrypts a plaintext as it is, to make what Encrypt never makes.
func seal(plain []byte) string {
	raw, _ := base64.StdEncoding.DecodeString(sampleKey + "=")
	block, _ := aes.NewCipher(raw)
	out := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, raw[:16]).CryptBlocks(out, plain)
	return base64.StdEncoding.EncodeToString(out)
}

// plain lays out a message with a length field and padding of one's choice.
func plain(length uint32, body string, padding byte) []byte {
	p := append(bytes.Repeat([]byte{'r'}, 16), byte(length>>24), byte(length>>16), byte(length>>8), byte(length))
	p = append(p, body...)
	for len(p)%32 != 0 {
		p = append(p, padding)
	}
	return p
}

func TestForgeriesFailAlike(t *testing.T) {
	good := "<xml/>" + sampleApp // 20+6+18 = 44 bytes, padded by 20
	forged := map[string]string{
		"empty":               "",
		"no base64":           "***",
		"no whole block":      base64.StdEncoding.EncodeToString(make([]byte, 33)),
		"too short":           seal(bytes.Repeat([]byte{16}, 32)[:16]),
		"padding 0":           seal(plain(6, good, 0)),
		"padding 33":          seal(plain(6, good, 33)),
		"padding 255":         seal(plain(6, good, 255)),
		"padding over all":    seal(bytes.Repeat([]byte{32}, 32)),
		"padding over length": seal(bytes.Repeat([]byte{13}, 32)),
		"length past end":     seal(plain(1000, good, 20)),
		"length 2^32-1":       seal(plain(1<<32-1, good, 20)),
		"length 0":            seal(plain(0, good, 20)),
		"length one less":     seal(plain(5, good, 20)),
		"other account":       key(t).Encrypt([]byte("hi"), "wx0000000000000002"),
		"account with tail":   key(t).Encrypt([]byte("hi"), sampleApp+"x"),
		"no account":          key(t).Encrypt([]byte("hi"), ""),
		"other key":           otherKey(t).Encrypt([]byte("hi"), sampleApp),
		"random ciphertext":   base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 64)),
		"truncated by block":  truncate(key(t).Encrypt(bytes.Repeat([]byte{'a'}, 100), sampleApp)),
	}
	for name, sealed := range forged {
		message, err := key(t).Decrypt(sealed, sampleApp)
		require.Equal(t, ErrDecrypt, err, name)
		assert.Nil(t, message, name)
	}
	message, err := key(t).Decrypt(seal(plain(6, good, 20)), sampleApp)
	require.NoError(t, err, "the layout of this test is right")
	assert.Equal(t, "<xml/>", string(message))
}

func otherKey(t *testing.T) Key {
	t.Helper()
	k, err := ParseKey(strings.Repeat("x", 43))
	require.NoError(t, err)
	return k
}

func truncate(sealed string) string {
	raw, _ := base64.StdEncoding.DecodeString(sealed)
	return base64.StdEncoding.EncodeToString(raw[:len(raw)-16])
}

func TestKeyPrintsNoPartOfItself(t *testing.T) {
	k := key(t)
	encoded, err := json.Marshal(k)
	require.NoError(t, err)
	raw, err := base64.StdEncoding.DecodeString(sampleKey + "=")
	require.NoError(t, err)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %x %d", k, k, k, k, k, k), string(encoded), k.LogValue().String()} {
		assert.NotContains(t, text, sampleKey)
		assert.NotContains(t, text, hex.EncodeToString(raw[:8]))
	}
}

func FuzzDecrypt(f *testing.F) {
	f.Add(key(f).Encrypt([]byte("<xml/>"), sampleApp))
	f.Add("")
	f.Add("AAAA")
	k := key(f)
	f.Fuzz(func(t *testing.T, sealed string) {
		message, err := k.Decrypt(sealed, sampleApp)
		if err != nil && (err != ErrDecrypt || message != nil) { //nolint:errorlint // it must be this very value
			t.Fatalf("%v, %q", err, message)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("<xml/>"), sampleApp)
	f.Add([]byte{}, "")
	k := key(f)
	f.Fuzz(func(t *testing.T, message []byte, appID string) {
		got, err := k.Decrypt(k.Encrypt(message, appID), appID)
		if err != nil || !bytes.Equal(got, message) {
			t.Fatalf("%v: %q came back as %q", err, message, got)
		}
	})
}

func BenchmarkDecrypt(b *testing.B) {
	k := key(b)
	sealed := k.Encrypt(bytes.Repeat([]byte("x"), 400), sampleApp)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Decrypt(sealed, sampleApp); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Sign("exampletoken", "1700000000", "abc123")
	}
}

func TestOpenReturnsTheAccountThatAMessageIsFor(t *testing.T) {
	message, appID, err := key(t).Open(key(t).Encrypt([]byte("hi"), "wx0000000000000002"))
	require.NoError(t, err)
	assert.Equal(t, "hi wx0000000000000002", string(message)+" "+appID)
	_, _, err = otherKey(t).Open(key(t).Encrypt([]byte("hi"), sampleApp))
	require.Equal(t, ErrDecrypt, err)
}

func TestKeysAreEqualHoweverTheirLastCharacterIsSpelled(t *testing.T) {
	for _, last := range "EFGH" {
		k, err := ParseKey(sampleKey[:42] + string(last))
		require.NoError(t, err)
		assert.True(t, k.Equal(key(t)) && key(t).Equal(k), string(last))
	}
	assert.False(t, key(t).Equal(otherKey(t)))
	assert.False(t, key(t).Equal(Key{}))
	assert.False(t, Key{}.Equal(key(t)))
	assert.True(t, Key{}.Equal(Key{}))
}

func TestAnAppendedMessageIsTheSameAsAnEncryptedOne(t *testing.T) {
	k := key(t)
	for size := range 100 {
		message := bytes.Repeat([]byte{'m'}, size)
		for _, room := range []int{0, 10, 1000} {
			out := k.AppendEncrypt(append(make([]byte, 0, 6+room), "before"...), message, sampleApp)
			encoded, found := bytes.CutPrefix(out, []byte("before"))
			assert.True(t, found)
			got, err := k.Decrypt(string(encoded), sampleApp)
			require.NoError(t, err)
			assert.Equal(t, message, got)
			assert.Len(t, encoded, len(k.Encrypt(message, sampleApp)))
		}
	}
}

func TestTheOrderOfPartsDoesNotDependOnTheirTypes(t *testing.T) {
	for _, encoded := range []string{"", "a", "b", "bb", "c", "d", "zz", strings.Repeat("c", 5000)} {
		assert.Equal(t, Sign("b", encoded, "c", "a"), string(AppendSignature(nil, []byte(encoded), "b", "c", "a")), encoded)
	}
}

// TestAKeyIsUsedByManyAtOnce: what is used again belongs to one call at a time.
func TestAKeyIsUsedByManyAtOnce(t *testing.T) {
	k := key(t)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			message := bytes.Repeat([]byte{byte('a' + n)}, 40*n)
			for range 200 {
				got, err := k.Decrypt(k.Encrypt(message, sampleApp), sampleApp)
				if err != nil || !bytes.Equal(message, got) {
					t.Errorf("%s instead of %s, %v", got, message, err)
					return
				}
			}
		})
	}
	all.Wait()
}
