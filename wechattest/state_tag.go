package wechattest

import (
	"slices"
	"unicode/utf8"

	"github.com/wechatoa/wechat"
)

const (
	maxTags        = 100
	maxTagsPerUser = 20
	tagNameRunes   = 30
	largeTag       = 100_000 // followers, above which a tag cannot be deleted
	batchTagged    = 50
	batchBlack     = 20
	blackPage      = 1000
	firstTag       = 100 // lower IDs belong to the platform
)

type tag struct {
	id    int64
	name  string
	count int // of followers, if set by a test
}

func (p *Platform) tagRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/tags/create":                   p.createTag,
		"/cgi-bin/tags/get":                      p.listTags,
		"/cgi-bin/tags/update":                   p.updateTag,
		"/cgi-bin/tags/delete":                   p.deleteTag,
		"/cgi-bin/user/tag/get":                  p.listTagged,
		"/cgi-bin/tags/members/batchtagging":     p.tagUsers,
		"/cgi-bin/tags/members/batchuntagging":   p.untagUsers,
		"/cgi-bin/tags/getidlist":                p.listTagsOfUser,
		"/cgi-bin/tags/members/getblacklist":     p.listBlacklist,
		"/cgi-bin/tags/members/batchblacklist":   p.blacklistUsers,
		"/cgi-bin/tags/members/batchunblacklist": p.unblacklistUsers,
	}
}

// AddTag creates a tag without an API call and returns its ID.
func (p *Platform) AddTag(name string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addTag(name).id
}

func (p *Platform) addTag(name string) *tag {
	t := &tag{id: p.nextTag, name: name}
	p.nextTag++
	p.tagList = append(p.tagList, t)
	return t
}

// SetTagCount sets the number of followers that the platform reports for a tag, without
// adding any. The platform refuses to delete a tag with more than 100,000
// ([wechat.ErrTagTooLarge]). It does nothing if the tag does not exist.
func (p *Platform) SetTagCount(tagID int64, count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.tag(tagID); t != nil {
		t.count = count
	}
}

// Tags returns the tags of the account.
func (p *Platform) Tags() []wechat.Tag {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]wechat.Tag, len(p.tagList))
	for i, t := range p.tagList {
		list[i] = wechat.Tag{ID: t.id, Name: t.name, Count: int64(p.tagCount(t))}
	}
	return list
}

func (p *Platform) tag(id int64) *tag {
	for _, t := range p.tagList {
		if t.id == id {
			return t
		}
	}
	return nil
}

// tagIn is the request of calls about one tag.
type tagIn struct {
	Tag struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	} `json:"tag"`
}

func (p *Platform) checkTagName(name string) error {
	long := utf8.RuneCountInString(name) > tagNameRunes
	if p.set.keeps(RuleLength) {
		long = len(name) > tagNameRunes // the text of the errcode counts bytes
	}
	if long {
		return refuse(wechat.ErrTagNameTooLong, "tag name too long")
	}
	if name == "" || slices.ContainsFunc(p.tagList, func(t *tag) bool { return t.name == name }) {
		return refuse(wechat.ErrInvalidTagName, "invalid tag name")
	}
	return nil
}

func (p *Platform) createTag(c *call) (any, error) {
	var in tagIn
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if err := p.checkTagName(in.Tag.Name); err != nil {
		return nil, err
	}
	own := 0
	for _, t := range p.tagList {
		if t.id >= firstTag {
			own++
		}
	}
	if own >= maxTags {
		return nil, refuse(wechat.ErrTooManyTags, "too many tag now, no need to add new")
	}
	t := p.addTag(in.Tag.Name)
	return map[string]any{"tag": map[string]any{"id": t.id, "name": t.name}}, nil
}

func (p *Platform) listTags(*call) (any, error) {
	list := make([]any, 0, len(p.tagList))
	for _, t := range p.tagList {
		list = append(list, map[string]any{"id": t.id, "name": t.name, "count": p.tagCount(t)})
	}
	return map[string]any{"tags": list}, nil
}

func (p *Platform) tagged(id int64) []string {
	return p.openIDs(func(f *Follower) bool { return f.following && slices.Contains(f.tags, id) })
}

func (p *Platform) tagCount(t *tag) int { return max(t.count, len(p.tagged(t.id))) }

// ownTag returns a tag that the account may change.
func (p *Platform) ownTag(id int64) (*tag, error) {
	if id < firstTag {
		return nil, refuse(wechat.ErrSystemTag, "can not modify sys tag")
	}
	return p.existingTag(id)
}

func (p *Platform) existingTag(id int64) (*tag, error) {
	if t := p.tag(id); t != nil {
		return t, nil
	}
	return nil, refuse(wechat.ErrInvalidTagID, "invalid tagid")
}

func (p *Platform) updateTag(c *call) (any, error) {
	var in tagIn
	if err := c.read(&in); err != nil {
		return nil, err
	}
	t, err := p.ownTag(in.Tag.ID)
	if err != nil {
		return nil, err
	}
	if t.name == in.Tag.Name {
		return okay{}, nil
	}
	if err := p.checkTagName(in.Tag.Name); err != nil {
		return nil, err
	}
	t.name = in.Tag.Name
	return okay{}, nil
}

func (p *Platform) deleteTag(c *call) (any, error) {
	var in tagIn
	if err := c.read(&in); err != nil {
		return nil, err
	}
	t, err := p.ownTag(in.Tag.ID)
	if err != nil {
		return nil, err
	}
	if p.tagCount(t) > largeTag {
		return nil, refuse(wechat.ErrTagTooLarge, "tag with too many followers")
	}
	p.tagList = slices.DeleteFunc(p.tagList, func(other *tag) bool { return other == t })
	for _, f := range p.order {
		f.untag(t.id)
	}
	return okay{}, nil
}

func (f *Follower) untag(id int64) {
	f.tags = slices.DeleteFunc(f.tags, func(other int64) bool { return other == id })
}

func (p *Platform) listTagged(c *call) (any, error) {
	var in struct {
		ID   int64  `json:"tagid"`
		Next string `json:"next_openid"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if _, err := p.existingTag(in.ID); err != nil {
		return nil, err
	}
	page, next, err := p.pageOf(p.tagged(in.ID), in.Next, followerPage)
	if err != nil {
		return nil, err
	}
	return pageAnswer(page, next, map[string]any{}), nil
}

// membersIn reads a request to tag or untag users.
func (p *Platform) membersIn(c *call) (id int64, members []*Follower, failed []string, err error) {
	ids, err := c.openIDList(batchTagged)
	if err != nil {
		return 0, nil, nil, err
	}
	var in struct {
		ID int64 `json:"tagid"`
	}
	if err := c.read(&in); err != nil {
		return 0, nil, nil, err
	}
	if _, err := p.existingTag(in.ID); err != nil {
		return 0, nil, nil, err
	}
	for _, openID := range ids {
		if f := p.users[openID]; f != nil && f.following {
			members = append(members, f)
		} else {
			failed = append(failed, openID)
		}
	}
	if len(members) == 0 {
		return 0, nil, nil, refuse(wechat.ErrInvalidOpenID, "invalid openid")
	}
	return in.ID, members, failed, nil
}

// partly returns the response to a call that succeeded for some users only.
func partly(failed []string) error {
	if len(failed) == 0 {
		return nil
	}
	return &refusal{code: wechat.ErrPartlyFailed, message: "part of the openids failed", extra: map[string]any{"fail_openid_list": failed}}
}

func (p *Platform) tagUsers(c *call) (any, error) {
	id, members, failed, err := p.membersIn(c)
	if err != nil {
		return nil, err
	}
	for _, f := range members {
		if !slices.Contains(f.tags, id) && len(f.tags) >= maxTagsPerUser {
			return nil, refuse(wechat.ErrTooManyTagsOnUser, "has too many tags")
		}
	}
	for _, f := range members {
		if !slices.Contains(f.tags, id) {
			f.tags = append(f.tags, id)
		}
	}
	return nil, partly(failed)
}

func (p *Platform) untagUsers(c *call) (any, error) {
	id, members, failed, err := p.membersIn(c)
	if err != nil {
		return nil, err
	}
	for _, f := range members {
		f.untag(id)
	}
	return nil, partly(failed)
}

func (p *Platform) listTagsOfUser(c *call) (any, error) {
	f, err := p.follower(c.text("openid"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"tagid_list": nonNil(f.tags)}, nil
}

func (p *Platform) listBlacklist(c *call) (any, error) {
	page, next, err := p.pageOf(p.black, c.text("begin_openid"), blackPage)
	if err != nil {
		return nil, err
	}
	return pageAnswer(page, next, map[string]any{"total": len(p.black)}), nil
}

func (p *Platform) blackIn(c *call) ([]*Follower, error) {
	ids, err := c.openIDList(batchBlack)
	if err != nil {
		return nil, err
	}
	users := make([]*Follower, 0, len(ids))
	for _, id := range ids {
		f, err := p.known(id)
		if err != nil {
			return nil, err
		}
		users = append(users, f)
	}
	return users, nil
}

func (p *Platform) blacklistUsers(c *call) (any, error) {
	users, err := p.blackIn(c)
	if err != nil {
		return nil, err
	}
	for _, f := range users {
		if !f.blacklisted {
			f.blacklisted = true
			p.black = append(p.black, f.OpenID)
		}
	}
	return okay{}, nil
}

func (p *Platform) unblacklistUsers(c *call) (any, error) {
	users, err := p.blackIn(c)
	if err != nil {
		return nil, err
	}
	for _, f := range users {
		f.blacklisted = false
		p.black = slices.DeleteFunc(p.black, func(id string) bool { return id == f.OpenID })
	}
	return okay{}, nil
}
