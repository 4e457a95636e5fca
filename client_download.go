package wechat

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wechatoa/wechat/internal/wirejson"
)

// DownloadInfo describes a download.
type DownloadInfo struct {
	ContentType string // as declared by the platform
	FileName    string // as sent by the platform, without directories and control characters; empty if none is left, as of "NUL", a device of Windows
	Size        int64  // number of bytes written
}

// download receives the bytes of a response, or a JSON document if the endpoint returns
// one instead.
type download struct {
	w           io.Writer
	alternative any // what a JSON response is decoded into; nil if only an error is JSON
	info        DownloadInfo
	isJSON      bool // the response was decoded into alternative
}

// download calls an endpoint that returns bytes. It reports whether the response was
// JSON and was decoded into alternative.
func (c *Client) download(ctx context.Context, req Request, w io.Writer, alternative any) (*DownloadInfo, bool, error) {
	if err := notNil("w", w); err != nil {
		return nil, false, err
	}
	d := &download{w: w, alternative: alternative}
	if err := c.Do(ctx, req, d); err != nil {
		return nil, false, err
	}
	return &d.info, d.isJSON, nil
}

// sink returns the download that receives the bytes of the response, if the call is one.
func (cl *call) sink() (*download, bool) {
	switch out := cl.out.(type) {
	case *download:
		return out, true
	case io.Writer:
		return &download{w: out}, true
	}
	return nil, false
}

const maxErrorJSON = 4 << 10

var (
	errHTML   = errors.New("an HTML page instead of a file")
	errNoFile = errors.New("a JSON document without content instead of a file")
)

// found reports whether a document without an error contains what replaces the file. It may
// also say that there is no file, where nothing replaces one.
func (d *download) found() bool {
	return d.alternative == nil || !reflect.ValueOf(d.alternative).Elem().IsZero()
}

// receive copies the response to the writer, or returns it if it is JSON. It ignores
// the Content-Type, because the platform sends errors with that of an image. If the
// response arrived and cannot be used, it returns its beginning and the error.
func (d *download) receive(raw *http.Response) (document []byte, written bool, err error) {
	d.isJSON = false // a refused attempt was
	body := bufio.NewReaderSize(raw.Body, maxErrorJSON+1)
	head, err := body.Peek(maxErrorJSON + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	if len(head) == 0 {
		return []byte{}, false, nil // decoding it as JSON returns the error
	}
	if isHTML(head) {
		return bytes.Clone(head), false, errHTML
	}
	document, content, err := d.split(head, body, raw.ContentLength)
	if err != nil || document != nil {
		return document, false, err
	}
	d.info = DownloadInfo{ContentType: raw.Header.Get("Content-Type"), FileName: fileName(raw.Header.Get("Content-Disposition"))}
	d.info.Size, err = io.Copy(d.w, content)
	return nil, true, err
}

// split returns the response as a document for the client or as content for the writer,
// depending on how it begins.
func (d *download) split(head []byte, body io.Reader, declared int64) (document []byte, content io.Reader, err error) {
	if start := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"); len(start) == 0 || start[0] != '{' {
		return nil, body, nil
	}
	if len(head) > maxErrorJSON && d.alternative == nil {
		return nil, body, nil
	}
	all, err := readAnswer(body, declared, maxAnswer)
	switch {
	case all == nil:
		return nil, nil, err
	case err != nil: // it begins like a document, and the platform has no file that large
		return all.bytes, nil, err
	}
	answer, err := wirejson.Decode(all.bytes, nil)
	if err == nil && answer.Kind == wirejson.Object && (answer.Refusal.Found || d.alternative != nil) {
		d.isJSON = d.alternative != nil
		return all.bytes, nil, nil
	}
	return nil, bytes.NewReader(all.bytes), nil
}

// isHTML reports whether content begins like an HTML page. The platform has no such
// files, so the page comes from a proxy or the like.
func isHTML(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) { // UTF-16
		head = bytes.ReplaceAll(head[2:], []byte{0}, nil)
	}
	rest := bytes.ToLower(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	for {
		rest = bytes.TrimLeft(rest, " \t\r\n\f\v")
		var end string
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(rest, []byte("<?xml")):
			end = "?>"
		default:
			return beginsHTML(rest)
		}
		_, after, ok := bytes.Cut(rest, []byte(end))
		if !ok {
			return end == "-->" // only HTML begins with such a long comment
		}
		rest = after
	}
}

// htmlTags are the tags that pages begin with, besides the doctype.
var htmlTags = []string{
	"html", "head", "body", "title", "meta", "link", "script", "style", "base", "h1", "h2", "h3", "center", "div", "p", "table", "iframe", "font", "a", "b", "br", "hr", "form", "pre", "noscript", "frameset",
	"h4", "h5", "h6", "header", "main", "nav", "section", "article", "span", "strong", "em", "i", "u", "img", "ul", "ol", "li", "dl", "input", "button",
}

func beginsHTML(s []byte) bool {
	if rest, ok := bytes.CutPrefix(s, []byte("<!doctype")); ok {
		return bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n\f\v"), []byte("html"))
	}
	rest, ok := bytes.CutPrefix(s, []byte("<"))
	if !ok {
		return false
	}
	for _, tag := range htmlTags {
		if after, ok := bytes.CutPrefix(rest, []byte(tag)); ok && (len(after) == 0 || bytes.IndexByte([]byte(" \t\r\n\f>/"), after[0]) >= 0) {
			return true
		}
	}
	return false
}

// fileName returns the file name of a Content-Disposition header: filename* if it has a
// valid one, otherwise filename.
func fileName(disposition string) string {
	var plain, extended string
	for rest := disposition; rest != ""; {
		var name, value string
		name, value, rest = nextParameter(rest)
		switch {
		case strings.EqualFold(name, "filename") && plain == "":
			plain = value
		case strings.EqualFold(name, "filename*") && extended == "":
			extended = decodeExtended(value)
		}
	}
	if name := baseName(extended); name != "" {
		return name
	}
	return baseName(plain)
}

// nextParameter splits off the first parameter of a header. The type at the beginning,
// which has no "=", is returned as a name without a value.
func nextParameter(s string) (name, value, rest string) {
	end := strings.IndexAny(s, ";=")
	if end < 0 {
		return "", "", ""
	}
	name, rest = strings.TrimSpace(s[:end]), s[end+1:]
	if s[end] == ';' {
		return name, "", rest
	}
	if quoted, ok := strings.CutPrefix(strings.TrimLeft(rest, " \t"), `"`); ok {
		value, rest = unquote(quoted)
		_, rest, _ = strings.Cut(rest, ";")
		return name, value, rest
	}
	value, rest, _ = strings.Cut(rest, ";")
	return name, strings.TrimSpace(value), rest
}

// unquote reads up to the closing quote. A backslash escapes a quote and itself; any
// other backslash is a character, as in a Windows path.
func unquote(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// decodeExtended decodes charset'language'value of RFC 5987. It returns "" if s is
// anything else.
func decodeExtended(s string) string {
	charset, rest, _ := strings.Cut(s, "'")
	_, encoded, ok := strings.Cut(rest, "'")
	decoded, err := url.PathUnescape(encoded)
	if !ok || err != nil {
		return ""
	}
	switch {
	case strings.EqualFold(charset, "utf-8"):
		return decoded
	case strings.EqualFold(charset, "iso-8859-1"):
		runes := make([]rune, len(decoded))
		for i := range len(decoded) {
			runes[i] = rune(decoded[i])
		}
		return string(runes)
	}
	return ""
}

// baseName removes directories and invisible characters from a name. Windows reads a colon as
// the end of a drive, or as the beginning of a part of a file that is not listed.
func baseName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD"))
	name = strings.TrimSpace(name[strings.LastIndexAny(name, `/\:`)+1:])
	if strings.Trim(name, ". ") == "" || isDevice(name) {
		return ""
	}
	return name
}

// isDevice reports whether Windows opens a device instead of a file of this name, in any
// directory.
func isDevice(name string) bool {
	name, _, _ = strings.Cut(name, ".")
	name = strings.ToUpper(strings.TrimRight(name, " "))
	switch name {
	case "CON", "CONIN$", "CONOUT$", "PRN", "AUX", "NUL":
		return true
	}
	port, isPort := strings.CutPrefix(name, "COM")
	if !isPort {
		port, isPort = strings.CutPrefix(name, "LPT")
	}
	return isPort && utf8.RuneCountInString(port) == 1 && strings.ContainsAny(port, "0123456789¹²³")
}
