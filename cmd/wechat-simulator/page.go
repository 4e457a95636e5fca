package main

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// The page, a program of its own that uses the control API.
//
//go:embed page
var pageFiles embed.FS

// pagePolicy lets the page load what is embedded, and nothing from anywhere else: what the
// program under test sends cannot run in it.
const pagePolicy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// dataPolicy is the policy of everything else.
const dataPolicy = "default-src 'none'; sandbox; frame-ancestors 'none'"

// withSafeHeaders sets the headers of all responses of the control API.
func withSafeHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", dataPolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "same-origin") // without a referrer, the form of the login would have no origin
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// serveIndex serves the page to a browser, and the list of endpoints to a program.
func (s *simulator) serveIndex(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		endpoint(s.index).ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", pagePolicy)
	http.ServeFileFS(w, r, pageFiles, "page/index.html")
}

// assetTypes are the types of the files of the page, whatever the settings of the machine
// say.
var assetTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
}

// assets serves the files of the page.
func assets() http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the name is valid
	}
	server := http.StripPrefix(prefix+"page/", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") { // no listings
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", pagePolicy)
		if kind, ok := assetTypes[path.Ext(r.URL.Path)]; ok {
			w.Header().Set("Content-Type", kind)
		}
		server.ServeHTTP(w, r)
	})
}
