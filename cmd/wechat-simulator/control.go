package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// prefix is the path prefix of the control API. No path of the platform begins with it.
const prefix = "/simulator/"

const maxBody = 32 << 20 // bytes of a request to the control API

// endpoint handles a request to the control API. It returns the value of the JSON
// response, or [none].
type endpoint func(r *http.Request) (any, error)

// none is the result of an endpoint without a response body (HTTP 204).
type none struct{}

// problem is an error with an HTTP status.
type problem struct {
	status  int
	message string
	reason  *note // for the page, or nil
}

func (p *problem) Error() string { return p.message }

func invalid(format string, args ...any) error {
	return &problem{status: http.StatusBadRequest, message: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &problem{status: http.StatusNotFound, message: fmt.Sprintf(format, args...)}
}

// newControl returns the control API of a simulator, and its page. Web pages of other
// origins cannot use it, not even through a name that resolves to this machine.
func newControl(s *simulator) http.Handler {
	mux := http.NewServeMux()
	for pattern, handler := range s.endpoints() {
		mux.Handle(pattern, handler)
	}
	for pattern, handler := range s.handlers() {
		mux.Handle(pattern, handler)
	}
	mux.Handle("GET /simulator/page/", assets())
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(refuseForeign))
	access := newLogin(s.set.password)
	mux.HandleFunc("GET "+loginPath, access.form)
	mux.HandleFunc("POST "+loginPath, access.submit)
	guarded := withSafeHeaders(guard.Handler(withoutForeignReads(access.require(withJSONErrors(mux)))))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.set.allowRemote && !isLocal(r.Host) {
			writeError(w, http.StatusForbidden, "the host of the control API must be an IP address or localhost")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		guarded.ServeHTTP(w, r)
	})
}

func refuseForeign(w http.ResponseWriter, _ *http.Request) {
	writeError(w, http.StatusForbidden, "web pages of other origins cannot use the control API")
}

// withoutForeignReads refuses the requests with which pages of other origins read or load
// something. [http.CrossOriginProtection] only refuses what changes something, and leaves the
// rest to browsers.
func withoutForeignReads(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isForeign(r.Header, r.Host) {
			refuseForeign(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isForeign reports whether a page of another origin has sent a request, other than by a link
// that a person follows.
func isForeign(header http.Header, host string) bool {
	switch header.Get("Sec-Fetch-Site") {
	case "same-origin", "none": // the page, a person
		return false
	case "": // a program, or a browser without HTTPS
		origin := header.Get("Origin")
		u, err := url.Parse(origin)
		return origin != "" && (err != nil || u.Host != host)
	}
	return header.Get("Origin") != "" || header.Get("Sec-Fetch-Mode") != "navigate"
}

// isLocal reports whether nobody else can control the name in a Host header.
func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")) != nil
}

// endpoints returns the control API by the patterns of [http.ServeMux].
func (s *simulator) endpoints() map[string]endpoint {
	return map[string]endpoint{
		"GET /simulator/state":  s.getState,
		"POST /simulator/reset": s.postReset,
		"POST /simulator/wait":  s.postWait,

		"GET /simulator/callback":         s.getCallback,
		"PATCH /simulator/callback":       s.patchCallback,
		"POST /simulator/callback/verify": s.verifyCallback,

		"GET /simulator/followers":                          s.listFollowers,
		"POST /simulator/followers":                         s.addFollower,
		"GET /simulator/followers/{openid}":                 s.getFollower,
		"PATCH /simulator/followers/{openid}":               s.patchFollower,
		"GET /simulator/followers/{openid}/messages":        s.listMessages,
		"POST /simulator/followers/{openid}/messages":       s.sendMessage,
		"POST /simulator/followers/{openid}/events":         s.sendEvent,
		"GET /simulator/followers/{openid}/chat":            s.getChat,
		"POST /simulator/followers/{openid}/comments":       s.addComment,
		"POST /simulator/followers/{openid}/authorizations": s.authorize,

		"GET /simulator/pushes":  s.listPushes,
		"POST /simulator/pushes": s.push,

		"GET /simulator/log/calls":       s.listLoggedCalls,
		"GET /simulator/log/calls/{id}":  s.getLoggedCall,
		"GET /simulator/log/pushes":      s.listLoggedPushes,
		"GET /simulator/log/pushes/{id}": s.getLoggedPush,

		"GET /simulator/clock":           s.getClock,
		"PATCH /simulator/clock":         s.patchClock,
		"GET /simulator/quotas":          s.listQuotas,
		"POST /simulator/quotas/exhaust": s.exhaustQuota,
		"POST /simulator/quotas/clear":   s.clearQuotas,
		"GET /simulator/qrcodes":         s.listQRCodes,
		"GET /simulator/articles":        s.listArticles,
		"GET /simulator/articles/{id}":   s.getArticle,
		"GET /simulator/templates":       s.listTemplates,

		"GET /simulator/tokens":          s.listTokens,
		"POST /simulator/tokens/expire":  s.expireTokens,
		"DELETE /simulator/tokens":       s.revokeTokens,
		"POST /simulator/secret":         s.postSecret,
		"GET /simulator/calls":           s.listCalls,
		"GET /simulator/faults":          s.listFaults,
		"POST /simulator/faults":         s.addFault,
		"DELETE /simulator/faults":       s.clearFaults,
		"DELETE /simulator/faults/{id}":  s.removeFault,
		"POST /simulator/faults/publish": s.failPublish,

		"PUT /simulator/statistics":              s.setStatistics,
		"PATCH /simulator/tags/{id}":             s.patchTag,
		"POST /simulator/templates":              s.addTemplate,
		"POST /simulator/subscribe-templates":    s.addSubscribeTemplate,
		"POST /simulator/media":                  s.addMedia,
		"POST /simulator/kf-accounts":            s.addKFAccount,
		"PATCH /simulator/kf-accounts/{account}": s.patchKFAccount,
	}
}

// handlers returns the part of the control API whose responses are not, or not only, JSON.
func (s *simulator) handlers() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /simulator/{$}":        s.serveIndex,
		"GET /simulator/live":       s.live,
		"GET /simulator/media/{id}": s.getMedia,

		"GET /simulator/log/calls/{id}/curl":   s.callAsCurl,
		"GET /simulator/log/pushes/{id}/go":    s.pushAsGo,
		"GET /simulator/followers/{openid}/go": s.chatAsGo,
	}
}

// ServeHTTP writes the result of the endpoint.
func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := e(r)
	var p *problem
	switch {
	case errors.As(err, &p):
		writeJSON(w, p.status, errorJSON{p.message, p.reason})
	case err != nil:
		writeError(w, http.StatusInternalServerError, err.Error())
	case out == none{}:
		w.WriteHeader(http.StatusNoContent)
	default:
		writeJSON(w, http.StatusOK, out)
	}
}

// errorJSON is the body of an error.
type errorJSON struct {
	Error  string `json:"error"`
	Reason *note  `json:"reason,omitempty"`
}

func writeError(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, errorJSON{Error: message})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

// withJSONErrors responds in JSON if no pattern matches, with the status and the Allow
// header of the mux.
func withJSONErrors(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		unmatched, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		head := &headWriter{header: http.Header{}}
		unmatched.ServeHTTP(head, r)
		message := r.URL.Path + " is not part of the control API; GET " + prefix + " lists its endpoints"
		if allow := head.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			message = r.URL.Path + " allows " + allow
		}
		writeError(w, head.status, message)
	})
}

// headWriter keeps the status and the header of a response and drops its body.
type headWriter struct {
	header http.Header
	status int
}

func (w *headWriter) Header() http.Header         { return w.header }
func (w *headWriter) WriteHeader(status int)      { w.status = status }
func (w *headWriter) Write(p []byte) (int, error) { return len(p), nil }

// read decodes the body of a request: a JSON object without unknown fields.
func read(r *http.Request, into any) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/json" {
		return &problem{status: http.StatusUnsupportedMediaType, message: "the Content-Type must be application/json"}
	}
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &problem{status: http.StatusRequestEntityTooLarge, message: fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit)}
	case err != nil:
		return invalid("the body cannot be read: %v", err)
	}
	return decode(body, into)
}

// decode decodes a JSON object.
func decode(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if trimmed := bytes.TrimSpace(data); len(trimmed) == 0 || trimmed[0] != '{' {
		return invalid("the body must be a JSON object")
	}
	if err := dec.Decode(into); err != nil {
		return invalid("the body is not valid: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return invalid("the body must be a single JSON object")
	}
	return nil
}

// required returns an error if a field is empty.
func required(name, value string) error {
	if value == "" {
		return invalid("%s is required", name)
	}
	return nil
}
