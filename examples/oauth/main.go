// Oauth logs users of a web page in with WeChat (网页授权) and remembers them by a
// cookie. The console must list the domain of PUBLIC_URL (网页授权域名).
//
//	WECHAT_APP_ID=… WECHAT_APP_SECRET=… PUBLIC_URL=https://example.com go run ./examples/oauth
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	"github.com/wechatoa/wechat"
)

const (
	stateCookie   = "state"
	sessionCookie = "session"
)

// site is the web site with the login.
type site struct {
	client    *wechat.Client
	publicURL string

	mu    sync.Mutex
	users map[string]*wechat.OAuthUser // by session; a real site uses its database
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	address := cmp.Or(os.Getenv("ADDRESS"), "127.0.0.1:8082")
	s := &site{
		client: wechat.NewClient(os.Getenv("WECHAT_APP_ID"), os.Getenv("WECHAT_APP_SECRET"),
			wechat.WithBaseURL(os.Getenv("WECHAT_BASE_URL"))), // "" is the real platform
		publicURL: cmp.Or(os.Getenv("PUBLIC_URL"), "http://"+address),
		users:     map[string]*wechat.OAuthUser{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /login", s.login)
	mux.HandleFunc("GET /oauth", s.loggedIn)
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	fmt.Println("Open", s.publicURL, "in WeChat")
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	user := s.user(r)
	if user == nil {
		http.Redirect(w, r, "/login", http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "您好，%s（openid %s）", user.Nickname, user.OpenID)
}

// login sends the browser to the platform, with a state that only this browser has.
func (s *site) login(w http.ResponseWriter, r *http.Request) {
	state := wechat.NewOAuthState()
	url, err := s.client.OAuthURL(wechat.OAuthURLRequest{
		RedirectURL: s.publicURL + "/oauth", Scope: wechat.OAuthScopeUserInfo, State: state,
	})
	if err != nil {
		log.Print(err)
		http.Error(w, "网页授权配置有误", http.StatusInternalServerError)
		return
	}
	s.setCookie(w, stateCookie, string(state), 10*time.Minute)
	http.Redirect(w, r, url, http.StatusFound)
}

// loggedIn receives the browser back from the platform.
func (s *site) loggedIn(w http.ResponseWriter, r *http.Request) {
	state := wechat.OAuthState(s.cookie(r, stateCookie)) // without a cookie it is empty, which matches nothing
	s.setCookie(w, stateCookie, "", -time.Second)        // it works once
	if state.Check(r.FormValue("state")) != nil {
		offerLogin(w, http.StatusForbidden)
		return
	}
	user, err := s.client.GetOAuthUserByCode(r.Context(), wechat.Secret(r.FormValue("code")))
	switch {
	case errors.Is(err, wechat.ErrOAuthCodeUsed), errors.Is(err, wechat.ErrInvalidOAuthCode), errors.Is(err, wechat.ErrExpiredOAuthCode):
		http.Redirect(w, r, "/login", http.StatusFound) // a code works once
	case err != nil:
		log.Print(err) // it holds neither code nor token
		offerLogin(w, http.StatusBadGateway)
	case user.IsSnapshotUser: // nobody has agreed to anything yet
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprint(w, "请点击“使用完整服务”")
	default:
		session := rand.Text()
		s.mu.Lock()
		s.users[session] = user
		s.mu.Unlock()
		s.setCookie(w, sessionCookie, session, 24*time.Hour)
		http.Redirect(w, r, "/", http.StatusFound)
	}
}

// offerLogin shows a link. A redirect would never end while the platform fails or the
// browser refuses cookies.
func offerLogin(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, `登录没有成功。<a href="/login">重新登录</a>`)
}

func (s *site) user(r *http.Request) *wechat.OAuthUser {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[s.cookie(r, sessionCookie)]
}

// cookie returns the value of a cookie, or "".
func (s *site) cookie(r *http.Request, name string) string {
	cookie, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (s *site) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: s.isSecure(),
	})
}

// cookieName makes browsers accept a cookie only from this host, not from another one of
// its domain. They require HTTPS for it.
func (s *site) cookieName(name string) string {
	if s.isSecure() {
		return "__Host-" + name
	}
	return name
}

func (s *site) isSecure() bool { return strings.HasPrefix(s.publicURL, "https:") }
