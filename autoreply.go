package wechat

import "context"

// AutoReplies are the automatic replies that are configured in the console.
type AutoReplies struct {
	Enabled            bool       `json:"is_autoreply_open"`              // replies to messages are enabled
	FollowReplyEnabled bool       `json:"is_add_friend_reply_open"`       // replies to new followers are enabled
	FollowReply        *AutoReply `json:"add_friend_autoreply_info"`      // nil if none is set
	DefaultReply       *AutoReply `json:"message_default_autoreply_info"` // nil if none is set
	AutoReplyRules     `json:"keyword_autoreply_info"`
}

// AutoReply is an automatic reply.
type AutoReply struct {
	Type    AutoReplyType  `json:"type"`
	Content string         `json:"content"`   // the text of AutoReplyTypeText; otherwise a media ID
	News    LinkedArticles `json:"news_info"` // the articles of AutoReplyTypeNews
}

// AutoReplyType is the type of an automatic reply.
type AutoReplyType string

// The types of automatic replies.
const (
	AutoReplyTypeText  AutoReplyType = "text"
	AutoReplyTypeImage AutoReplyType = "img"
	AutoReplyTypeVoice AutoReplyType = "voice"
	AutoReplyTypeVideo AutoReplyType = "video"
	AutoReplyTypeNews  AutoReplyType = "news" // in rules only
)

// AutoReplyRule defines how the account replies to messages with certain keywords.
type AutoReplyRule struct {
	Name       string             `json:"rule_name"`
	CreateTime Timestamp          `json:"create_time"`
	Mode       AutoReplyMode      `json:"reply_mode"`
	Keywords   []AutoReplyKeyword `json:"keyword_list_info"`
	Replies    []AutoReply        `json:"reply_list_info"`
}

// AutoReplyMode determines which of a rule's replies are sent.
type AutoReplyMode string

// The modes of automatic reply rules.
const (
	AutoReplyModeAll    AutoReplyMode = "reply_all"
	AutoReplyModeRandom AutoReplyMode = "random_one"
)

// AutoReplyKeyword is a keyword that a message must contain or equal.
type AutoReplyKeyword struct {
	Type    AutoReplyType  `json:"type"`
	Match   AutoReplyMatch `json:"match_mode"`
	Content string         `json:"content"`
}

// AutoReplyMatch determines how a message is compared with a keyword.
type AutoReplyMatch string

// The ways to compare a message with a keyword.
const (
	AutoReplyMatchContains AutoReplyMatch = "contain"
	AutoReplyMatchEquals   AutoReplyMatch = "equal"
)

// AutoReplyRules are the rules for messages that contain a keyword.
type AutoReplyRules struct {
	Rules []AutoReplyRule `json:"list"`
}

// GetAutoReplies returns the automatic replies that are configured in the console
// (获取自动回复规则). The media IDs in them are temporary.
//
// https://developers.weixin.qq.com/doc/service/api/notify/autoreplies/api_getcurrentautoreplyinfo
func (c *Client) GetAutoReplies(ctx context.Context) (*AutoReplies, error) {
	return get[AutoReplies](ctx, c, "/cgi-bin/get_current_autoreply_info", nil)
}
