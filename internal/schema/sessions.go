package schema

import "github.com/invopop/jsonschema"

// LoggedIn is the session that login made.
type LoggedIn struct {
	// the name of the session
	Session string `json:"session"`
	// its server
	Server string `json:"server"`
	// its preset
	Preset string `json:"preset"`
	// the user
	User string `json:"user"`
	// where its secrets are kept
	Store string `json:"store"`
	// when the access token expires; null if unknown
	AccessExpires *Time `json:"access_expires_at" jsonschema:"nullable"`
	// when the refresh token expires; null if unknown
	RefreshExpires *Time `json:"refresh_expires_at" jsonschema:"nullable"`
	OAuth
}

// OAuth has the members of a session at an OAuth 2.0 server.
type OAuth struct {
	// how the user logged in
	Flow string `json:"flow,omitempty"`
	// the client
	ClientID string `json:"client_id,omitempty"`
	// the sub of the ID token
	Subject string `json:"sub,omitempty"`
	// what the server granted
	Scope string `json:"scope,omitempty"`
	// the other origins that the access token is for
	API []string `json:"api,omitempty"`
	// DPoP, if the tokens are bound to a key
	TokenType string `json:"token_type,omitempty"`
}

// Refreshed is the result of refresh.
type Refreshed struct {
	// the name of the session
	Session string `json:"session"`
	// what happened: refreshed, adopted from another process, and so on
	Outcome string `json:"outcome"`
	// when the access token expires; null if unknown
	AccessExpires *Time `json:"access_expires_at" jsonschema:"nullable"`
	// when the refresh token expires; null if unknown
	RefreshExpires *Time `json:"refresh_expires_at" jsonschema:"nullable"`
}

// KeptAlive is one event of keepalive: an object a line.
type KeptAlive struct {
	// when it happened
	Time Time `json:"time"`
	// what happened
	Event string `json:"event"`
	// when the access token expires; null if unknown
	AccessExpires *Time `json:"access_expires_at" jsonschema:"nullable"`
	// when the next refresh is due
	Next *Time `json:"next_at,omitempty"`
	// the class word of a failure
	Class *Class `json:"class,omitempty"`
	// what went wrong
	Message string `json:"message,omitempty"`
}

// AccessToken is an access token with its end.
type AccessToken struct {
	// the token
	AccessToken string `json:"access_token"`
	// the scheme that it is sent under
	TokenType string `json:"token_type" jsonschema:"enum=Bearer,enum=DPoP"`
	// when it expires; null if unknown
	ExpiresAt *Time `json:"expires_at" jsonschema:"nullable"`
	// the seconds until it expires; null if unknown
	ExpiresIn *int `json:"expires_in" jsonschema:"nullable"`
	// the name of the session
	Session string `json:"session"`
	// its server
	Server string `json:"server"`
}

// Session is a session that is remembered.
type Session struct {
	// the name of the session
	Session string `json:"session"`
	// whether it can be used
	State string `json:"state" jsonschema:"enum=active,enum=stale,enum=ended"`
	// its server
	Server string `json:"server"`
	// its preset
	Preset string `json:"preset"`
	// the user
	User string `json:"user"`
	// when the user logged in; null if unknown
	LoggedIn *Time `json:"logged_in_at" jsonschema:"nullable"`
	// the access token
	Access Access `json:"access"`
	// the refresh token
	Refresh Refresh `json:"refresh"`
	// where its secrets are kept
	Store string `json:"store"`
	// the file of the session
	File string `json:"file,omitempty"`
	OAuth
	// when a refresh began that was not finished
	Unfinished *Time `json:"unfinished_refresh_at,omitempty"`
	// the last refresh, if it failed
	Failed *FailedRefresh `json:"failed_refresh,omitempty"`
	// why the session cannot be used
	Error *Error `json:"error,omitempty"`
}

// Access is the times of an access token.
type Access struct {
	// when it expires; null if unknown
	ExpiresAt *Time `json:"expires_at" jsonschema:"nullable"`
	// the seconds until it expires; null if unknown
	ExpiresIn *int `json:"expires_in" jsonschema:"nullable"`
}

// Refresh is the times of a refresh token.
type Refresh struct {
	// whether it can be used
	Usable bool `json:"usable"`
	// when it expires; null if unknown
	ExpiresAt *Time `json:"expires_at" jsonschema:"nullable"`
	// the seconds until it expires; null if unknown
	ExpiresIn *int `json:"expires_in" jsonschema:"nullable"`
}

// FailedRefresh is a refresh that failed.
type FailedRefresh struct {
	// when it failed
	At Time `json:"at"`
	// the class word of the failure
	Class Class `json:"class"`
	// what went wrong
	Message string `json:"message"`
}

// Sessions is the sessions that are remembered.
type Sessions struct {
	// the sessions
	Sessions []ListedSession `json:"sessions"`
}

// ListedSession is a session, or one that cannot be read.
type ListedSession struct{}

// JSONSchema returns the schema of the two.
func (ListedSession) JSONSchema() *jsonschema.Schema { return anyOf("Session", "UnreadableSession") }

// UnreadableSession is a session whose file cannot be read.
type UnreadableSession struct {
	// the name of the session
	Session string `json:"session"`
	// always unreadable
	State string `json:"state" jsonschema:"enum=unreadable"`
	// why it cannot be read
	Error Error `json:"error"`
}

// LoggedOut is what logout did.
type LoggedOut struct {
	// the name of the session
	Session string `json:"session"`
	// its server
	Server string `json:"server"`
	// the user
	User string `json:"user"`
	// whether this machine has forgotten the session
	Forgotten bool `json:"forgotten"`
	// whether the server has revoked it, or does not know it
	Revoked bool `json:"revoked"`
	// the access token after it
	Access LoggedOutAccess `json:"access"`
	// the page that ends the session of the browser
	EndSession string `json:"end_session_url,omitempty"`
	// when the refresh token expires that was not revoked; null if unknown
	RefreshExpires *Time `json:"refresh_expires_at,omitempty" jsonschema:"nullable"`
	// what did not work
	Error *Error `json:"error,omitempty"`
}

// LoggedOutAccess is what happens to the access token after logout.
type LoggedOutAccess struct {
	// whether it was revoked, or lives on
	Fate string `json:"fate"`
	// when it expires; null if unknown
	ExpiresAt *Time `json:"expires_at" jsonschema:"nullable"`
}

// Presets is the presets that are known.
type Presets struct {
	// the presets
	Presets []Preset `json:"presets"`
}

// Preset is how a kind of server speaks.
type Preset struct {
	// its name
	Preset string `json:"preset"`
	// what it is for
	About string `json:"about"`
	// where it is defined
	Source string `json:"source"`
	// its fields, as in TOML
	Fields Object `json:"fields"`
}

// Detected is what a server seems to be.
type Detected struct {
	DetectedPreset
	// the command that logs in
	Login string `json:"login"`
	// the preset as text for config.toml
	TOML string `json:"toml"`
	// what else it may be
	Also []DetectedPreset `json:"also"`
}

// DetectedPreset is a preset that a server seems to need.
type DetectedPreset struct {
	// the name of the preset
	Preset string `json:"preset"`
	// whether the evidence shows it
	Shown bool `json:"shown"`
	// the server
	Server string `json:"server"`
	// what the server said
	Evidence []Evidence `json:"evidence"`
	// what could not be shown
	NotShown string `json:"not_shown,omitempty"`
}

// Evidence is an answer of a server.
type Evidence struct {
	// the request
	Request string `json:"request"`
	// the status of the answer
	Status int `json:"status"`
	// what the answer says
	Says string `json:"says"`
}

// Trace is the requests of a session. It has no secret.
type Trace struct {
	// the name of the session
	Session string `json:"session"`
	// the requests, in their order
	Requests []TracedRequest `json:"requests"`
}

// TracedRequest is one request of a session.
type TracedRequest struct {
	// when it was sent
	At Time `json:"at"`
	// what it was for
	Step string `json:"step"`
	// its method
	Method string `json:"method"`
	// the scheme, host and port that it was sent to
	Origin string `json:"origin"`
	// its path
	Path string `json:"path"`
	// the status of the answer; 0 without one
	Status int `json:"status"`
	// how long it took, in milliseconds
	MS int `json:"ms"`
	// the kinds of credentials that it sent
	Sends []string `json:"sends"`
	// the names of the fields that it sent
	Fields []string `json:"fields"`
	// why there is no answer
	Error string `json:"error,omitempty"`
}

// Flow is the report of a flow: what a server did and which rules it keeps.
type Flow struct {
	// the server
	Server string `json:"server"`
	// the preset
	Preset string `json:"preset"`
	// whether every required rule is kept
	Verdict string `json:"verdict" jsonschema:"enum=pass,enum=fail,enum=incomplete"`
	// the rules, in their order
	Rules []FlowRule `json:"rules"`
	// the requests, in their order
	Steps []FlowStep `json:"steps"`
	// the tokens that were seen
	Tokens []FlowToken `json:"tokens"`
	// how long it took, in milliseconds
	MS int `json:"ms"`
	// why the flow ended before its end
	Error *Error `json:"error,omitempty"`
}

// FlowRule is one rule, and whether the server keeps it.
type FlowRule struct {
	// a stable name for the rule
	ID string `json:"id"`
	// how much it matters
	Level string `json:"level" jsonschema:"enum=must,enum=should,enum=info"`
	// the result
	Status string `json:"status" jsonschema:"enum=pass,enum=fail,enum=warn,enum=skip"`
	// the section that says so
	Section string `json:"section"`
	// the rule
	Title string `json:"title"`
	// what was required
	Expected string `json:"expected"`
	// what was there
	Actual string `json:"actual"`
	// whether the flow should have reached it and did not
	Untried bool `json:"untried,omitempty"`
	// the step that shows it
	Step int `json:"step,omitempty"`
}

// FlowStep is one request of a flow.
type FlowStep struct {
	// its number, from 1
	N int `json:"n"`
	// its name
	Name string `json:"name"`
	// its method
	Method string `json:"method"`
	// its URL, without secrets
	URL string `json:"url"`
	// the status of the answer; 0 without one
	Status int `json:"status"`
	// how long it took, in milliseconds
	MS int `json:"ms"`
	// what it shows
	Note string `json:"note"`
	// the rules that it breaks
	Breaks []string `json:"breaks,omitempty"`
}

// FlowToken is one token that a flow saw.
type FlowToken struct {
	// its name in the report
	Name string `json:"name"`
	// its kind
	Kind string `json:"kind"`
	// the token without its signature
	Token string `json:"token"`
	// when it was issued, in milliseconds from the start
	Issued int `json:"issued_ms"`
	// when it expires, in milliseconds from the start
	Expires *int `json:"expires_ms,omitempty"`
	// when it was seen to have ended, in milliseconds from the start
	Ended *int `json:"ended_ms,omitempty"`
	// what ended it
	EndedBy string `json:"ended_by,omitempty"`
}
