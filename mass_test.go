package wechat

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// massMessages are the messages with what they are on the wire.
var massMessages = []struct {
	message MassMessage
	body    string // to many
	preview string // where it is another
}{
	{message: TextMessage{Content: "新品 & <好>"}, body: `"msgtype":"text","text":{"content":"新品 & <好>"}`},
	{message: MPNewsMessage{MediaID: "M1"}, body: `"msgtype":"mpnews","mpnews":{"media_id":"M1"}`},
	{
		message: MassImagesMessage{MediaIDs: []string{"M1", "M2"}, Recommendation: "看", Title: "猫", OpenComment: NewFlag(true), FansOnlyComment: NewFlag(true)},
		body:    `"msgtype":"image","images":{"media_ids":["M1","M2"],"recommend":"看","title":"猫","need_open_comment":1,"only_fans_can_comment":1}`,
		preview: `"msgtype":"image","image":{"media_id":"M1"}`,
	},
	{message: VoiceMessage{MediaID: "M1"}, body: `"msgtype":"voice","voice":{"media_id":"M1"}`},
	{message: &MassMusicMessage{MediaID: "M1"}, body: `"msgtype":"music","music":{"media_id":"M1"}`},
	{message: VideoMessage{MediaID: "M1", Title: "T", Description: "D"}, body: `"msgtype":"mpvideo","mpvideo":{"media_id":"M1","title":"T","description":"D"}`},
	{message: CardMessage{CardID: "C1", Extension: `{"code":"1"}`}, body: `"msgtype":"wxcard","wxcard":{"card_id":"C1","card_ext":"{\"code\":\"1\"}"}`},
}

var _ = wireRows(massRows())

func massRows() []wireRow {
	const reply = `{"errcode":0,"errmsg":"send job submission success","type":"mpnews","msg_id":1000000000034182394,"msg_data_id":"2247483655"}`
	want := &MassResult{Type: "mpnews", MsgID: 1000000000034182394, MsgDataID: 2247483655}
	var all []wireRow
	for _, m := range massMessages {
		kind, _, _ := m.message.mass()
		preview := m.preview
		if preview == "" {
			preview = m.body
		}
		all = append(all, wireRow{
			name: "SendMass/" + kind, http: "POST /cgi-bin/message/mass/sendall", reply: reply, want: want,
			body: `{"filter":{"is_to_all":false,"tag_id":2},"send_ignore_reprint":1,"clientmsgid":"order-1",` + m.body + `}`,
			call: result(func(ctx context.Context, c *Client) (*MassResult, error) {
				return c.SendMass(ctx, SendMassRequest{TagID: 2, Message: m.message, IgnoreReprint: true, ClientMsgID: "order-1"})
			}),
		}, wireRow{
			name: "SendMassToUsers/" + kind, http: "POST /cgi-bin/message/mass/send", reply: reply, want: want,
			body: `{"touser":["oAlice","oBob"],"send_ignore_reprint":1,"clientmsgid":"order-1",` + m.body + `}`,
			call: result(func(ctx context.Context, c *Client) (*MassResult, error) {
				return c.SendMassToUsers(ctx, SendMassToUsersRequest{
					OpenIDs: []string{"oAlice", "oBob"}, Message: m.message, IgnoreReprint: true, ClientMsgID: "order-1",
				})
			}),
		}, wireRow{
			name: "PreviewMass/" + kind, http: "POST /cgi-bin/message/mass/preview", body: `{"touser":"oAlice",` + preview + `}`,
			reply: `{"errcode":0,"errmsg":"preview success","msg_id":34182}`,
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.PreviewMass(ctx, PreviewMassRequest{OpenID: "oAlice", Message: m.message})
			},
			want: int64(34182),
		})
	}
	return append(all,
		wireRow{
			name: "SendMass/all", http: "POST /cgi-bin/message/mass/sendall", reply: reply, want: want,
			body: `{"filter":{"is_to_all":true},"msgtype":"text","text":{"content":"新品"}}`,
			call: result(func(ctx context.Context, c *Client) (*MassResult, error) {
				return c.SendMass(ctx, SendMassRequest{ToAll: true, Message: TextMessage{Content: "新品"}})
			}),
		},
		wireRow{
			name: "PreviewMass/by name", http: "POST /cgi-bin/message/mass/preview", body: `{"towxname":"alice","msgtype":"text","text":{"content":"新品"}}`,
			reply: `{"errcode":0,"errmsg":"preview success","msg_id":"34182"}`,
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.PreviewMass(ctx, PreviewMassRequest{WeChatID: "alice", Message: TextMessage{Content: "新品"}})
			},
			want: int64(34182),
		},
		wireRow{
			name: "GetMassJob", http: "POST /cgi-bin/message/mass/get", body: `{"msg_id":"1000000000034182394"}`,
			reply: `{"msg_id":1000000000034182394,"msg_status":"SEND_SUCCESS"}`,
			call: result(func(ctx context.Context, c *Client) (*MassJob, error) {
				return c.GetMassJob(ctx, 1000000000034182394)
			}),
			want: &MassJob{MsgID: 1000000000034182394, Status: MassStatusSucceeded},
		},
		wireRow{
			name: "DeleteMass", http: "POST /cgi-bin/message/mass/delete", body: `{"msg_id":1000000000034182394}`,
			call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteMass(ctx, 1000000000034182394) }),
		},
		wireRow{
			name: "DeleteMassArticle", http: "POST /cgi-bin/message/mass/delete", body: `{"msg_id":1000000000034182394,"article_idx":2}`,
			call: noResult(func(ctx context.Context, c *Client) error { return c.DeleteMassArticle(ctx, 1000000000034182394, 2) }),
		},
		wireRow{
			name: "DeleteMassArticleByURL", http: "POST /cgi-bin/message/mass/delete", body: `{"url":"https://mp.example.com/s?a=1&b=2"}`,
			call: noResult(func(ctx context.Context, c *Client) error {
				return c.DeleteMassArticleByURL(ctx, "https://mp.example.com/s?a=1&b=2")
			}),
		},
		wireRow{
			name: "GetMassSpeed", http: "POST /cgi-bin/message/mass/speed/get", body: `{}`, reply: `{"speed":3,"realspeed":15}`,
			call: result(func(ctx context.Context, c *Client) (*MassSpeedResult, error) { return c.GetMassSpeed(ctx) }),
			want: &MassSpeedResult{Speed: MassSpeed300K, RealSpeed: 15},
		},
		wireRow{
			name: "SetMassSpeed", http: "POST /cgi-bin/message/mass/speed/set", body: `{"speed":0}`,
			call: noResult(func(ctx context.Context, c *Client) error { return c.SetMassSpeed(ctx, MassSpeed800K) }),
		},
	)
}

func TestMassMessageThatIsNotCompleteIsNotSent(t *testing.T) {
	text := TextMessage{Content: "新品"}
	var missing *TextMessage
	for argument, m := range map[string]MassMessage{
		"Message": nil, "Content": TextMessage{Content: " "}, "MediaIDs": MassImagesMessage{MediaIDs: []string{"M1", ""}}, "CardID": CardMessage{},
		"ThumbMediaID": VideoMessage{MediaID: "M1", ThumbMediaID: "M2"},
	} {
		refused(t, argument, func(ctx context.Context, c *Client) error {
			_, err := c.SendMass(ctx, SendMassRequest{ToAll: true, Message: m})
			return err
		})
	}
	_, _, err := TextMessage{Content: strings.Repeat("a", 2049)}.mass()
	require.NoError(t, err, "the limit is that of customer-service messages")
	for _, m := range []MassMessage{MPNewsMessage{}, VoiceMessage{}, MassMusicMessage{}, VideoMessage{}} {
		refused(t, "MediaID", func(ctx context.Context, c *Client) error {
			_, err := c.PreviewMass(ctx, PreviewMassRequest{OpenID: "oAlice", Message: m})
			return err
		})
	}
	refused(t, "Message", func(ctx context.Context, c *Client) error {
		_, err := c.PreviewMass(ctx, PreviewMassRequest{OpenID: "oAlice", Message: missing})
		return err
	})
	refused(t, "OpenID", func(ctx context.Context, c *Client) error {
		_, err := c.PreviewMass(ctx, PreviewMassRequest{Message: text})
		return err
	})
	for argument, req := range map[string][]SendMassRequest{
		"TagID":       {{Message: text}, {Message: text, ToAll: true, TagID: 2}, {Message: text, TagID: -1}},
		"ClientMsgID": {{Message: text, ToAll: true, ClientMsgID: strings.Repeat("x", 33)}},
	} {
		for _, r := range req {
			refused(t, argument, func(ctx context.Context, c *Client) error { _, err := c.SendMass(ctx, r); return err })
		}
	}
	for _, ids := range [][]string{nil, {"oAlice"}, {"oAlice", ""}, slices.Repeat([]string{"oAlice"}, 10_001)} {
		refused(t, "OpenIDs", func(ctx context.Context, c *Client) error {
			_, err := c.SendMassToUsers(ctx, SendMassToUsersRequest{OpenIDs: ids, Message: text})
			return err
		})
	}
}

func TestOtherMassCallsRefuseWhatCannotBeRight(t *testing.T) {
	refused(t, "msgID", func(ctx context.Context, c *Client) error { _, err := c.GetMassJob(ctx, 0); return err })
	for _, speed := range []MassSpeed{-1, 5} {
		refused(t, "speed", func(ctx context.Context, c *Client) error { return c.SetMassSpeed(ctx, speed) })
	}
	for _, n := range []int{-1, 0} { // position 0 would delete them all
		refused(t, "msgID", func(ctx context.Context, c *Client) error { return c.DeleteMass(ctx, int64(n)) })
		refused(t, "msgID", func(ctx context.Context, c *Client) error { return c.DeleteMassArticle(ctx, int64(n), 1) })
		refused(t, "position", func(ctx context.Context, c *Client) error { return c.DeleteMassArticle(ctx, 1, n) })
	}
	refused(t, "url", func(ctx context.Context, c *Client) error { return c.DeleteMassArticleByURL(ctx, " ") })
}

// lost answers the first call with nothing and the others with reply.
func lost(reply string) (c *Client, bodies *[]string) {
	bodies = &[]string{}
	return repeating(func(r *http.Request) (*http.Response, error) {
		var body bytes.Buffer
		if r.Body != nil {
			_, _ = body.ReadFrom(r.Body)
		}
		*bodies = append(*bodies, body.String())
		if len(*bodies) == 1 {
			return answer(http.StatusBadGateway, "")(r)
		}
		return answer(http.StatusOK, reply)(r)
	}), bodies
}
