package scan

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// recognise describes a text that is not a token from its first byte on, or returns "".
func recognise(b []byte) string {
	head := bytes.ToLower(b[:min(len(b), 64)])
	switch {
	case isPlaceholder(b):
		return placeholderMessage
	case bytes.HasPrefix(head, []byte("<!doctype html")), bytes.HasPrefix(head, []byte("<html")):
		return "this is an HTML page: look at the address it came from, it may ask to sign in"
	case b[0] == '<' && isSAML(b):
		return "this is a SAML message, which is XML, not a JWT: an XML tool reads it"
	case hasUTF16Mark(b):
		return "it begins with a byte order mark of UTF-16, but is not UTF-16: save it as UTF-8"
	case b[0] == '{':
		return recogniseJSON(b)
	}
	return ""
}

// recogniseJSON describes a JSON object without a token.
func recogniseJSON(b []byte) string {
	o, err := jsonobject.Parse(b)
	if err != nil {
		return "this is neither a token nor JSON: " + err.Error()
	}
	if v, ok := o.Get("error"); ok {
		if text, ok := v.Text(); ok && len(text) < 100 {
			return fmt.Sprintf("the response is an error (%s), it carries no token", text)
		}
	}
	if kind, _ := o.Text("type"); kind == "service_account" {
		return "this is the key of a Google service account, not a token: jq -r .private_key FILE > key.pem, then jwt sign --key key.pem"
	}
	if _, ok := o.Get("kty"); ok {
		return "this is a key (JWK): it is given with --key"
	}
	if _, ok := o.Get("keys"); ok {
		return "this is a set of keys (JWK Set): it is given with --key"
	}
	for _, name := range responseNames {
		v, _ := o.Get(name)
		switch text, isText := v.Text(); {
		case isText && isPlaceholder([]byte(text)), v.Kind() == 'n', isText && text == "":
			return "its " + name + " is empty: the response carries no token"
		case isText && isOther(text):
			other, _ := formatOf([]byte(text))
			return "its " + name + " is " + other.name + ": " + other.hint
		case isText && strings.IndexByte(text, '.') < 0:
			return "its " + name + " is an opaque token, which says nothing by itself: its issuer can be asked about it (RFC 7662)"
		}
	}
	if kind, _ := o.Text("kind"); kind == "Secret" {
		return "this Kubernetes Secret contains no token in its data"
	}
	return "this JSON contains no token; jwt sign makes a token of claims"
}

func isOther(text string) bool {
	_, ok := formatOf([]byte(text))
	return ok
}

// fromRedirect describes the URL with which a login ends, if it has no token.
func fromRedirect(b []byte) string {
	u, err := url.Parse(string(b))
	if err != nil || u.Host == "" {
		return ""
	}
	query := u.Query()
	switch failed := query.Get("error"); {
	case failed != "" && len(failed) < 64:
		return "the login failed (" + phrase.Quote(failed) + "): the URL carries no token"
	case query.Get("code") != "":
		return "the URL has an authorization code, which is not a token: the client exchanges it for one, once"
	}
	return ""
}

const placeholderMessage = "this is a placeholder, not a token: is the variable set (or the promise awaited)?"

// isPlaceholder reports whether b is text that programs, shells and documents write in
// place of a token.
func isPlaceholder(b []byte) bool {
	const longest = 64
	b = bytes.TrimSpace(b)
	if len(b) == 0 || len(b) > longest {
		return false
	}
	for _, text := range [...]string{
		"undefined", "null", "nil", "none", "nan", "true", "false", "token", "jwt", "string",
		"[object object]", "[object promise]", "(null)", "<nil>", "<null>", "%s", "...",
	} {
		if equalFold(b, text) {
			return true
		}
	}
	if bytes.ContainsAny(b, whiteSpace) {
		return false
	}
	first, last := b[0], b[len(b)-1]
	return first == '$' || first == '<' && last == '>' || first == '{' && last == '}' && b[1] == '{' ||
		bytes.HasPrefix(bytes.ToLower(b), []byte("your")) && isWord(b)
}

// fromTranscript describes an HTTP response without a token. It is usually an error that
// the user wants to understand.
func fromTranscript(b []byte) string {
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	_, status, _ := bytes.Cut(bytes.TrimSpace(line), []byte{' '})
	if len(status) < 3 || len(status) > 64 || status[0] < '1' || status[0] > '5' {
		return ""
	}
	if status[0] >= '4' {
		return fmt.Sprintf("the response is an error (%s), it carries no token; its request may: curl -v", status)
	}
	return fmt.Sprintf("the response (%s) carries no token: its request may, curl -v shows it", status)
}

const onceMore = "it is encoded in Base64 once more, as in a Kubernetes Secret: base64 -d"

// encodedAgain reports whether b is the Base64 of a token, as in a Kubernetes Secret.
func encodedAgain(b []byte) bool {
	if !bytes.HasPrefix(b, []byte("ZXlK")) { // eyJ
		return false
	}
	token, _, err := base64url.DecodeLax(string(bytes.TrimSpace(b)))
	return err == nil && isToken(bytes.TrimSpace(token))
}

// elided returns the error for a token that was shortened where it was displayed: no
// token has three dots in a row.
func elided(at int) *verdict.Error {
	return verdict.Errorf(verdict.Malformed, "no token found: the token is shortened by three dots at byte %d", at).
		Hintf("copy the token whole, from where it is not shortened")
}

// otherScheme names the scheme of other credentials, if b is one, or returns "".
func otherScheme(b []byte) string {
	for _, s := range [...]struct{ name, is string }{
		{"Basic", "a user name and a password (RFC 7617)"},
		{"Digest", "the digest of a password (RFC 7616)"},
		{"Negotiate", "a Kerberos ticket (RFC 4559)"},
		{"NTLM", "a Windows login"},
		{"ApiKey", "an API key"},
		{"AWS4-HMAC-SHA256", "a signed request"},
	} {
		if equalFold(b, s.name) {
			return s.name + " is " + s.is + ", not a token"
		}
	}
	return ""
}
