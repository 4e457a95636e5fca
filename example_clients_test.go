package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

// Many accounts in one process: the AppSecrets come from the program's own database.
func ExampleNewClients() {
	platform := wechattest.NewPlatform(wechattest.WithAccount("wx0000000000000001", "0123456789abcdef0123456789abcdef"))
	defer platform.Close()
	secrets := map[string]wechat.Secret{"wx0000000000000001": "0123456789abcdef0123456789abcdef"}

	clients := wechat.NewClients(func(_ context.Context, appID string) (wechat.Account, error) {
		secret, ok := secrets[appID]
		if !ok {
			return wechat.Account{}, wechat.ErrUnknownAccount
		}
		return wechat.Account{AppSecret: secret}, nil
	}, wechat.WithHTTPClient(&http.Client{Transport: platform.Transport()})) // without it: the real platform
	defer func() { _ = clients.Close() }()

	ctx := context.Background()
	client, err := clients.Get(ctx, "wx0000000000000001")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.AppID(), client.DeleteMenu(ctx))

	_, err = clients.Get(ctx, "wx0000000000000002")
	fmt.Println(errors.Is(err, wechat.ErrUnknownAccount), err)
	// Output:
	// wx0000000000000001 <nil>
	// true wechat: account wx0000000000000002: unknown account
}
