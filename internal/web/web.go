// Package web serves one page on loopback that shows, verifies, signs and compares tokens. The page
// sends text to this server and puts the answers in place: it knows nothing about tokens, and it
// can name neither a file nor an address.
package web

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/loopback"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

// Options are what the page works with.
type Options struct {
	Host string // HOST:PORT of the address of the page
	Path string // the random part of the address, without slashes
	Now  func() time.Time

	Given   []Given  // the keys that the user gave at the start
	Trusted []string // the names of the issuers that the user trusts

	// Verify verifies a token as the command line does.
	Verify func(ctx context.Context, token string, with Expected) verify.Report
	// Command returns the command line that verifies the same.
	Command func(with Expected) string

	Expected Expected // what the fields of the page have at the start
}

// A Given is one key that the user gave at the start.
type Given struct {
	Name string
	Key  jwk.Key
}

// An Expected is what a token is verified against.
type Expected struct {
	Under                     Under
	Pasted                    Pasted // with UnderPasted
	Issuer, Audience, Profile string // empty: as at the start
}

// Under says which keys verify a token.
type Under string

// The keys that verify.
const (
	UnderGiven   Under = "given"   // those of the start
	UnderTrusted Under = "trusted" // those of the issuer that the user trusts
	UnderPasted  Under = "pasted"  // those in the page
)

// A Server serves the page and its answers.
type Server struct {
	Options
	page   []byte
	policy string
}

// New returns a server.
func New(o Options) *Server {
	s := &Server{Options: o}
	s.page, s.policy = page(o)
	return s
}

// maxBody bounds a request: two tokens or a token and a key, and the JSON around them.
const maxBody = 2*jws.MaxTokenBytes + jwk.MaxBytes + 64<<10

// ServeHTTP answers a request to the address of the page, from this machine and from the page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.setHeader(w.Header())
	name, ok := s.place(r.URL.Path)
	switch {
	case !s.isHost(r.Host): // a name that an attacker's resolver points to loopback
		http.Error(w, "this server has another name", http.StatusMisdirectedRequest)
	case !ok:
		http.Error(w, "not found", http.StatusNotFound)
	case name == "":
		s.servePage(w, r)
	case endpoints[name].do == nil:
		http.Error(w, "not found", http.StatusNotFound)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only POST", http.StatusMethodNotAllowed)
	case !isOwn(r): // a page of another origin
		http.Error(w, "only the page itself may ask", http.StatusForbidden)
	case r.Header.Get("Content-Type") != "application/json":
		http.Error(w, "only JSON", http.StatusUnsupportedMediaType)
	default:
		s.answer(w, r, endpoints[name])
	}
}

// setHeader sets the header fields of every answer.
func (s *Server) setHeader(h http.Header) {
	for _, f := range [...][2]string{
		{"Content-Security-Policy", s.policy},
		{"Cache-Control", "no-store"},
		{"Cross-Origin-Embedder-Policy", "require-corp"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
		{"Referrer-Policy", "no-referrer"},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
	} {
		h.Set(f[0], f[1])
	}
}

// isHost reports whether a Host header names this server: its address, or localhost.
func (s *Server) isHost(host string) bool {
	_, own, _ := net.SplitHostPort(s.Host)
	name, port, err := net.SplitHostPort(host)
	return host == s.Host || err == nil && port == own && strings.EqualFold(name, "localhost") && loopback.Name(name)
}

// place returns the part of a path after the random one.
func (s *Server) place(path string) (name string, ok bool) {
	path, slash := strings.CutPrefix(path, "/")
	given, name, cut := strings.Cut(path, "/")
	return name, slash && cut && subtle.ConstantTimeCompare([]byte(given), []byte(s.Path)) == 1
}

// isOwn reports whether the page sent the request.
func isOwn(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site") // which old browsers do not send
	return r.Header.Get("Origin") == "http://"+r.Host && (site == "" || site == "same-origin")
}

func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(s.page)
}

// timeouts of the connections. Verifying may fetch a key set.
const (
	readTimeout  = 15 * time.Second
	writeTimeout = 60 * time.Second
	drain        = 2 * time.Second
)

// Serve answers the connections of l until ctx ends.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: writeTimeout,
		MaxHeaderBytes: 16 << 10, BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return verdict.Errorf(verdict.IO, "serving the page: %w", err)
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		server.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return verdict.Errorf(verdict.IO, "serving the page: %w", err)
	}
	return nil
}

// signers returns the keys given at the start that can sign.
func (o Options) signers() []Given {
	return slices.DeleteFunc(slices.Clone(o.Given), func(g Given) bool { return !g.Key.IsPrivate() })
}
