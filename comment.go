package wechat

import (
	"context"
	"iter"
)

type commentArticle struct {
	MsgDataID int64 `json:"msg_data_id"`
	Index     int   `json:"index"`
}

func (a commentArticle) check() error {
	return first(positive("msgDataID", a.MsgDataID), notNegative("index", a.Index))
}

// OpenComments lets followers comment on an article that was sent or published
// (打开已群发文章评论). msgDataID is returned by [Client.SendMass] and
// [Client.PublishDraft]; the first article has index 0. It returns
// [ErrNoCommentPermission] if the account cannot use comments.
//
// https://developers.weixin.qq.com/doc/service/api/leaving/api_openarticlecomment
func (c *Client) OpenComments(ctx context.Context, msgDataID int64, index int) error {
	return c.post(ctx, "/cgi-bin/comment/open", commentArticle{msgDataID, index}, idempotent)
}

// CloseComments stops followers from commenting on an article (关闭已群发文章评论).
//
// https://developers.weixin.qq.com/doc/service/api/leaving/api_closecomment
func (c *Client) CloseComments(ctx context.Context, msgDataID int64, index int) error {
	return c.post(ctx, "/cgi-bin/comment/close", commentArticle{msgDataID, index}, idempotent)
}

// CommentFilter selects comments.
type CommentFilter int

// The filters of comments.
const (
	CommentFilterAll      CommentFilter = 0
	CommentFilterNormal   CommentFilter = 1 // not featured
	CommentFilterFeatured CommentFilter = 2
)

// ListCommentsRequest selects comments on an article.
type ListCommentsRequest struct {
	MsgDataID int64         `json:"msg_data_id"`
	Index     int           `json:"index"` // of the article, from 0
	Offset    int           `json:"begin"`
	Count     int           `json:"count"` // 1 to 49
	Filter    CommentFilter `json:"type"`
}

const maxComments = 49 // the platform rejects 50

func (r ListCommentsRequest) check() error {
	return first(positive("MsgDataID", r.MsgDataID), notNegative("Index", r.Index),
		notNegative("Offset", r.Offset), within("Count", r.Count, 1, maxComments))
}

// CommentPage is a page of the comments on an article.
type CommentPage struct {
	Total    int64     `json:"total"` // on all pages
	Comments []Comment `json:"comment"`
}

// Comment is a comment on an article.
type Comment struct {
	ID         int64         `json:"user_comment_id"`
	OpenID     string        `json:"openid"` // "" if the author did not comment as a WeChat user
	Content    string        `json:"content"`
	CreateTime Timestamp     `json:"create_time"`
	Featured   bool          `json:"comment_type"` // all readers see it (精选)
	Reply      *CommentReply `json:"-"`            // nil if the account has not replied
}

// CommentReply is the account's reply to a comment.
type CommentReply struct {
	Content    string    `json:"content"`
	CreateTime Timestamp `json:"create_time"`
}

// UnmarshalJSON accepts a reply that is an object, as the official page describes it, or
// a list, as in its example. It also accepts user_name, an older name of the field openid.
func (c *Comment) UnmarshalJSON(data []byte) error {
	type plain Comment
	wire := struct {
		*plain
		UserName string         `json:"user_name"`
		Reply    []CommentReply `json:"reply"`
	}{plain: (*plain)(c)}
	if err := decodeJSON(data, &wire); err != nil {
		return err
	}
	if c.OpenID == "" {
		c.OpenID = wire.UserName
	}
	c.Reply = nil
	if len(wire.Reply) > 0 && wire.Reply[0] != (CommentReply{}) {
		c.Reply = &wire.Reply[0]
	}
	return nil
}

// ListComments returns a page of the comments on an article (查看指定文章的评论数据).
//
// https://developers.weixin.qq.com/doc/service/api/leaving/api_listcomment
func (c *Client) ListComments(ctx context.Context, req ListCommentsRequest) (*CommentPage, error) {
	return post[CommentPage](ctx, c, "/cgi-bin/comment/list", req, idempotent)
}

// AllComments iterates over the comments on an article that filter selects
// (查看指定文章的评论数据), in pages of 49. Featuring or deleting comments during the
// iteration shifts the remaining ones, so collect the comments before changing them.
//
// https://developers.weixin.qq.com/doc/service/api/leaving/api_listcomment
func (c *Client) AllComments(ctx context.Context, msgDataID int64, index int, filter CommentFilter) iter.Seq2[Comment, error] {
	return byOffset(func(offset int) ([]Comment, int64, error) {
		page, err := c.ListComments(ctx, ListCommentsRequest{
			MsgDataID: msgDataID, Index: index, Offset: offset, Count: maxComments, Filter: filter,
		})
		if err != nil {
			return nil, 0, err
		}
		return page.Comments, page.Total, nil
	})
}

// CommentRef identifies a comment on an article.
type CommentRef struct {
	MsgDataID int64 `json:"msg_data_id"`
	Index     int   `json:"index"` // of the article, from 0
	CommentID int64 `json:"user_comment_id"`
}

func (r CommentRef) check() error {
	return first(positive("MsgDataID", r.MsgDataID), notNegative("Index", r.Index),
		notNegative("CommentID", r.CommentID)) // the official examples contain a comment 0
}

// FeatureComment shows a comment to all readers (将评论标记精选). It returns
// [ErrTooManyFeatured] if the article cannot have more featured comments, and
// [ErrCommentDeleted] if the author deleted the comment.
//
// https://developers.weixin.qq.com/doc/service/api/leaving/api_electcomment
func (c *Client) FeatureComment(ctx context.Context, ref CommentRef) error {
	return c.post(ctx, "/cgi-bin/comment/markelect", ref, idempotent)
}

// UnfeatureComment stops showing a comment to all readers (将评论取消精选).
//
// https://developers.weixin.qq.com/doc/service/api/leaving/api_unelectcomment
func (c *Client) UnfeatureComment(ctx context.Context, ref CommentRef) error {
	return c.post(ctx, "/cgi-bin/comment/unmarkelect", ref, idempotent)
}

// DeleteComment deletes a comment (删除评论). It returns [ErrCommentNotFound] if there is
// no such comment.
//
// https://developers.weixin.qq.com/doc/service/api/leaving/api_delcomment
func (c *Client) DeleteComment(ctx context.Context, ref CommentRef) error {
	return c.post(ctx, "/cgi-bin/comment/delete", ref, idempotent, alreadyDone(ErrCommentNotFound))
}

// ReplyToComment replies to a comment as the account (回复评论). It returns
// [ErrCommentReplied] if the comment already has a reply, which must be deleted first.
//
// https://developers.weixin.qq.com/doc/service/api/leaving/api_replycomment
func (c *Client) ReplyToComment(ctx context.Context, ref CommentRef, content string) error {
	if err := notEmpty("content", content); err != nil {
		return err
	}
	body := struct {
		CommentRef
		Content string `json:"content"`
	}{ref, content}
	return c.post(ctx, "/cgi-bin/comment/reply/add", body, idempotent, alreadyDone(ErrCommentReplied))
}

// DeleteCommentReply deletes the account's reply to a comment (删除回复). The platform
// returns code 87009 if there is no reply.
//
// https://developers.weixin.qq.com/doc/service/api/leaving/api_delreplycomment
func (c *Client) DeleteCommentReply(ctx context.Context, ref CommentRef) error {
	return c.post(ctx, "/cgi-bin/comment/reply/delete", ref, idempotent, alreadyDone(87009, ErrCommentNotFound))
}
