package main

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// index returns the environment and the list of endpoints.
func (s *simulator) index(*http.Request) (any, error) {
	environment := map[string]string{}
	for _, v := range s.variables() {
		environment[v.name] = v.value
	}
	patterns := append(slices.Collect(maps.Keys(s.endpoints())), slices.Collect(maps.Keys(s.handlers()))...)
	endpoints := slices.SortedFunc(slices.Values(patterns), func(a, b string) int {
		_, pathA, _ := strings.Cut(a, " ")
		_, pathB, _ := strings.Cut(b, " ")
		return strings.Compare(pathA+a, pathB+b)
	})
	return map[string]any{"environment": environment, "endpoints": endpoints}, nil
}

func (s *simulator) postReset(*http.Request) (any, error) {
	if err := s.reset(); err != nil {
		return nil, err
	}
	s.stream.publish("reset", struct{}{})
	return none{}, nil
}

// postWait waits until the events of finished jobs have been delivered.
func (s *simulator) postWait(r *http.Request) (any, error) {
	p, done := s.current(), make(chan struct{})
	go func() {
		defer close(done)
		p.Wait()
	}()
	select {
	case <-done:
		return none{}, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func (s *simulator) postSecret(*http.Request) (any, error) {
	secret := s.resetSecret()
	s.stream.publish("tokens", tokensOf(s.current()))
	return map[string]string{"appsecret": secret}, nil
}

// callJSON is a request that the platform received.
type callJSON struct {
	At         time.Time           `json:"at"`
	Method     string              `json:"method"`
	Path       string              `json:"path"`
	Query      map[string][]string `json:"query"`
	Body       string              `json:"body"` // empty for multipart bodies
	Form       map[string][]string `json:"form,omitempty"`
	Files      map[string]fileJSON `json:"files,omitempty"`
	Code       wechat.Code         `json:"errcode"`
	Status     int                 `json:"status"`
	Executed   bool                `json:"executed"`
	RequestID  string              `json:"request_id"`
	Answer     string              `json:"response"`
	DurationMS int64               `json:"duration_ms"`
}

type fileJSON struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int    `json:"size"`
}

// listCalls lists the requests that the platform received, of one path if the query has
// one.
func (s *simulator) listCalls(r *http.Request) (any, error) {
	path := r.URL.Query().Get("path")
	list := []callJSON{}
	for _, c := range s.current().Calls() {
		if path == "" || path == c.Path {
			list = append(list, callOf(c))
		}
	}
	return map[string]any{"calls": list}, nil
}

func callOf(c wechattest.Call) callJSON {
	out := callJSON{
		At: c.At, Method: c.Method, Path: c.Path, Query: c.Query, Body: string(c.Body), Code: c.Code, Status: c.Status,
		Executed: c.Executed, RequestID: c.RequestID, Answer: string(c.Response), DurationMS: c.Duration.Milliseconds(),
	}
	if c.Form != nil {
		out.Body, out.Form, out.Files = "", c.Form.Values, map[string]fileJSON{}
		for part, f := range c.Form.Files {
			out.Files[part] = fileJSON{Name: f.Name, ContentType: f.ContentType, Size: len(f.Data)}
		}
	}
	return out
}

// setStatistics sets the response of a statistics API for a day.
func (s *simulator) setStatistics(r *http.Request) (any, error) {
	var in struct {
		Path string           `json:"path"`
		Day  wechat.Date      `json:"day"`
		Rows []map[string]any `json:"rows"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	switch {
	case !strings.HasPrefix(in.Path, "/datacube/"):
		return nil, invalid("path must be a statistics API, such as /datacube/getusersummary")
	case in.Day.IsZero():
		return nil, invalid("day is required, such as 2026-11-01")
	}
	rows := make([]any, len(in.Rows))
	for i, row := range in.Rows {
		if row == nil {
			return nil, invalid("a row must not be null")
		}
		rows[i] = row
	}
	return none{}, s.current().SetStatistics(in.Path, in.Day, rows...)
}

// patchTag sets the number of followers of a tag.
func (s *simulator) patchTag(r *http.Request) (any, error) {
	var in struct {
		Count int `json:"count"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	switch {
	case err != nil:
		return nil, invalid("the ID of the tag must be a number")
	case in.Count < 0:
		return nil, invalid("count must not be negative")
	}
	s.current().SetTagCount(id, in.Count)
	return none{}, nil
}

func (s *simulator) addTemplate(r *http.Request) (any, error) {
	var in struct {
		ID      string `json:"template_id"`
		Title   string `json:"title"`
		Content string `json:"content"`
		Example string `json:"example"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := required("content", in.Content); err != nil {
		return nil, err
	}
	return map[string]string{"template_id": s.current().AddTemplate(wechattest.Template(in))}, nil
}

func (s *simulator) addSubscribeTemplate(r *http.Request) (any, error) {
	var in struct {
		Title   string `json:"title"`
		Content string `json:"content"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := required("content", in.Content); err != nil {
		return nil, err
	}
	return map[string]string{"template_id": s.current().AddSubscribeTemplate(in.Title, in.Content)}, nil
}

func (s *simulator) addMedia(r *http.Request) (any, error) {
	var in struct {
		Type        wechat.MediaType `json:"type"`
		Name        string           `json:"name"`
		ContentType string           `json:"content_type"`
		Data        []byte           `json:"data"` // base64
		Permanent   bool             `json:"permanent"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	switch in.Type {
	case wechat.MediaImage, wechat.MediaVoice, wechat.MediaVideo, wechat.MediaThumb:
	default:
		return nil, invalid("type must be image, voice, video or thumb")
	}
	if len(in.Data) == 0 {
		return nil, invalid("data is required, in base64")
	}
	add := s.current().AddMedia
	if in.Permanent {
		add = s.current().AddMaterial
	}
	return map[string]string{"media_id": add(in.Type, wechattest.File{Name: in.Name, ContentType: in.ContentType, Data: in.Data})}, nil
}

func (s *simulator) addKFAccount(r *http.Request) (any, error) {
	var in struct {
		Account  string `json:"account"`
		Nickname string `json:"nickname"`
		WeChatID string `json:"wechat_id"`
		Online   bool   `json:"online"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := required("account", in.Account); err != nil {
		return nil, err
	}
	s.current().AddKFAccount(wechattest.KFAccount{
		Account: in.Account, Nickname: in.Nickname, WeChatID: in.WeChatID, Status: statusOf(in.Online),
	})
	return map[string]string{"account": in.Account}, nil
}

func statusOf(online bool) wechat.KFStatus {
	if online {
		return wechat.KFStatusOnline
	}
	return wechat.KFStatusOffline
}

// patchKFAccount accepts an invitation, or makes an agent come online or go offline.
func (s *simulator) patchKFAccount(r *http.Request) (any, error) {
	var in struct {
		Accept bool  `json:"accept_invitation"`
		Online *bool `json:"online"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	p, account := s.current(), r.PathValue("account")
	if in.Accept && !p.AcceptKFInvite(account) {
		return nil, notFound("agent %s has no invitation", strconv.Quote(account))
	}
	if in.Online != nil && !p.SetKFStatus(account, statusOf(*in.Online)) {
		return nil, notFound("agent %s does not exist", strconv.Quote(account))
	}
	return none{}, nil
}
