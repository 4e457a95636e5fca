package callback

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var toSample = &Header{ToUserName: testAccount, FromUserName: testOpenID}

func TestEveryReplyOnTheWire(t *testing.T) {
	head := "<xml><ToUserName><![CDATA[" + testOpenID + "]]></ToUserName><FromUserName><![CDATA[" + testAccount + "]]></FromUserName><CreateTime>1700000000</CreateTime>"
	headJSON := `{"ToUserName":"` + testOpenID + `","FromUserName":"` + testAccount + `","CreateTime":1700000000,`
	for name, test := range map[string]struct {
		reply  Reply
		inXML  string
		inJSON string
		custom string
	}{
		"text": {
			Text("a\n<a href=\"x\">b</a>"),
			"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[a\n<a href=\"x\">b</a>]]></Content></xml>",
			`"MsgType":"text","Content":"a\n<a href=\"x\">b</a>"}`,
			`"msgtype":"text","text":{"content":"a\n<a href=\"x\">b</a>"}}`,
		},
		"image": {
			ImageReply{MediaID: "M"},
			"<MsgType><![CDATA[image]]></MsgType><Image><MediaId><![CDATA[M]]></MediaId></Image></xml>",
			`"MsgType":"image","Image":{"MediaId":"M"}}`, `"msgtype":"image","image":{"media_id":"M"}}`,
		},
		"voice": {
			VoiceReply{MediaID: "M"},
			"<MsgType><![CDATA[voice]]></MsgType><Voice><MediaId><![CDATA[M]]></MediaId></Voice></xml>",
			`"MsgType":"voice","Voice":{"MediaId":"M"}}`, `"msgtype":"voice","voice":{"media_id":"M"}}`,
		},
		"video": {
			VideoReply{MediaID: "M", Title: "T", Description: "D"},
			"<MsgType><![CDATA[video]]></MsgType><Video><MediaId><![CDATA[M]]></MediaId><Title><![CDATA[T]]></Title><Description><![CDATA[D]]></Description></Video></xml>",
			`"MsgType":"video","Video":{"MediaId":"M","Title":"T","Description":"D"}}`,
			`"msgtype":"video","video":{"media_id":"M","thumb_media_id":"M","title":"T","description":"D"}}`,
		},
		"music": {
			MusicReply{Title: "T", Description: "D", MusicURL: "U", HQMusicURL: "H", ThumbMediaID: "M"},
			"<MsgType><![CDATA[music]]></MsgType><Music><Title><![CDATA[T]]></Title><Description><![CDATA[D]]></Description><MusicUrl><![CDATA[U]]></MusicUrl><HQMusicUrl><![CDATA[H]]></HQMusicUrl><ThumbMediaId><![CDATA[M]]></ThumbMediaId></Music></xml>",
			`"MsgType":"music","Music":{"Title":"T","Description":"D","MusicUrl":"U","HQMusicUrl":"H","ThumbMediaId":"M"}}`,
			`"msgtype":"music","music":{"title":"T","description":"D","musicurl":"U","hqmusicurl":"H","thumb_media_id":"M"}}`,
		},
		"news": {
			NewsReply{Articles: []Article{{"T", "D", "P", "U"}}},
			"<MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount><Articles><item><Title><![CDATA[T]]></Title><Description><![CDATA[D]]></Description><PicUrl><![CDATA[P]]></PicUrl><Url><![CDATA[U]]></Url></item></Articles></xml>",
			`"MsgType":"news","ArticleCount":1,"Articles":[{"Title":"T","Description":"D","PicUrl":"P","Url":"U"}]}`,
			`"msgtype":"news","news":{"articles":[{"title":"T","description":"D","url":"U","picurl":"P"}]}}`,
		},
		"transfer": {
			TransferReply{}, "<MsgType><![CDATA[transfer_customer_service]]></MsgType></xml>", `"MsgType":"transfer_customer_service"}`, "",
		},
		"transfer to an agent": {
			TransferReply{KFAccount: "kf@gh"},
			"<MsgType><![CDATA[transfer_customer_service]]></MsgType><TransInfo><KfAccount><![CDATA[kf@gh]]></KfAccount></TransInfo></xml>",
			`"MsgType":"transfer_customer_service","TransInfo":{"KfAccount":"kf@gh"}}`, "",
		},
		"AI": {AIReply{}, "<MsgType><![CDATA[transfer_biz_ai_ivr]]></MsgType></xml>", `"MsgType":"transfer_biz_ai_ivr"}`, ""},
		"device": {
			DeviceReply{Type: "device_text", DeviceType: "T", DeviceID: "I", SessionID: 7, Content: "Yg=="},
			"<MsgType><![CDATA[device_text]]></MsgType><DeviceType><![CDATA[T]]></DeviceType><DeviceID><![CDATA[I]]></DeviceID><SessionID>7</SessionID><Content><![CDATA[Yg==]]></Content></xml>",
			`"MsgType":"device_text","DeviceType":"T","DeviceID":"I","SessionID":7,"Content":"Yg=="}`, "",
		},
		"device status": {
			DeviceReply{Type: "device_status", DeviceType: "T", DeviceID: "I", DeviceStatus: 1},
			"<MsgType><![CDATA[device_status]]></MsgType><DeviceType><![CDATA[T]]></DeviceType><DeviceID><![CDATA[I]]></DeviceID><SessionID>0</SessionID><DeviceStatus>1</DeviceStatus></xml>",
			`"MsgType":"device_status","DeviceType":"T","DeviceID":"I","SessionID":0,"DeviceStatus":1}`, "",
		},
	} {
		require.NoError(t, test.reply.check(), name)
		now := time.Unix(1700000000, 0)
		assert.Equal(t, head+test.inXML, string(render(test.reply, toSample, false, now)), name)
		assert.Equal(t, headJSON+test.inJSON, string(render(test.reply, toSample, true, now)), name)
		messages, err := CustomMessages(testOpenID, test.reply)
		if test.custom == "" {
			var problem *ReplyError
			require.ErrorAs(t, err, &problem, name)
			continue
		}
		require.NoError(t, err, name)
		require.Len(t, messages, 1, name)
		assert.Equal(t, `{"touser":"`+testOpenID+`",`+test.custom, string(messages[0]), name)
	}
}

func TestARowOfArticlesIsOneMessageEach(t *testing.T) {
	messages, err := CustomMessages(testOpenID, NewsReply{Articles: []Article{{Title: "1", URL: "u"}, {Title: "2", URL: "u"}}})
	require.NoError(t, err)
	assert.Len(t, messages, 2)
	messages, err = CustomMessages(testOpenID, nil)
	require.NoError(t, err)
	assert.Empty(t, messages)
}

func TestAReplyMayBeGivenByAPointer(t *testing.T) {
	want, err := CustomMessages(testOpenID, Text("a"))
	require.NoError(t, err)
	messages, err := CustomMessages(testOpenID, &TextReply{"a"})
	require.NoError(t, err)
	assert.Equal(t, want, messages)
	messages, err = CustomMessages(testOpenID, (*TextReply)(nil))
	require.NoError(t, err)
	assert.Empty(t, messages)

	var push Push // as a test of a program may create it
	_, body, err := push.Response(&TextReply{"a"})
	require.NoError(t, err)
	assert.Contains(t, string(body), "<![CDATA[a]]>")
}

func TestRepliesThatThePlatformWouldNotTakeAreRefused(t *testing.T) {
	for field, reply := range map[string]Reply{
		"TextReply.Content":           Text(" \n"),
		"ImageReply.MediaID":          ImageReply{},
		"VoiceReply.MediaID":          VoiceReply{},
		"VideoReply.MediaID":          VideoReply{MediaID: "", Title: "T", Description: "D"},
		"MusicReply.MusicURL":         MusicReply{Title: "T"},
		"NewsReply.Articles":          NewsReply{},
		"NewsReply.Articles[0].Title": NewsReply{Articles: []Article{{URL: "u"}}},
		"NewsReply.Articles[1].Title": NewsReply{Articles: []Article{{Title: "t"}, {URL: "u"}}},
		"DeviceReply.Type":            DeviceReply{Type: "toaster"},
		"DeviceReply.DeviceID":        DeviceReply{Type: "hardware"},
	} {
		var problem *ReplyError
		if assert.ErrorAs(t, reply.check(), &problem, field) {
			assert.Equal(t, field, problem.Field)
		}
	}
	articles := slices.Repeat([]Article{{Title: "t", URL: "u"}}, 9)
	require.NoError(t, NewsReply{Articles: articles[:8]}.check())
	assert.EqualError(t, NewsReply{Articles: articles}.check(), "callback: NewsReply.Articles must have 1 to 8 entries, but has 9")
}

func TestRepliesThatAreSeenToWorkAreNotRefused(t *testing.T) {
	for _, test := range []struct {
		reply Reply
		xml   string
	}{
		{MusicReply{MusicURL: "U"}, "<MsgType><![CDATA[music]]></MsgType><Music><MusicUrl><![CDATA[U]]></MusicUrl></Music></xml>"},
		{MusicReply{ThumbMediaID: "M"}, "<MsgType><![CDATA[music]]></MsgType><Music><ThumbMediaId><![CDATA[M]]></ThumbMediaId></Music></xml>"},
		{NewsReply{Articles: []Article{{Title: "t"}}}, "<MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount><Articles><item><Title><![CDATA[t]]></Title><Description><![CDATA[]]></Description><PicUrl><![CDATA[]]></PicUrl><Url><![CDATA[]]></Url></item></Articles></xml>"},
	} {
		require.NoError(t, test.reply.check())
		assert.Contains(t, string(render(test.reply, toSample, false, time.Unix(1700000000, 0))), test.xml)
	}
}

func TestE24WhateverAReplySaysItIsAValidDocument(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"]]>", "]]", ">", "<![CDATA[", "&", "<", "\"", "\\", "\x00", "\x08", "\x1f", "\x7f", "\xff", "\xed\xa0\x80", "\u2028", "\uffff", "😀", "中", "\r\n", "\r", "\t", "a", "</xml>"}
	for range 5000 {
		var b strings.Builder
		for range 1 + random.IntN(20) {
			b.WriteString(alphabet[random.IntN(len(alphabet))])
		}
		checkReply(t, b.String())
	}
}

// checkReply renders a text in every field of every reply, in both formats, and parses it
// with other parsers.
func checkReply(t *testing.T, content string) {
	t.Helper()
	checkDocuments(t, content, false)
	checkDocuments(t, "¶"+content, true) // no value that a document has anyway, as "1" is
}

func checkDocuments(t *testing.T, content string, counted bool) {
	t.Helper()
	for _, reply := range []struct {
		Reply

		fields int
	}{
		{TextReply{content}, 1},
		{ImageReply{content}, 1},
		{VoiceReply{content}, 1},
		{VideoReply{content, content, content}, 3},
		{MusicReply{content, content, content, content, content}, 5},
		{NewsReply{[]Article{{content, content, content, content}}}, 4},
		{TransferReply{content}, 1},
		{DeviceReply{"hardware", content, content, 1, content, 0}, 3},
	} {
		inXML := render(reply.Reply, toSample, false, time.Unix(1700000000, 0))
		doc, err := reference(inXML)
		require.NoError(t, err, "%q", inXML)
		inJSON := render(reply.Reply, toSample, true, time.Unix(1700000000, 0))
		var object any
		require.NoError(t, json.Unmarshal(inJSON, &object), "%q", inJSON)
		assert.NotContains(t, strings.ReplaceAll(string(inJSON), `\\`, ""), `\u`)
		if counted {
			want := repair(content)
			assert.Equal(t, reply.fields, occurrences(doc, want), "%q of %T in XML: %s", content, reply.Reply, inXML)
			assert.Equal(t, reply.fields, occurrences(object, want), "%q of %T in JSON: %s", content, reply.Reply, inJSON)
		}
	}
}

// occurrences returns how many values of a document are this text.
func occurrences(document any, text string) (count int) {
	switch v := document.(type) {
	case *node:
		if v.text == text {
			count++
		}
		for i := range v.kids {
			count += occurrences(&v.kids[i], text)
		}
	case map[string]any:
		for _, member := range v {
			count += occurrences(member, text)
		}
	case []any:
		for _, element := range v {
			count += occurrences(element, text)
		}
	case string:
		if v == text {
			count++
		}
	}
	return count
}

func FuzzReply(f *testing.F) {
	for _, seed := range []string{"", "hello", "]]>", "a\x00b\xff", "\u2028<&>\"\\", strings.Repeat("长", 700)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		checkReply(t, content)
		parts := SplitText(content, maxTextBytes)
		for _, part := range parts {
			if len(part) > maxTextBytes || part == "" || utf8.ValidString(content) && !utf8.ValidString(part) {
				t.Fatalf("part %q of %q", part, content)
			}
		}
	})
}

// TestE24TheLimitOfATextHoldsForWhatIsSent: an invalid byte is sent as three bytes.
func TestE24TheLimitOfATextHoldsForWhatIsSent(t *testing.T) {
	push, err := newTestHandler(t, plainConfig()).Parse(plainPlatform().request(t.Context(), textPush(1, "hello")))
	require.NoError(t, err)
	for _, test := range []struct {
		content string
		parts   int
	}{
		{strings.Repeat("x", 2048), 1},
		{strings.Repeat("x", 2049), 2},
		{strings.Repeat("a\xff", 512), 1},
		{strings.Repeat("a\xff", 513), 2},
		{strings.Repeat("a\xff", 1024), 2},
		{strings.Repeat("a\x00", 2048), 1}, // zero bytes are removed
		{strings.Repeat("a\r\n", 1024), 1},
	} {
		rendered, rest, err := push.compose(TextReply{test.content}, true, time.Now())
		require.NoError(t, err)
		assert.Len(t, rest, test.parts-1, "%.10q", test.content)
		assert.LessOrEqual(t, len(between(string(rendered), "<Content><![CDATA[", "]]>")), maxTextBytes, "%.10q", test.content)
		_, _, err = push.Response(TextReply{test.content})
		assert.Equal(t, test.parts == 1, err == nil, "%.10q", test.content)

		messages, err := CustomMessages("o", TextReply{test.content})
		require.NoError(t, err)
		assert.Len(t, messages, test.parts, "%.10q", test.content)
		for _, message := range messages {
			var body struct{ Text struct{ Content string } }
			require.NoError(t, json.Unmarshal(message, &body))
			assert.LessOrEqual(t, len(body.Text.Content), maxTextBytes)
		}
	}
}

func TestE24AReplyOfNothingThatCanBeSeenIsRefused(t *testing.T) {
	for _, nothing := range []string{"", " \t\r\n", "\x00\x01\x1f", "\u0085\u009f", "\x7f", "\uffff", "\u3000 \x08"} {
		for _, r := range []Reply{
			Text(nothing),
			ImageReply{MediaID: nothing},
			VoiceReply{MediaID: nothing},
			VideoReply{MediaID: nothing, Title: "t", Description: "d"},
			MusicReply{ThumbMediaID: nothing},
			NewsReply{Articles: []Article{{Title: nothing, URL: "u"}}},
			DeviceReply{Type: "hardware", DeviceID: nothing},
		} {
			var problem *ReplyError
			require.ErrorAs(t, r.check(), &problem, "%q of %T", nothing, r)
			_, err := CustomMessages("o", r)
			require.Error(t, err)
		}
	}
	for _, something := range []string{"\x00a", "\xff", "\u00ad-", "0"} {
		require.NoError(t, Text(something).check(), "%q", something)
	}
}

// TestAWriterThatIsUsedAgainIsEmpty: one that has written a large reply is not used again.
func TestAWriterThatIsUsedAgainIsEmpty(t *testing.T) {
	for room, pooled := range map[int]bool{maxPooled: true, maxPooled + 1: false} {
		w := &writer{out: make([]byte, 3, room), json: true, some: true}
		writers.put(w)
		assert.Equal(t, pooled, len(w.out) == 0 && !w.json && !w.some, room)
	}
}

func TestTextsAreSplitAtLineEndsAndBetweenCharacters(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  []string
	}{
		{"", 10, nil},
		{"short", 10, []string{"short"}},
		{"0123456789", 10, []string{"0123456789"}},
		{"0123456\n89abc", 10, []string{"0123456", "89abc"}},
		{"0123456789\nabc", 10, []string{"0123456789", "abc"}},
		{"01\n3456789abc", 10, []string{"01\n3456789", "abc"}},
		{"一二三四", 10, []string{"一二三", "四"}},
		{"一二三四", 1, []string{"一", "二", "三", "四"}},
		{"😀😀", 4, []string{"😀", "😀"}},
		{"a\n\n\n\n\n\n\n\n\n\n\nb", 4, []string{"a", "b"}},
		{"\xff\xff\xff\xff\xff\xff", 4, []string{"\xff\xff\xff\xff", "\xff\xff"}},
		{"a\xf0\x80\x80\x80\x80", 5, []string{"a\xf0\x80\x80\x80", "\x80"}}, // no character has five bytes
		{"\xf0\x80\x80\x80\x80", 4, []string{"\xf0\x80\x80\x80", "\x80"}},
		{"aaaaa\nbbbbbb", 10, []string{"aaaaa", "bbbbbb"}},
		{"aaaa\nbbbbbbb", 10, []string{"aaaa\nbbbbb", "bb"}},
		{"   ", 4, nil},
	} {
		require.Equal(t, test.want, SplitText(test.text, test.limit), "%q", test.text)
	}
}
