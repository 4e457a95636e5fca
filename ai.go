package wechat

import (
	"context"
	"net/http"
	"strings"
)

// SpeechLanguage is a language that the platform can recognize and translate.
type SpeechLanguage string

// The languages of speech recognition and translation.
const (
	SpeechLanguageChinese SpeechLanguage = "zh_CN"
	SpeechLanguageEnglish SpeechLanguage = "en_US"
)

// VoiceFormat is the encoding of a voice recording.
type VoiceFormat string

// VoiceFormatMP3 is the only format that speech recognition accepts, at 16 kHz and mono.
const VoiceFormatMP3 VoiceFormat = "mp3"

// SubmitVoiceRequest is a recording to transcribe.
type SubmitVoiceRequest struct {
	VoiceID  string         // a unique ID that you choose; identifies the result
	Voice    File           // at most 1 MiB
	Format   VoiceFormat    // "" means VoiceFormatMP3
	Language SpeechLanguage // "" means SpeechLanguageChinese
}

const maxVoiceForText = 1 << 20

// SubmitVoice uploads a recording for transcription (上传语音文件, 提交语音). Call
// [Client.GetVoiceText] for the text within 10 seconds of the upload.
//
// https://developers.weixin.qq.com/doc/service/api/openpoc/ai/api_addvoicetorecofortext
func (c *Client) SubmitVoice(ctx context.Context, req SubmitVoiceRequest) error {
	if err := notEmpty("VoiceID", req.VoiceID); err != nil {
		return err
	}
	if req.Format == "" {
		req.Format = VoiceFormatMP3
	}
	return c.Do(ctx, Request{
		Method: http.MethodPost, Path: "/cgi-bin/media/voice/addvoicetorecofortext",
		Query: params("format", string(req.Format), "voice_id", req.VoiceID, "lang", string(req.Language)),
		Body:  &Form{Field: "media", File: req.Voice, limit: maxVoiceForText},
	}, nil)
}

// VoiceText is the transcription of a recording.
type VoiceText struct {
	Text string `json:"result"`
	Done bool   `json:"is_end"` // false while the platform is still working
}

// GetVoiceText returns the transcription of a recording (获取语音识别结果). Call it within
// 10 seconds of the upload, and again until the result is Done. language must be the
// same as for the upload; "" means SpeechLanguageChinese.
//
// https://developers.weixin.qq.com/doc/service/api/openpoc/ai/api_queryrecoresultfortext
func (c *Client) GetVoiceText(ctx context.Context, voiceID string, language SpeechLanguage) (*VoiceText, error) {
	if err := notEmpty("voiceID", voiceID); err != nil {
		return nil, err
	}
	return do[VoiceText](ctx, c, Request{
		Method: http.MethodPost, Path: "/cgi-bin/media/voice/queryrecoresultfortext", Idempotent: true,
		Query: params("voice_id", voiceID, "lang", string(language)),
	})
}

// Translation is a text and its translation.
type Translation struct {
	Original   string `json:"from_content"`
	Translated string `json:"to_content"`
}

// TranslateContent translates a text of up to 600 bytes (微信翻译).
//
// https://developers.weixin.qq.com/doc/service/api/openpoc/ai/api_translatecontent
func (c *Client) TranslateContent(ctx context.Context, from, to SpeechLanguage, content string) (*Translation, error) {
	err := first(
		notEmpty("from", string(from)), notEmpty("to", string(to)),
		notEmpty("content", content), maxBytes("content", content, 600))
	if err != nil {
		return nil, err
	}
	return do[Translation](ctx, c, Request{
		Method: http.MethodPost, Path: "/cgi-bin/media/voice/translatecontent", Idempotent: true,
		Query: params("lfrom", string(from), "lto", string(to)),
		Body:  RawBody{ContentType: "text/plain; charset=utf-8", Content: strings.NewReader(content)},
	})
}
