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
		s.fail(w, err)
		return
	}
	s.setCookie(w, stateCookie, string(state), 10*time.Minute)
	http.Redirect(w, r, url, http.StatusFound)
}

// loggedIn receives the browser back from the platform.
func (s *site) loggedIn(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie(stateCookie)
	if err != nil {
		http.Error(w, "请重新登录", http.StatusBadRequest)
		return
	}
	s.setCookie(w, stateCookie, "", -time.Second) // it works once
	state := wechat.OAuthState(cookie.Value)
	if err := state.Check(r.URL.Query().Get("state")); err != nil {
		http.Error(w, "请重新登录", http.StatusBadRequest)
		return
	}
	user, err := s.client.GetOAuthUserByCode(r.Context(), wechat.Secret(r.URL.Query().Get("code")))
	if err != nil {
		s.fail(w, err)
		return
	}
	session := rand.Text()
	s.mu.Lock()
	s.users[session] = user
	s.mu.Unlock()
	s.setCookie(w, sessionCookie, session, 24*time.Hour)
	http.Redirect(w, r, "/", http.StatusFound)
}

func (s *site) user(r *http.Request) *wechat.OAuthUser {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[cookie.Value]
}

func (s *site) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(s.publicURL, "https:"),
	})
}

// fail logs the error, which holds neither code nor token, and tells the user nothing of it.
func (s *site) fail(w http.ResponseWriter, err error) {
	log.Print(err)
	http.Error(w, "登录失败，请稍后再试", http.StatusBadGateway)
}
