package authserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"jwt/internal/authserver/page"
	"jwt/internal/authserver/store"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

const (
	deviceTTL      = 10 * time.Minute
	deviceInterval = time.Second     // between two polls of a device
	deviceSlower   = 5 * time.Second // is added to the interval of a device that polls too often
)

// A device is a device that waits for the decision of its user (RFC 8628). Its device code is
// a secret; its user code is typed by the user.
type device struct {
	Client     string        `json:"client"`
	UserCode   string        `json:"user_code"`
	Grant      granted       `json:"grant"`
	Key        string        `json:"jkt,omitempty"` // of the proof with its request
	Expires    time.Time     `json:"expires"`
	Interval   time.Duration `json:"interval"`
	Polled     time.Time     `json:"polled,omitzero"`
	State      string        `json:"state"`
	User       string        `json:"user,omitempty"`
	Credential string        `json:"credential,omitempty"`

	id  store.Hash
	old []byte // as stored
}

// The states of a device.
const (
	devicePending  = "pending"
	deviceAllowed  = "allowed"
	deviceDenied   = "denied"
	deviceFinished = "finished" // it has its tokens
)

// authorizeDevice answers POST /device_authorization (RFC 8628 §3.1).
func (s *Server) authorizeDevice(x *exchange) error {
	form, err := x.readForm()
	if err != nil {
		return err
	}
	c, err := s.client(x, form, s.Issuer+deviceAuthorizationPath)
	switch {
	case err != nil:
		return err
	case !slices.Contains(c.Grants, oauth.GrantDeviceCode):
		return &oauth.Error{Status: http.StatusBadRequest, Code: oauth.UnauthorizedClient, Description: "the device code is not among the grant_types of the client"}
	}
	d := device{Client: c.ID, UserCode: newUserCode(), Expires: milli(x.now.Add(deviceTTL)), Interval: deviceInterval, State: devicePending}
	if d.Key, err = s.proof(x, ""); err != nil {
		return err
	}
	if d.Grant.Scope, err = scopeFor(c, form.Get("scope")); err != nil {
		return err
	}
	if d.Grant.Audience, err = audienceOf(form); err != nil {
		return err
	}
	if err := s.takeQuota(); err != nil {
		return err
	}
	code := secretText()
	d.id = secretID("device", code)
	if err := s.storeDevice(x.ctx, d, x.now); err != nil {
		return err
	}
	page := s.Issuer + devicePath
	return x.json(http.StatusOK, object(
		member{"device_code", jsonobject.Quote(code)},
		member{"user_code", jsonobject.Quote(d.UserCode)},
		member{"verification_uri", jsonobject.Quote(page)},
		member{"verification_uri_complete", jsonobject.Quote(page + "?user_code=" + d.UserCode)},
		member{"expires_in", jsonobject.Int(int64(deviceTTL / time.Second))},
		member{"interval", jsonobject.Int(int64(deviceInterval / time.Second))},
	))
}

// maxUnasked is how many devices and pushed requests a server stores in deviceTTL. Anyone can send
// them.
const maxUnasked = 10_000

func (s *Server) takeQuota() error {
	if wait := s.quota.Take(s.Now()); wait > 0 {
		return &oauth.Error{Status: http.StatusTooManyRequests, Code: oauth.TooManyRequests, Description: "too many devices and pushed requests", RetryAfter: wait}
	}
	return nil
}

// userCodeLetters have no vowels, which would make words, and no letters that look alike (RFC
// 8628 §6.1). Eight of them are 34 bits: enough with the limit on wrong ones.
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

// newUserCode returns a code like WDJB-MJHT.
func newUserCode() string {
	var code []byte
	for len(code) < 8 {
		b := make([]byte, 16)
		rand.Read(b)
		for _, c := range b {
			if int(c) < 256/len(userCodeLetters)*len(userCodeLetters) && len(code) < 8 {
				code = append(code, userCodeLetters[int(c)%len(userCodeLetters)])
			}
		}
	}
	return string(code[:4]) + "-" + string(code[4:])
}

// readUserCode returns a code as newUserCode writes it. It accepts any case and punctuation.
func readUserCode(typed string) string {
	letters := strings.Map(func(r rune) rune {
		if r < 0x80 && strings.IndexByte(userCodeLetters, byte(r)) >= 0 {
			return r
		}
		return -1
	}, strings.ToUpper(typed))
	if len(letters) != 8 {
		return ""
	}
	return letters[:4] + "-" + letters[4:]
}

// storeDevice stores a new device under its device code, and that under its user code.
func (s *Server) storeDevice(ctx context.Context, d device, now time.Time) error {
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	fresh, err := s.Store.Swap(ctx, secretID("user code", d.UserCode), nil, d.id[:], now, d.Expires)
	if err == nil && !fresh {
		err = errors.New("the user code is in use")
	}
	if err == nil {
		_, err = s.Store.Swap(ctx, d.id, nil, b, now, d.Expires)
	}
	return err
}

// device returns the device that is stored under an ID, or store.ErrNotFound.
func (s *Server) device(ctx context.Context, id store.Hash) (d device, err error) {
	b, err := s.Store.Record(ctx, id)
	if err != nil {
		return d, err
	}
	err = json.Unmarshal(b, &d)
	d.id, d.old = id, b
	return d, err
}

// change stores a changed device. It reports whether no other request has changed it.
func (s *Server) changeDevice(ctx context.Context, d device, now time.Time) (bool, error) {
	b, err := json.Marshal(d)
	if err != nil || bytes.Equal(b, d.old) {
		return err == nil, err
	}
	return s.Store.Swap(ctx, d.id, d.old, b, now, d.Expires)
}

// deviceGrant answers the poll of a device (RFC 8628 §3.4 and §3.5).
func (s *Server) deviceGrant(r *tokenRequest) (given result, err error) {
	text := r.form.Get("device_code")
	if text == "" {
		return given, invalid("device_code is required")
	}
	d, err := s.device(r.ctx, secretID("device", text))
	if errors.Is(err, store.ErrNotFound) {
		err = invalidGrant("the device code is unknown")
	}
	if err == nil {
		err = s.checkDevice(r, d)
	}
	if err != nil {
		return given, err
	}
	if given, err = s.begin(r, d.User, d.Credential, d.Grant); err != nil {
		return given, err
	}
	d.State = deviceFinished
	first, err := s.changeDevice(r.ctx, d, r.now)
	if err == nil && !first {
		err = errors.Join(s.Store.Revoke(r.ctx, given.session.ID, r.now), invalidGrant("the device code was used before"))
	}
	return given, err
}

// checkDevice returns why a device gets no tokens.
func (s *Server) checkDevice(r *tokenRequest, d device) error {
	switch {
	case d.Client != r.client.ID:
		return invalidGrant("the device code is unknown")
	case !r.now.Before(d.Expires):
		return &oauth.Error{Status: http.StatusBadRequest, Code: oauth.ExpiredToken, Description: "the device code has expired: start again"}
	case d.State == deviceDenied:
		return &oauth.Error{Status: http.StatusBadRequest, Code: oauth.AccessDenied, Description: "the user refused"}
	case d.State == deviceFinished:
		return invalidGrant("the device code was used before")
	case d.Key != "" && d.Key != r.key:
		return invalidGrant("the device code is bound to another DPoP key")
	case d.State == devicePending:
		return s.poll(r, d)
	}
	return nil
}

// A DevicePoll is a poll of a device whose user has not decided.
type DevicePoll struct {
	First    bool
	Since    time.Duration // since the poll before
	Interval time.Duration // that the device must wait between two
}

// poll answers a device whose user has not decided. One that asks too often must wait longer
// from then on.
func (s *Server) poll(r *tokenRequest, d device) error {
	err := s.rules.CheckPoll(r.ctx, DevicePoll{First: d.Polled.IsZero(), Since: r.now.Sub(d.Polled), Interval: d.Interval})
	if err == nil {
		return nil
	}
	var e *oauth.Error
	if errors.As(err, &e) && e.Code == oauth.SlowDown {
		d.Interval += deviceSlower
	}
	d.Polled = r.now
	if _, changed := s.changeDevice(r.ctx, d, r.now); changed != nil {
		return changed
	}
	return err
}

// checkPoll is the standard Rules.CheckPoll.
func checkPoll(_ context.Context, p DevicePoll) error {
	if !p.First && p.Since < p.Interval {
		return &oauth.Error{Status: http.StatusBadRequest, Code: oauth.SlowDown, Description: "the device asks too often: it must wait five seconds more between two requests"}
	}
	return &oauth.Error{Status: http.StatusBadRequest, Code: oauth.AuthorizationPending, Description: "the user has not decided yet"}
}

// devicePage answers GET /device: it asks the user to log in, then for the code, and then
// whether the device may have access.
func (s *Server) devicePage(x *exchange) error {
	typed := x.URL.Query().Get("user_code")
	browser, known, err := s.browserLogin(x)
	switch {
	case err != nil:
		return err
	case !known:
		return s.deviceLoginPage(x, typed, "", "")
	}
	x.user = browser.User
	if typed == "" {
		return deviceCodePage(x, "", "")
	}
	d, err := s.deviceOf(x, browser, typed)
	if err != nil {
		return s.deviceFailed(x, typed, err)
	}
	return s.deviceConsentPage(x, browser, d)
}

// takeDeviceLogin answers POST /device/login, the login form of the device page.
func (s *Server) takeDeviceLogin(x *exchange) error {
	form, err := x.readForm()
	if err != nil {
		return s.failPage(x, err)
	}
	typed := x.URL.Query().Get("user_code")
	l := oauth.Login{Username: form.Get("username"), Password: form.Get("password")}
	if err := s.logInBrowser(x, l); err != nil {
		var e *oauth.Error
		if !errors.As(err, &e) {
			return err
		}
		return s.deviceLoginPage(x, typed, l.Username, e.Description)
	}
	x.redirect(devicePath + deviceQuery(typed))
	return nil
}

func deviceQuery(typed string) string {
	if typed == "" {
		return ""
	}
	return "?" + url.Values{"user_code": {typed}}.Encode()
}

// takeDeviceDecision answers POST /device, the form of the consent page. Another site cannot
// send it: its origin is checked, and the cookie of the login is not sent with its requests.
func (s *Server) takeDeviceDecision(x *exchange) error {
	form, err := x.readForm()
	if err != nil {
		return s.failPage(x, err)
	}
	typed := form.Get("user_code")
	browser, known, err := s.browserLogin(x)
	switch {
	case err != nil:
		return err
	case !known:
		return s.deviceLoginPage(x, typed, "", "")
	}
	x.user = browser.User
	d, err := s.deviceOf(x, browser, typed)
	if err != nil {
		return s.deviceFailed(x, typed, err)
	}
	d.State, d.User, d.Credential = deviceDenied, browser.User, browser.Credential
	d.Grant.AuthTime = browser.Time.Unix()
	title, text := "Access denied", "The device gets no access. You can close this page."
	if form.Get("action") == "allow" {
		d.State = deviceAllowed
		title, text = "The device is connected", "It continues by itself in a moment. You can close this page."
	}
	for range 3 { // the device may poll at the same time
		changed, err := s.changeDevice(x.ctx, d, x.now)
		if err != nil {
			return err
		}
		if changed {
			return x.show(http.StatusOK, page.Note(title, text))
		}
		now, err := s.device(x.ctx, d.id)
		if err != nil {
			return err
		}
		if now.State != devicePending {
			return s.deviceFailed(x, typed, errUserCode)
		}
		d.old, d.Polled, d.Interval = now.old, now.Polled, now.Interval
	}
	return s.deviceFailed(x, typed, errUserCode)
}

var errUserCode = &oauth.Error{Status: http.StatusOK, Code: oauth.InvalidRequest, Description: "This code is wrong, was used or has expired."}

// deviceOf returns the pending device with this user code. Wrong codes are limited per user
// and address, so that they cannot be guessed (RFC 8628 §5.1).
func (s *Server) deviceOf(x *exchange, browser browserLogin, typed string) (device, error) {
	who := "\x00user codes of " + browser.User
	if wait := s.limit.Try(who, address(x.Request), s.Now()); wait > 0 {
		return device{}, &oauth.Error{Status: http.StatusTooManyRequests, Code: oauth.TooManyRequests, Description: "Too many wrong codes.", RetryAfter: wait}
	}
	id, err := s.Store.Record(x.ctx, secretID("user code", readUserCode(typed)))
	var d device
	if err == nil {
		d, err = s.device(x.ctx, store.Hash(id))
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && (d.State != devicePending || !x.now.Before(d.Expires)) {
		x.Note = "wrong user code"
		return d, errUserCode
	}
	s.limit.Undo(who, address(x.Request), s.Now())
	return d, err
}
