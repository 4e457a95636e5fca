package benchmarks

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the platform signs with it
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// floorReceiver checks the signature, finds the three texts that it needs and writes
// the reply. It knows no other type of message, no duplicate and no time limit.
func floorReceiver(m Mode) http.Handler {
	if m == Plain {
		return http.HandlerFunc(floorPlain)
	}
	return http.HandlerFunc(floorSafe)
}

func floorPlain(w http.ResponseWriter, r *http.Request) {
	query, _ := url.ParseQuery(r.URL.RawQuery)
	if signature(Token, query.Get("timestamp"), query.Get("nonce")) != query.Get("signature") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	buf, _ := floorBuffers.Get().(*bytes.Buffer)
	defer floorBuffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_, _ = w.Write(appendReply(make([]byte, 0, 512), buf.Bytes()))
}

func floorSafe(w http.ResponseWriter, r *http.Request) {
	query, _ := url.ParseQuery(r.URL.RawQuery)
	timestamp, nonce := query.Get("timestamp"), query.Get("nonce")
	buf, _ := floorBuffers.Get().(*bytes.Buffer)
	defer floorBuffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	encoded := between(buf.Bytes(), "<Encrypt>")
	if signature(Token, timestamp, nonce, string(encoded)) != query.Get("msg_signature") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	plain, err := unseal(encoded)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	sealed := seal(appendReply(make([]byte, 0, 512), plain))
	out := make([]byte, 0, len(sealed)+256)
	out = append(out, "<xml><Encrypt><![CDATA["...)
	out = append(out, sealed...)
	out = append(out, "]]></Encrypt><MsgSignature><![CDATA["...)
	out = append(out, signature(Token, timestamp, nonce, sealed)...)
	out = append(out, "]]></MsgSignature><TimeStamp>"...)
	out = append(out, timestamp...)
	out = append(out, "</TimeStamp><Nonce><![CDATA["...)
	out = append(out, nonce...)
	out = append(out, "]]></Nonce></xml>"...)
	_, _ = w.Write(out)
}

// appendReply appends the answer to a push.
func appendReply(out, push []byte) []byte {
	out = append(out, "<xml><ToUserName><![CDATA["...)
	out = append(out, between(push, "<FromUserName>")...)
	out = append(out, "]]></ToUserName><FromUserName><![CDATA["...)
	out = append(out, between(push, "<ToUserName>")...)
	out = append(out, "]]></FromUserName><CreateTime>"...)
	out = strconv.AppendInt(out, time.Now().Unix(), 10)
	out = append(out, "</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA["...)
	out = append(out, between(push, "<Content>")...)
	return append(out, "]]></Content></xml>"...)
}

// between returns the text of an element.
func between(s []byte, element string) []byte {
	at := bytes.Index(s, []byte(element))
	if at < 0 {
		return nil
	}
	s = bytes.TrimPrefix(s[at+len(element):], []byte("<![CDATA["))
	end := bytes.Index(s, []byte("]]>"))
	if end < 0 {
		return nil
	}
	return s[:end]
}

// signature signs the parts of a push.
func signature(parts ...string) string {
	slices.Sort(parts)
	b := make([]byte, 0, 1024)
	for _, part := range parts {
		b = append(b, part...)
	}
	sum := sha1.Sum(b) //nolint:gosec // the platform signs with it
	var digits [2 * sha1.Size]byte
	hex.Encode(digits[:], sum[:])
	return string(digits[:])
}

var sealKey, sealBlock = func() ([]byte, cipher.Block) {
	key, err := base64.StdEncoding.DecodeString(AESKey + "=")
	if err != nil {
		panic(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return key, block
}()

// unseal decrypts a push.
func unseal(encoded []byte) ([]byte, error) {
	plain := make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
	n, err := base64.StdEncoding.Decode(plain, encoded)
	if err != nil {
		return nil, err
	}
	plain = plain[:n]
	if n == 0 || n%aes.BlockSize != 0 {
		return nil, errRefused
	}
	cipher.NewCBCDecrypter(sealBlock, sealKey[:aes.BlockSize]).CryptBlocks(plain, plain)
	size := int(binary.BigEndian.Uint32(plain[16:]))
	if size > n-20 {
		return nil, errRefused
	}
	return plain[20 : 20+size], nil
}

// seal encrypts a reply or a push.
func seal(text []byte) string {
	size := 20 + len(text) + len(AppID)
	padding := 32 - size%32
	b := make([]byte, 20, size+32)
	_, _ = rand.Read(b[:16]) // never fails
	binary.BigEndian.PutUint32(b[16:], uint32(len(text)))
	b = append(append(b, text...), AppID...)
	for range padding {
		b = append(b, byte(padding))
	}
	cipher.NewCBCEncrypter(sealBlock, sealKey[:aes.BlockSize]).CryptBlocks(b, b) //nolint:gosec // the protocol takes the IV from the key
	return base64.StdEncoding.EncodeToString(b)
}
