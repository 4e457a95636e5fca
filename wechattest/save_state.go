package wechattest

import (
	"bytes"
	"encoding/json"
	"errors"
	"sync/atomic"
)

// savedReports is the maximum number of reports in a saved state.
const savedReports = 1000

func (p *Platform) fields() fields {
	return fields{
		"account": fields{
			"app_id": &p.AppID, "app_secret": &p.AppSecret, "original_id": &p.OriginalID, "operator_id": &p.OperatorID,
		},
		"ahead":    savedClock{&p.ahead},
		"callback": p.callback.fields(),
		"state":    p.state.fields(),
	}
}

func (s *callback) fields() fields {
	return fields{
		"settings": savedSettings{s}, "failures": &s.failures, "paused_until": &s.pausedUntil, "reports": reportList{&s.reports},
		"last_report": &s.lastReport,
	}
}

func (s *state) fields() fields {
	return fields{
		"ids": fields{"message": &s.ids.message, "sent": &s.ids.sent, "job": &s.ids.job, "data": &s.ids.data},

		"counts": tabled(&s.counts), "tokens": s.tokens.fields(), "limits": s.limits.fields(), "people": s.people.fields(),
		"menus": s.menus.fields(), "templates": s.templates.fields(), "conversations": s.conversations.fields(), "files": s.files.fields(),
		"publications": s.publications.fields(), "masses": s.masses.fields(), "agents": s.agents.fields(), "codes": s.codes.fields(),
		"subscriptions": s.subscriptions.fields(), "consents": s.consents.fields(), "statistics": s.statistics.fields(),
	}
}

func (n *count) fields() fields { return fields{"requests": &n.requests, "executed": &n.executed} }

func (t *tokens) fields() fields {
	return fields{
		"classic": t.classic.fields(), "stable": t.stable.fields(), "tickets": &t.tickets,
		"forced": &t.forced, "forced_day": &t.forcedDay, "forced_used": &t.forcedUsed,
	}
}

func (l *pool) fields() fields {
	return fields{"current": l.current.fields(), "old": l.old.fields()}
}

func (c *credential) fields() fields { return fields{"value": &c.value, "end": &c.end} }

func (l *limits) fields() fields {
	return fields{"used": tabled(&l.used), "clear_month": &l.clearMonth, "clears": &l.clears, "clear_api": &l.clearAPI}
}

func (u *usage) fields() fields {
	return fields{"day": &u.day, "minute": &u.minute, "in_day": &u.inDay, "in_minute": &u.inMinute}
}

func (s *people) fields() fields {
	return fields{"users": listed(&s.order), "tags": listed(&s.tagList), "next_tag": &s.nextTag, "blacklist": &s.black}
}

func (f *Follower) fields() fields {
	return fields{
		"openid": &f.OpenID, "user": &f.user, "following": &f.following, "since": &f.since, "tags": &f.tags,
		"blacklisted": &f.blacklisted, "refuses": &f.refuses, "received": &f.received, "subscribed": &f.subscribed,
		"wrote": &f.wrote, "acted": &f.acted, "after_wrote": &f.afterWrote, "after_act": &f.afterAct, "typing": &f.typing,
	}
}

func (t *tag) fields() fields { return fields{"id": &t.id, "name": &t.name, "count": &t.count} }

func (s *menus) fields() fields {
	return fields{"menu": &s.menu, "conditional": &s.conditional, "next": &s.nextMenu}
}

func (t *templates) fields() fields {
	return fields{
		"list": &t.templateList, "industries": &t.industries, "industry_month": &t.industryMonth, "keys": &t.templateKeys,
	}
}

func (s *conversations) fields() fields { return fields{"records": &s.records} }

func (s *files) fields() fields {
	return fields{"media": tabled(&s.media), "materials": references[string, medium]{&s.materials, (*medium).key}}
}

func (m *medium) key() *string { return &m.id }

func (m *medium) fields() fields {
	return fields{
		"id": &m.id, "kind": &m.kind, "file": &m.file, "title": &m.title, "intro": &m.intro, "url": &m.url,
		"changed": &m.changed, "end": &m.end,
	}
}

func (s *publications) fields() fields {
	return fields{
		"drafts": tabled(&s.drafts), "draft_list": references[string, draft]{&s.draftList, (*draft).key},
		"jobs": tabled(&s.jobs), "publications": tabled(&s.byData), "list": references[int64, publication]{&s.pubList, (*publication).key},
		"outcome": &s.outcome, "last_comment": &s.lastComment,
	}
}

func (d *draft) key() *string { return &d.id }

func (d *draft) fields() fields {
	return fields{"id": &d.id, "articles": &d.articles, "created": &d.created, "changed": &d.changed, "hidden": &d.hidden}
}

func (job *publishJob) fields() fields {
	return fields{
		"id": &job.id, "status": &job.status, "failed": &job.failed,
		"result": reference[int64, publication]{&job.result, (*publication).key},
	}
}

func (pub *publication) key() *int64 { return &pub.dataID }

func (pub *publication) fields() fields {
	return fields{
		"id": &pub.id, "data_id": &pub.dataID, "articles": &pub.articles, "comments": listed(&pub.comments), "at": &pub.at,
	}
}

func (c *comments) fields() fields { return fields{"open": &c.open, "list": listed(&c.list)} }

func (c *comment) fields() fields {
	return fields{
		"id": &c.id, "openid": &c.openID, "content": &c.content, "elected": &c.elected, "at": &c.at, "reply": &c.reply, "replied": &c.replied,
	}
}

func (s *masses) fields() fields {
	return fields{"messages": tabled(&s.mass), "keys": &s.massKeys, "speed": &s.speed}
}

func (sent *massMessage) fields() fields {
	return fields{
		"id": &sent.id, "kind": &sent.kind, "status": &sent.status,
		"publication": reference[int64, publication]{&sent.pub, (*publication).key},
	}
}

func (s *agents) fields() fields {
	return fields{"list": listed(&s.agentList), "next": &s.nextAgent, "sessions": tabled(&s.sessions), "waiting": listed(&s.waiting)}
}

func (a *agent) key() *int { return &a.id }

func (a *agent) fields() fields {
	return fields{
		"id": &a.id, "account": &a.account, "name": &a.name, "wechat_id": &a.wechatID, "invited": &a.invited,
		"invited_until": &a.invitedUntil, "head": &a.head, "status": &a.status,
	}
}

func (s *session) fields() fields {
	return fields{"openid": &s.openID, "agent": reference[int, agent]{&s.agent, (*agent).key}, "at": &s.at}
}

func (s *codes) fields() fields {
	return fields{"qr": &s.qr, "qr_order": &s.qrOrder, "short_keys": &s.shorts, "rules": listed(&s.rules), "rules_left": &s.rulesLeft}
}

func (r *jumpRule) fields() fields {
	return fields{"prefix": &r.prefix, "appid": &r.appID, "path": &r.path, "published": &r.published}
}

func (s *subscriptions) fields() fields { return fields{"list": listed(&s.notices)} }

func (n *notice) fields() fields {
	return fields{"id": &n.id, "title": &n.title, "content": &n.content}
}

func (s *consents) fields() fields {
	return fields{"codes": tabled(&s.codes), "tokens": tabled(&s.tokens), "refreshes": tabled(&s.refreshes)}
}

func (c *consent) fields() fields {
	return fields{
		"user": reference[string, Follower]{&c.user, (*Follower).key}, "scope": &c.scope, "used": &c.used, "end": &c.end,
	}
}

func (f *Follower) key() *string { return &f.OpenID }

func (s *statistics) fields() fields { return fields{"figures": &s.figures} }

// link replaces the stubs of a restored state with the values that have their IDs, and
// builds the maps that are not saved because a list contains the same values.
func (p *Platform) link() error {
	for _, f := range p.order {
		p.users[f.OpenID] = f
	}
	agentsByID := map[int]*agent{}
	for _, a := range p.agentList {
		agentsByID[a.id] = a
	}
	errs := []error{
		resolveAll(p.materials, p.media, (*medium).key),
		resolveAll(p.draftList, p.drafts, (*draft).key),
		resolveAll(p.pubList, p.byData, (*publication).key),
	}
	for _, job := range p.jobs {
		errs = append(errs, resolve(&job.result, p.byData, (*publication).key))
		if job.result != nil {
			p.published[job.result.id] = job.result
		}
	}
	for _, sent := range p.mass {
		errs = append(errs, resolve(&sent.pub, p.byData, (*publication).key))
	}
	for _, s := range p.sessions {
		errs = append(errs, resolve(&s.agent, agentsByID, (*agent).key))
	}
	for _, granted := range []map[string]*consent{p.consents.codes, p.consents.tokens, p.refreshes} {
		for _, c := range granted {
			errs = append(errs, resolve(&c.user, p.users, (*Follower).key))
		}
	}
	return errors.Join(errs...)
}

// savedClock saves how far the time of a platform is ahead of the clock.
type savedClock struct{ ahead *atomic.Int64 }

func (c savedClock) save(to *bytes.Buffer) error { return saveField(to, c.ahead.Load()) }

func (c savedClock) restore(data []byte) error {
	var ahead int64
	err := json.Unmarshal(data, &ahead)
	c.ahead.Store(ahead)
	return err
}

// savedSettings saves the settings of a callback, with its URL.
type savedSettings struct{ of *callback }

func (s savedSettings) save(to *bytes.Buffer) error {
	out := s.of.settings.CallbackSettings
	if s.of.configured() && s.of.address != callbackHost {
		out.URL = s.of.address
	}
	return saveField(to, out)
}

func (s savedSettings) restore(data []byte) error {
	var in CallbackSettings
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	s.of.address, in.URL = in.URL, ""
	if err := in.check(); err != nil {
		return err
	}
	s.of.settings = newCallbackSettings(in)
	return nil
}

// reportList saves the newest reports.
type reportList struct{ to *history[*Report] }

// savedReport is a report without its settings.
type savedReport struct {
	Report

	Deliveries []savedDelivery
}

// savedDelivery is a delivery with the text of its error and its reason.
type savedDelivery struct {
	Delivery

	Err    string
	Reason Reason
}

func (r reportList) save(to *bytes.Buffer) error {
	newest := r.to.list
	newest = newest[max(0, len(newest)-savedReports):]
	out := make([]savedReport, 0, len(newest))
	for _, report := range newest {
		saved := savedReport{Report: *report}
		for _, d := range report.Deliveries {
			text := ""
			if d.Err != nil {
				text = d.Err.Error()
			}
			saved.Deliveries = append(saved.Deliveries, savedDelivery{Delivery: d, Err: text, Reason: reasonOf(d.Err)})
		}
		out = append(out, saved)
	}
	return saveField(to, out)
}

func (r reportList) restore(data []byte) error {
	var in []savedReport
	if err := restoreField(data, &in); err != nil {
		return err
	}
	*r.to = history[*Report]{}
	for _, saved := range in {
		report := saved.Report
		report.Push.Fields, _ = pushFields(map[string]any(report.Push.Fields)).(Fields)
		for _, d := range saved.Deliveries {
			if d.Err != "" {
				d.Delivery.Err = &CallbackError{Reason: d.Reason, Status: d.Status, Body: d.Body, err: errors.New(d.Err)}
			}
			report.Deliveries = append(report.Deliveries, d.Delivery)
		}
		r.to.add(&report)
	}
	return nil
}

// pushFields returns decoded JSON as the fields of a push, so that it can be pushed again.
func pushFields(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if v == nil {
			return Fields(nil)
		}
		out := make(Fields, len(v))
		for name, inner := range v {
			out[name] = pushFields(inner)
		}
		return out
	case []any:
		for i := range v {
			v[i] = pushFields(v[i])
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		n, _ := v.Float64()
		return n
	}
	return value
}
