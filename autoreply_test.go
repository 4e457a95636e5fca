package wechat

import "context"

var _ = wireRows([]wireRow{
	{
		name: "GetAutoReplies", http: "GET /cgi-bin/get_current_autoreply_info",
		reply: `{"is_add_friend_reply_open":1,"is_autoreply_open":0,"add_friend_autoreply_info":{"type":"text","content":"欢迎"},
			"keyword_autoreply_info":{"list":[{"rule_name":"规则","create_time":1423028166,"reply_mode":"random_one",
				"keyword_list_info":[{"type":"text","match_mode":"contain","content":"新闻"}],
				"reply_list_info":[{"type":"news","news_info":{"list":[{"title":"题","author":"者","digest":"摘要","show_cover":1,"cover_url":"https://example.com/c","content_url":"https://example.com/t","source_url":"https://example.com/s"}]}},
					{"type":"img","content":"M1"}]}]}}`,
		call: result(func(ctx context.Context, c *Client) (*AutoReplies, error) { return c.GetAutoReplies(ctx) }),
		want: &AutoReplies{
			FollowReplyEnabled: true, FollowReply: &AutoReply{Type: AutoReplyTypeText, Content: "欢迎"},
			AutoReplyRules: AutoReplyRules{Rules: []AutoReplyRule{{
				Name: "规则", CreateTime: unix(1423028166), Mode: AutoReplyModeRandom,
				Keywords: []AutoReplyKeyword{{Type: AutoReplyTypeText, Match: AutoReplyMatchContains, Content: "新闻"}},
				Replies: []AutoReply{
					{Type: AutoReplyTypeNews, News: LinkedArticles{{
						Title: "题", Author: "者", Digest: "摘要", ShowCover: true, CoverURL: "https://example.com/c",
						ContentURL: "https://example.com/t", ContentSourceURL: "https://example.com/s",
					}}},
					{Type: AutoReplyTypeImage, Content: "M1"},
				},
			}}},
		},
	},
})
