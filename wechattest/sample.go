package wechattest

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"strconv"
	"strings"

	"github.com/wechatoa/wechat/internal/spec"
)

// sample returns a sample of the documented response, for an endpoint without a
// behavior of its own. Fields that the request contains too have the request's values.
func (p *Platform) sample(c *call) (any, error) {
	switch c.endpoint.Content {
	case "binary-response":
		return picture(), nil
	case "redirect":
		return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/html; charset=UTF-8"}}, body: []byte("<html></html>")}, nil
	}
	out := map[string]any{"errcode": 0, "errmsg": "ok"}
	for _, f := range c.endpoint.Response {
		out[f.Name] = p.sampleOf(c, f, f.Type)
		if echoed, ok := c.fields[f.Name]; ok && !strings.HasPrefix(f.Type, "object") {
			out[f.Name] = echoed
		}
	}
	return out, nil
}

func (p *Platform) sampleOf(c *call, f spec.Field, kind string) any {
	if inner, ok := strings.CutSuffix(kind, "[]"); ok {
		return []any{p.sampleOf(c, f, inner)}
	}
	switch kind {
	case "object":
		object := map[string]any{}
		for _, inside := range f.Fields {
			object[inside.Name] = p.sampleOf(c, inside, inside.Type)
		}
		if f.Map {
			return map[string]any{"sample": object}
		}
		return object
	case "boolean":
		return true
	case "integer", "number":
		return p.sampleNumber(c, f)
	}
	return p.sampleText(c, f)
}

// isOutcome reports whether 0 in the field means success.
func isOutcome(name string) bool {
	switch name {
	case "ret", "retcode", "errcode", "err_code", "err_no":
		return true
	}
	return false
}

func (p *Platform) sampleNumber(c *call, f spec.Field) any {
	switch {
	case isOutcome(f.Name), f.Name == "status" && f.Enum == nil:
		return 0
	case f.Enum != nil:
		n, _ := strconv.Atoi(f.Enum[0])
		return n
	case isTime(f.Name):
		return c.At.Unix()
	}
	return 1
}

// isTime reports whether a number is a point in time rather than a duration.
func isTime(name string) bool {
	return name == "time" || strings.HasSuffix(name, "createtime") || strings.HasSuffix(name, "timestamp") ||
		strings.HasSuffix(name, "_time") && !strings.HasPrefix(name, "cost")
}

func (p *Platform) sampleText(c *call, f spec.Field) any {
	if f.Enum != nil {
		return f.Enum[0]
	}
	name := strings.ToLower(f.Name)
	switch {
	case name == "errmsg" || name == "err_msg":
		return "ok"
	case strings.Contains(name, "openid"):
		for _, u := range p.order {
			return u.OpenID
		}
		return newOpenID()
	case strings.Contains(name, "appid"):
		return p.AppID
	case strings.Contains(name, "url"):
		return "https://mp.weixin.qq.com/" + f.Name
	case strings.HasSuffix(name, "date"):
		return dayOf(c.At)
	case strings.Contains(name, "time"):
		return strconv.FormatInt(c.At.Unix(), 10)
	case strings.HasPrefix(name, "is_"):
		return "1"
	}
	for _, ending := range []string{"id", "_count", "_cnt", "num", "fee"} { // numbers as strings
		if strings.HasSuffix(name, ending) {
			return "1"
		}
	}
	return f.Name
}

// picture returns a small valid image.
func picture() []byte {
	var buf bytes.Buffer
	_ = png.Encode(&buf, image.NewGray(image.Rect(0, 0, 8, 8))) // a buffer accepts everything
	return buf.Bytes()
}
