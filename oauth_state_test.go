package wechat

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestF6_AStateHas160RandomBits(t *testing.T) {
	const states = 4096
	seen, digits := map[OAuthState]bool{}, map[int]map[byte]int{}
	for range states {
		s := NewOAuthState()
		require.Len(t, string(s), 40)
		seen[s] = true
		for i := range s {
			if digits[i] == nil {
				digits[i] = map[byte]int{}
			}
			digits[i][s[i]]++
		}
	}
	assert.Len(t, seen, states)
	for place, counts := range digits {
		require.Len(t, counts, 16, "place %d: 4 bits each", place)
		for _, n := range counts {
			require.InDelta(t, states/16, n, 128, "place %d: 8 standard deviations", place)
		}
	}
}

func TestF6_AStateIsComparedInConstantTime(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "oauth.go", nil, 0)
	require.NoError(t, err)
	constant := 0
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != "Check" {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if n.Sel.Name == "ConstantTimeCompare" {
					constant++
				}
			case *ast.BinaryExpr:
				for _, side := range []ast.Expr{n.X, n.Y} {
					name, ok := side.(*ast.Ident)
					assert.False(t, ok && name.Name == "got", "what came back must not be compared with %s", n.Op)
				}
			}
			return true
		})
	}
	assert.Equal(t, 1, constant)
}

// loginPage is a page that logs a browser in, with the state in a session of the server.
func loginPage(accepted *int) http.Handler {
	sessions := map[string]*OAuthState{}
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, _ *http.Request) {
		session, state := string(NewOAuthState()), NewOAuthState()
		sessions[session] = &state
		w.Header().Set("State", string(state))
		http.SetCookie(w, &http.Cookie{Name: "session", Value: session})
	})
	mux.HandleFunc("/welcome", func(w http.ResponseWriter, r *http.Request) {
		var none OAuthState
		state := &none
		if cookie, err := r.Cookie("session"); err == nil && sessions[cookie.Value] != nil {
			state = sessions[cookie.Value]
		}
		if state.Check(r.FormValue("state")) != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		*accepted++
	})
	return mux
}

// browser is a browser at a login page.
type browser struct {
	page   http.Handler
	cookie string
	state  string // of the authorization that it has begun
}

func (b *browser) login() {
	w := httptest.NewRecorder()
	b.page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/login", nil))
	b.state, b.cookie = w.Header().Get("State"), w.Header().Get("Set-Cookie")
}

func (b *browser) comesBack(state string) int {
	r := httptest.NewRequest(http.MethodGet, "/welcome?code=CODE&state="+url.QueryEscape(state), nil)
	if b.cookie != "" {
		r.Header.Set("Cookie", b.cookie)
	}
	w := httptest.NewRecorder()
	b.page.ServeHTTP(w, r)
	return w.Code
}

func TestF6_NoForgedOrRepeatedLoginIsAccepted(t *testing.T) {
	const rounds = 1000
	accepted := 0
	page := loginPage(&accepted)
	for range rounds {
		attacker, victim, stranger := &browser{page: page}, &browser{page: page}, &browser{page: page}
		attacker.login()
		for _, state := range []string{attacker.state, ""} { // a victim who opens the attacker's link
			victim.login()
			require.Equal(t, http.StatusForbidden, victim.comesBack(state))
			require.Equal(t, http.StatusForbidden, victim.comesBack(victim.state), "one guess ends it")
			require.Equal(t, http.StatusForbidden, stranger.comesBack(state))
		}
	}
	assert.Zero(t, accepted, "forgeries")
	for range rounds {
		user := &browser{page: page}
		user.login()
		require.Equal(t, http.StatusOK, user.comesBack(user.state))
		require.Equal(t, http.StatusForbidden, user.comesBack(user.state))
	}
	assert.Equal(t, rounds, accepted, "each login once")
}

func TestF6_ACodeGoesOnlyToListedPages(t *testing.T) {
	c := NewClient("wx0000000000000001", "SECRET-CANARY", WithOAuthRedirectURLs("https://example.com/welcome", "https://example.com/app"))
	open := func(c *Client, page string) error {
		_, err := c.OAuthURL(OAuthURLRequest{RedirectURL: page, Scope: OAuthScopeBase, State: NewOAuthState()})
		return err
	}
	for _, page := range []string{"https://example.com/welcome", "https://example.com/welcome?next=%2Forders", "https://example.com/app?"} {
		require.NoError(t, open(c, page), page)
	}
	for _, page := range []string{
		"", "https://evil.example.net/welcome", "http://example.com/welcome", "https://example.com", "https://example.com/", "https://example.com/welcome/",
		"https://example.com/welcome/../evil", "https://example.com/Welcome", "https://EXAMPLE.com/welcome", "https://example.com:443/welcome",
		"https://example.com@evil.example.net/welcome", "https://example.com/welcome@evil.example.net", "https://example.com/welcome#a", "https://example.com/%77elcome",
		"https://example.com\\.evil.example.net/welcome", " https://example.com/welcome", "https://example.com/welcome\n", "https://example.com/welcome;a?b",
		"javascript:alert(1)", "//example.com/welcome", "https://example.com/app2", "https://evil.example.net/?https://example.com/welcome",
	} {
		assertArgument(t, open(c, page), "RedirectURL")
	}
	assertArgument(t, open(NewClient("wx1", "s", WithOAuthRedirectURLs()), "https://example.com/"), "RedirectURL")
	require.NoError(t, open(NewClient("wx1", "s"), "https://anywhere.example.com/"), "without a list, the console decides")

	pages := []string{"https://example.com/welcome"}
	option := WithOAuthRedirectURLs(pages...)
	pages[0] = "https://evil.example.net/"
	require.NoError(t, open(NewClient("wx1", "s", option), "https://example.com/welcome"), "the list is copied when it is given")

	for _, wrong := range []string{"https://example.com/a?b=c", "https://example.com/#a", "example.com/a", ""} {
		s := newScript(ok)
		assertArgument(t, s.client(WithOAuthRedirectURLs("https://example.com/", wrong)).Do(t.Context(), request(), nil), "WithOAuthRedirectURLs[1]")
	}
}
