// Package wechat is an SDK for the server API of WeChat Official Accounts (微信公众号).
package wechat
