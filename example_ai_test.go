package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// Transcribe a recording. The platform takes up to 10 seconds.
func ExampleClient_GetVoiceText() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	// The fake platform recognizes nothing: these are its responses.
	attempts := 0
	platform.Handle("/cgi-bin/media/voice/queryrecoresultfortext", func(wechattest.Call) (any, error) {
		attempts++
		return map[string]any{"result": "来一杯奶茶", "is_end": attempts == 2}, nil
	})

	err := client.SubmitVoice(ctx, wechat.SubmitVoiceRequest{
		VoiceID: "order-1",
		Voice:   wechat.File{Name: "order.mp3", Content: strings.NewReader("a recording")},
	})
	if err != nil {
		log.Fatal(err)
	}
	for {
		text, err := client.GetVoiceText(ctx, "order-1", wechat.SpeechLanguageChinese)
		if err != nil {
			log.Fatal(err)
		}
		if text.Done {
			fmt.Println(text.Text)
			break
		}
		time.Sleep(time.Millisecond) // in a program: a second or two
	}
	// Output:
	// 来一杯奶茶
}

func ExampleClient_TranslateContent() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	// The fake platform translates nothing: this is its response.
	platform.Handle("/cgi-bin/media/voice/translatecontent", func(call wechattest.Call) (any, error) {
		return map[string]string{"from_content": string(call.Body), "to_content": "Milk tea"}, nil
	})

	translation, err := client.TranslateContent(ctx, wechat.SpeechLanguageChinese, wechat.SpeechLanguageEnglish, "奶茶")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(translation.Original, translation.Translated)
	// Output:
	// 奶茶 Milk tea
}

// Read an identity card in a picture that a user has sent.
func ExampleClient_RecognizeIDCard() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	// The fake platform recognizes nothing: this is its response.
	platform.Handle("/cv/ocr/idcard", func(wechattest.Call) (any, error) {
		return map[string]string{"type": "Front", "name": "张三", "id": "110101199001010000"}, nil
	})

	picture := wechat.File{Name: "card.jpg", Content: strings.NewReader("the bytes of a picture")}
	card, err := client.RecognizeIDCard(ctx, wechat.OCRImageFile(picture), wechat.OCRModePhoto)
	switch {
	case errors.Is(err, wechat.ErrOCRQuota):
		fmt.Println("the calls of today are used up")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println(card.Name)
	}
	// Output:
	// 张三
}
