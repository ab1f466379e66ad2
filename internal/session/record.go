package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"jwt/internal/authclient"
	"jwt/internal/jsonobject"
)

// A record is the content of a session's file. Its secrets are a separate member, in
// plain text or encrypted.
type record struct {
	Version        int       `json:"version"`
	ID             string    `json:"id"`
	Server         string    `json:"server"`
	Preset         string    `json:"preset"`
	User           string    `json:"user"`
	LoggedIn       time.Time `json:"logged_in"`
	Obtained       time.Time `json:"obtained"`
	AccessExpires  time.Time `json:"access_expires,omitzero"`
	RefreshExpires time.Time `json:"refresh_expires,omitzero"`
	Refreshable    bool      `json:"refreshable"`
	Pending        *Pending  `json:"intent,omitempty"`
	Failed         *Failure  `json:"failed,omitempty"`
	Ended          *Ended    `json:"ended,omitempty"`

	OAuth json.RawMessage `json:"oauth,omitempty"` // an authclient.OAuth

	Secret *secret `json:"secret,omitempty"`
	Sealed []byte  `json:"sealed,omitempty"`
}

// A secret is the part of a record that is encrypted with a key in the keyring.
type secret struct {
	AccessToken  string   `json:"access_token"`
	RefreshToken string   `json:"refresh_token,omitempty"`
	RefreshBytes []byte   `json:"refresh_bytes,omitempty"` // of one that is not UTF-8, in place of RefreshToken
	RefreshName  string   `json:"refresh_cookie,omitempty"`
	Cookies      []Cookie `json:"cookies,omitempty"`

	OAuth *authclient.OAuthSecrets `json:"oauth,omitempty"`
}

const version = 1

var (
	errVersion = errors.New("it was written by another version of this program")
	errPart    = errors.New("a part of it is missing")
	errTwice   = errors.New("it has a member twice")
	errType    = errors.New("has the wrong type")
)

// parseRecord reads the file of a session. It uses encoding/json only for rare members:
// decoding the whole record would triple the start time of a typical session command.
func parseRecord(data []byte) (record, error) {
	var r record
	members, err := parseObject(data)
	if err != nil {
		return record{}, err
	}
	for _, m := range members {
		if err := r.set(m.Name, m.Value); err != nil {
			return record{}, fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	switch {
	case r.Version != version:
		return record{}, errVersion
	case r.ID == "" || r.Server == "" || (r.Secret == nil) == (len(r.Sealed) == 0):
		return record{}, errPart
	}
	return r, nil
}

// parseObject returns the members of an object without duplicate members.
func parseObject(data []byte) ([]jsonobject.Member, error) {
	o, err := jsonobject.Parse(data)
	if err != nil {
		return nil, err
	}
	if len(o.Duplicates()) > 0 {
		return nil, errTwice
	}
	return o.Members(), nil
}

func (r *record) set(name string, v jsonobject.Value) error {
	switch name {
	case "version":
		return setInt(&r.Version, v)
	case "id":
		return setText(&r.ID, v)
	case "server":
		return setText(&r.Server, v)
	case "preset":
		return setText(&r.Preset, v)
	case "user":
		return setText(&r.User, v)
	case "logged_in":
		return r.LoggedIn.UnmarshalJSON(v)
	case "obtained":
		return r.Obtained.UnmarshalJSON(v)
	case "access_expires":
		return r.AccessExpires.UnmarshalJSON(v)
	case "refresh_expires":
		return r.RefreshExpires.UnmarshalJSON(v)
	case "refreshable":
		r.Refreshable = string(v) == "true"
		return nil
	case "intent":
		return json.Unmarshal(v, &r.Pending)
	case "failed":
		return json.Unmarshal(v, &r.Failed)
	case "ended":
		return json.Unmarshal(v, &r.Ended)
	case "oauth":
		r.OAuth = json.RawMessage(v)
		return nil
	case "secret":
		x, err := parseSecret(v)
		r.Secret = &x
		return err
	case "sealed":
		return json.Unmarshal(v, &r.Sealed)
	default:
		return nil // a member of a later version
	}
}

func parseSecret(data []byte) (secret, error) {
	var x secret
	members, err := parseObject(data)
	for _, m := range members {
		switch m.Name {
		case "access_token":
			err = errors.Join(err, setText(&x.AccessToken, m.Value))
		case "refresh_token":
			err = errors.Join(err, setText(&x.RefreshToken, m.Value))
		case "refresh_bytes":
			err = errors.Join(err, json.Unmarshal(m.Value, &x.RefreshBytes))
		case "refresh_cookie":
			err = errors.Join(err, setText(&x.RefreshName, m.Value))
		case "cookies":
			err = errors.Join(err, json.Unmarshal(m.Value, &x.Cookies))
		case "oauth":
			err = errors.Join(err, json.Unmarshal(m.Value, &x.OAuth))
		}
	}
	return x, err
}

func setText(to *string, v jsonobject.Value) error {
	text, ok := v.Text()
	if !ok {
		return errType
	}
	*to = text
	return nil
}

func setInt(to *int, v jsonobject.Value) (err error) {
	*to, err = strconv.Atoi(string(v))
	return err
}

// session returns the session of a record, without its secrets.
func (r record) session(name string) (*Session, error) {
	s := &Session{
		Name: name, ID: r.ID, Server: r.Server, Preset: r.Preset, User: r.User, Store: StoreFile,
		LoggedIn: r.LoggedIn, Obtained: r.Obtained, AccessExpires: r.AccessExpires, RefreshExpires: r.RefreshExpires,
		Pending: r.Pending, Failed: r.Failed, Ended: r.Ended, hasRefresh: r.Refreshable,
	}
	if r.Secret == nil {
		s.Store = StoreKeyring
	}
	if r.OAuth == nil {
		return s, nil
	}
	return s, json.Unmarshal(r.OAuth, &s.OAuth)
}

func (s *Session) setSecret(x secret) {
	s.AccessToken, s.RefreshToken, s.RefreshCookie, s.Cookies = x.AccessToken, x.RefreshToken+string(x.RefreshBytes), x.RefreshName, x.Cookies
	if s.OAuth != nil && x.OAuth != nil {
		s.OAuth.OAuthSecrets = *x.OAuth
	}
}

// record returns the record of the session without its secrets, and the secrets.
func (s *Session) record() (record, secret, error) {
	r := record{
		Version: version, ID: s.ID, Server: s.Server, Preset: s.Preset, User: s.User,
		LoggedIn: s.LoggedIn, Obtained: s.Obtained, AccessExpires: s.AccessExpires, RefreshExpires: s.RefreshExpires,
		Refreshable: s.RefreshToken != "" || s.OAuth.Renews(), Pending: s.Pending, Failed: s.Failed, Ended: s.Ended,
	}
	x := secret{AccessToken: s.AccessToken, RefreshToken: s.RefreshToken, RefreshName: s.RefreshCookie, Cookies: s.Cookies}
	if !utf8.ValidString(x.RefreshToken) {
		x.RefreshToken, x.RefreshBytes = "", []byte(s.RefreshToken)
	}
	if s.OAuth == nil {
		return r, x, nil
	}
	if s.OAuth.OAuthSecrets.Given() {
		x.OAuth = &s.OAuth.OAuthSecrets
	}
	var err error
	r.OAuth, err = s.OAuth.JSON()
	return r, x, err
}
