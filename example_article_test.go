package wechat_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

func ExampleClient_PublishDraft() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	cover := platform.AddMaterial(wechat.MediaImage, wechattest.File{Name: "cover.jpg", Data: []byte("a picture")})

	draft, err := client.CreateDraft(ctx, wechat.DraftArticle{Title: "新品上市", Content: "<p>……</p>", ThumbMediaID: cover})
	if err != nil {
		log.Fatal(err)
	}
	submission, err := client.PublishDraft(ctx, draft)
	if err != nil {
		log.Fatal(err)
	}
	platform.Wait() // until the job ends, which the event PUBLISHJOBFINISH reports as well
	job, err := client.GetPublishJob(ctx, submission.PublishID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.Status == wechat.PublishStatusSucceeded, job.ArticleID != "")
	// Output:
	// true true
}

// Correct an article of a draft and find the draft again in the list.
func ExampleClient_UpdateDraft() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	cover := platform.AddMaterial(wechat.MediaImage, wechattest.File{Name: "cover.jpg", Data: []byte("a picture")})

	draft, err := client.CreateDraft(ctx,
		wechat.DraftArticle{Title: "新品上市", Content: "<p>……</p>", ThumbMediaID: cover},
		wechat.DraftArticle{Title: "门店地止", Content: "<p>……</p>", ThumbMediaID: cover},
	)
	if err != nil {
		log.Fatal(err)
	}
	err = client.UpdateDraft(ctx, draft, 1, wechat.DraftArticle{Title: "门店地址", Content: "<p>……</p>", ThumbMediaID: cover})
	if err != nil {
		log.Fatal(err)
	}
	for item, err := range client.AllDrafts(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		for _, article := range item.Articles {
			fmt.Println(article.Title)
		}
	}
	// Output:
	// 新品上市
	// 门店地址
}

// Articles show only pictures that were uploaded to the platform.
func ExampleClient_UploadArticleImage() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	cover := platform.AddMaterial(wechat.MediaImage, wechattest.File{Name: "cover.jpg", Data: []byte("a picture")})

	src, err := client.UploadArticleImage(ctx, wechat.File{Name: "tea.png", Content: strings.NewReader("the bytes of a picture")})
	if err != nil {
		log.Fatal(err)
	}
	draft, err := client.CreateDraft(ctx, wechat.DraftArticle{
		Title:        "新品上市",
		Content:      `<p>新品</p><p><img src="` + src + `"></p>`,
		ThumbMediaID: cover,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(draft != "")
	// Output:
	// true
}

// Feature the comments on a published article that contain a word, and reply to them.
func ExampleClient_AllComments() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	alice := platform.AddUser(wechattest.User{})
	cover := platform.AddMaterial(wechat.MediaImage, wechattest.File{Name: "cover.jpg", Data: []byte("a picture")})

	draft, err := client.CreateDraft(ctx, wechat.DraftArticle{Title: "新品上市", Content: "<p>……</p>", ThumbMediaID: cover})
	if err != nil {
		log.Fatal(err)
	}
	published, err := client.PublishDraft(ctx, draft)
	if err != nil {
		log.Fatal(err)
	}
	platform.Wait() // until the article is published
	const first = 0 // the index of the article in the draft
	if err := client.OpenComments(ctx, published.MsgDataID, first); err != nil {
		log.Fatal(err)
	}
	alice.CommentsOn(published.MsgDataID, first, "好喝！")
	alice.CommentsOn(published.MsgDataID, first, "路过")

	var praise []wechat.CommentRef // collected first, because featuring changes the list
	for comment, err := range client.AllComments(ctx, published.MsgDataID, first, wechat.CommentFilterNormal) {
		if err != nil {
			log.Fatal(err)
		}
		if strings.Contains(comment.Content, "好喝") {
			praise = append(praise, wechat.CommentRef{MsgDataID: published.MsgDataID, Index: first, CommentID: comment.ID})
		}
	}
	for _, ref := range praise {
		if err := client.FeatureComment(ctx, ref); err != nil {
			log.Fatal(err)
		}
		if err := client.ReplyToComment(ctx, ref, "谢谢！"); err != nil {
			log.Fatal(err)
		}
	}
	for comment, err := range client.AllComments(ctx, published.MsgDataID, first, wechat.CommentFilterFeatured) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(comment.Content, comment.Reply.Content)
	}
	// Output:
	// 好喝！ 谢谢！
}
