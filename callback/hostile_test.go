package callback

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/wechatoa/wechat/internal/raceskip"
)

// TestE8_ADocumentOf64KiBIsReadInFiveMilliseconds reads documents that are made to take
// long. The shortest of 20 times counts, because the machine does other things as well.
func TestE8_ADocumentOf64KiBIsReadInFiveMilliseconds(t *testing.T) {
	raceskip.Times(t)
	const size = 64 << 10
	fill := func(before, piece, after string) []byte {
		return []byte(before + strings.Repeat(piece, (size-len(before)-len(after))/len(piece)) + after)
	}
	const begin, end = "<xml><MsgType>text</MsgType><Content>", "</Content></xml>"
	documents := map[string][]byte{
		"text":       fill(begin, "x", end),
		"CDATA":      fill(begin+"<![CDATA[", "x", "]]>"+end),
		"pieces":     fill(begin, "a<![CDATA[b]]>", end),
		"references": fill(begin, "&lt;", end),
		"unknown":    fill(begin, "&lol;", end),
		"doctype":    fill(`<!DOCTYPE x [<!ENTITY a "`, "&a;", `">]>`+begin+"&a;"+end),
		"comments":   fill(begin, "<!---->", end),
		"elements":   fill("<xml>", "<a/>", "</xml>"),
		"nested":     fill("<xml>", "<a>", "</xml>"),
		"attributes": fill("<xml ", `a="b" `, "></xml>"),
		"open tags":  fill("", "<", ""),
		"odd bytes":  fill(begin, "\x00\xff", end),
	}
	for kind, document := range documents {
		least := time.Hour
		for range 20 {
			began := time.Now()
			_, _ = ParseMessage(document)
			least = min(least, time.Since(began))
		}
		assert.Less(t, least, 5*time.Millisecond, kind)
		t.Logf("%s: %v", kind, least)
	}
}
