package authclient

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/httpclient"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// An authorization is one authorization request (RFC 6749 §4.1.1) and what its answer must
// match.
type authorization struct {
	endpoint *url.URL
	issuer   string
	state    string
	verifier string // of PKCE (RFC 7636)
	redirect string
}

// authorize sends the user to the login page, and adds the code of its answer to the token
// request.
func (s *Client) authorize(ctx context.Context, a *Attempt, c Credential, d Dialog) error {
	u, err := endpoint("authorization endpoint", s.OAuth.Server.AuthorizationEndpoint, s.OAuth.Server.Issuer)
	if err != nil {
		return err
	}
	z := authorization{endpoint: u, issuer: s.OAuth.Server.Issuer, state: rand.Text(), verifier: randomVerifier(), redirect: cmp.Or(s.OAuth.RedirectURI, plainRedirect)}
	var back *callback
	if s.OAuth.Flow == FlowCode {
		if back, err = listen(s.OAuth.RedirectURI); err != nil {
			return err
		}
		defer back.close()
		z.redirect = back.uri
	}
	page, err := s.loginPage(ctx, z, a, c)
	if err != nil {
		return err
	}
	d.Visit(page)
	answer, err := z.answer(ctx, back, d)
	if err != nil {
		return err
	}
	code, err := z.code(answer, s.OAuth.Server.Metadata)
	if err != nil {
		return err
	}
	a.state = z.state
	a.form.Set("code", code)
	a.form.Set("redirect_uri", z.redirect)
	a.form.Set("code_verifier", z.verifier)
	for _, r := range s.OAuth.Resources {
		a.form.Add("resource", r)
	}
	for _, p := range s.OAuth.Params {
		name, value, _ := strings.Cut(p, "=")
		a.form.Add(name, value)
	}
	return nil
}

// randomVerifier returns 256 random bits in the 43 characters of RFC 7636 §4.1.
func randomVerifier() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return base64url.Encode(b)
}

// loginPage returns the URL of the authorization request. If the server or the user requires
// it, the parameters are pushed first and are not in the URL (RFC 9126).
func (s *Client) loginPage(ctx context.Context, z authorization, a *Attempt, c Credential) (string, error) {
	o := s.OAuth
	query := url.Values{
		"response_type": {"code"}, "redirect_uri": {z.redirect}, "state": {z.state},
		"code_challenge": {oauth.Challenge(z.verifier)}, "code_challenge_method": {"S256"},
	}
	o.addParams(query)
	if o.IsOpenID() {
		a.nonce = rand.Text()
		query.Set("nonce", a.nonce)
	}
	for name, value := range map[string]string{"acr_values": o.ACRValues, "max_age": o.MaxAge, "login_hint": c.User, "dpop_jkt": o.thumbprint()} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if o.Server.RequirePAR || o.PAR {
		requestURI, err := s.push(ctx, query)
		if err != nil {
			return "", err
		}
		query = url.Values{"request_uri": {requestURI}}
	}
	query.Set("client_id", o.ClientID)
	page := *z.endpoint
	if page.RawQuery != "" {
		page.RawQuery += "&"
	}
	page.RawQuery += query.Encode()
	return page.String(), nil
}

// push sends the parameters of an authorization request to the server.
func (s *Client) push(ctx context.Context, query url.Values) (requestURI string, err error) {
	const name = "pushed authorization request endpoint"
	r, err := s.post(ctx, name, s.OAuth.Server.PAREndpoint, query)
	if err != nil {
		return "", err
	}
	if !r.ok() {
		return "", s.refused(r)
	}
	body, _ := jsonobject.Parse(r.body)
	requestURI, _ = body.Text("request_uri")
	if requestURI == "" {
		return "", verdict.Errorf(verdict.FetchFailed, "%s: the answer has no request_uri (RFC 9126 §2.2)", httpclient.Show(r.url))
	}
	return requestURI, nil
}

// answer waits for the parameters of the authorization response.
func (z authorization) answer(ctx context.Context, back *callback, d Dialog) (url.Values, error) {
	if back != nil {
		return back.wait(ctx)
	}
	pasted, err := d.Paste(ctx)
	if err != nil {
		return nil, err
	}
	return z.parsePasted(pasted)
}

// code checks an authorization response and returns its code. The state ties it to this
// login, and iss to this server: an attacker could otherwise have the user log in to the
// attacker's account (RFC 6749 §10.12), or have a code of one server sent to another (RFC
// 9207).
func (z authorization) code(answer url.Values, m oauth.Metadata) (string, error) {
	refuse := func(format string, args ...any) error {
		return verdict.Errorf(verdict.FetchRefused, "the answer of the login page: "+format, args...)
	}
	for name, values := range answer {
		if len(values) > 1 && slices.Contains([]string{"code", "state", "iss", "error"}, name) {
			return "", refuse("%s is there twice", name)
		}
	}
	iss, hasIss := answer["iss"]
	switch {
	case answer.Get("state") == "":
		return "", refuse("state: missing").(*verdict.Error).Hintf("every answer has the state of its login (RFC 6749 §4.1.2): is it whole, and that of this login?")
	case subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(z.state)) != 1:
		return "", refuse("its state is not that of this login").(*verdict.Error).Hintf("it may come from an older page, or from an attacker: log in again, in one page")
	case hasIss && iss[0] != m.Issuer:
		return "", refuse("iss: is %s, want %s", phrase.Quote(iss[0]), phrase.Quote(m.Issuer))
	case !hasIss && m.SendsIss:
		return "", refuse("iss: missing, and the server says that it sends it (RFC 9207)")
	case answer.Get("error") != "":
		return "", deniedByPage(answer)
	case answer.Get("code") == "":
		return "", refuse("it has neither a code nor an error")
	}
	return answer.Get("code"), nil
}

// deniedByPage returns the error that the login page reports (RFC 6749 §4.1.2.1).
func deniedByPage(answer url.Values) error {
	said := &oauth.Error{Status: http.StatusFound, Code: answer.Get("error"), Description: strings.Join(strings.Fields(answer.Get("error_description")), " ")}
	e := verdict.Errorf(verdict.LoginRefused, "the server refused the login: %s", phrase.Short(said.Error()))
	e.Err = said
	if hint := hints[said.Code]; hint != "" {
		e.Hintf("%s", hint)
	}
	return e
}
