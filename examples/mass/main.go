// Mass sends a text to all followers with a tag: first a preview to one person, then,
// with -send, to all of them. It waits until the platform has sent the message.
//
//	WECHAT_APP_ID=… WECHAT_APP_SECRET=… WECHAT_OPENID=… go run ./examples/mass -tag 100 [-send]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/wechatoa/wechat"
)

func main() {
	tag := flag.Int64("tag", 0, "the tag whose followers get the message")
	send := flag.Bool("send", false, "send it; without it there is only a preview")
	text := flag.String("text", "本周新品已上架，欢迎到店品尝。", "the message")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	client := wechat.NewClient(os.Getenv("WECHAT_APP_ID"), os.Getenv("WECHAT_APP_SECRET"),
		wechat.WithBaseURL(os.Getenv("WECHAT_BASE_URL"))) // "" is the real platform

	message := wechat.TextMessage{Content: *text}
	if _, err := client.PreviewMass(ctx, wechat.PreviewMassRequest{OpenID: os.Getenv("WECHAT_OPENID"), Message: message}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("The preview is on its way. Look at it before you send the message.")
	if !*send {
		return
	}
	if err := sendAll(ctx, client, *tag, message); err != nil {
		log.Fatal(err)
	}
}

func sendAll(ctx context.Context, client *wechat.Client, tag int64, message wechat.MassMessage) error {
	job, err := client.SendMass(ctx, wechat.SendMassRequest{
		TagID: tag, Message: message,
		// For 24 hours the platform sends no second message with this ID: nobody
		// gets it twice, whatever is retried or started again today.
		ClientMsgID: "weekly-" + time.Now().Format(time.DateOnly),
	})
	switch {
	case errors.Is(err, wechat.ErrMassQuota):
		return fmt.Errorf("no mass message is left for today: %w", err)
	case err != nil:
		return err
	case job.Duplicate:
		fmt.Println("This was sent already today.")
	}
	// A service reacts to callback.MassSendJobFinishEvent instead of asking.
	for {
		state, err := client.GetMassJob(ctx, job.MsgID)
		if err != nil {
			return err
		}
		fmt.Println("Message", job.MsgID, "is", state.Status)
		if state.Status != wechat.MassStatusSending {
			return nil
		}
		select {
		case <-time.After(5 * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
