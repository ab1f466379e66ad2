package authserver

import (
	"errors"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"jwt/internal/authserver/page"
	"jwt/internal/oauth"
)

// show sets the answer to a page. allowed are the addresses that its forms may lead to, beside
// this server.
func (x *exchange) show(status int, p page.Page, allowed ...string) error {
	x.Answer.Status, x.Answer.Body = status, p.Document(x.Answer.Header, allowed...)
	return nil
}

// failPage shows an error to a person.
func (s *Server) failPage(x *exchange, err error) error {
	var e *oauth.Error
	if !errors.As(err, &e) {
		return err
	}
	x.Note = strings.TrimSpace(x.Note + " " + e.Code)
	return x.show(e.Status, page.Failure(e.Description))
}

func (s *Server) loginPage(r *authorizeRequest, user, problem string) error {
	f := page.Form{Action: r.formAction("login"), Client: r.client.Title(), User: user, Problem: problem}
	return r.show(http.StatusOK, page.Login(f), r.formTarget())
}

func (s *Server) consentPage(r *authorizeRequest, b browserLogin) error {
	r.query = maps.Clone(r.query)
	r.query.Set("account", b.User) // which the page shows
	f := page.Form{Action: r.formAction("consent"), Client: r.client.Title(), User: b.User}
	return r.show(http.StatusOK, page.Consent(f, r.scope, r.target()), r.formTarget())
}

func (s *Server) deviceLoginPage(x *exchange, typed, user, problem string) error {
	return x.show(http.StatusOK, page.DeviceLogin(page.Form{Action: devicePath + "/login" + deviceQuery(typed), User: user, Problem: problem}))
}

func deviceCodePage(x *exchange, typed, problem string) error {
	return x.show(http.StatusOK, page.DeviceCode(devicePath, typed, problem))
}

// deviceFailed shows a refused code with the form to type another.
func (s *Server) deviceFailed(x *exchange, typed string, err error) error {
	var e *oauth.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.RetryAfter > 0 {
		x.Answer.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	return x.show(e.Status, page.DeviceCode(devicePath, typed, e.Description))
}

func (s *Server) deviceConsentPage(x *exchange, b browserLogin, d device) error {
	c, _ := s.Clients.Find(d.Client)
	return x.show(http.StatusOK, page.DeviceConsent(page.Form{Action: devicePath, Client: c.Title(), User: b.User}, d.Grant.Scope, d.UserCode))
}

func (s *Server) logoutPage(x *exchange, r logoutRequest, b browserLogin) error {
	f := page.Form{Action: endSessionPath + "/confirm?" + r.params.Encode(), User: b.User}
	return x.show(http.StatusOK, page.Logout(f), (&authorizeRequest{redirect: r.redirect}).formTarget())
}

// formAction returns the address of a form, which carries the authorization request.
func (r *authorizeRequest) formAction(name string) string {
	return authorizePath + "/" + name + "?" + r.query.Encode()
}

// formTarget returns where the form may lead to: browsers apply form-action to redirects, too.
func (r *authorizeRequest) formTarget() string {
	u, err := url.Parse(r.redirect)
	if err != nil || u.Scheme == "" {
		return ""
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Contains(u.Hostname(), ":") {
		return u.Scheme + ":" // a policy cannot name an IPv6 address
	}
	return u.Scheme + "://" + u.Host
}

// target names the place of the redirect URI for people.
func (r *authorizeRequest) target() string {
	u, err := url.Parse(r.redirect)
	if err != nil || u.Host == "" {
		return r.redirect
	}
	return u.Host
}
