// Assistant is a bot whose answer takes longer than the platform waits, as that of a
// language model does. It shows both ways to deliver such an answer: as a
// customer-service message behind an empty reply, and as the reply to a repeated
// delivery.
//
//	go run ./examples/assistant
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechattest"
)

const thinking = 10 * time.Second

// newAssistant returns the handler of the bot's account. With hold the answer is a
// reply if it is ready within 14 seconds, otherwise always a message.
func newAssistant(client *wechat.Client, token, aesKey string, hold bool) (*callback.Handler, error) {
	h, err := callback.NewHandler(callback.Config{
		AppID: client.AppID(), Credentials: callback.NewCredentials(token, aesKey),
		HoldDeliveries: hold,
		SendDeferred:   client.SendCustomMessageJSON,
	})
	if err != nil {
		return nil, err
	}
	callback.On(h, func(ctx context.Context, m *callback.TextMessage) (callback.Reply, error) {
		answer, err := think(ctx, m.Content)
		if err != nil {
			return nil, err
		}
		return callback.Text(answer), nil
	})
	return h, nil
}

// think stands for the call of a language model. Its context lives a minute, not
// the 5 seconds of the request.
func think(ctx context.Context, question string) (string, error) {
	select {
	case <-time.After(thinking):
		return "关于“" + question + "”：想了十秒，答案是四十二。", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, hold := range []bool{false, true} {
		if err := converse(ctx, hold); err != nil {
			log.Fatal(err)
		}
	}
}

// converse lets a follower of a fake account ask the bot, and prints what she sees.
func converse(ctx context.Context, hold bool) error {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	alice := platform.AddUser(wechattest.User{Nickname: "Alice"})
	h, err := newAssistant(platform.Client(), platform.Token, platform.EncodingAESKey, hold)
	if err != nil {
		return err
	}
	platform.SetCallback(h)

	fmt.Printf("HoldDeliveries: %v\n", hold)
	began := time.Now()
	report := alice.Sends(ctx, "生命的意义是什么？")
	fmt.Printf("  %4.1fs  delivered %d times, answered %q\n", time.Since(began).Seconds(), len(report.Deliveries), seen(report))
	if err := h.Shutdown(ctx); err != nil { // waits for the message
		return err
	}
	messages := alice.Messages()
	if len(messages) != 1 {
		return errors.New("there is not exactly one message to read")
	}
	fmt.Printf("  %4.1fs  Alice reads, as %s: %s\n", time.Since(began).Seconds(), messages[0].Via, messages[0].Content)
	return nil
}

func seen(report *wechattest.Report) string {
	switch report.Seen {
	case wechattest.SeenReply:
		return "a reply"
	case wechattest.SeenUnavailable:
		return "service unavailable"
	case wechattest.SeenNothing:
	}
	return "nothing, for now"
}
