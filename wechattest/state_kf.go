package wechattest

import (
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/wechatoa/wechat"
)

const (
	maxAgents      = 100
	agentNameRunes = 16
	maxWaiting     = 100
	invitationLife = 7 * 24 * time.Hour
)

var agentAccount = regexp.MustCompile(`^[A-Za-z0-9_]{1,10}@[A-Za-z0-9_-]{1,30}$`)

// agents are the customer-service agents of the account and their sessions.
type agents struct {
	agentList []*agent
	nextAgent int
	sessions  map[string]*session // by openid
	waiting   []*session          // sessions without an agent, oldest first
}

type agent struct {
	id            int
	account, name string
	wechatID      string // empty until an invitation is accepted
	invited       string // the WeChat ID of the open invitation
	invitedUntil  time.Time
	head          string
	status        wechat.KFStatus
}

func (a *agent) online() bool { return a.status != wechat.KFStatusOffline }

type session struct {
	openID string
	agent  *agent
	at     time.Time
}

func (s *agents) init() { s.nextAgent, s.sessions = 1001, map[string]*session{} }

func (p *Platform) agentRoutes() map[string]behavior {
	return map[string]behavior{
		"/cgi-bin/customservice/getkflist":       p.listAgents,
		"/cgi-bin/customservice/getonlinekflist": p.listOnlineAgents,
		"/customservice/kfaccount/add":           p.addAgent,
		"/customservice/kfaccount/update":        p.updateAgent,
		"/customservice/kfaccount/del":           p.deleteAgent,
		"/customservice/kfaccount/inviteworker":  p.inviteAgent,
		"/customservice/kfaccount/uploadheadimg": p.setAgentHead,
	}
}

func (p *Platform) sessionRoutes() map[string]behavior {
	return map[string]behavior{
		"/customservice/kfsession/create":         p.createSession,
		"/customservice/kfsession/close":          p.closeSession,
		"/customservice/kfsession/getsession":     p.getSession,
		"/customservice/kfsession/getsessionlist": p.listSessions,
		"/customservice/kfsession/getwaitcase":    p.listWaiting,
	}
}

// KFAccount describes a customer-service agent for [Platform.AddKFAccount].
type KFAccount struct {
	Account  string // name@the account's WeChat ID
	Nickname string
	WeChatID string // of the person; empty if no invitation has been accepted
	Status   wechat.KFStatus
}

// AddKFAccount adds a customer-service agent without an API call.
func (p *Platform) AddKFAccount(account KFAccount) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.newAgent(account.Account, account.Nickname)
	a.wechatID, a.status = account.WeChatID, account.Status
}

// AcceptKFInvite accepts the invitation to become the agent with this account. It
// reports whether there was a valid invitation.
func (p *Platform) AcceptKFInvite(account string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.agent(account)
	if err != nil || a.invited == "" || !p.now().Before(a.invitedUntil) {
		return false
	}
	a.wechatID, a.invited = a.invited, ""
	return true
}

// SetKFStatus sets whether an agent is online. It reports whether the agent exists.
func (p *Platform) SetKFStatus(account string, status wechat.KFStatus) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.agent(account)
	if err != nil {
		return false
	}
	a.status = status
	return true
}

func (p *Platform) newAgent(account, name string) *agent {
	a := &agent{id: p.nextAgent, account: account, name: name}
	p.nextAgent++
	p.agentList = append(p.agentList, a)
	return a
}

func (p *Platform) agent(account string) (*agent, error) {
	for _, a := range p.agentList {
		if a.account == account {
			return a, nil
		}
	}
	return nil, refuse(wechat.ErrInvalidKFAccount, "invalid kf account")
}

// agentID returns the ID of an agent for a response: a number, or a string as on the
// page.
func (p *Platform) agentID(a *agent) any {
	if p.set.keeps(RuleType) {
		return strconv.Itoa(a.id)
	}
	return a.id
}

func (p *Platform) listAgents(c *call) (any, error) {
	list := make([]any, 0, len(p.agentList))
	for _, a := range p.agentList {
		out := map[string]any{"kf_account": a.account, "kf_nick": a.name, "kf_id": p.agentID(a), "kf_headimgurl": a.head}
		switch {
		case a.wechatID != "":
			out["kf_wx"] = a.wechatID
		case a.invited != "":
			out["invite_wx"], out["invite_expire_time"], out["invite_status"] = a.invited, a.invitedUntil.Unix(), "waiting"
			if !c.At.Before(a.invitedUntil) {
				out["invite_status"] = "expired"
			}
		}
		list = append(list, out)
	}
	return map[string]any{"kf_list": list}, nil
}

func (p *Platform) listOnlineAgents(*call) (any, error) {
	list := []any{}
	for _, a := range p.agentList {
		if a.online() {
			list = append(list, map[string]any{"kf_account": a.account, "status": a.status, "kf_id": p.agentID(a), "accepted_case": p.cases(a)})
		}
	}
	return map[string]any{"kf_online_list": list}, nil
}

func (p *Platform) cases(a *agent) int {
	n := 0
	for _, s := range p.sessions {
		if s.agent == a {
			n++
		}
	}
	return n
}

func checkAgentName(name string) error {
	if n := utf8.RuneCountInString(name); n == 0 || n > agentNameRunes {
		return refuse(65403, "invalid kf nickname")
	}
	return nil
}

func (p *Platform) addAgent(c *call) (any, error) {
	account, name := c.text("kf_account"), c.text("nickname")
	if !agentAccount.MatchString(account) {
		return nil, refuse(65404, "invalid kf account")
	}
	if _, err := p.agent(account); err == nil {
		return nil, refuse(wechat.ErrKFAccountExists, "kf account exists")
	}
	if err := checkAgentName(name); err != nil {
		return nil, err
	}
	if len(p.agentList) >= maxAgents {
		return nil, refuse(65405, "kf account count out of limit")
	}
	p.newAgent(account, name)
	return okay{}, nil
}

func (p *Platform) updateAgent(c *call) (any, error) {
	a, err := p.agent(c.text("kf_account"))
	if err != nil {
		return nil, err
	}
	if err := checkAgentName(c.text("nickname")); err != nil {
		return nil, err
	}
	a.name = c.text("nickname")
	return okay{}, nil
}

func (p *Platform) deleteAgent(c *call) (any, error) {
	a, err := p.agent(c.text("kf_account"))
	if err != nil {
		return nil, err
	}
	p.agentList = slices.DeleteFunc(p.agentList, func(other *agent) bool { return other == a })
	for openID, s := range p.sessions {
		if s.agent == a {
			delete(p.sessions, openID)
		}
	}
	return okay{}, nil
}

func (p *Platform) inviteAgent(c *call) (any, error) {
	a, err := p.agent(c.text("kf_account"))
	who := c.text("invite_wx")
	switch {
	case err != nil:
		return nil, err
	case a.wechatID != "":
		return nil, refuse(65412, "kf account is bound already")
	case who == "":
		return nil, refuse(65409, "invalid wechat id")
	case a.invited == who && c.At.Before(a.invitedUntil):
		return nil, refuse(65408, "invitation was sent already")
	case a.invited != "" && c.At.Before(a.invitedUntil):
		return nil, refuse(65411, "an invitation is pending")
	case slices.ContainsFunc(p.agentList, func(other *agent) bool { return other.wechatID == who }):
		return nil, refuse(65407, "is an agent already")
	}
	a.invited, a.invitedUntil = who, c.At.Add(invitationLife)
	return okay{}, nil
}

func (p *Platform) setAgentHead(c *call) (any, error) {
	a, err := p.agent(c.param("kf_account"))
	if err != nil {
		return nil, err
	}
	rule := fileRule{5 << 20, wechat.ErrInvalidImageSize, []string{".jpg", ".jpeg", ".png"}}
	if err := rule.check(c.Form.Files["media"]); err != nil {
		return nil, err
	}
	a.head = "http://mmbiz.qpic.cn/mmbiz/" + random(urlSafe, 32) + "/0"
	return okay{}, nil
}

// transfer hands a session to an agent: the one with the account if they are online, or
// the first one to take it.
func (p *Platform) transfer(f *Follower, account string) {
	if p.sessions[f.OpenID] != nil {
		return
	}
	s := &session{openID: f.OpenID, at: p.now()}
	if a, err := p.agent(account); err == nil {
		if a.online() {
			s.agent = a
			p.sessions[f.OpenID] = s
		}
		return
	}
	if !slices.ContainsFunc(p.waiting, func(w *session) bool { return w.openID == f.OpenID }) {
		p.waiting = append(p.waiting, s)
	}
}

// sessionIn returns the agent and the user of a session call.
func (p *Platform) sessionIn(c *call) (*agent, *Follower, error) {
	a, err := p.agent(c.text("kf_account"))
	if err != nil {
		return nil, nil, err
	}
	f, err := p.known(c.text("openid"))
	return a, f, err
}

func (p *Platform) createSession(c *call) (any, error) {
	a, f, err := p.sessionIn(c)
	switch {
	case err != nil:
		return nil, err
	case a.wechatID == "":
		return nil, refuse(65402, "kf account is not bound")
	case !a.online():
		return nil, refuse(65415, "kf is not online")
	}
	if s := p.sessions[f.OpenID]; s != nil {
		if s.agent != a {
			return nil, refuse(65414, "user is served by another agent")
		}
		return okay{}, nil
	}
	p.sessions[f.OpenID] = &session{openID: f.OpenID, agent: a, at: c.At}
	p.waiting = slices.DeleteFunc(p.waiting, func(s *session) bool { return s.openID == f.OpenID })
	p.tell(c, Push{Type: "event", Event: "kf_create_session", From: f.OpenID, Fields: Fields{"KfAccount": a.account}})
	return okay{}, nil
}

func (p *Platform) closeSession(c *call) (any, error) {
	a, f, err := p.sessionIn(c)
	if err != nil {
		return nil, err
	}
	s := p.sessions[f.OpenID]
	switch {
	case s == nil:
		return nil, refuse(65413, "no session for this user")
	case s.agent != a:
		return nil, refuse(65414, "user is served by another agent")
	}
	delete(p.sessions, f.OpenID)
	p.tell(c, Push{
		Type: "event", Event: "kf_close_session", From: f.OpenID, Fields: Fields{"KfAccount": a.account, "CloseType": "KF"},
	})
	return okay{}, nil
}

func (p *Platform) getSession(c *call) (any, error) {
	f, err := p.known(c.param("openid"))
	if err != nil {
		return nil, err
	}
	out := map[string]any{"errcode": 0, "errmsg": "ok", "kf_account": "", "createtime": 0}
	if s := p.sessions[f.OpenID]; s != nil {
		out["kf_account"], out["createtime"] = s.agent.account, s.at.Unix()
	}
	return out, nil
}

func (p *Platform) listSessions(c *call) (any, error) {
	a, err := p.agent(c.param("kf_account"))
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, f := range p.order {
		if s := p.sessions[f.OpenID]; s != nil && s.agent == a {
			list = append(list, map[string]any{"openid": s.openID, "createtime": s.at.Unix()})
		}
	}
	return map[string]any{"sessionlist": list}, nil
}

func (p *Platform) listWaiting(*call) (any, error) {
	list := []any{}
	for _, s := range p.waiting[:min(len(p.waiting), maxWaiting)] {
		list = append(list, map[string]any{"openid": s.openID, "latest_time": s.at.Unix()})
	}
	return map[string]any{"count": len(p.waiting), "waitcaselist": list}, nil
}
