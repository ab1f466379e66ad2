package session

import (
	"encoding/json"
	"errors"
	"time"
)

// A record is the file of a session. What is secret in it stands apart: in the
// clear in a file of mode 0600, or sealed.
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
	Intent         *Intent   `json:"intent,omitempty"`
	Ended          *Ended    `json:"ended,omitempty"`

	Secret *secret `json:"secret,omitempty"`
	Sealed []byte  `json:"sealed,omitempty"`
}

// secret is the part of a record that nobody else may see.
type secret struct {
	AccessToken  string   `json:"access_token"`
	RefreshToken string   `json:"refresh_token,omitempty"`
	Cookies      []Cookie `json:"cookies,omitempty"`
}

const version = 1

var (
	errVersion = errors.New("it was written by another version of this program")
	errPart    = errors.New("a part of it is missing")
)

func parseRecord(data []byte) (record, error) {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return record{}, err
	}
	switch {
	case r.Version != version:
		return record{}, errVersion
	case r.ID == "" || r.Server == "" || (r.Secret == nil) == (len(r.Sealed) == 0):
		return record{}, errPart
	}
	return r, nil
}

// open makes the session of a record, without its secrets.
func (r record) open(name string) *Session {
	s := &Session{
		Name: name, ID: r.ID, Server: r.Server, Preset: r.Preset, User: r.User, Store: File,
		LoggedIn: r.LoggedIn, Obtained: r.Obtained, AccessExpires: r.AccessExpires, RefreshExpires: r.RefreshExpires,
		Intent: r.Intent, Ended: r.Ended, hasRefresh: r.Refreshable,
	}
	if r.Secret == nil {
		s.Store = Keyring
	}
	return s
}

func (s *Session) reveal(x secret) {
	s.AccessToken, s.RefreshToken, s.Cookies = x.AccessToken, x.RefreshToken, x.Cookies
}

// record returns what is written of the session, and its secret.
func (s *Session) record() (record, secret) {
	r := record{
		Version: version, ID: s.ID, Server: s.Server, Preset: s.Preset, User: s.User,
		LoggedIn: s.LoggedIn, Obtained: s.Obtained, AccessExpires: s.AccessExpires, RefreshExpires: s.RefreshExpires,
		Refreshable: s.RefreshToken != "", Intent: s.Intent, Ended: s.Ended,
	}
	return r, secret{AccessToken: s.AccessToken, RefreshToken: s.RefreshToken, Cookies: s.Cookies}
}
