package flow

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/cookie"
	"jwt/internal/httpclient"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
	"jwt/internal/redact"
	"jwt/internal/verdict"
)

// A recorder records the requests and answers on the wire: authclient returns only
// tokens, but rules need headers.
type recorder struct {
	base http.RoundTripper
	now  func() time.Time

	cookie string   // the name of the cookie with the refresh token
	paths  []string // paths of that cookie; none before it was set
}

type recordKey struct{}

// A wire is one recorded exchange.
type wire struct {
	method, url string
	status      int
	header      http.Header
	cookies     []*http.Cookie
	body        []byte
	at          *url.URL
	withheld    string         // the Path of the cookie, if a browser would not send it
	secrets     redact.Secrets // in the request
	began       time.Time
	took        time.Duration
}

func (t *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	w, _ := req.Context().Value(recordKey{}).(*wire)
	if w == nil {
		w = &wire{}
	}
	w.method, w.url, w.at, w.began = req.Method, httpclient.Show(req.URL), req.URL, t.now()
	if len(t.paths) > 0 && sends(req, t.cookie) && !t.goesTo(req.URL) {
		req, w.withheld = without(req, t.cookie), strings.Join(t.paths, " or ")
	}
	w.secrets = authclient.SecretsOf(req)
	defer func() { w.took = t.now().Sub(w.began) }()
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, authclient.MaxReply+1))
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	w.status, w.header, w.body = resp.StatusCode, resp.Header, body
	w.cookies = append(w.cookies, cookie.ReadSet(resp.Header)...) // a login may take several requests
	return resp, nil
}

// goesTo reports whether a browser sends the cookie to u.
func (t *recorder) goesTo(u *url.URL) bool {
	return slices.ContainsFunc(t.paths, func(path string) bool { return cookie.GoesTo(path, u) })
}

func sends(req *http.Request, name string) bool {
	return slices.ContainsFunc(cookie.Read(req.Header), func(c *http.Cookie) bool { return c.Name == name })
}

// without returns the request without the cookie of this name.
func without(req *http.Request, name string) *http.Request {
	out := req.Clone(req.Context())
	out.Header.Del("Cookie")
	for _, c := range cookie.Read(req.Header) {
		if c.Name != name {
			cookie.Add(out.Header, c.Name, c.Value)
		}
	}
	return out
}

// An answer is the result of a request.
type answer struct {
	wire
	grant authclient.Grant
	err   error

	members   jsonobject.Object // of the body, from the endpoints of an OAuth 2.0 server
	told      bool              // the report has its step
	shutOut   bool              // the server ended the TLS handshake: it does not accept the certificate, or none
	saysError bool              // they have an error, so that 2xx is a refusal too: error-status judges that
}

func (a answer) ok() bool      { return a.status >= 200 && a.status < 300 }
func (a answer) granted() bool { return a.err == nil && a.grant.AccessToken != "" }

// describe returns the status of the answer and the error in its body.
func (a answer) describe() string {
	if a.status == 0 {
		if a.err != nil {
			return "no answer: " + a.err.Error()
		}
		return "no answer"
	}
	said := strings.TrimSpace(httpclient.Status(a.status) + " " + a.reason())
	if a.withheld != "" {
		said += ", without the cookie, whose Path is " + a.withheld
	}
	return said
}

// describeGrant is describe for an answer that should have tokens.
func (a answer) describeGrant() string {
	if a.ok() && !a.granted() {
		return a.describe() + ", without an access token"
	}
	return a.describe()
}

// reason returns the error in the body, or "".
func (a answer) reason() string {
	const most = 120
	if a.ok() || a.status == 0 {
		return ""
	}
	e := oauth.ParseError(a.status, a.body)
	if e.Code == "" && e.Description == "" {
		return ""
	}
	return phrase.ShortTo(a.secrets.Hide(e.Error()), most) // hidden before it is shortened: half of a secret is still one
}

// refused judges an answer that must be a refusal. 2xx fails. The answer of an overloaded
// server or of a gateway decides nothing.
func (a answer) refused() verdict.Status {
	switch {
	case a.shutOut:
		return verdict.Pass
	case a.status == 0, a.status == http.StatusTooManyRequests, a.status == http.StatusRequestTimeout,
		a.status == http.StatusBadGateway, a.status == http.StatusServiceUnavailable, a.status == http.StatusGatewayTimeout:
		return verdict.Skip
	case a.ok() && !a.saysError:
		return verdict.Fail
	case a.ok():
		return verdict.Pass
	case a.status == http.StatusNotFound, a.status == http.StatusMethodNotAllowed, a.status < 400, a.status >= 500:
		return verdict.Warn
	default:
		return verdict.Pass
	}
}

// notGranted is refused for a request for tokens. 2xx without tokens is only a warning.
func (a answer) notGranted() verdict.Status {
	if s := a.refused(); s != verdict.Fail || a.granted() {
		return s
	}
	return verdict.Warn
}

// recordAnswer records the result of a rule that one answer decides.
func (r *run) recordAnswer(a answer, id string, status verdict.Status, actual string) {
	r.record(id, status, actual)
	if status == verdict.Skip {
		r.notJudgedBy(a, id)
	}
}

// skipFor skips rules that could not be tested because of an answer.
func (r *run) skipFor(a answer, reason string, ids ...string) {
	r.skip(reason, ids...)
	r.notJudgedBy(a, ids...)
}

// notJudgedBy marks rules as untried, if the server could not answer.
func (r *run) notJudgedBy(a answer, ids ...string) {
	switch {
	case a.refused() != verdict.Skip && a.status < 500:
		return
	case a.status == 0 && r.lost == nil:
		r.lost = a.err
	}
	for _, id := range ids {
		if res := r.results[id]; res.Status != verdict.Fail {
			res.Untried = true
			r.results[id] = res
		}
	}
}

// exchange makes one request through the client of the server.
func (r *run) exchange(ctx context.Context, call func(context.Context, *authclient.Client) (authclient.Grant, error)) answer {
	var a answer
	a.began = r.Now()
	a.grant, a.err = call(context.WithValue(ctx, recordKey{}, &a.wire), r.server)
	return a
}

// step adds a request to the report.
func (r *run) step(name string, a answer, note string) error {
	if a.status == 0 && r.lost == nil && a.err != nil && !a.shutOut {
		r.lost = a.err
	}
	switch {
	case note != "" || a.ok():
	case a.status == 0:
		note = a.describe()
	default:
		note = a.reason()
	}
	err := r.add(Step{
		Name: name, Method: a.method, URL: a.url, Status: a.status,
		At: a.began.Sub(r.report.Began), Took: a.took, Note: strings.TrimSpace(note),
	})
	if a.status == 0 && a.took >= r.Timeout {
		if r.silent++; r.silent >= maxSilent && err == nil {
			err = a.err // no further step is possible
		}
	}
	return err
}

func (r *run) add(s Step) error {
	s.N, s.Note = len(r.report.Steps)+1, r.hide(s.Note)
	r.report.Steps = append(r.report.Steps, s)
	if r.Stepped != nil {
		if err := r.Stepped(s); err != nil {
			return stepError{err}
		}
	}
	return nil
}

// A protocol is how sessions of the server begin, go on and end.
type protocol interface {
	login(ctx context.Context, name string) (answer, error)
	refresh(ctx context.Context, token string) answer
	logout(ctx context.Context, f *family) answer
}

// presetProtocol is the protocol that the preset describes.
type presetProtocol struct{ *run }

func (d presetProtocol) login(ctx context.Context, name string) (answer, error) {
	return d.patiently(ctx, name, func() answer {
		return d.exchange(ctx, func(ctx context.Context, s *authclient.Client) (authclient.Grant, error) {
			s = d.jars.client(s, "")
			g, err := s.Login(ctx, d.User, d.Password)
			d.jars.remember(s, g)
			return g, err
		})
	})
}

func (d presetProtocol) refresh(ctx context.Context, token string) answer {
	return d.exchange(ctx, func(ctx context.Context, s *authclient.Client) (authclient.Grant, error) {
		s = d.jars.client(s, token)
		g, err := s.Refresh(ctx, authclient.Tokens{RefreshToken: token})
		d.jars.remember(s, g)
		return g, err
	})
}

func (d presetProtocol) logout(ctx context.Context, f *family) answer {
	return d.exchange(ctx, func(ctx context.Context, s *authclient.Client) (authclient.Grant, error) {
		_, err := d.jars.forLogout(s, f.access).Logout(ctx, authclient.Tokens{AccessToken: f.access, RefreshToken: f.refresh})
		return authclient.Grant{}, err
	})
}

// login starts a new family.
func (r *run) login(ctx context.Context, name string) (*family, answer, error) {
	a, err := r.protocol.login(ctx, name)
	if err != nil {
		return nil, a, err
	}
	if a.told {
		return nil, a, nil
	}
	if !a.granted() {
		return nil, a, r.step(name, a, "")
	}
	if len(r.families) == 0 {
		r.loginStep = len(r.report.Steps) + 1
	}
	r.findRefreshCookie(&a)
	f := &family{}
	r.families = append(r.families, f)
	note := r.take(f, a)
	if r.found != "" && len(r.families) == 1 {
		note += ", found in the HttpOnly cookie " + phrase.Short(r.found)
	}
	return f, a, r.step(name, a, note)
}

// refresh spends a refresh token of the family and adds the granted tokens to it.
func (r *run) refresh(ctx context.Context, name string, f *family, token string) (answer, error) {
	a, err := r.patiently(ctx, name, func() answer { return r.protocol.refresh(ctx, token) })
	if err != nil {
		return a, err
	}
	if !a.granted() {
		return a, r.step(name, a, "")
	}
	note := r.take(f, a)
	return a, r.step(name, a, note)
}

// call requests the protected resource, without an Authorization header if token is
// empty.
func (r *run) call(ctx context.Context, name, token, note string) (answer, error) {
	a, err := r.patiently(ctx, name, func() answer {
		return r.exchange(ctx, func(ctx context.Context, s *authclient.Client) (authclient.Grant, error) {
			return authclient.Grant{}, r.get(ctx, s, token)
		})
	})
	if err != nil {
		return a, err
	}
	if note != "" {
		note = strings.TrimSuffix(note+": "+a.reason(), ": ")
	}
	return a, r.step(name, a, note)
}

func (r *run) get(ctx context.Context, s *authclient.Client, token string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.resource, nil)
	if err != nil {
		return err
	}
	authclient.CallHeaders(r.Preset, req.Header, r.Server, nil)
	return r.send(s, req, token)
}

// send makes a request, without an Authorization header if token is empty. The recorder
// keeps the answer.
func (r *run) send(s *authclient.Client, req *http.Request, token string) error {
	ctx, cancel := context.WithTimeout(req.Context(), r.Timeout)
	defer cancel()
	req = req.WithContext(ctx)
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	req.Header.Set("User-Agent", r.UserAgent)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := s.Transport.RoundTrip(req) // does not follow redirects
	if errors.Is(err, context.DeadlineExceeded) {
		return verdict.Errorf(verdict.FetchFailed, "%s: no complete answer within %s", httpclient.Show(req.URL), r.Timeout)
	}
	if err != nil {
		return authclient.NetworkFailure(ctx, req, err)
	}
	return resp.Body.Close() // the recorder has read it
}

func (r *run) logout(ctx context.Context, name string, f *family) (answer, error) {
	a, err := r.patiently(ctx, name, func() answer { return r.protocol.logout(ctx, f) })
	if err != nil {
		return a, err
	}
	return a, r.step(name, a, "")
}

// wait adds a step for the wait, and waits for d.
func (r *run) wait(ctx context.Context, d time.Duration, name, why string) error {
	if d <= 0 {
		return nil
	}
	if err := r.add(Step{Name: name, At: r.Now().Sub(r.report.Began), Took: d, Note: why}); err != nil {
		return err
	}
	return r.pause(ctx, d)
}

func (r *run) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-r.After(d):
		return nil
	case <-ctx.Done():
		return interrupted(ctx)
	}
}

// interrupted returns why the flow must end: the caller interrupted it, or it exceeds its
// time limit.
func interrupted(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	if tooLong := new(verdict.Error); errors.As(context.Cause(ctx), &tooLong) {
		return tooLong
	}
	return verdict.Errorf(verdict.Interrupted, "interrupted")
}
