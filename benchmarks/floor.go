package benchmarks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"sync"
	"time"
)

// floor is what a program can do by hand that needs just this: a tuned transport,
// pooled buffers, one fetch of a token for all callers, and nothing for the day when
// something goes wrong but a second try with a new token.
var floor = SDK{
	Name:     "floor",
	Client:   func(p *Platform) Client { return newFloorClient(p) },
	Receiver: floorReceiver,
	Decode: Decoders{
		User:    func(d []byte) error { return json.Unmarshal(d, new(floorUser)) },
		OpenIDs: func(d []byte) error { return json.Unmarshal(d, new(floorOpenIDs)) },
		Users:   func(d []byte) error { return json.Unmarshal(d, new(floorUsers)) },
	},
	ShortLife: Life{1, time.Second},
}

type floorUser struct {
	floorCode
	Subscribed     int64   `json:"subscribe"`
	OpenID         string  `json:"openid"`
	UnionID        string  `json:"unionid"`
	SubscribeTime  int64   `json:"subscribe_time"`
	SubscribeScene string  `json:"subscribe_scene"`
	QRScene        int64   `json:"qr_scene"`
	QRSceneString  string  `json:"qr_scene_str"`
	Remark         string  `json:"remark"`
	GroupID        int64   `json:"groupid"`
	TagIDs         []int64 `json:"tagid_list"`
	Nickname       string  `json:"nickname"`
	AvatarURL      string  `json:"headimgurl"`
	Sex            int64   `json:"sex"`
	Country        string  `json:"country"`
	Province       string  `json:"province"`
	City           string  `json:"city"`
	Language       string  `json:"language"`
}

type floorUsers struct {
	floorCode
	Users []floorUser `json:"user_info_list"`
}

type floorOpenIDs struct {
	floorCode
	Total int64 `json:"total"`
	Count int64 `json:"count"`
	Data  struct {
		OpenIDs []string `json:"openid"`
	} `json:"data"`
	Next string `json:"next_openid"`
}

// templateMessage is what all clients send, as JSON.
type templateMessage struct {
	OpenID     string                   `json:"touser"`
	TemplateID string                   `json:"template_id"`
	Data       map[string]templateValue `json:"data"`
}

type templateValue struct {
	Value string `json:"value"`
}

const (
	templateID = "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY"
	thing      = "招牌奶茶"
	amount     = "18元"
)

type floorSent struct {
	floorCode
	ID int64 `json:"msgid"`
}

type floorMedia struct {
	floorCode
	ID string `json:"media_id"`
}

// floorCode is the errcode of an answer, which success need not have.
type floorCode struct {
	Code int64 `json:"errcode"`
}

func (c *floorCode) errcode() *int64 { return &c.Code }

type coded interface{ errcode() *int64 }

type floorClient struct {
	http *http.Client

	mu       sync.Mutex
	token    string
	end      time.Time
	fetching *floorFetch
}

// floorFetch is a fetch of a token that callers wait for.
type floorFetch struct {
	done chan struct{}
	err  error
}

func newFloorClient(p *Platform) *floorClient {
	t := &http.Transport{MaxIdleConns: 1000, MaxIdleConnsPerHost: 1000, IdleConnTimeout: time.Minute}
	return &floorClient{http: &http.Client{Transport: p.Transport(t), Timeout: 30 * time.Second}}
}

// accessToken returns a token other than the one that was refused.
func (c *floorClient) accessToken(ctx context.Context, refused string) (string, error) {
	for {
		c.mu.Lock()
		if c.token != "" && c.token != refused && time.Now().Before(c.end) {
			defer c.mu.Unlock()
			return c.token, nil
		}
		f := c.fetching
		if f == nil {
			f = &floorFetch{done: make(chan struct{})}
			c.fetching = f
			go c.fetch(f)
		}
		c.mu.Unlock()
		select {
		case <-f.done:
			if f.err != nil {
				return "", f.err
			}
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func (c *floorClient) fetch(f *floorFetch) {
	var res struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"`
	}
	resp, err := c.http.Get("https://" + host + "/cgi-bin/token?grant_type=client_credential&appid=" + AppID + "&secret=" + AppSecret) //nolint:noctx // for all callers
	if err == nil {
		err = json.NewDecoder(resp.Body).Decode(&res)
		_ = resp.Body.Close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.token, c.end = res.Token, time.Now().Add(time.Duration(res.Expires)*time.Second)
	}
	f.err = err
	c.fetching = nil
	close(f.done)
}

var floorBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// call sends a request, and once more with a new token if the first was refused.
func (c *floorClient) call(ctx context.Context, method, address, contentType string, body []byte, out coded) error {
	token, err := c.accessToken(ctx, "")
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		var r io.Reader
		if body != nil {
			r = bytes.NewReader(body)
		}
		if err := c.try(ctx, method, address+token, contentType, r, int64(len(body)), out); err != nil {
			return err
		}
		code := *out.errcode()
		if attempt > 1 || code != 40001 && code != 40014 && code != 42001 {
			return refusal(code)
		}
		if token, err = c.accessToken(ctx, token); err != nil {
			return err
		}
		*out.errcode() = 0
	}
}

func (c *floorClient) try(ctx context.Context, method, address, contentType string, body io.Reader, size int64, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	if body != nil {
		req.ContentLength = size
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	buf, _ := floorBuffers.Get().(*bytes.Buffer)
	defer floorBuffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(resp.Body); err != nil {
		return err
	}
	return json.Unmarshal(buf.Bytes(), out)
}

func (c *floorClient) post(ctx context.Context, address string, in any, out coded) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, address, "application/json", body, out)
}

func (c *floorClient) GetUser(ctx context.Context, openID string) (string, error) {
	var user floorUser
	address := "https://" + host + "/cgi-bin/user/info?lang=zh_CN&openid=" + url.QueryEscape(openID) + "&access_token="
	err := c.call(ctx, http.MethodGet, address, "", nil, &user)
	return user.OpenID, err
}

func (c *floorClient) SendTemplate(ctx context.Context, openID string) (int64, error) {
	var res floorSent
	err := c.post(ctx, "https://"+host+"/cgi-bin/message/template/send?access_token=", templateMessage{
		OpenID: openID, TemplateID: templateID, Data: map[string]templateValue{"thing1": {thing}, "amount2": {amount}},
	}, &res)
	return res.ID, err
}

// Upload streams a file between the two ends of a form.
func (c *floorClient) Upload(ctx context.Context, path string) error {
	file, err := os.Open(path) //nolint:gosec // a file of the benchmark
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	token, err := c.accessToken(ctx, "")
	if err != nil {
		return err
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_, _ = w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="media"; filename="a.jpg"`}, "Content-Type": {"image/jpeg"},
	})
	head := form.Len()
	_ = w.Close()
	body := io.MultiReader(bytes.NewReader(form.Bytes()[:head]), file, bytes.NewReader(form.Bytes()[head:]))
	var res floorMedia
	address := "https://" + host + "/cgi-bin/media/upload?type=image&access_token=" + token
	if err := c.try(ctx, http.MethodPost, address, w.FormDataContentType(), body, info.Size()+int64(form.Len()), &res); err != nil {
		return err
	}
	return refusal(res.Code)
}

func (c *floorClient) Download(ctx context.Context, mediaID string, w io.Writer) error {
	token, err := c.accessToken(ctx, "")
	if err != nil {
		return err
	}
	address := "https://" + host + "/cgi-bin/media/get?media_id=" + url.QueryEscape(mediaID) + "&access_token=" + token
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(w, resp.Body)
	return err
}

// floorBatch is a batch of profiles on its way.
type floorBatch struct {
	users floorUsers
	err   error
	done  chan struct{}
}

// Followers fetches a page ahead and eight batches at a time, in order.
func (c *floorClient) Followers(ctx context.Context, each func(openID string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan *floorBatch, 7)
	var listed error // written before queue is closed
	go func() {
		defer close(queue)
		next := ""
		for {
			var page floorOpenIDs
			address := "https://" + host + "/cgi-bin/user/get?next_openid=" + url.QueryEscape(next) + "&access_token="
			if listed = c.call(ctx, http.MethodGet, address, "", nil, &page); listed != nil || len(page.Data.OpenIDs) == 0 {
				return
			}
			next = page.Next
			for ids := page.Data.OpenIDs; len(ids) > 0; {
				n := min(100, len(ids))
				b := &floorBatch{done: make(chan struct{})}
				go c.fetchBatch(ctx, ids[:n], b)
				ids = ids[n:]
				select {
				case queue <- b:
				case <-ctx.Done():
					listed = ctx.Err()
					return
				}
			}
		}
	}()
	for b := range queue {
		<-b.done
		if b.err != nil {
			return b.err
		}
		for i := range b.users.Users {
			each(b.users.Users[i].OpenID)
		}
	}
	return listed
}

func (c *floorClient) fetchBatch(ctx context.Context, ids []string, b *floorBatch) {
	defer close(b.done)
	type ref struct {
		OpenID string `json:"openid"`
	}
	var body struct {
		Users []ref `json:"user_list"`
	}
	body.Users = make([]ref, len(ids))
	for i, id := range ids {
		body.Users[i].OpenID = id
	}
	b.err = c.post(ctx, "https://"+host+"/cgi-bin/user/info/batchget?access_token=", body, &b.users)
	if b.err == nil && len(b.users.Users) != len(ids) {
		b.err = fmt.Errorf("%d profiles of %d", len(b.users.Users), len(ids))
	}
}
