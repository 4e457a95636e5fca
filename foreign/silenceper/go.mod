// The tests of another SDK against the fake platform. It is a module of its own, so
// that nobody gets that SDK with ours. See ../README.md.
module github.com/wechatoa/wechat/foreign/silenceper

go 1.25.0

require (
	github.com/silenceper/wechat/v2 v2.1.14
	github.com/stretchr/testify v1.12.1
	github.com/wechatoa/wechat v0.0.0
)

replace github.com/wechatoa/wechat => ../..

require (
	github.com/bradfitz/gomemcache v0.0.0-20220106215444-fb4bf637b56d // indirect
	github.com/cespare/xxhash/v2 v2.1.2 // indirect
	github.com/dgryski/go-rendezvous v0.0.0-20200823014737-9f7001d12a5f // indirect
	github.com/go-redis/redis/v8 v8.11.5 // indirect
	github.com/go-resty/resty/v2 v2.17.2 // indirect
	github.com/sirupsen/logrus v1.9.0 // indirect
	github.com/tidwall/gjson v1.14.1 // indirect
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/crypto v0.41.0 // indirect
	golang.org/x/net v0.43.0 // indirect
	golang.org/x/sys v0.35.0 // indirect
)
