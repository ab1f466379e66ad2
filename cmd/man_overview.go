package cmd

import (
	"strconv"
	"strings"

	"jwt/internal/cli"
	"jwt/internal/verdict"
)

// manOverview returns the sections of jwt(1) about what all commands share.
func manOverview() []manSection {
	return []manSection{
		{"TOKENS", []any{manText(manTokens)}},
		{"KEYS", []any{manText(manKeys), manKeySources}},
		{"SECRETS", []any{manText(manSecrets), manSecretSources}},
		{"OUTPUT", []any{manText(manOutput)}},
		{"EXIT STATUS", []any{manText("The same in every command. JSON has the class as .error.class and on each check."), manExits()}},
		{"ENVIRONMENT", []any{manEnvironment}},
		{"FILES", []any{manFiles}},
	}
}

// manExits returns the exit statuses with their classes.
func manExits() manTerms {
	var all manTerms
	for _, e := range cli.ExitMeanings {
		var words []string
		for _, class := range verdict.Classes(e.Status) {
			words = append(words, string(class))
		}
		meaning := e.Meaning
		switch {
		case e.Status == verdict.ExitOK:
			meaning += ". Warnings: " + strings.Join(words, ", ")
		case len(words) > 0 && words[0] != meaning:
			meaning += ": " + strings.Join(words, ", ")
		}
		all = append(all, manTerm{term: strconv.Itoa(e.Status), meaning: meaning})
	}
	return all
}

const manTokens = `A command that takes a token reads it from the argument, from @FILE, from - or,
without an argument, from a pipe. "jwt TOKEN" and "… | jwt" decode.

The input may be a bare token or a text with one inside: a Bearer line, a
Cookie: line, a quoted string, a URL, a JSON response, the output of curl -i.
Of a JSON response the access token is taken; --field NAME takes another.`

const manKeys = `-k, --key SOURCE names a key or a key set. The format is detected from the
content, never from the file name: PEM (PKCS #1, PKCS #8, also encrypted, SEC 1,
SPKI, X.509 certificate), DER of the same, OpenSSH, JWK, JWK Set, or a JWK
encrypted as JWE. The key of a certificate chain is that of its leaf.

A kid in the token selects a key of a set, compared byte for byte; without a kid
every key that fits is tried. -A, --alg NAME restricts what the keys allow.
Fetched sets are cached as their HTTP headers say; --offline uses only the
cache. Secrets in a fetched set are ignored.`

var manKeySources = manTerms{
	{term: "PATH, @PATH", meaning: "a file"},
	{term: "-", meaning: "stdin, when the token does not come from there"},
	{term: "env:NAME", meaning: "the value of an environment variable"},
	{term: "fd:N", meaning: "an open file descriptor"},
	{term: "{…}, -----BEGIN…", meaning: "the key itself"},
	{term: "agent:FINGERPRINT", meaning: "a key of ssh-agent, as ssh-add -l prints it"},
	{term: "did:key:…, did:jwk:…", meaning: "the key that the DID is"},
	{term: "https://…", meaning: "a JWK Set, JWK, PEM or certificate from there (http:// on loopback only)"},
	{term: "oidc:ISSUER", meaning: "discovery (OpenID Connect, RFC 8414), then its jwks_uri; iss must be that issuer"},
	{term: "alb:REGION, alb:ARN", meaning: "the key of an AWS Application Load Balancer, with --profile aws-alb; an ARN accepts that one alone"},
}

const manSecrets = `-S, --secret SOURCE names an HMAC secret, or an AES key or password for
encrypted tokens. One newline at the end of a file, variable or pipe is not part
of the secret. A secret that is typed as an argument is visible to others on the
machine, and earns a note.`

var manSecretSources = manTerms{
	{term: "@PATH", meaning: "a file"},
	{term: "raw:PATH", meaning: "a file, with every byte, also a newline at its end"},
	{term: "env:NAME", meaning: "the value of an environment variable"},
	{term: "fd:N", meaning: "an open file descriptor"},
	{term: "-", meaning: "stdin, or a prompt without echo on a terminal"},
	{term: "b64:…, b64url:…, hex:…", meaning: "the bytes that this text encodes, or that of a source: b64:@PATH, hex:env:NAME"},
	{term: "dotenv:PATH#NAME", meaning: "one value of a file of settings, read as a shell reads it"},
	{term: "nextauth:SOURCE", meaning: "the keys that NextAuth 4 and Auth.js 5 derive from the secret of the source"},
	{term: "any other text", meaning: "the secret itself"},
}

const manOutput = `Results are on stdout, everything else is on stderr. Commands with --output write
text on a terminal and JSON in a pipe; -o text and -o json choose. An error is
one line, "jwt: what went wrong: why", and at most one line "hint:" with what to
type next. Text from a token is escaped on a terminal.`

var manEnvironment = manTerms{
	{term: "NO_COLOR", meaning: "if not empty, no colours"},
	{term: "CLICOLOR_FORCE", meaning: "if neither empty nor 0, colours also in a pipe; NO_COLOR and --color win"},
	{term: "TERM", meaning: "if dumb, no colours and no progress"},
	{term: "JWT_SESSION", meaning: "the session that jwt session uses without --session"},
	{term: "ACCESS_TOKEN", meaning: "set by jwt session exec for the command it runs"},
	{term: "XDG_CACHE_HOME, XDG_CONFIG_HOME, XDG_STATE_HOME", meaning: "where the files below are, if set to absolute paths"},
	{term: "HTTPS_PROXY, HTTP_PROXY, NO_PROXY", meaning: "proxies for requests"},
	{term: "SSL_CERT_FILE, SSL_CERT_DIR", meaning: "the certificates that are trusted for https, except on Windows and macOS"},
}

var manFiles = manTerms{
	{term: "~/.cache/jwt/", meaning: "fetched key sets; may be deleted"},
	{term: "~/.config/jwt/config.toml", meaning: "presets for jwt session: how a server speaks"},
	{term: "~/.local/state/jwt/sessions/", meaning: "sessions, readable only by their owner; sealed with a key from the keyring if there is one"},
	{term: "~/.local/state/jwt/serve/state.db", meaning: "state of jwt session serve"},
}
