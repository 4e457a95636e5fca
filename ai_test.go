package wechat

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var _ = wireRows([]wireRow{
	{
		name: "SubmitVoice", http: "POST /cgi-bin/media/voice/addvoicetorecofortext", query: "format=mp3&lang=en_US&voice_id=v1",
		form:  multipartWith("media", "hello.mp3", "SOUND", nil),
		reply: `{"errcode":"0","errmsg":"ok"}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.SubmitVoice(ctx, SubmitVoiceRequest{
				VoiceID: "v1", Voice: File{Name: "hello.mp3", Content: strings.NewReader("SOUND")}, Language: SpeechLanguageEnglish,
			})
		}),
	},
	{
		name: "GetVoiceText", http: "POST /cgi-bin/media/voice/queryrecoresultfortext", query: "lang=zh_CN&voice_id=v1",
		reply: `{"result":"你好","is_end":true}`,
		call: result(func(ctx context.Context, c *Client) (*VoiceText, error) {
			return c.GetVoiceText(ctx, "v1", SpeechLanguageChinese)
		}),
		want: &VoiceText{Text: "你好", Done: true},
	},
	{
		name: "TranslateContent", http: "POST /cgi-bin/media/voice/translatecontent", query: "lfrom=zh_CN&lto=en_US", body: "你好 \"<&",
		reply: `{"from_content":"你好","to_content":"Hello"}`,
		call: result(func(ctx context.Context, c *Client) (*Translation, error) {
			return c.TranslateContent(ctx, SpeechLanguageChinese, SpeechLanguageEnglish, "你好 \"<&")
		}),
		want: &Translation{Original: "你好", Translated: "Hello"},
	},
})

func TestTranslationIsSentAsPlainText(t *testing.T) {
	c, seen := wireRow{}.client(answer(200, `{"from_content":"a","to_content":"b"}`))
	_, err := c.TranslateContent(t.Context(), SpeechLanguageChinese, SpeechLanguageEnglish, "a")
	require.NoError(t, err)
	assert.Equal(t, "text/plain; charset=utf-8", seen.Header.Get("Content-Type"))
}

func TestSpeechCallsRefuseWhatThePlatformWould(t *testing.T) {
	voice := File{Name: "a.mp3", Content: strings.NewReader("SOUND")}
	for argument, req := range map[string]SubmitVoiceRequest{
		"VoiceID":      {Voice: voice},
		"File.Content": {VoiceID: "v", Voice: File{Name: "a.mp3", Content: strings.NewReader(strings.Repeat("x", 1<<20+1))}},
	} {
		refused(t, argument, func(ctx context.Context, c *Client) error { return c.SubmitVoice(ctx, req) })
	}
	for argument, args := range map[string][3]string{
		"from":    {"", "en_US", "a"},
		"to":      {"zh_CN", "", "a"},
		"content": {"zh_CN", "en_US", strings.Repeat("中", 201)},
	} {
		refused(t, argument, func(ctx context.Context, c *Client) error {
			_, err := c.TranslateContent(ctx, SpeechLanguage(args[0]), SpeechLanguage(args[1]), args[2])
			return err
		})
	}
	refused(t, "voiceID", func(ctx context.Context, c *Client) error {
		_, err := c.GetVoiceText(ctx, "", "")
		return err
	})
}
