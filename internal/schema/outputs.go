// Package schema describes the JSON that commands print, as structs, and makes JSON Schemas of
// them. A test holds the JSON that every script of testdata/script prints against its schema, in
// both directions: no member is unknown, and none that is described is never printed.
package schema

// An Output is what one command prints.
type Output struct {
	Name  string // of the command: its words, joined by hyphens
	About string
	Kinds []any // it is one of these
}

// Outputs is the outputs of all commands that print JSON of their own. Formats that others define
// are not listed: SARIF, HAR, credentials for kubectl and Docker, and the answer of a server.
var Outputs = []Output{
	{"audit", "whether the secret of a token can be guessed", []any{Audit{}, Failure{}}},
	{"convert", "a token in a JSON serialization", []any{FlattenedJWS{}, GeneralJWS{}, FlattenedJWE{}, GeneralJWE{}}},
	{"decode", "what is inside a token", []any{Decoded{}, Sealed{}, Opened{}, DecodedSignatures{}, Failure{}}},
	{"decrypt", "the plaintext of an encrypted token", []any{Decrypted{}, Failure{}}},
	{"diff", "what changed between two tokens", []any{Difference{}, Failure{}}},
	{"encrypt", "a token that was made, and its header", []any{Encrypted{}, Failure{}}},
	{"inspect", "the parts of a token, their meaning, lifetime and findings", []any{Inspection{}, Failure{}}},
	{"key-convert", "keys in JSON", []any{JWK{}, JWKSet{}}},
	{"key-generate", "a new key in JSON", []any{JWK{}, JWKSet{}}},
	{"key-inspect", "what is known of keys", []any{Keys{}, Failure{}}},
	{"key-public", "public keys in JSON", []any{JWK{}, JWKSet{}}},
	{"key-set-find", "keys of a set", []any{JWK{}, JWKSet{}}},
	{"key-set-list", "what is known of the keys of a set", []any{Keys{}, Failure{}}},
	{"key-thumbprint", "the thumbprints of keys", []any{Thumbprints{}, Failure{}}},
	{"mcp-explain", "what a word means: the tool explain of jwt mcp", []any{Explanation{}}},
	{"scan", "one token that was found: an object a line", []any{Found{}, Failure{}}},
	{"session-detect", "what a server seems to be", []any{Detected{}, Failure{}}},
	{"session-flow", "what a server did, and which rules it keeps", []any{Flow{}, Failure{}}},
	{"session-keepalive", "one event of keepalive: an object a line", []any{KeptAlive{}, Failure{}}},
	{"session-list", "the sessions that are remembered", []any{Sessions{}, Failure{}}},
	{"session-login", "the session that login made", []any{LoggedIn{}, Failure{}}},
	{"session-logout", "what logout did", []any{LoggedOut{}, Failure{}}},
	{"session-presets", "the presets that are known", []any{Presets{}, Preset{}, Failure{}}},
	{"session-refresh", "what refresh did", []any{Refreshed{}, Failure{}}},
	{"session-status", "the state of a session", []any{Session{}, Failure{}}},
	{"session-token", "an access token and its end, with --format json", []any{AccessToken{}, Failure{}}},
	{"session-trace", "the requests of a session", []any{Trace{}, Failure{}}},
	{"sign", "a token that was made, its header and payload; or the recipes", []any{Signed{}, Recipes{}, Failure{}}},
	{"trust-check", "the issuers that verify trusts, with their keys", []any{CheckedEntries{}, Failure{}}},
	{"trust-list", "the issuers that verify trusts", []any{TrustEntries{}, Failure{}}},
	{"verify", "whether a token is valid, and why or why not", []any{Report{}, ReportOfSignatures{}, Failure{}}},
	{"version", "the version of the program", []any{Version{}}},
}

// referred is the types that only unions name.
var referred = []any{Decoded{}, Sealed{}, Opened{}, Report{}, NotVerified{}, Session{}, UnreadableSession{}}
