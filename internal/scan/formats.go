package scan

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"net/url"
	"slices"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/uuid"
	"jwt/internal/verdict"
)

// A format is a credential that is not a JWT.
type format struct {
	name string // with its article
	is   func(b []byte) bool
	hint string // who can read it, and what to type
}

// formats lists the credentials that people pass in place of a JWT. Prefixes that a vendor
// documents come before shapes.
var formats = [...]format{
	{"a PASETO", isPaseto, "a PASETO library reads it: v?.public is signed and its payload is Base64 between the dots, v?.local is encrypted"},
	{"a token of HashiCorp Vault", oneOf("hvs.", "hvb.", "hvr."), "it is opaque, only Vault can read it: vault token lookup TOKEN"},
	{"a token of Amazon EKS, a presigned AWS STS URL in Base64", oneOf("k8s-aws-v1."), "it is not a JWT: the cluster's API server calls the URL to learn who you are; to see it, remove k8s-aws-v1. and decode: base64 -d"},
	{"an access token of Google", oneOf("ya29.", "1//"), "it is opaque, only Google can read it: curl https://oauth2.googleapis.com/tokeninfo -d access_token=TOKEN; the id_token beside it is a JWT"},
	{"a token of GitHub", oneOf("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"), "it is opaque, only GitHub can read it: curl -i https://api.github.com/user -H 'Authorization: Bearer TOKEN' shows its scopes"},
	{"a token of GitLab", oneOf("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-", "gloas-"), "it is opaque, only GitLab can read it: curl -H 'PRIVATE-TOKEN: TOKEN' https://gitlab.example/api/v4/personal_access_tokens/self"},
	{"a token of Slack", oneOf("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxe.", "xapp-"), "it is opaque, only Slack can read it: curl https://slack.com/api/auth.test -H 'Authorization: Bearer TOKEN'"},
	{"a token of npm", oneOf("npm_"), "it is opaque, only npm can read it: npm token list"},
	{"a token of Docker Hub", oneOf("dckr_pat_", "dckr_oat_"), "it is opaque, only Docker Hub can read it"},
	{"an API key of Stripe", oneOf("sk_live_", "sk_test_", "pk_live_", "pk_test_", "rk_live_", "rk_test_"), "it is opaque, only Stripe can read it"},
	{"an API key of Supabase", oneOf("sb_publishable_", "sb_secret_"), "it is opaque and stands for no user: the token of a user is in the answer to the login"},
	{"an API key", oneOf("sk-proj-", "sk-ant-", "AIzaSy", "SG.", "glsa_", "glc_", "hf_", "shpat_", "dop_v1_", "tskey-", "ATATT3x", "sntrys_", "sntryu_", "lin_api_"), "it is opaque, only its issuer can read it"},
	{"a token of HCP Terraform", isTerraform, "it is opaque, only its server can read it: curl -H 'Authorization: Bearer TOKEN' https://app.terraform.io/api/v2/account/details"},
	{"a token of Fly.io, a macaroon", oneOf("fm1r_", "fm2_"), "a macaroon library reads it, Fly.io alone can verify it"},
	{"a registration token of Firebase Cloud Messaging", isMessaging, "it is the address of an app on a device and carries nothing"},
	{"a token of Phoenix (Phoenix.Token)", oneOf("SFMyNTY.", "SFMzODQ.", "SFM1MTI."), "its data, between the dots, is a term of Erlang; only the application's secret_key_base verifies it: Phoenix.Token.verify"},
	{"a cookie that Laravel encrypted", isLaravel, "only the application's APP_KEY decrypts it: decrypt() in php artisan tinker"},
	{"a sealed cookie of iron-session", oneOf("Fe26.2*"), "only the application's password opens it"},
	{"an access key of AWS", isAWSKey, "it names a key, it carries nothing: aws sts get-access-key-info --access-key-id KEY"},
	{"a biscuit", isBiscuit, "the biscuit tool reads it: biscuit inspect -"},
	{"a macaroon", isMacaroon, "a macaroon library reads it, its issuer alone can verify it"},
	{"a Fernet token", isFernet, "only the holder of its Fernet key can decrypt it"},
	{"a Branca token", isBranca, "only the holder of its key can decrypt it"},
	{"a cookie of Django's signing module", isDjango, "its data is Base64 before the first colon, deflated if a dot precedes it; only the holder of SECRET_KEY can verify it: django.core.signing.loads"},
	{"a token of a Discord bot", isDiscord, "it is opaque, only Discord can read it: curl https://discord.com/api/users/@me -H 'Authorization: Bot TOKEN'"},
	{"a cookie signed by Express", isExpress, "its value is before the last dot, often only the name of a session that the server has; only the holder of the secret can verify it"},
	{"a session cookie of Flask (itsdangerous)", isFlask, "its data is Base64 before the first dot, deflated if it begins with one; only the holder of SECRET_KEY can verify it: flask-unsign --decode --cookie COOKIE"},
	{"a cookie of Rails", isRails, "only the application's secret_key_base decrypts or verifies it"},
	{"the number of the cookies into which ASP.NET Core divided one", isChunkCount, "the data is in NAMEC1, NAMEC2 and so on; only the application's data protection keys decrypt it"},
	{"data protected by ASP.NET Core", oneOf("CfDJ8"), "only the application's data protection keys decrypt it"},
	{"a SAML message", isSAML, "it is XML, not a JWT: base64 -d shows it (inflate it as well if it came in a URL)"},
	{"a Kerberos ticket (SPNEGO)", isSPNEGO, "only the service that it is for can read it; klist shows yours"},
	{"an NTLM message", oneOf("TlRMTVNTUAAB", "TlRMTVNTUAAC", "TlRMTVNTUAAD"), "it belongs to a Windows login, not to a JWT"},
	{"a UUID", uuid.Is[[]byte], "it is an identifier and carries nothing: its issuer can be asked about it (RFC 7662)"},
}

// formatOf returns the format of b, which has no white space. Its work is bounded by the
// length of b.
func formatOf(b []byte) (format, bool) {
	if len(b) == 0 {
		return format{}, false
	}
	for _, f := range formats {
		if f.is(b) {
			return f, true
		}
	}
	return format{}, false
}

// notJWT returns the error for a text that is another credential.
func (f format) notJWT() *verdict.Error {
	return verdict.Errorf(verdict.Malformed, "no token found: this is %s, not a JWT", f.name).Hintf("%s", f.hint)
}

// credential returns the value of a text that contains only one and its carrier: a header,
// a cookie, a variable.
func credential(s span) []byte {
	body, _ := cutCarrier(s)
	b := body.b
	if scheme, rest, ok := bytes.Cut(b, []byte{' '}); ok && (equalFold(scheme, "Negotiate") || equalFold(scheme, "PRIVATE-TOKEN:") || equalFold(scheme, "Bot")) {
		b = rest
	}
	if name, rest, ok := bytes.Cut(b, []byte{':'}); ok && len(rest) > 0 && isSpace(rest[0]) && isWord(name) {
		b = bytes.TrimLeft(rest, " \t")
	}
	if name, rest, ok := bytes.Cut(b, []byte{'='}); ok && isWord(bytes.TrimPrefix(name, []byte("export "))) && len(bytes.Trim(rest, "=")) > 0 {
		b, _, _ = bytes.Cut(rest, []byte{';'})
	}
	b = bytes.Trim(b, " \t\"'")
	if bytes.ContainsAny(b, whiteSpace) {
		return nil
	}
	return b
}

func oneOf(prefixes ...string) func([]byte) bool {
	return func(b []byte) bool {
		for _, p := range prefixes {
			if len(b) > len(p)+shortestSecret && bytes.HasPrefix(b, []byte(p)) {
				return true
			}
		}
		return false
	}
}

// shortestSecret keeps words that only begin like a credential from being one.
const shortestSecret = 6

// isPaseto reports whether b is v1 to v4 of PASETO or PASERK: v4.public.…, k4.local.….
func isPaseto(b []byte) bool {
	if len(b) < 10 || b[0] != 'v' && b[0] != 'k' || b[1] < '1' || b[1] > '4' {
		return false
	}
	purpose := b[2:]
	return bytes.HasPrefix(purpose, []byte(".public.")) || bytes.HasPrefix(purpose, []byte(".local.")) || bytes.HasPrefix(purpose, []byte(".secret."))
}

func isAWSKey(b []byte) bool {
	return len(b) == 20 && (bytes.HasPrefix(b, []byte("AKIA")) || bytes.HasPrefix(b, []byte("ASIA")))
}

// isFernet reports whether b has the version 0x80 and the size of a Fernet token: version,
// time, initialization vector, blocks and an HMAC.
func isFernet(b []byte) bool {
	const fixed = 1 + 8 + 16 + 32
	if !bytes.HasPrefix(b, []byte("gAAAA")) {
		return false
	}
	raw := decodePart(b)
	return len(raw) > fixed && (len(raw)-fixed)%16 == 0
}

// isBranca reports whether b is Base62 of the version 0xBA, a time from 2010 to 2100, a
// nonce and a tag.
func isBranca(b []byte) bool {
	const (
		overhead  = 45
		longest   = 1024 // conversion takes quadratic time
		from, end = 1262304000, 4102444800
	)
	if len(b) < 61 || len(b) > longest || !isAlphanumeric(b) {
		return false
	}
	n, ok := new(big.Int).SetString(swapCase(b), 62)
	raw := n.Bytes()
	if !ok || len(raw) < overhead || raw[0] != 0xba {
		return false
	}
	at := binary.BigEndian.Uint32(raw[1:])
	return at >= from && at < end
}

// swapCase exchanges the cases: Branca's digits are 0-9A-Za-z, those of math/big 0-9a-zA-Z.
func swapCase(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' {
			return r ^ 0x20
		}
		return r
	}, string(b))
}

// isBiscuit recognises the first block and the Ed25519 key that follows it in the protobuf
// message.
func isBiscuit(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte("biscuit:"))
	if len(b) < 100 || b[0] != 'E' && b[0] != 'C' || !isBase64(b) {
		return false
	}
	return bytes.Contains(decodePart(b[:min(len(b), maxCookie)&^3]), []byte("\x12\x24\x08\x00\x12\x20"))
}

// isTerraform recognises ID.atlasv1.SECRET.
func isTerraform(b []byte) bool { return bytes.Contains(b, []byte(".atlasv1.")) }

// isMessaging recognises the ID of an installation, a colon and a token.
func isMessaging(b []byte) bool {
	_, token, ok := bytes.Cut(b, []byte{':'})
	return ok && bytes.HasPrefix(token, []byte("APA91b"))
}

// isLaravel recognises the Base64 of {"iv":…,"value":…,"mac":…}.
func isLaravel(b []byte) bool {
	if !bytes.HasPrefix(b, []byte("eyJpdiI6")) || len(b) > maxCookie {
		return false
	}
	raw := decodePart(bytes.ReplaceAll(b, []byte("%3D"), []byte{'='}))
	return hasMember(raw, "value") && hasMember(raw, "mac")
}

// isMacaroon recognises the packets of version 1 ("0021location") and the fields of version 2.
func isMacaroon(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte("pypi-"))
	if bytes.HasPrefix(b, []byte("MDA")) {
		head := decodePart(b[:min(len(b), 24)&^3])
		return len(head) > 12 && (bytes.HasPrefix(head[4:], []byte("location")) || bytes.HasPrefix(head[4:], []byte("identifi")))
	}
	return bytes.HasPrefix(b, []byte("AgE")) && len(b) > 60 && isBase64(b) && bytes.Contains(decodePart(b), []byte{0, 0, 6, 32})
}

// isDjango recognises data:timestamp:signature.
func isDjango(b []byte) bool {
	parts := bytes.Split(b[:min(len(b), maxCookie)], []byte{':'})
	if len(parts) != 3 || len(parts[1]) != 6 || !isAlphanumeric(parts[1]) {
		return false
	}
	return isWord(parts[0]) && isBase64(parts[2]) && (len(parts[2]) == 27 || len(parts[2]) == 43)
}

// maxCookie is a size that no cookie exceeds (RFC 6265 §6.1), with room.
const maxCookie = 8 << 10

// isDiscord recognises id.time.signature: the number of the bot, of 17 to 20 digits, is in Base64.
func isDiscord(b []byte) bool {
	parts := bytes.SplitN(b, []byte{'.'}, 4)
	if len(b) > maxCookie || len(parts) != 3 || !mayBeTime(len(parts[1])) || len(parts[2]) < 27 || !isBase64(parts[1]) || !isBase64(parts[2]) {
		return false
	}
	id := decodePart(parts[0])
	return len(id) >= 17 && len(id) <= 20 && len(bytes.Trim(id, "0123456789")) == 0
}

// isExpress recognises s:value.signature, as cookie-parser and express-session write it: the
// signature is an HMAC of 32 bytes in Base64 without padding.
func isExpress(b []byte) bool {
	dot := bytes.LastIndexByte(b, '.')
	marked := slices.ContainsFunc(signedMarks[:], func(mark string) bool { return bytes.HasPrefix(b, []byte(mark)) })
	if !marked || dot < 0 || len(b) > maxCookie {
		return false
	}
	signature, err := url.PathUnescape(string(b[dot+1:]))
	return err == nil && len(decodePart([]byte(signature))) == 32
}

// isChunkCount recognises the first of the cookies into which ASP.NET Core divides a large one.
func isChunkCount(b []byte) bool {
	digits, ok := bytes.CutPrefix(b, []byte("chunks-"))
	return ok && len(digits) > 0 && len(bytes.Trim(digits, "0123456789")) == 0
}

// isFlask recognises data.timestamp.signature: a timestamp has 4 or 5 bytes, and a header
// of a JWT has an alg.
func isFlask(b []byte) bool {
	b, deflated := bytes.CutPrefix(b, []byte{'.'})
	parts := bytes.SplitN(b, []byte{'.'}, 4)
	if len(b) > maxCookie || len(parts) != 3 || len(parts[1]) < 6 || len(parts[1]) > 7 || !isBase64(parts[0]) || !isBase64(parts[1]) || !isBase64(parts[2]) {
		return false
	}
	if n := len(decodePart(parts[2])); n != 20 && n != 32 && n != 64 {
		return false
	}
	return deflated || !hasMember(decodePart(parts[0]), "alg")
}

// isRails recognises data--signature and, with two more parts, encrypted data.
func isRails(b []byte) bool {
	data, signature, ok := bytes.Cut(b, []byte("--"))
	if !ok || len(data) < 16 || !isBase64(data) {
		return false
	}
	if iv, tag, ok := bytes.Cut(signature, []byte("--")); ok {
		return len(decodePart(iv)) == 12 && len(decodePart(tag)) == 16
	}
	return (len(signature) == 40 || len(signature) == 64) && isHex(signature)
}

// isSAML reports whether b is Base64 of XML in the saml or samlp namespace, or XML itself.
func isSAML(b []byte) bool {
	head := b[:min(len(b), 1024)]
	if head[0] != '<' {
		if !bytes.HasPrefix(head, []byte("PD94bWwg")) && !bytes.HasPrefix(head, []byte("PHNhbW")) && !bytes.HasPrefix(head, []byte("PFJlc3Bvb")) && !bytes.HasPrefix(head, []byte("PEFzc2VydGlvb")) {
			return false
		}
		head = decodePart(head[:len(head)&^3])
	}
	return bytes.Contains(head, []byte("SAML:")) || bytes.Contains(head, []byte("<saml")) || bytes.Contains(head, []byte("saml:"))
}

// isSPNEGO recognises the ASN.1 of a GSS-API token with the object identifier of SPNEGO or
// of Kerberos.
func isSPNEGO(b []byte) bool {
	if len(b) < 40 || b[0] != 'Y' {
		return false
	}
	head := decodePart(b[:40])
	return len(head) > 0 && head[0] == 0x60 && (bytes.Contains(head, []byte("\x06\x06+\x06\x01\x05\x05\x02")) || bytes.Contains(head, []byte("\x06\x09*\x86H\x86\xf7\x12\x01\x02\x02")))
}

// decodePart returns the bytes of Base64 in any spelling, or nil.
func decodePart(b []byte) []byte {
	raw, _, err := base64url.DecodeLax(string(b))
	if err != nil {
		return nil
	}
	return raw
}

// isBase64 reports whether b has only characters of Base64, in any spelling.
func isBase64(b []byte) bool {
	for _, c := range b {
		if !base64url.Is(c) && strings.IndexByte("+/=%", c) < 0 {
			return false
		}
	}
	return len(b) > 0
}

func isAlphanumeric(b []byte) bool {
	for _, c := range b {
		if !base64url.Is(c) || c == '-' || c == '_' {
			return false
		}
	}
	return true
}

func isHex(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// hasMember reports whether b is a JSON object with a member of this name.
func hasMember(b []byte, name string) bool {
	o, err := jsonobject.Parse(b)
	if err != nil {
		return false
	}
	_, ok := o.Get(name)
	return ok
}
