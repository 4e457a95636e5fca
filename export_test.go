package wechat

import "context"

// Ways are the ways of sending: with the HTTP client that was given, and through a resty
// client around it, which logs all that it can.
var Ways = map[string]Option{"HTTP": nil, "resty": func(c *config) {
	asResty(c)
	c.resty.SetDebug(true).EnableGenerateCurlOnDebug()
}}

// Row is a wire row for the tests outside of the package.
type Row struct {
	Name string
	Call func(ctx context.Context, c *Client) (any, error)
}

// Rows returns the calls of all wire rows.
func Rows() []Row {
	all := make([]Row, len(rows))
	for i, r := range rows {
		all[i] = Row{Name: r.name, Call: r.call}
	}
	return all
}
