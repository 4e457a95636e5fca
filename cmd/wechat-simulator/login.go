package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"net/http"
	"strings"
	"time"
)

// login protects the control API and the page with a password. A browser logs in with a
// form and gets a cookie; a program sends the password with HTTP Basic authentication, with
// any user name. The zero value protects nothing.
type login struct {
	password string
	session  string // the value of the cookie

	turn chan struct{} // holds an element while a password is compared, and for a pause after a wrong one
}

const (
	loginPath     = prefix + "login"
	sessionCookie = "wechat_simulator"
	failurePause  = time.Second
)

func newLogin(password string) *login {
	return &login{password: password, session: rand.Text(), turn: make(chan struct{}, 1)}
}

// require refuses requests without the password.
func (l *login) require(next http.Handler) http.Handler {
	if l.password == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isOpen := r.URL.Path == loginPath || strings.HasPrefix(r.URL.Path, prefix+"page/") // the files are public anyway
		if isOpen || l.knows(r) {
			next.ServeHTTP(w, r)
			return
		}
		if r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") {
			http.Redirect(w, r, loginPath, http.StatusSeeOther)
			return
		}
		if r.Header.Get("Sec-Fetch-Mode") == "" { // browsers would show a dialog of their own
			w.Header().Set("WWW-Authenticate", `Basic realm="wechat-simulator", charset="UTF-8"`)
		}
		writeError(w, http.StatusUnauthorized, "the password is required: log in at "+loginPath+", or send it with HTTP Basic authentication")
	})
}

// knows reports whether a request has the cookie or the password.
func (l *login) knows(r *http.Request) bool {
	if cookie, err := r.Cookie(sessionCookie); err == nil && equal(cookie.Value, l.session) {
		return true
	}
	_, password, ok := r.BasicAuth()
	return ok && l.accepts(r.Context(), password)
}

// equal compares secrets in constant time, whatever their lengths.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// accepts compares a password when all that came before it have been compared. After a wrong
// one, the next waits for a second, whether or not the client waits for its response: the
// right one would otherwise be known by its quick response, and any number could be tried.
func (l *login) accepts(ctx context.Context, password string) bool {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	if equal(password, l.password) {
		<-l.turn
		return true
	}
	paused := make(chan struct{})
	time.AfterFunc(failurePause, func() {
		<-l.turn
		close(paused)
	})
	select {
	case <-paused:
	case <-ctx.Done():
	}
	return false
}

//go:embed login.html
var loginForm string

// form serves the form.
func (l *login) form(w http.ResponseWriter, r *http.Request) {
	if l.password == "" || l.knows(r) {
		http.Redirect(w, r, prefix, http.StatusSeeOther)
		return
	}
	l.show(w, http.StatusOK, "")
}

// maxForm is the size of a form with a password, in bytes.
const maxForm = 4 << 10

// submit checks the password in the form.
func (l *login) submit(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if !l.accepts(r.Context(), r.PostFormValue("password")) {
		l.show(w, http.StatusForbidden, "密码错误 Wrong password")
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure if the request is: the simulator itself serves plain HTTP
		Name: sessionCookie, Value: l.session, Path: prefix, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, prefix, http.StatusSeeOther)
}

// show shows the form with a message.
func (*login) show(w http.ResponseWriter, status int, message string) {
	header := w.Header()
	header.Set("Content-Security-Policy", pagePolicy)
	header.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(strings.Replace(loginForm, "{{message}}", message, 1))) // a constant
}
