package wechat

import (
	"context"
	"iter"
)

// Tag is a label that the account assigns to followers.
type Tag struct {
	ID    int64  `json:"id,omitempty"` // 0 to 99 are the platform's own
	Name  string `json:"name,omitempty"`
	Count int64  `json:"count,omitempty"` // how many followers have the tag; only set by [Client.ListTags]
}

type tagBody struct {
	Tag Tag `json:"tag"`
}

func checkTagName(name string) error {
	return first(notEmpty("name", name), maxRunes("name", name, 30))
}

// CreateTag creates a tag with a name of up to 30 characters (创建标签). It returns
// [ErrInvalidTagName] if the name is taken, [ErrTagNameTooLong] if the platform finds it
// too long, and [ErrTooManyTags] if the account already has 100 tags. The daily quota is
// 1,000.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/tag/api_createtag
func (c *Client) CreateTag(ctx context.Context, name string) (*Tag, error) {
	if err := checkTagName(name); err != nil {
		return nil, err
	}
	res, err := post[tagBody](ctx, c, "/cgi-bin/tags/create", tagBody{Tag{Name: name}})
	if err != nil {
		return nil, err
	}
	return &res.Tag, nil
}

// ListTags returns all tags of the account and how many followers have each
// (获取标签列表). The daily quota is 1,000.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/tag/api_gettags
func (c *Client) ListTags(ctx context.Context) ([]Tag, error) {
	res, err := get[struct {
		Tags []Tag `json:"tags"`
	}](ctx, c, "/cgi-bin/tags/get", nil)
	if err != nil {
		return nil, err
	}
	return res.Tags, nil
}

// UpdateTag renames a tag (编辑标签). It returns [ErrSystemTag] if the tag is the
// platform's own. The daily quota is 1,000.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/tag/api_updatetag
func (c *Client) UpdateTag(ctx context.Context, tagID int64, name string) error {
	if err := first(positive("tagID", tagID), checkTagName(name)); err != nil {
		return err
	}
	return c.post(ctx, "/cgi-bin/tags/update", tagBody{Tag{ID: tagID, Name: name}}, idempotent)
}

// DeleteTag removes a tag from the account and from all followers who have it
// (删除标签). It returns [ErrTagTooLarge] if more than 100,000 followers have the tag:
// untag some of them first.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/tag/api_deletetag
func (c *Client) DeleteTag(ctx context.Context, tagID int64) error {
	if err := positive("tagID", tagID); err != nil {
		return err
	}
	return c.post(ctx, "/cgi-bin/tags/delete", tagBody{Tag{ID: tagID}}, idempotent)
}

// ListTagFollowerIDs returns a page of the openids of followers with a tag, after
// nextOpenID; pass "" for the first page (获取标签下粉丝列表).
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/tag/api_gettagfans
func (c *Client) ListTagFollowerIDs(ctx context.Context, tagID int64, nextOpenID string) (*OpenIDPage, error) {
	if err := positive("tagID", tagID); err != nil {
		return nil, err
	}
	body := struct {
		TagID int64  `json:"tagid"`
		Next  string `json:"next_openid,omitempty"`
	}{tagID, nextOpenID}
	page, err := post[openIDPage](ctx, c, "/cgi-bin/user/tag/get", body, idempotent)
	return page.result(err)
}

// AllTagFollowerIDs iterates over the openids of all followers with a tag
// (获取标签下粉丝列表).
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/tag/api_gettagfans
func (c *Client) AllTagFollowerIDs(ctx context.Context, tagID int64) iter.Seq2[string, error] {
	return eachOpenID(ctx, func(ctx context.Context, next string) (*OpenIDPage, error) {
		return c.ListTagFollowerIDs(ctx, tagID, next)
	})
}

type tagging struct {
	OpenIDs []string `json:"openid_list"`
	TagID   int64    `json:"tagid"`
}

// TagUsers adds a tag to followers (批量为用户打标签), 50 at a time. If some of them may
// not have the tag afterward, the error is a [*BatchError] that lists them. It wraps
// [ErrTooManyTagsOnUser] if a follower already has 20 tags. If an openid is not that of a
// follower, it wraps [ErrPartlyFailed], or [ErrInvalidOpenID] if none of the batch is;
// retrying with these is of no use.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/tag/api_batchtagging
func (c *Client) TagUsers(ctx context.Context, tagID int64, openIDs ...string) error {
	return c.changeTagging(ctx, "/cgi-bin/tags/members/batchtagging", tagID, openIDs)
}

// UntagUsers removes a tag from followers (批量为用户取消标签), 50 at a time. If some of
// them may still have the tag afterward, the error is a [*BatchError] that lists them.
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/tag/api_batchuntagging
func (c *Client) UntagUsers(ctx context.Context, tagID int64, openIDs ...string) error {
	return c.changeTagging(ctx, "/cgi-bin/tags/members/batchuntagging", tagID, openIDs)
}

func (c *Client) changeTagging(ctx context.Context, path string, tagID int64, openIDs []string) error {
	if err := positive("tagID", tagID); err != nil {
		return err
	}
	return c.changeInBatches(ctx, path, openIDs, 50, func(batch []string) any { return tagging{OpenIDs: batch, TagID: tagID} })
}

// ListUserTagIDs returns the IDs of a follower's tags (获取用户的标签列表,
// 获取用户身上的标签列表).
//
// https://developers.weixin.qq.com/doc/service/api/usermanage/tag/api_gettagidlist
func (c *Client) ListUserTagIDs(ctx context.Context, openID string) ([]int64, error) {
	if err := notEmpty("openID", openID); err != nil {
		return nil, err
	}
	res, err := post[struct {
		IDs []int64 `json:"tagid_list"`
	}](ctx, c, "/cgi-bin/tags/getidlist", userRef{OpenID: openID}, idempotent)
	if err != nil {
		return nil, err
	}
	return res.IDs, nil
}
