package wechattest

import (
	"crypto/rand"
	"encoding/hex"
	"time"
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

// ids are the last IDs of each kind. They are as large as real ones: only the MsgId of
// a follower's message has more than 32 bits, and more than a float64 can represent.
type ids struct{ message, sent, job, data int64 }

func newIDs() ids {
	// A callback would take the messages of a platform with the IDs of an earlier one for
	// repeated deliveries.
	return ids{message: 22_000_000_000_000_000 + time.Now().UnixMicro(), sent: 1_000_000_000, job: 2_247_500_000, data: 2_247_483_648}
}

// newMessage returns the MsgId of a follower's message.
func (i *ids) newMessage() int64 {
	i.message++
	return i.message
}

// newSent returns the msg_id of a message of the account.
func (i *ids) newSent() int64 {
	i.sent++
	return i.sent
}

// newJob returns a publish_id.
func (i *ids) newJob() int64 {
	i.job++
	return i.job
}

// newData returns the msg_data_id of articles.
func (i *ids) newData() int64 {
	i.data++
	return i.data
}

// newOpenID returns an openid in the platform's form, 28 characters.
func newOpenID() string { return "o" + random(urlSafe, 27) }

// newRequestID returns the rid of a call.
func newRequestID() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:16] + "-" + s[16:]
}
