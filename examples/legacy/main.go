// Command legacy calls an API of the platform that the SDK has no method for: the
// older store interface (门店管理, /cgi-bin/poi). Client.Do gives such a call what every
// method has: the token, the retries, the typed errors.
//
//	WECHAT_APP_ID=wx… WECHAT_APP_SECRET=… go run ./examples/legacy
//
// Without an account it talks to a server of its own that answers as the platform
// does. WECHAT_BASE_URL sends the calls elsewhere.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/wechatoa/wechat"
)

// poi has the fields that this program needs; Do ignores the others.
type poi struct {
	ID   wechat.Text `json:"poi_id"` // a string or a number, depending on the store's age
	Name string      `json:"business_name"`
}

// listPOIs is written as the SDK's own methods are: path, body, retry class, result.
func listPOIs(ctx context.Context, c *wechat.Client, begin, limit int) ([]poi, error) {
	var page struct {
		List []struct {
			BaseInfo poi `json:"base_info"`
		} `json:"business_list"`
	}
	err := c.Do(ctx, wechat.Request{
		Path:  "/cgi-bin/poi/getpoilist",
		Body:  map[string]int{"begin": begin, "limit": limit},
		Retry: wechat.RetryRead, // changes nothing, so a lost answer is asked for again
	}, &page)
	stores := make([]poi, 0, len(page.List))
	for _, entry := range page.List {
		stores = append(stores, entry.BaseInfo)
	}
	return stores, err
}

func run(ctx context.Context) error {
	id, secret := os.Getenv("WECHAT_APP_ID"), os.Getenv("WECHAT_APP_SECRET")
	base := cmp.Or(os.Getenv("WECHAT_BASE_URL"), "https://api.weixin.qq.com")
	if id == "" {
		server := httptest.NewServer(http.HandlerFunc(platform))
		defer server.Close()
		id, secret, base = "wx0000000000000001", "not-a-secret", server.URL
	}
	stores, err := listPOIs(ctx, wechat.NewClient(id, secret, wechat.WithBaseURL(base)), 0, 20)
	for _, s := range stores {
		fmt.Println(s.ID, s.Name)
	}
	return err
}

func main() {
	err := run(context.Background())
	if errors.Is(err, wechat.ErrForbidden) {
		log.Fatal("the account may not use the older stores")
	}
	if err != nil {
		log.Fatal(err)
	}
}

func platform(w http.ResponseWriter, r *http.Request) {
	answer := `{"business_list":[{"base_info":{"poi_id":285633617,"business_name":"示例店"}}],"total_count":1}`
	if r.URL.Path == "/cgi-bin/stable_token" {
		answer = `{"access_token":"TOKEN","expires_in":7200}`
	}
	_, _ = io.WriteString(w, answer)
}
