package wechat

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// messageRow is a row of a message of this kind.
func messageRow(kind string, m Message, content string) wireRow {
	return wireRow{
		name: "SendCustomMessage/" + kind, http: "POST /cgi-bin/message/custom/send",
		body: `{"touser":"o1","msgtype":"` + kind + `","` + kind + `":` + content + `}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.SendCustomMessage(ctx, SendCustomMessageRequest{OpenID: "o1", Message: m})
		}),
	}
}

var recordStart = time.Unix(987654321, 0)

var _ = wireRows([]wireRow{
	messageRow("text", TextMessage{Content: `你好 <a href="https://example.com">&</a>`}, `{"content":"你好 <a href=\"https://example.com\">&</a>"}`),
	messageRow("image", &ImageMessage{MediaID: "M1"}, `{"media_id":"M1"}`),
	messageRow("voice", VoiceMessage{MediaID: "M1"}, `{"media_id":"M1"}`),
	messageRow("video", VideoMessage{MediaID: "M1", ThumbMediaID: "M2", Title: "题", Description: "述"},
		`{"media_id":"M1","thumb_media_id":"M2","title":"题","description":"述"}`),
	messageRow("music", MusicMessage{Title: "题", Description: "述", URL: "https://example.com/1", HQURL: "https://example.com/2", ThumbMediaID: "M2"},
		`{"title":"题","description":"述","musicurl":"https://example.com/1","hqmusicurl":"https://example.com/2","thumb_media_id":"M2"}`),
	messageRow("news", NewsMessage{Title: "题", Description: "述", URL: "https://example.com/1", PictureURL: "https://example.com/2"},
		`{"articles":[{"title":"题","description":"述","url":"https://example.com/1","picurl":"https://example.com/2"}]}`),
	messageRow("mpnews", MPNewsMessage{MediaID: "M1"}, `{"media_id":"M1"}`),
	messageRow("mpnewsarticle", MPNewsArticleMessage{ArticleID: "A1"}, `{"article_id":"A1"}`),
	messageRow("msgmenu", MenuMessage{Head: "满意吗?", Items: []MenuMessageItem{{"101", "满意"}, {"102", "不满意"}}, Tail: "欢迎再次光临"},
		`{"head_content":"满意吗?","list":[{"id":"101","content":"满意"},{"id":"102","content":"不满意"}],"tail_content":"欢迎再次光临"}`),
	messageRow("wxcard", CardMessage{CardID: "C1"}, `{"card_id":"C1"}`),
	messageRow("miniprogrampage", MiniProgramMessage{Title: "题", AppID: "wx2", PagePath: "index", ThumbMediaID: "M2"},
		`{"title":"题","appid":"wx2","pagepath":"index","thumb_media_id":"M2"}`),
	messageRow("link", LinkMessage{Title: "题", Description: "述", URL: "https://example.com/1", ThumbURL: "https://example.com/2"},
		`{"title":"题","description":"述","url":"https://example.com/1","thumb_url":"https://example.com/2"}`),
	{
		name: "SendCustomMessageJSON", http: "POST /cgi-bin/message/custom/send",
		body: `{"touser":"o1","msgtype":"text","text":{"content":"<b>"}}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.SendCustomMessageJSON(ctx, []byte(`{"touser":"o1","msgtype":"text","text":{"content":"\u003cb>"}}`))
		}),
	},
	{
		name: "SendCustomMessage/in the name of an agent", http: "POST /cgi-bin/message/custom/send",
		body: `{"touser":"o1","msgtype":"text","text":{"content":"好"},"customservice":{"kf_account":"test1@kftest"},"aimsgcontext":{"is_ai_msg":1},"businessid":"7"}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.SendCustomMessage(ctx, SendCustomMessageRequest{
				OpenID: "o1", Message: TextMessage{Content: "好"}, KFAccount: "test1@kftest", AIGenerated: true, BusinessID: 7,
			})
		}),
	},
	{
		name: "StartTyping", http: "POST /cgi-bin/message/custom/typing", body: `{"touser":"o1","command":"Typing"}`,
		call: noResult(func(ctx context.Context, c *Client) error { return c.StartTyping(ctx, TypingRequest{OpenID: "o1"}) }),
	},
	{
		name: "StopTyping", http: "POST /cgi-bin/message/custom/typing", body: `{"touser":"o1","command":"CancelTyping","businessid":"7"}`,
		call: noResult(func(ctx context.Context, c *Client) error {
			return c.StopTyping(ctx, TypingRequest{OpenID: "o1", BusinessID: 7})
		}),
	},
	{
		name: "ListMessageRecords", http: "POST /customservice/msgrecord/getmsglist",
		body:  `{"starttime":987654321,"endtime":987657921,"msgid":1,"number":10000}`,
		reply: `{"recordlist":[{"openid":"o1","opercode":2002,"text":"您好","time":1400563710,"worker":"test1@test"}],"number":1,"msgid":20165267}`,
		call: result(func(ctx context.Context, c *Client) (*MessageRecordPage, error) {
			return c.ListMessageRecords(ctx, ListMessageRecordsRequest{From: recordStart, To: recordStart.Add(time.Hour), Count: 10_000})
		}),
		want: &MessageRecordPage{
			Records: []MessageRecord{{OpenID: "o1", Type: MessageRecordFromAgent, Text: "您好", Time: unix(1400563710), KFAccount: "test1@test"}},
			Count:   1, NextID: 20165267,
		},
	},
})

func TestMessageThatCannotBeRightIsRefused(t *testing.T) {
	var none *TextMessage
	for i, wrong := range []struct {
		argument string
		m        Message
	}{
		{"Message", nil},
		{"Message", none},
		{"Content", TextMessage{}},
		{"Content", TextMessage{Content: strings.Repeat("字", 683)}},
		{"MediaID", ImageMessage{}},
		{"MediaID", VoiceMessage{}},
		{"MediaID", VideoMessage{ThumbMediaID: "M1"}},
		{"HQURL", MusicMessage{URL: "https://example.com/1"}},
		{"Title", NewsMessage{}},
		{"MediaID", MPNewsMessage{}},
		{"ArticleID", MPNewsArticleMessage{}},
		{"Items", MenuMessage{Head: "满意吗?"}},
		{"Items[1].Content", MenuMessage{Items: []MenuMessageItem{{"1", "好"}, {ID: "2"}}}},
		{"CardID", CardMessage{}},
		{"Extension", CardMessage{CardID: "C1", Extension: "{}"}}, // of mass messages
		{"PagePath", MiniProgramMessage{Title: "题", AppID: "wx2"}},
		{"URL", LinkMessage{Title: "题", Description: "述"}},
	} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			refused(t, wrong.argument, func(ctx context.Context, c *Client) error {
				return c.SendCustomMessage(ctx, SendCustomMessageRequest{OpenID: "o1", Message: wrong.m})
			})
		})
	}
	refused(t, "OpenID", func(ctx context.Context, c *Client) error {
		return c.SendCustomMessage(ctx, SendCustomMessageRequest{Message: TextMessage{Content: "好"}})
	})
	refused(t, "OpenID", func(ctx context.Context, c *Client) error { return c.StartTyping(ctx, TypingRequest{}) })
	refused(t, "OpenID", func(ctx context.Context, c *Client) error { return c.StopTyping(ctx, TypingRequest{}) })
	_, _, err := TextMessage{Content: strings.Repeat("a", 2048)}.custom()
	require.NoError(t, err)
}

func TestMessageOfUnknownOutcomeIsNotSentTwice(t *testing.T) {
	calls := 0
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		calls++
		return answer(http.StatusBadGateway, "")(r)
	})
	err := c.SendCustomMessage(t.Context(), SendCustomMessageRequest{OpenID: "o1", Message: TextMessage{Content: "好"}})
	require.ErrorIs(t, err, ErrUnknownOutcome)
	assert.Equal(t, 1, calls)
}

func TestMessageRecordsRefuseASpanThatThePlatformRefuses(t *testing.T) {
	end := recordStart.Add(24 * time.Hour)
	for argument, req := range map[string]ListMessageRecordsRequest{
		"From":  {To: end, Count: 1},
		"To":    {From: recordStart, To: end.Add(time.Second), Count: 1},
		"Count": {From: recordStart, To: end, Count: 10_001},
	} {
		refused(t, argument, func(ctx context.Context, c *Client) error {
			_, err := c.ListMessageRecords(ctx, req)
			return err
		})
	}
	refused(t, "to", func(ctx context.Context, c *Client) error {
		for _, err := range c.AllMessageRecords(ctx, recordStart, recordStart.Add(-time.Second)) {
			return err
		}
		return nil
	})
}

func TestAllMessageRecordsAsksForOneDayAfterTheOther(t *testing.T) {
	type request struct {
		Start, End int64
		MsgID      int64
		Number     int
	}
	var seen []request
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		var body struct {
			Start  int64 `json:"starttime"`
			End    int64 `json:"endtime"`
			MsgID  int64 `json:"msgid"`
			Number int   `json:"number"`
		}
		content, _ := r.GetBody()
		data, _ := io.ReadAll(content)
		require.NoError(t, json.Unmarshal(data, &body))
		seen = append(seen, request(body))
		if len(seen) == 1 { // a full page: there is more of the same day
			page := strings.Repeat(`{"openid":"o1"},`, recordLimit)
			return answer(http.StatusOK, `{"recordlist":[`+strings.TrimSuffix(page, ",")+`],"number":10000,"msgid":77}`)(r)
		}
		return answer(http.StatusOK, `{"recordlist":[{"openid":"o2"}],"number":1,"msgid":99}`)(r)
	})
	n := 0
	for _, err := range c.AllMessageRecords(t.Context(), recordStart, recordStart.Add(25*time.Hour)) {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, recordLimit+2, n)
	day := int64(24 * 60 * 60)
	start := recordStart.Unix()
	assert.Equal(t, []request{
		{start, start + day, 1, recordLimit},
		{start, start + day, 77, recordLimit},
		{start + day, start + day + 3600, 1, recordLimit},
	}, seen)
}

func TestAllMessageRecordsAsksForTheLastSecondToo(t *testing.T) {
	for length, want := range map[time.Duration]int{0: 1, 24 * time.Hour: 1, 48 * time.Hour: 2} {
		calls := 0
		c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
			calls++
			return answer(http.StatusOK, `{"recordlist":[{"openid":"o1"}],"number":1,"msgid":99}`)(r)
		})
		for _, err := range c.AllMessageRecords(t.Context(), recordStart, recordStart.Add(length)) {
			require.NoError(t, err)
		}
		assert.Equal(t, want, calls, "%s", length)
	}
}

func TestAllMessageRecordsStopsAtAnErrorAndWithTheLoop(t *testing.T) {
	calls := 0
	c, _ := wireRow{}.client(func(r *http.Request) (*http.Response, error) {
		calls++
		return answer(http.StatusOK, `{"errcode":48001,"errmsg":"api unauthorized"}`)(r)
	})
	for _, err := range c.AllMessageRecords(t.Context(), recordStart, recordStart.Add(100*time.Hour)) {
		require.ErrorIs(t, err, ErrForbidden)
	}
	assert.Equal(t, 1, calls)
}

func TestAMessageThatIsNoJSONIsNotSent(t *testing.T) {
	for _, body := range []string{"", "text", `{"touser":`} {
		refused(t, "Body", func(ctx context.Context, c *Client) error { return c.SendCustomMessageJSON(ctx, []byte(body)) })
	}
}
