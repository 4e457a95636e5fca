package wechat

import (
	"context"
	"iter"
)

// FollowSource is how people came to follow the account.
type FollowSource int

// The ways to follow an account.
const (
	FollowSourceOther       FollowSource = 0
	FollowSourceSearch      FollowSource = 1
	FollowSourceCard        FollowSource = 17 // a contact card that someone shared
	FollowSourceQRCode      FollowSource = 30
	FollowSourceArticleName FollowSource = 57 // the name of the account in an article
	FollowSourceAd          FollowSource = 100
	FollowSourceMiniProgram FollowSource = 149
	FollowSourceReprint     FollowSource = 161 // an article that another account reprinted
	FollowSourceChannels    FollowSource = 200 // 视频号
	FollowSourceLive        FollowSource = 201
)

// UserSummary is the number of new and lost followers on one day, by how they came to
// follow.
type UserSummary struct {
	RefDate       Date         `json:"ref_date"`
	Source        FollowSource `json:"user_source"`
	NewFollowers  int64        `json:"new_user"`
	LostFollowers int64        `json:"cancel_user"`
}

var userSummaries = datacube[UserSummary]{path: "/datacube/getusersummary", days: 7}

// ListUserSummaries returns the number of new and lost followers on each day
// (获取用户增减数据). The date range is up to 7 days, from 2014-12-01 to yesterday. It
// returns [ErrDataNotReady] if the figures are not available yet; those of a day become
// available at 8:00 in UTC+8 on the next day.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/user/api_getusersummary
func (c *Client) ListUserSummaries(ctx context.Context, from, to Date) ([]UserSummary, error) {
	return userSummaries.list(ctx, c, from, to)
}

// AllUserSummaries is [Client.ListUserSummaries] for a date range of any length
// (获取用户增减数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/user/api_getusersummary
func (c *Client) AllUserSummaries(ctx context.Context, from, to Date) iter.Seq2[UserSummary, error] {
	return userSummaries.all(ctx, c, from, to)
}

// UserTotal is the number of followers at the end of a day.
type UserTotal struct {
	RefDate   Date         `json:"ref_date"`
	Source    FollowSource `json:"user_source"`
	Followers int64        `json:"cumulate_user"`
}

var userTotals = datacube[UserTotal]{path: "/datacube/getusercumulate", days: 7}

// ListUserTotals returns the number of followers at the end of each day
// (获取累计用户数据). The date range is up to 7 days and ends yesterday at the latest.
//
// https://developers.weixin.qq.com/doc/service/api/wedata/user/api_getusercumulate
func (c *Client) ListUserTotals(ctx context.Context, from, to Date) ([]UserTotal, error) {
	return userTotals.list(ctx, c, from, to)
}

// AllUserTotals is [Client.ListUserTotals] for a date range of any length
// (获取累计用户数据).
//
// https://developers.weixin.qq.com/doc/service/api/wedata/user/api_getusercumulate
func (c *Client) AllUserTotals(ctx context.Context, from, to Date) iter.Seq2[UserTotal, error] {
	return userTotals.all(ctx, c, from, to)
}
