package cmd

import (
	"fmt"
	"strconv"
	"strings"

	"jwt/internal/cli"
	"jwt/internal/verdict"
)

// manOverview writes the sections of jwt(1) about what all commands share.
func manOverview(b *strings.Builder) {
	b.WriteString(".nh\n.SH TOKENS\n") // .nh: a class word is not hyphenated
	roffParagraphs(b, manTokens)
	b.WriteString(".SH KEYS\n")
	roffParagraphs(b, manKeys)
	manTerms(b, manKeySources)
	b.WriteString(".SH SECRETS\n")
	roffParagraphs(b, manSecrets)
	manTerms(b, manSecretSources)
	b.WriteString(".SH OUTPUT\n")
	roffParagraphs(b, manOutput)
	b.WriteString(".SH EXIT STATUS\nThe same in every command. JSON has the class as .error.class and on each check.\n")
	manTerms(b, manExits())
	b.WriteString(".SH ENVIRONMENT\n")
	manTerms(b, manEnvironment)
	b.WriteString(".SH FILES\n")
	manTerms(b, manFiles)
}

// A manTerm is a term of a list and what it means.
type manTerm struct{ term, meaning string }

func manTerms(b *strings.Builder, terms []manTerm) {
	for _, t := range terms {
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(t.term), roff(t.meaning))
	}
}

// manExits returns the exit statuses with their classes.
func manExits() []manTerm {
	var all []manTerm
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
		all = append(all, manTerm{strconv.Itoa(e.Status), meaning})
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

var manKeySources = []manTerm{
	{"PATH, @PATH", "a file"},
	{"-", "stdin, when the token does not come from there"},
	{"env:NAME", "the value of an environment variable"},
	{"fd:N", "an open file descriptor"},
	{"{…}, -----BEGIN…", "the key itself"},
	{"agent:FINGERPRINT", "a key of ssh-agent, as ssh-add -l prints it"},
	{"did:key:…, did:jwk:…", "the key that the DID is"},
	{"https://…", "a JWK Set, JWK, PEM or certificate from there (http:// on loopback only)"},
	{"oidc:ISSUER", "discovery (OpenID Connect, RFC 8414), then its jwks_uri; iss must be that issuer"},
}

const manSecrets = `-S, --secret SOURCE names an HMAC secret, or an AES key or password for
encrypted tokens. One newline at the end of a file, variable or pipe is not part
of the secret. A secret that is typed as an argument is visible to others on the
machine, and earns a note.`

var manSecretSources = []manTerm{
	{"@PATH", "a file"},
	{"raw:PATH", "a file, with every byte, also a newline at its end"},
	{"env:NAME", "the value of an environment variable"},
	{"fd:N", "an open file descriptor"},
	{"-", "stdin, or a prompt without echo on a terminal"},
	{"b64:…, b64url:…, hex:…", "the bytes that this text encodes"},
	{"dotenv:PATH#NAME", "one value of a file of settings, read as a shell reads it"},
	{"nextauth:SOURCE", "the keys that NextAuth 4 and Auth.js 5 derive from the secret of the source"},
	{"any other text", "the secret itself"},
}

const manOutput = `Results are on stdout, everything else is on stderr. Commands with --output write
text on a terminal and JSON in a pipe; -o text and -o json choose. An error is
one line, "jwt: what went wrong: why", and at most one line "hint:" with what to
type next. Text from a token is escaped on a terminal.`

var manEnvironment = []manTerm{
	{"NO_COLOR", "if not empty, no colours"},
	{"CLICOLOR_FORCE", "if neither empty nor 0, colours also in a pipe; NO_COLOR and --color win"},
	{"TERM", "if dumb, no colours and no progress"},
	{"JWT_SESSION", "the session that jwt session uses without --session"},
	{"ACCESS_TOKEN", "set by jwt session exec for the command it runs"},
	{"XDG_CACHE_HOME, XDG_CONFIG_HOME, XDG_STATE_HOME", "where the files below are, if set to absolute paths"},
	{"HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "proxies for requests"},
	{"SSL_CERT_FILE, SSL_CERT_DIR", "the certificates that are trusted for https, except on Windows and macOS"},
}

var manFiles = []manTerm{
	{"~/.cache/jwt/", "fetched key sets; may be deleted"},
	{"~/.config/jwt/config.toml", "presets for jwt session: how a server speaks"},
	{"~/.local/state/jwt/sessions/", "sessions, readable only by their owner; sealed with a key from the keyring if there is one"},
	{"~/.local/state/jwt/serve/state.db", "state of jwt session serve"},
}
