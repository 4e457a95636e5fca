package wechattest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

func upload(name, data string) wechat.File {
	return wechat.File{Name: name, Content: strings.NewReader(data), Size: int64(len(data))}
}

func TestMediaEndAfterThreeDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, _ := chat(t)
		c := p.Client()
		m, err := c.UploadMedia(t.Context(), wechat.MediaImage, upload("a.png", string(picture())))
		require.NoError(t, err)
		var buf bytes.Buffer
		info, err := c.DownloadMedia(t.Context(), m.MediaID, &buf)
		require.NoError(t, err)
		assert.Equal(t, picture(), buf.Bytes())
		assert.Equal(t, "image/png", info.ContentType)
		assert.True(t, strings.HasSuffix(info.FileName, ".png"))

		alice.Sends(t.Context(), "hi")
		send := func(mediaID string) error {
			return c.SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{OpenID: alice.OpenID, Message: wechat.ImageMessage{MediaID: mediaID}})
		}
		require.NoError(t, send(m.MediaID))
		require.ErrorIs(t, send("x"), wechat.ErrInvalidMediaID)
		time.Sleep(mediaLife)
		_, err = c.DownloadMedia(t.Context(), m.MediaID, &buf)
		require.ErrorIs(t, err, wechat.ErrInvalidMediaID)
	})
}

func TestMediaOfEachKindComeBackInTheirWay(t *testing.T) {
	p := platform(t)
	c := p.Client()
	video, err := c.UploadMedia(t.Context(), wechat.MediaVideo, upload("a.mp4", "mp4"))
	require.NoError(t, err)
	var buf bytes.Buffer
	got, err := c.DownloadMedia(t.Context(), video.MediaID, &buf)
	require.NoError(t, err)
	assert.NotEmpty(t, got.VideoURL)
	assert.Zero(t, buf.Len())
	thumb, err := c.UploadMedia(t.Context(), wechat.MediaThumb, upload("a.jpg", "jpg"))
	require.NoError(t, err)
	assert.NotEmpty(t, thumb.ThumbMediaID)

	voice := p.AddMedia(wechat.MediaVoice, File{Name: "a.amr", Data: []byte("#!AMR\n")})
	_, err = c.DownloadHDVoice(t.Context(), voice, &buf)
	require.NoError(t, err)
	assert.Equal(t, "#!AMR\n", buf.String())
	url, err := c.UploadArticleImage(t.Context(), upload("a.jpg", "jpg"))
	require.NoError(t, err)
	assert.Contains(t, url, "http")
}

func TestFilesThatThePlatformRefuses(t *testing.T) {
	p := platform(t)
	c := p.Client()
	form := func(name string, size int) *wechat.Form {
		return &wechat.Form{Field: "media", File: upload(name, strings.Repeat("x", size))}
	}
	for _, x := range []struct {
		kind string
		form *wechat.Form
		want wechat.Code
	}{
		{"poem", form("a.png", 1), wechat.ErrInvalidMediaType},
		{"image", form("a.txt", 1), wechat.ErrInvalidFileType},
		{"image", form("a.png", 10<<20+1), wechat.ErrInvalidImageSize},
		{"voice", form("a.amr", 2<<20+1), 40010},
		{"video", form("a.mp4", 10<<20+1), 40011},
		{"thumb", form("a.jpg", 64<<10+1), 40012},
		{"image", &wechat.Form{Field: "picture", File: upload("a.png", "x")}, wechat.ErrMissingMediaData},
	} {
		refusedWith(t, c, x.want, "/cgi-bin/media/upload", x.form, "type", x.kind)
	}
}

func TestMaterialsStayUntilTheyAreDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := platform(t)
		c := p.Client()
		ctx := t.Context()
		image, err := c.UploadMaterial(ctx, wechat.MediaImage, upload("a.png", "png"))
		require.NoError(t, err)
		assert.NotEmpty(t, image.URL)
		video, err := c.UploadVideoMaterial(ctx, upload("a.mp4", "mp4"), "Title", "Intro")
		require.NoError(t, err)
		time.Sleep(365 * 24 * time.Hour)
		var buf bytes.Buffer
		_, err = c.GetMaterial(ctx, image.MediaID, &buf)
		require.NoError(t, err)
		assert.Equal(t, "png", buf.String())
		got, err := c.GetMaterial(ctx, video.MediaID, &buf)
		require.NoError(t, err)
		assert.Equal(t, "Title", got.Video.Title)

		for i := range 21 {
			p.AddMaterial(wechat.MediaImage, File{Name: fmt.Sprintf("%d.png", i)})
		}
		count, err := c.GetMaterialCount(ctx)
		require.NoError(t, err)
		assert.Equal(t, &wechat.MaterialCount{Images: 22, Videos: 1}, count)
		all := slices.Collect(seq(t, c.AllMaterials(ctx, wechat.MediaImage)))
		require.Len(t, all, 22)
		assert.Equal(t, "20.png", all[0].Name, "the newest is first")
		require.NoError(t, c.DeleteMaterial(ctx, image.MediaID))
		require.ErrorIs(t, c.DeleteMaterial(ctx, image.MediaID), wechat.ErrInvalidMediaID)
		refusedWith(t, c, wechat.ErrInvalidParameter, "/cgi-bin/material/batchget_material", obj{"type": "image", "offset": 0, "count": 21})
	})
}

// newArticle returns an article that can be published.
func newArticle(p *Platform) wechat.DraftArticle {
	thumb := p.AddMaterial(wechat.MediaThumb, File{Name: "a.jpg", Data: []byte("jpg")})
	return wechat.DraftArticle{Title: "Title", Content: "<p>Text & <b>more</b></p>", ThumbMediaID: thumb, OpenComment: wechat.NewFlag(true)}
}

func TestDraftsAreKept(t *testing.T) {
	p := platform(t)
	c := p.Client()
	ctx := t.Context()
	article := newArticle(p)
	id, err := c.CreateDraft(ctx, article)
	require.NoError(t, err)
	d, err := c.GetDraft(ctx, id)
	require.NoError(t, err)
	require.Len(t, d.Articles, 1)
	assert.Equal(t, article.Content, d.Articles[0].Content)
	assert.Equal(t, "Text & more", d.Articles[0].Digest, "which the platform makes")
	assert.True(t, bool(*d.Articles[0].OpenComment))
	assert.NotEmpty(t, d.Articles[0].URL)

	article.Title = "Other"
	require.NoError(t, c.UpdateDraft(ctx, id, 0, article))
	require.ErrorIs(t, c.UpdateDraft(ctx, id, 1, article), wechat.Code(40114))
	second, err := c.CreateDraft(ctx, article, article)
	require.NoError(t, err)
	drafts := slices.Collect(seq(t, c.AllDrafts(ctx)))
	require.Len(t, drafts, 2)
	assert.Equal(t, second, drafts[0].MediaID)
	page, err := c.ListDrafts(ctx, wechat.ListDraftsRequest{Count: 20, WithoutContent: true})
	require.NoError(t, err)
	assert.Empty(t, page.Items[1].Articles[0].Content)
	assert.Equal(t, "Other", page.Items[1].Articles[0].Title)
	require.NoError(t, c.DeleteDraft(ctx, second))
	require.ErrorIs(t, c.DeleteDraft(ctx, second), wechat.ErrInvalidMediaID)
	n, err := c.GetDraftCount(ctx)
	require.NoError(t, err)
	assert.Equal(t, int64(1), n)
}

func TestArticlesThatAreWrongHaveTheirCodes(t *testing.T) {
	p := platform(t)
	c := p.Client()
	thumb := p.AddMaterial(wechat.MediaThumb, File{})
	image := p.AddMedia(wechat.MediaImage, File{}) // not permanent
	for want, change := range map[wechat.Code]obj{
		45003: {"title": strings.Repeat("题", 65)},
		45110: {"author": strings.Repeat("a", 17)},
		45004: {"digest": strings.Repeat("a", 129)},
		45166: {"content": ""},
		45002: {"content": strings.Repeat("a", 20_000)},
		40039: {"content_source_url": strings.Repeat("a", 1025)},
		40007: {"thumb_media_id": image},
	} {
		article := obj{"title": "t", "content": "c", "thumb_media_id": thumb}
		for name, v := range change {
			article[name] = v
		}
		refusedWith(t, c, want, "/cgi-bin/draft/add", obj{"articles": []obj{article}})
	}
	refusedWith(t, c, wechat.ErrTooManyArticles, "/cgi-bin/draft/add", obj{"articles": []obj{}})
	pictures := obj{"article_type": "newspic", "title": "t", "content": "c", "image_info": obj{"image_list": []obj{{"image_media_id": image}}}}
	refusedWith(t, c, wechat.ErrInvalidMediaID, "/cgi-bin/draft/add", obj{"articles": []obj{pictures}})
	pictures["image_info"] = obj{"image_list": []obj{{"image_media_id": thumb}}}
	post(t, c, "/cgi-bin/draft/add", obj{"articles": []obj{pictures}})
}

func TestPublishingTakesItsTimeAndTellsItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, h := chat(t, WithJobDelay(time.Minute))
		c := p.Client()
		ctx := t.Context()
		id, err := c.CreateDraft(ctx, newArticle(p))
		require.NoError(t, err)
		job, err := c.PublishDraft(ctx, id)
		require.NoError(t, err)
		state, err := c.GetPublishJob(ctx, job.PublishID)
		require.NoError(t, err)
		assert.Equal(t, wechat.PublishStatusRunning, state.Status)
		assert.Empty(t, h.seen())

		p.Wait()
		state, err = c.GetPublishJob(ctx, job.PublishID)
		require.NoError(t, err)
		assert.Zero(t, state.Status)
		require.Len(t, state.Detail.Items, 1)
		require.Len(t, h.seen(), 1)
		assert.Contains(t, h.seen()[0], "PUBLISHJOBFINISH")
		assert.Contains(t, h.seen()[0], "<article_id><![CDATA["+state.ArticleID+"]]>")
		assert.Contains(t, h.seen()[0], "<publish_status>0</publish_status>")
		_, err = c.GetDraft(ctx, id)
		require.ErrorIs(t, err, wechat.ErrInvalidMediaID, "it has left the draft box")

		got, err := c.GetPublication(ctx, state.ArticleID)
		require.NoError(t, err)
		assert.Equal(t, "Title", got.Articles[0].Title)
		assert.Len(t, slices.Collect(seq(t, c.AllPublications(ctx))), 1)
		require.NoError(t, c.DeletePublishedArticle(ctx, state.ArticleID, 1))
		state, err = c.GetPublishJob(ctx, job.PublishID)
		require.NoError(t, err)
		assert.Equal(t, wechat.PublishStatus(5), state.Status)
		assert.Empty(t, slices.Collect(seq(t, c.AllPublications(ctx))))
		_, err = c.GetPublication(ctx, "x")
		require.ErrorIs(t, err, wechat.ErrInvalidArticleID)
	})
}

func TestPublishingCanFail(t *testing.T) {
	p, _, h := chat(t)
	c := p.Client()
	id, err := c.CreateDraft(t.Context(), newArticle(p))
	require.NoError(t, err)
	p.FailNextPublish(wechat.PublishStatusNotOriginal)
	job, err := c.PublishDraft(t.Context(), id)
	require.NoError(t, err)
	state, err := c.GetPublishJob(t.Context(), job.PublishID)
	require.NoError(t, err)
	assert.Equal(t, wechat.PublishStatus(2), state.Status)
	assert.Equal(t, []int{1}, state.FailedPositions)
	p.Wait()
	assert.Contains(t, h.seen()[0], "<fail_idx>1</fail_idx>")
	_, err = c.PublishDraft(t.Context(), id)
	require.NoError(t, err, "the draft is still there")
}

func TestCommentsAreKept(t *testing.T) {
	p := platform(t)
	c := p.Client()
	ctx := t.Context()
	alice := p.AddUser(User{})
	id, err := c.CreateDraft(ctx, newArticle(p))
	require.NoError(t, err)
	job, err := c.PublishDraft(ctx, id)
	require.NoError(t, err)
	first := wechat.CommentRef{MsgDataID: job.MsgDataID, CommentID: alice.CommentsOn(job.MsgDataID, 0, "first")}
	require.NotZero(t, first.CommentID)
	alice.CommentsOn(job.MsgDataID, 0, "second")

	require.NoError(t, c.FeatureComment(ctx, first))
	require.NoError(t, c.ReplyToComment(ctx, first, "thanks"))
	require.ErrorIs(t, c.ReplyToComment(ctx, first, "again"), wechat.Code(88005))
	page, err := c.ListComments(ctx, wechat.ListCommentsRequest{MsgDataID: job.MsgDataID, Count: 49, Filter: 2})
	require.NoError(t, err)
	require.Len(t, page.Comments, 1)
	assert.Equal(t, "thanks", page.Comments[0].Reply.Content)
	assert.Equal(t, alice.OpenID, page.Comments[0].OpenID)
	assert.Len(t, slices.Collect(seq(t, c.AllComments(ctx, job.MsgDataID, 0, 0))), 2)
	require.NoError(t, c.DeleteCommentReply(ctx, first))
	require.NoError(t, c.UnfeatureComment(ctx, first))
	require.NoError(t, c.DeleteComment(ctx, first))
	require.ErrorIs(t, c.DeleteComment(ctx, first), wechat.ErrCommentNotFound)
	require.ErrorIs(t, c.OpenComments(ctx, 7, 0), wechat.ErrArticleNotFound)
	refusedWith(t, c, 88010, "/cgi-bin/comment/list", obj{"msg_data_id": job.MsgDataID, "begin": 0, "count": 50, "type": 0})

	require.NoError(t, c.CloseComments(ctx, job.MsgDataID, 0))
	assert.Zero(t, alice.CommentsOn(job.MsgDataID, 0, "late"))
	require.NoError(t, c.OpenComments(ctx, job.MsgDataID, 0))
	assert.NotZero(t, alice.CommentsOn(job.MsgDataID, 0, "in time"))
}

func TestMassMessagesReachTheirFollowersAndTellIt(t *testing.T) {
	p, alice, h := chat(t)
	c := p.Client()
	ctx := t.Context()
	tag := p.AddTag("VIP")
	bob := p.AddUser(User{TagIDs: []int64{tag}})
	id, err := c.CreateDraft(ctx, newArticle(p))
	require.NoError(t, err)
	sent, err := c.SendMass(ctx, wechat.SendMassRequest{ToAll: true, Message: wechat.MPNewsMessage{MediaID: id}})
	require.NoError(t, err)
	p.Wait()
	assert.Equal(t, ViaMassMessage, alice.LastMessage().Via)
	assert.Equal(t, sent.MsgID, bob.LastMessage().MsgID)
	assert.Contains(t, h.seen()[0], "<Event><![CDATA[MASSSENDJOBFINISH]]></Event>")
	assert.Contains(t, h.seen()[0], "<SentCount>2</SentCount>")
	assert.Contains(t, h.seen()[0], "<ArticleUrl>")
	assert.NotZero(t, alice.CommentsOn(sent.MsgDataID, 0, "nice"))
	job, err := c.GetMassJob(ctx, sent.MsgID)
	require.NoError(t, err)
	assert.Equal(t, wechat.MassStatus("SEND_SUCCESS"), job.Status)
	require.NoError(t, c.DeleteMass(ctx, sent.MsgID))
	require.ErrorIs(t, c.DeleteMass(ctx, sent.MsgID), wechat.Code(40065))

	_, err = c.SendMass(ctx, wechat.SendMassRequest{TagID: tag, Message: wechat.TextMessage{Content: "VIPs"}})
	require.NoError(t, err)
	assert.Equal(t, "VIPs", bob.LastMessage().Content)
	assert.Len(t, alice.Messages(), 1)
	_, err = c.SendMass(ctx, wechat.SendMassRequest{TagID: 999, Message: wechat.TextMessage{Content: "x"}})
	require.ErrorIs(t, err, wechat.ErrInvalidTagID)

	_, err = c.SendMassToUsers(ctx, wechat.SendMassToUsersRequest{OpenIDs: []string{alice.OpenID, bob.OpenID}, Message: wechat.TextMessage{Content: "both"}})
	require.NoError(t, err)
	assert.Equal(t, "both", alice.LastMessage().Content)
	refusedWith(t, c, wechat.ErrTooFewOpenIDs, "/cgi-bin/message/mass/send", obj{"touser": []string{alice.OpenID}, "msgtype": "text", "text": obj{"content": "x"}})
	_, err = c.PreviewMass(ctx, wechat.PreviewMassRequest{WeChatID: "Alice", Message: wechat.TextMessage{Content: "soon"}})
	require.NoError(t, err)
	assert.Equal(t, ViaPreview, alice.LastMessage().Via)
	_, err = c.SendMass(ctx, wechat.SendMassRequest{ToAll: true, Message: wechat.CardMessage{CardID: "c"}})
	require.ErrorIs(t, err, wechat.Code(45113))
}

func TestMassMessageIsTakenOnceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := platform(t)
		c := p.Client()
		alice := p.AddUser(User{})
		send := func(content, id string) (*wechat.MassResult, error) {
			return c.SendMass(t.Context(), wechat.SendMassRequest{ToAll: true, Message: wechat.TextMessage{Content: content}, ClientMsgID: id})
		}
		p.InjectFault("/cgi-bin/message/mass/sendall", Fault{Drop: true, Executed: true})
		first, err := send("a", "k1")
		require.NoError(t, err, "the repetition is known by its id")
		assert.Len(t, alice.Messages(), 1)

		again, err := send("b", "k1")
		require.NoError(t, err)
		assert.True(t, again.Duplicate)
		assert.Equal(t, first.MsgID, again.MsgID)
		assert.Len(t, alice.Messages(), 1)
		c = p.Client(wechat.WithoutClientMsgIDs())
		_, err = send("c", "")
		require.NoError(t, err)
		_, err = send("c", "")
		require.ErrorIs(t, err, wechat.ErrDuplicateMassID, "the same content to the same people")
		time.Sleep(massKeyLife)
		_, err = send("d", "k1")
		require.NoError(t, err)
		_, err = send("e", "")
		require.NoError(t, err)
		_, err = send("f", "")
		require.NoError(t, err)
		assert.Len(t, alice.Messages(), massPerMonth, "four a month")
		require.NoError(t, c.SetMassSpeed(t.Context(), 4))
		speed, err := c.GetMassSpeed(t.Context())
		require.NoError(t, err)
		assert.Equal(t, &wechat.MassSpeedResult{Speed: 4, RealSpeed: 10}, speed)
	})
}

func TestMassMediaAreMade(t *testing.T) {
	p := platform(t)
	c := p.Client()
	alice := p.AddUser(User{})
	video, err := c.UploadMassVideo(t.Context(), p.AddMedia(wechat.MediaVideo, File{Name: "a.mp4"}), "t", "d")
	require.NoError(t, err)
	_, err = c.SendMass(t.Context(), wechat.SendMassRequest{ToAll: true, Message: wechat.VideoMessage{MediaID: video.MediaID, Title: "t"}})
	require.NoError(t, err)
	thumb := p.AddMedia(wechat.MediaThumb, File{Name: "a.jpg"})
	news, err := c.UploadMassNews(t.Context(), wechat.MassArticle{Title: "t", Content: "c", ThumbMediaID: thumb})
	require.NoError(t, err)
	_, err = c.SendMass(t.Context(), wechat.SendMassRequest{ToAll: true, Message: wechat.MPNewsMessage{MediaID: news.MediaID}})
	require.NoError(t, err)
	assert.Len(t, alice.Messages(), 2)
}
