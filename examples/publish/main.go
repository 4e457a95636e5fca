// Publish uploads a cover and a picture, writes an article with them, publishes it
// and prints its URL.
//
//	WECHAT_APP_ID=… WECHAT_APP_SECRET=… go run ./examples/publish [-cover cover.jpg] [-picture picture.jpg]
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"log"
	"os"
	"time"

	"github.com/wechatoa/wechat"
)

func main() {
	cover := flag.String("cover", "", "the cover, a JPEG file; without it a plain one is made")
	picture := flag.String("picture", "", "the picture in the text, a JPEG or PNG file of less than 1 MB")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	client := wechat.NewClient(os.Getenv("WECHAT_APP_ID"), os.Getenv("WECHAT_APP_SECRET"),
		wechat.WithBaseURL(os.Getenv("WECHAT_BASE_URL"))) // "" is the real platform

	draft, err := write(ctx, client, fileOr(*cover, color.Gray{Y: 200}), fileOr(*picture, color.Gray{Y: 100}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("The draft is saved, media id", draft)
	err = publish(ctx, client, draft)
	switch {
	case errors.Is(err, wechat.ErrForbidden):
		log.Fatal("this account may not publish through the API; the draft waits in its console: ", err)
	case err != nil:
		log.Fatal(err)
	}
}

// write uploads the pictures and saves the article as a draft.
func write(ctx context.Context, client *wechat.Client, cover, picture wechat.File) (mediaID string, err error) {
	thumb, err := client.UploadMaterial(ctx, wechat.MediaImage, cover)
	if err != nil {
		return "", err
	}
	// Articles show only pictures that were uploaded for them.
	url, err := client.UploadArticleImage(ctx, picture)
	if err != nil {
		return "", err
	}
	return client.CreateDraft(ctx, wechat.DraftArticle{
		Title: "新品上市", Author: "编辑部", Digest: "本周新品，欢迎到店品尝",
		Content:      `<p>本周新品已上架：</p><p><img src="` + html.EscapeString(url) + `"/></p>`,
		ThumbMediaID: thumb.MediaID,
		OpenComment:  wechat.NewFlag(true),
	})
}

// publish publishes the draft and waits for the result. A service reacts to
// callback.PublishJobFinishEvent instead of asking, which costs quota.
func publish(ctx context.Context, client *wechat.Client, mediaID string) error {
	submitted, err := client.PublishDraft(ctx, mediaID)
	if err != nil {
		return err
	}
	for {
		job, err := client.GetPublishJob(ctx, submitted.PublishID)
		if err != nil {
			return err
		}
		switch job.Status {
		case wechat.PublishStatusSucceeded:
			for _, article := range job.Detail.Items {
				fmt.Println("Published:", article.URL)
			}
			return nil
		case wechat.PublishStatusRunning:
		default:
			return fmt.Errorf("not published, status %d, articles %v", job.Status, job.FailedPositions)
		}
		select {
		case <-time.After(5 * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// fileOr returns the file, or a plain picture of the given color if there is no name.
func fileOr(name string, c color.Color) wechat.File {
	if name != "" {
		return wechat.OpenFile(name)
	}
	canvas := image.NewRGBA(image.Rect(0, 0, 900, 383))
	draw.Draw(canvas, canvas.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, canvas, nil); err != nil {
		log.Fatal(err)
	}
	return wechat.File{Name: "picture.jpg", Content: &picture}
}
