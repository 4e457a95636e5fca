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
	for _, v := range append(s.account(), s.proxied()...) {
		environment[v.name] = v.value
	}
	endpoints := slices.SortedFunc(maps.Keys(s.endpoints()), func(a, b string) int {
		_, pathA, _ := strings.Cut(a, " ")
		_, pathB, _ := strings.Cut(b, " ")
		return strings.Compare(pathA+a, pathB+b)
	})
	return map[string]any{"environment": environment, "endpoints": endpoints}, nil
}

func (s *simulator) postReset(*http.Request) (any, error) { return none{}, s.reset() }

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

// callbackJSON are the settings of the callback. A request changes only those it
// contains.
type callbackJSON struct {
	URL            *string `json:"url,omitempty"`
	Token          *string `json:"token,omitempty"`
	EncodingAESKey *string `json:"aes_key,omitempty"`
	Mode           *mode   `json:"mode,omitempty"`
	JSON           *bool   `json:"json,omitempty"`

	// Verify, in a request, keeps the old settings unless the callback accepts the new
	// ones, as the console does.
	Verify bool `json:"verify,omitempty"`
	// PushesPaused, in a response, reports whether pushes are paused after failures.
	PushesPaused *bool `json:"pushes_paused,omitempty"`
}

func (s *simulator) getCallback(*http.Request) (any, error) { return callbackOf(s.current()), nil }

func callbackOf(p *wechattest.Platform) callbackJSON {
	c, paused := p.CallbackSettings(), p.PushesPaused()
	return callbackJSON{
		URL: &c.URL, Token: &c.Token, EncodingAESKey: &c.EncodingAESKey, Mode: (*mode)(&c.Mode), JSON: &c.JSON, PushesPaused: &paused,
	}
}

func (s *simulator) patchCallback(r *http.Request) (any, error) {
	var in callbackJSON
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.PushesPaused != nil {
		return nil, invalid("pushes_paused cannot be set")
	}
	p := s.current()
	before := p.CallbackSettings()
	after := before
	set(&after.URL, in.URL)
	set(&after.Token, in.Token)
	set(&after.EncodingAESKey, in.EncodingAESKey)
	set(&after.Mode, (*wechattest.CallbackMode)(in.Mode))
	set(&after.JSON, in.JSON)
	if err := p.SetCallbackSettings(after); err != nil {
		return nil, invalid("%s", strings.TrimPrefix(err.Error(), "wechattest: "))
	}
	if in.Verify {
		if err := verify(r, p); err != nil {
			_ = p.SetCallbackSettings(before) // it was valid
			return nil, err
		}
	}
	return callbackOf(p), nil
}

// set sets a value if one is given.
func set[T any](value, given *T) {
	if given != nil {
		*value = *given
	}
}

func (s *simulator) verifyCallback(r *http.Request) (any, error) {
	return none{}, verify(r, s.current())
}

func verify(r *http.Request, p *wechattest.Platform) error {
	if err := p.VerifyURL(r.Context()); err != nil {
		return &problem{http.StatusBadGateway, strings.TrimPrefix(err.Error(), "wechattest: ")}
	}
	return nil
}

func (s *simulator) revokeTokens(*http.Request) (any, error) {
	s.current().RevokeTokens()
	return none{}, nil
}

func (s *simulator) postSecret(*http.Request) (any, error) {
	return map[string]string{"appsecret": s.resetSecret()}, nil
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

// faultJSON is a [wechattest.Fault].
type faultJSON struct {
	Path         string            `json:"path,omitempty"` // of the API; empty for any
	Name         string            `json:"name,omitempty"`
	Times        int               `json:"times,omitempty"` // 0 means one, a negative number means all
	Executed     bool              `json:"executed,omitempty"`
	DelayMS      int64             `json:"delay_ms,omitempty"`
	Code         wechat.Code       `json:"errcode,omitempty"`
	CodeAsString bool              `json:"errcode_as_string,omitempty"`
	Status       int               `json:"status,omitempty"`
	Header       map[string]string `json:"header,omitempty"`
	Body         *string           `json:"body,omitempty"`
	Drop         bool              `json:"drop,omitempty"`
	Hang         bool              `json:"hang,omitempty"`
	Truncated    bool              `json:"truncated,omitempty"`
	DripMS       int64             `json:"drip_ms,omitempty"`
	ControlBytes bool              `json:"control_bytes,omitempty"`
}

// listFaults lists one fault of each kind, to be posted as they are.
func (s *simulator) listFaults(*http.Request) (any, error) {
	list := []faultJSON{}
	for _, f := range wechattest.Faults() {
		out := faultJSON{
			Name: f.Name, Times: f.Times, Executed: f.Executed, DelayMS: f.Delay.Milliseconds(), Code: f.Code, CodeAsString: f.CodeAsString,
			Status: f.Status, Drop: f.Drop, Hang: f.Hang, Truncated: f.Truncated, DripMS: f.Drip.Milliseconds(), ControlBytes: f.ControlBytes,
		}
		if f.Body != nil {
			body := string(f.Body)
			out.Body = &body
		}
		for name := range f.Header {
			if out.Header == nil {
				out.Header = map[string]string{}
			}
			out.Header[name] = f.Header.Get(name)
		}
		list = append(list, out)
	}
	return map[string]any{"faults": list}, nil
}

func (s *simulator) addFault(r *http.Request) (any, error) {
	var in faultJSON
	if err := read(r, &in); err != nil {
		return nil, err
	}
	switch {
	case in.Path != "" && !strings.HasPrefix(in.Path, "/"):
		return nil, invalid("path must begin with a slash, such as /cgi-bin/menu/create")
	case in.Status != 0 && (in.Status < 200 || in.Status > 599):
		return nil, invalid("status must be an HTTP status from 200 to 599")
	case in.DelayMS < 0 || in.DripMS < 0:
		return nil, invalid("delay_ms and drip_ms must not be negative")
	}
	f := wechattest.Fault{
		Name: in.Name, Times: in.Times, Executed: in.Executed, Delay: milliseconds(in.DelayMS), Code: in.Code, CodeAsString: in.CodeAsString,
		Status: in.Status, Drop: in.Drop, Hang: in.Hang, Truncated: in.Truncated, Drip: milliseconds(in.DripMS), ControlBytes: in.ControlBytes,
	}
	if in.Body != nil {
		f.Body = []byte(*in.Body)
	}
	if len(in.Header) > 0 {
		f.Header = http.Header{}
		for name, value := range in.Header {
			f.Header.Set(name, value)
		}
	}
	s.current().InjectFault(in.Path, f)
	return none{}, nil
}

// failPublish makes the next publishing job end with a status other than success.
func (s *simulator) failPublish(r *http.Request) (any, error) {
	var in struct {
		Status wechat.PublishStatus `json:"publish_status"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Status < wechat.PublishStatusNotOriginal || in.Status > wechat.PublishStatusBanned {
		return nil, invalid("publish_status must be 2 to 6")
	}
	s.current().FailNextPublish(in.Status)
	return none{}, nil
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func (s *simulator) clearFaults(*http.Request) (any, error) {
	s.current().ClearFaults()
	return none{}, nil
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
