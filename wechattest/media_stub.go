package wechattest

import "github.com/wechatoa/wechat"

func (p *Platform) checkMediaID(id string) error {
	if id == "" {
		return refuse(wechat.ErrInvalidMediaID, "invalid media_id")
	}
	return nil
}

func (p *Platform) sceneOf(s string) (scene, ticket string) { return s, "" }
