package session

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/dpop"
	"jwt/internal/verdict"
)

// A bound provider wants a DPoP proof with its current nonce for each request, and gives the
// next nonce with each answer.
type bound struct {
	p     *provider
	t     *testing.T
	nonce string          // the current one
	seen  map[string]bool // the IDs of proofs
	keys  map[string]bool
	n     int
}

func newBound(t *testing.T) *bound {
	b := &bound{p: newProvider(t), t: t, nonce: "first", seen: map[string]bool{}, keys: map[string]bool{}}
	b.p.answer = func(_ string, fields map[string]any) { fields["token_type"] = "DPoP" }
	b.p.around = b.serve
	return b
}

func (b *bound) serve(w http.ResponseWriter, r *http.Request, handle func()) {
	want := b.nonce
	if r.URL.Path != "/token/" && r.URL.Path != "/api" {
		handle()
		return
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "DPoP ")
	proof, err := dpop.Check(r.Header.Get("DPoP"), dpop.Request{Method: r.Method, URL: b.p.url + r.URL.Path, AccessToken: token}, time.Now())
	if err != nil || b.seen[proof.ID] {
		b.t.Errorf("the proof for %s: %v, seen before: %v", r.URL.Path, err, b.seen[proof.ID])
	}
	b.seen[proof.ID], b.keys[proof.Thumbprint] = true, true
	w.Header().Set("DPoP-Nonce", want)
	if proof.Nonce != want {
		w.Header().Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
		w.WriteHeader(map[bool]int{true: 401, false: 400}[r.URL.Path == "/api"])
		w.Write([]byte(`{"error":"use_dpop_nonce"}`))
		return
	}
	b.n++
	b.nonce = "next" + strings.Repeat("x", b.n)
	w.Header().Set("DPoP-Nonce", b.nonce)
	handle()
}

func (b *bound) login() *Session {
	return b.p.mustLogin(authclient.FlowCode, func(l *Login) { l.OAuth.DPoP = true })
}

func (b *bound) call() {
	b.t.Helper()
	req, _ := http.NewRequestWithContext(b.t.Context(), "GET", b.p.url+"/api?x=1", nil)
	resp, err := b.p.client().Do(req)
	if err != nil || resp.StatusCode != 200 {
		b.t.Fatalf("the call fails: %v", err)
	}
	resp.Body.Close()
}

// TestDPoP checks that one key proves all requests, and that each process uses the nonce that
// the last answer gave.
func TestDPoP(t *testing.T) {
	b := newBound(t)
	b.login()
	if n := len(b.p.asked("/token/")); n != 2 {
		t.Errorf("%d token requests at the login, want 2: one learns the nonce", n)
	}
	b.call()
	b.call()
	if n := len(b.p.asked("/api")); n != 2 {
		t.Errorf("%d calls, want 2: the nonce is known from the answer before", n)
	}
	b.p.age()
	if _, err := b.p.client().Token(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if n := len(b.p.asked("/token/")); n != 3 {
		t.Errorf("%d token requests, want 3: the refresh knows the nonce of the login's answer", n)
	}
	b.call()
	if len(b.keys) != 1 {
		t.Errorf("%d keys", len(b.keys))
	}
	b.login()
	if len(b.keys) != 2 {
		t.Errorf("another login has the same key")
	}
}

// TestNonceOfARefresh checks that the refresh whose nonce is too old is sent once more with
// the same refresh token, inside the same intent.
func TestNonceOfARefresh(t *testing.T) {
	b := newBound(t)
	s := b.login()
	b.p.age()
	b.nonce = "of a restarted server"
	before := len(b.p.asked("/token/"))
	b.p.around = func(w http.ResponseWriter, r *http.Request, handle func()) {
		if r.URL.Path == "/token/" && b.p.stored().Pending == nil {
			t.Error("the refresh is sent without an intent")
		}
		b.serve(w, r, handle)
	}
	if _, err := b.p.client().Token(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	asked := b.p.asked("/token/")[before:]
	if len(asked) != 2 || asked[0].form.Get("refresh_token") != s.RefreshToken || asked[1].form.Get("refresh_token") != s.RefreshToken {
		t.Errorf("%d requests", len(asked))
	}

	// A server that never accepts a nonce is asked twice, and the session is kept.
	b.p.age()
	b.p.around = func(w http.ResponseWriter, r *http.Request, handle func()) {
		if r.URL.Path != "/token/" {
			handle()
			return
		}
		b.n++
		w.Header().Set("DPoP-Nonce", strings.Repeat("y", b.n))
		w.WriteHeader(400)
		w.Write([]byte(`{"error":"use_dpop_nonce"}`))
	}
	before = len(b.p.asked("/token/"))
	_, err := b.p.client().Token(t.Context(), 0)
	mustFail(t, err, verdict.FetchFailed, "use_dpop_nonce")
	if n := len(b.p.asked("/token/")) - before; n != 2 || b.p.stored().Ended != nil {
		t.Errorf("%d requests, ended %v", n, b.p.stored().Ended)
	}
}

// TestDPoPDowngrade checks that a server which ignores the proof is refused.
func TestDPoPDowngrade(t *testing.T) {
	p := newProvider(t)
	_, err := p.login(authclient.FlowCode, func(l *Login) { l.OAuth.DPoP = true })
	mustFail(t, err, verdict.FetchRefused, "not bound to the key")
	_, err = p.client().Store.Peek(DefaultName)
	mustFail(t, err, verdict.NotLoggedIn, "")
}
