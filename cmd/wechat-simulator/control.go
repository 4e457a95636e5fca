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
}

func (p *problem) Error() string { return p.message }

func invalid(format string, args ...any) error {
	return &problem{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &problem{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

// newControl returns the control API of a simulator. Web pages of other origins cannot
// use it, not even through a name that resolves to this machine.
func newControl(s *simulator) http.Handler {
	mux := http.NewServeMux()
	for pattern, handler := range s.endpoints() {
		mux.Handle(pattern, handler)
	}
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusForbidden, "web pages of other origins cannot use the control API")
	}))
	guarded := guard.Handler(withJSONErrors(mux))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.set.expose && !isLocal(r.Host) {
			writeError(w, http.StatusForbidden, "the host of the control API must be an IP address or localhost")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		guarded.ServeHTTP(w, r)
	})
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
		"GET /simulator/{$}":    s.index,
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
		"POST /simulator/followers/{openid}/comments":       s.addComment,
		"POST /simulator/followers/{openid}/authorizations": s.authorize,

		"GET /simulator/pushes":  s.listPushes,
		"POST /simulator/pushes": s.push,

		"DELETE /simulator/tokens":       s.revokeTokens,
		"POST /simulator/secret":         s.postSecret,
		"GET /simulator/calls":           s.listCalls,
		"GET /simulator/faults":          s.listFaults,
		"POST /simulator/faults":         s.addFault,
		"DELETE /simulator/faults":       s.clearFaults,
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

// ServeHTTP writes the result of the endpoint.
func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := e(r)
	var p *problem
	switch {
	case errors.As(err, &p):
		writeError(w, p.status, p.message)
	case err != nil:
		writeError(w, http.StatusInternalServerError, err.Error())
	case out == none{}:
		w.WriteHeader(http.StatusNoContent)
	default:
		writeJSON(w, http.StatusOK, out)
	}
}

func writeError(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, map[string]string{"error": message})
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
		return &problem{http.StatusUnsupportedMediaType, "the Content-Type must be application/json"}
	}
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &problem{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit)}
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
