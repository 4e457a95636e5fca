package tokenservice_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/tokenservice"
	"github.com/wechatoa/wechat/wechattest"
)

// One program holds the AppSecret and serves tokens, another one uses them.
func Example() {
	platform := wechattest.NewPlatform()
	defer platform.Close()
	const key = "0123456789abcdef0123456789abcdef" // of openssl rand -hex 32

	service, err := tokenservice.NewHandler(tokenservice.Config{
		Client:   tokenservice.Only(platform.Client()),
		Programs: []tokenservice.Program{{Name: "shop", Keys: []wechat.Secret{key}, AppIDs: []string{platform.AppID}}},
		Logger:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewTLSServer(service)
	defer server.Close()

	source, err := tokenservice.NewSource(tokenservice.SourceConfig{
		URL: server.URL, AppID: platform.AppID, Key: key, HTTPClient: server.Client(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = source.Close() }()
	client := wechat.NewClient(platform.AppID, "", wechat.WithTokenSource(source),
		wechat.WithHTTPClient(&http.Client{Transport: platform.Transport()})) // without it: the real platform

	fmt.Println(client.DeleteMenu(context.Background()))
	platform.RevokeTokens()
	fmt.Println(client.DeleteMenu(context.Background()))
	fmt.Println(platform.CallCount("/cgi-bin/stable_token"), "tokens, all fetched by the service")
	// Output:
	// <nil>
	// <nil>
	// 2 tokens, all fetched by the service
}
