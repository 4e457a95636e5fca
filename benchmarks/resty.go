package benchmarks

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/go-resty/resty/v2"
)

// plainResty is resty as in its README, with a token that never changes.
var plainResty = SDK{
	Name:   "resty",
	Client: func(p *Platform) Client { return newRestyClient(p) },
}

type restyClient struct {
	c *resty.Client
	p *Platform
}

func newRestyClient(p *Platform) *restyClient {
	c := resty.New().SetBaseURL("https://"+host).SetQueryParam("access_token", "T1")
	if own, ok := c.GetClient().Transport.(*http.Transport); ok {
		c.SetTransport(p.Transport(own))
	}
	if p.issued.Load() == 0 {
		p.issued.Store(1)
	}
	return &restyClient{c, p}
}

func (c *restyClient) GetUser(ctx context.Context, openID string) (string, error) {
	var user floorUser
	_, err := c.c.R().SetContext(ctx).SetQueryParams(map[string]string{"openid": openID, "lang": "zh_CN"}).SetResult(&user).Get("/cgi-bin/user/info")
	if err != nil {
		return "", err
	}
	return user.OpenID, refusal(user.Code)
}

func (c *restyClient) SendTemplate(ctx context.Context, openID string) (int64, error) {
	var res floorSent
	_, err := c.c.R().SetContext(ctx).SetResult(&res).SetBody(templateMessage{
		OpenID: openID, TemplateID: templateID, Data: map[string]templateValue{"thing1": {thing}, "amount2": {amount}},
	}).Post("/cgi-bin/message/template/send")
	if err != nil {
		return 0, err
	}
	return res.ID, refusal(res.Code)
}

func (c *restyClient) Upload(ctx context.Context, path string) error {
	var res floorMedia
	_, err := c.c.R().SetContext(ctx).SetQueryParam("type", "image").SetFile("media", path).SetResult(&res).Post("/cgi-bin/media/upload")
	if err != nil {
		return err
	}
	return refusal(res.Code)
}

func (c *restyClient) Download(ctx context.Context, mediaID string, w io.Writer) error {
	resp, err := c.c.R().SetContext(ctx).SetQueryParam("media_id", mediaID).Get("/cgi-bin/media/get")
	if err != nil {
		return err
	}
	_, err = w.Write(resp.Body())
	return err
}

// Followers fetches one batch after the other.
func (c *restyClient) Followers(ctx context.Context, each func(openID string)) error {
	type ref struct {
		OpenID string `json:"openid"`
	}
	return inTurn(func(next string) ([]string, string, error) {
		var page floorOpenIDs
		_, err := c.c.R().SetContext(ctx).SetQueryParam("next_openid", next).SetResult(&page).Get("/cgi-bin/user/get")
		return page.Data.OpenIDs, page.Next, err
	}, func(ids []string) ([]string, error) {
		var body struct {
			Users []ref `json:"user_list"`
		}
		for _, id := range ids {
			body.Users = append(body.Users, ref{id})
		}
		var res floorUsers
		_, err := c.c.R().SetContext(ctx).SetBody(body).SetResult(&res).Post("/cgi-bin/user/info/batchget")
		found := make([]string, len(res.Users))
		for i := range res.Users {
			found[i] = res.Users[i].OpenID
		}
		return found, err
	}, each)
}

// inTurn fetches pages of openids and batches of profiles, one after the other, as
// one does with an SDK that has a method for each.
func inTurn(list func(next string) ([]string, string, error), batch func(ids []string) ([]string, error), each func(openID string)) error {
	for next := ""; ; {
		ids, following, err := list(next)
		if err != nil || len(ids) == 0 {
			return err
		}
		next = following
		for len(ids) > 0 {
			n := min(100, len(ids))
			found, err := batch(ids[:n])
			if err != nil {
				return err
			}
			for _, id := range found {
				each(id)
			}
			ids = ids[n:]
		}
	}
}

// unmarshal reads a document with encoding/json into a new T.
func unmarshal[T any](document []byte) error { return json.Unmarshal(document, new(T)) }
