package diagnose

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"net/url"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	circl "github.com/cloudflare/circl/sign"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"jwt/internal/base64url"
	"jwt/internal/jwk"
)

// A spelling is another secret that the user may have meant.
type spelling struct {
	id     string
	when   string // ends "the signature verifies …"
	hint   string
	secret []byte
}

// otherSecrets tries what an issuer may have made of the same secret, and secrets from
// documentation.
func (d *diagnosis) otherSecrets() {
	if d.alg.KeyType != "oct" {
		return
	}
	for _, k := range d.keys {
		secret, ok := k.Material().([]byte)
		if !ok {
			continue
		}
		for _, s := range spellings(secret, k.Trimmed) {
			if !bytes.Equal(s.secret, secret) && d.try(d.alg, d.input, d.token.Signature, s.secret) {
				d.proven(s.id, "the signature verifies "+s.when, s.hint)
				return
			}
		}
	}
	for _, text := range placeholders() {
		if d.try(d.alg, d.input, d.token.Signature, []byte(text)) {
			d.proven("secret_placeholder", "the signature verifies under the text "+text+" itself, a placeholder that was never filled in: an attacker can make such a token",
				"the issuer must sign with the value of its setting")
			return
		}
	}
	for _, s := range exampleSecrets {
		if d.try(d.alg, d.input, d.token.Signature, []byte(s.secret)) {
			d.proven("secret_example", "the signature verifies under "+s.name+": an attacker can make such a token",
				"the issuer must sign with a secret of its own")
			return
		}
	}
}

// exampleSecrets lists secrets from documentation, and values of variables that are not set.
var exampleSecrets = []struct{ secret, name string }{
	{"", "an empty secret"},
	{"\n", "a secret that is only a newline"},
	{"secret", "a secret of many examples"},
	{"your-256-bit-secret", "the example secret of jwt.io"},
	{"a-string-secret-at-least-256-bits-long", "the example secret of jwt.io"},
	{"undefined", "the text of an unset variable"},
	{"null", "the text of an unset variable"},
}

// spellings returns what the secret may have been before it was changed. trimmed is the line
// end that was already removed from it.
func spellings(secret []byte, trimmed string) []spelling {
	oneLess := "--secret @FILE leaves one newline out"
	if trimmed != "" {
		oneLess = `it ended in two newlines, of which one was left out: take both off, as printf %s "$(cat FILE)" does`
	}
	found := []spelling{
		{"secret_newline", "when the secret ends in a newline (LF)", "keep the file's newline: --secret raw:FILE", join(secret, "\n")},
		{"secret_newline", "when the secret ends in a newline (CR LF)", "keep the file's newline: --secret raw:FILE", join(secret, "\r\n")},
		{"secret_newline", "when the secret has no newline at its end", oneLess, bytes.TrimRight(secret, "\r\n")},
		{"secret_space", "when the secret has no surrounding white space", "give the secret without surrounding white space", bytes.TrimSpace(secret)},
		{"secret_quotes", "when the secret is in double quotes", "give the secret with its double quotes", join([]byte{'"'}, string(secret), `"`)},
		{"secret_quotes", "when the secret is in single quotes", "give the secret with its single quotes", join([]byte{'\''}, string(secret), "'")},
	}
	found = append(found, settings(secret)...)
	found = append(found, cleaned(secret)...)
	found = append(found, decoded(secret)...)
	found = append(found, afterName(secret)...)
	found = append(found, hashed(secret)...)
	return append(found, encoded(secret)...)
}

// afterName returns the secrets in NAME:SECRET, as some platforms hand out a key.
func afterName(secret []byte) []spelling {
	_, rest, ok := strings.Cut(string(secret), ":")
	if !ok {
		return nil
	}
	rest = strings.TrimSpace(rest)
	const when = "when the secret is only what follows its first colon"
	found := []spelling{{"secret_name", when, "give what follows the colon: what precedes it is the name of the key", []byte(rest)}}
	if b, err := hex.DecodeString(rest); err == nil {
		found = append(found, spelling{"secret_name", when + ", hex-decoded", "give what follows the colon as hex:…; what precedes it is the name of the key", b})
	}
	if b, _, err := base64url.DecodeLax(rest); err == nil {
		found = append(found, spelling{"secret_name", when + ", Base64-decoded", "give what follows the colon as b64:…; what precedes it is the name of the key", b})
	}
	return found
}

// hashed returns the digests that programs make of a secret of any length.
func hashed(secret []byte) []spelling {
	digest := sha256.Sum256(secret)
	return []spelling{
		{"secret_hash", "when the secret is hashed with SHA-256 first", "give the digest that sha256sum prints (without a newline: printf %s) as hex:DIGEST", digest[:]},
		{"secret_hash", "when the secret is the hexadecimal SHA-256 of the one given", "give the digest that sha256sum prints (without a newline: printf %s) as text", []byte(hex.EncodeToString(digest[:]))},
	}
}

// cleaned removes what files and shells add to a secret.
func cleaned(secret []byte) []spelling {
	var found []spelling
	text := bytes.TrimSpace(secret)
	if n := len(text); n > 2 && text[0] == text[n-1] && (text[0] == '"' || text[0] == '\'') {
		found = append(found, spelling{"secret_quotes", "when the secret has no quotes around it", "give the secret without its quotes", text[1 : n-1]})
	}
	if before, _, ok := bytes.Cut(text, []byte("#")); ok {
		found = append(found, spelling{"secret_comment", "when the secret ends before its #", "to some programs # begins a comment: quote the value where the issuer reads it, or give what is before the #", bytes.TrimSpace(before)})
	}
	if short := withoutVariables(string(secret)); short != string(secret) {
		found = append(found, spelling{"secret_variable", "when each $NAME in the secret is empty", "a shell or docker compose put the value of a variable that is not set for it: put single quotes around the value where the issuer reads it", []byte(short)})
	}
	found = append(found, percentDecoded(secret)...)
	found = append(found, otherCharset(secret)...)
	return append(found, unescaped(secret)...)
}

// withoutVariables removes $NAME and ${NAME}, which a shell replaces by nothing if NAME is not set.
func withoutVariables(text string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(text, "$")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		rest := strings.TrimLeft(after, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
		switch {
		case strings.HasPrefix(after, "{"):
			if _, rest, ok = strings.Cut(after, "}"); !ok {
				b.WriteString("$" + after)
			}
		case rest == after:
			b.WriteByte('$')
		}
		text = rest
	}
}

func percentDecoded(secret []byte) []spelling {
	plain, err := url.QueryUnescape(string(secret))
	if err != nil || plain == string(secret) {
		return nil
	}
	found := []spelling{{"secret_url", "when the secret is URL-decoded first", "give the secret without its %XX", []byte(plain)}}
	if path, err := url.PathUnescape(string(secret)); err == nil { // which keeps a plus sign
		found = append(found, spelling{"secret_url", "when the secret is URL-decoded first", "give the secret without its %XX", []byte(path)})
	}
	return found
}

func otherCharset(secret []byte) []spelling {
	var found []spelling
	if rest, ok := bytes.CutPrefix(secret, []byte("\xef\xbb\xbf")); ok {
		found = append(found, spelling{"secret_encoding", "when the secret has no byte order mark before it", "save the secret as UTF-8 without a byte order mark", bytes.TrimRight(rest, "\r\n")})
	}
	if narrow := fromUTF16(secret); narrow != nil {
		return append(found, spelling{"secret_encoding", "when the secret is UTF-8, the one given is UTF-16", "save the secret as UTF-8", narrow})
	}
	if ascii := toASCII(secret); ascii != nil {
		found = append(found, spelling{"secret_encoding", "when each character outside ASCII is a question mark, as .NET's Encoding.ASCII makes it", "the issuer should use Encoding.UTF8; until then give the secret with ? for each of them", ascii})
	}
	if narrow := toLatin1(secret); narrow != nil {
		found = append(found, spelling{"secret_encoding", "when the secret is in ISO-8859-1", "the issuer should use UTF-8; until then give its bytes: iconv -t ISO-8859-1 FILE > FILE.latin1, --secret raw:FILE.latin1", narrow})
	}
	if utf8.Valid(secret) {
		found = append(found, spelling{"secret_encoding", "when the secret is in UTF-16, as .NET's Encoding.Unicode makes it", "the issuer should use Encoding.UTF8; until then give its bytes: iconv -t UTF-16LE FILE > FILE.utf16, --secret raw:FILE.utf16", toUTF16(secret)})
	}
	return found
}

// unescaped reads the escapes of settings files: \n for a newline, $$ for a dollar sign.
func unescaped(secret []byte) []spelling {
	var found []spelling
	for _, end := range []string{`\n`, `\r\n`} {
		if bare, ok := bytes.CutSuffix(secret, []byte(end)); ok {
			found = append(found, spelling{"secret_escapes", "when the " + end + " at the end of the secret is left out", "give the secret without the " + end + " at its end", bare})
		}
	}
	if bytes.Contains(secret, []byte(`\/`)) {
		found = append(found, spelling{"secret_escapes", `when each \/ in the secret is /`, `it is escaped as in JSON: give the secret with / for its \/`, bytes.ReplaceAll(secret, []byte(`\/`), []byte("/"))})
	}
	if bytes.Contains(secret, []byte("$$")) {
		found = append(found, spelling{"secret_escapes", "when each $$ in the secret is one $", "docker compose and make turn $$ into $: give the secret with one $ for each", bytes.ReplaceAll(secret, []byte("$$"), []byte("$"))})
	}
	if bytes.Contains(secret, []byte(`\n`)) {
		found = append(found, spelling{"secret_escapes", `when each \n in the secret is a newline`, `give the secret with newlines for its \n: --secret raw:FILE`, bytes.ReplaceAll(secret, []byte(`\n`), []byte("\n"))})
	}
	return found
}

// fromUTF16 converts text with a UTF-16 byte order mark to UTF-8 and removes the newline at its
// end. It returns nil for anything else.
func fromUTF16(b []byte) []byte {
	if len(b) < 4 || len(b)%2 != 0 {
		return nil
	}
	high, low := 0, 1
	switch {
	case b[0] == 0xff && b[1] == 0xfe:
		high, low = 1, 0
	case b[0] != 0xfe || b[1] != 0xff:
		return nil
	}
	units := make([]uint16, 0, len(b)/2)
	for i := 2; i < len(b); i += 2 {
		units = append(units, uint16(b[i+high])<<8|uint16(b[i+low]))
	}
	return []byte(strings.TrimRight(string(utf16.Decode(units)), "\r\n"))
}

// toUTF16 converts UTF-8 to UTF-16 in little-endian order without a byte order mark.
func toUTF16(text []byte) []byte {
	var wide []byte
	for _, unit := range utf16.Encode([]rune(string(text))) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	return wide
}

// toLatin1 converts UTF-8 to ISO-8859-1. It returns nil for ASCII, which is the same in both, and for
// text with other characters.
func toLatin1(text []byte) []byte {
	narrow := make([]byte, 0, len(text))
	for _, r := range string(text) {
		if r > 0xff {
			return nil
		}
		narrow = append(narrow, byte(r))
	}
	if len(narrow) == len(text) {
		return nil
	}
	return narrow
}

// toASCII converts UTF-8 to ASCII with a question mark for each other character. It returns nil for
// ASCII.
func toASCII(text []byte) []byte {
	ascii := make([]byte, 0, len(text))
	for _, unit := range utf16.Encode([]rune(string(text))) {
		if unit >= utf8.RuneSelf {
			unit = '?'
		}
		ascii = append(ascii, byte(unit))
	}
	if bytes.Equal(ascii, text) {
		return nil
	}
	return ascii
}

// decoded returns the secrets whose encoded text the given one may be.
func decoded(secret []byte) []spelling {
	var found []spelling
	text := string(bytes.TrimSpace(secret))
	text, laravel := strings.CutPrefix(text, "base64:")
	if b, _, err := base64url.DecodeLax(text); err == nil && len(b) > 0 {
		s := spelling{"secret_base64", "when the secret is Base64-decoded first", "give the secret as b64:…, its file as b64:@FILE", b}
		if strings.ContainsAny(text, "-_") {
			s = spelling{"secret_base64url", "when the secret is Base64URL-decoded first", "give the secret as b64url:…, its file as b64url:@FILE", b}
		}
		if laravel {
			s.when = "when what follows base64: in the secret is Base64-decoded"
		}
		found = append(found, s)
		if bare := bytes.TrimRight(b, "\r\n"); len(bare) < len(b) {
			found = append(found, spelling{s.id, s.when + ", without the newline at its end", "echo wrote the newline: base64 -d FILE > SECRET, --secret @SECRET leaves it out", bare})
		}
		if again, _, err := base64url.DecodeLax(string(bytes.TrimSpace(b))); err == nil && len(again) > 0 {
			found = append(found, spelling{s.id, s.when + ", and once more", "decode it once, base64 -d FILE > SECRET, then --secret b64:@SECRET", again})
		}
	}
	for _, url := range []bool{true, false} {
		b := decodeAnyBase64(text, url)
		for _, b := range [][]byte{b, b[:len(b)/3*3]} { // some of them drop an incomplete group at the end
			if len(b) > 0 {
				found = append(found, spelling{"secret_base64", "when the secret is Base64-decoded first, skipping what is not Base64", "old versions of JJWT and other libraries decode any text: pass the bytes that this makes as hex:…", b})
			}
		}
	}
	if b, err := hex.DecodeString(strings.TrimPrefix(strings.ReplaceAll(text, ":", ""), "0x")); err == nil && len(b) > 0 {
		found = append(found, spelling{"secret_hex", "when the secret is hex-decoded first", "give the secret as hex:…, its file as hex:@FILE", b})
	}
	return found
}

// decodeAnyBase64 decodes Base64 like the libraries that skip all other characters. To some of
// them - and _ are such characters, to others they are the URL alphabet.
func decodeAnyBase64(text string, url bool) []byte {
	clean := strings.Map(func(r rune) rune {
		switch {
		case !url && (r == '-' || r == '_'):
			return -1
		case r == '+':
			return '-'
		case r == '/':
			return '_'
		case r < 0x80 && base64url.Is(byte(r)):
			return r
		default:
			return -1
		}
	}, text)
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	b, err := base64.RawURLEncoding.DecodeString(clean)
	if err != nil {
		return nil
	}
	return b
}

// encoded returns the texts of the secret that the issuer may have used undecoded.
func encoded(secret []byte) []spelling {
	texts := []struct{ id, name, text string }{
		{"secret_base64", "Base64", base64.StdEncoding.EncodeToString(secret)},
		{"secret_base64", "Base64 without padding", base64.RawStdEncoding.EncodeToString(secret)},
		{"secret_base64url", "Base64URL", base64url.Encode(secret)},
		{"secret_base64url", "padded Base64URL", base64.URLEncoding.EncodeToString(secret)},
		{"secret_hex", "hex", hex.EncodeToString(secret)},
		{"secret_hex", "upper-case hex", strings.ToUpper(hex.EncodeToString(secret))},
	}
	var found []spelling
	for _, t := range texts {
		found = append(found,
			spelling{t.id, "when the secret is the " + t.name + " text itself, not the bytes it spells", "give that text as it is, without b64:, b64url: or hex:", []byte(t.text)},
			spelling{t.id, "when the secret is the " + t.name + " text itself with a newline, not the bytes it spells", "give that text with its newline: --secret raw:FILE", []byte(t.text + "\n")},
		)
	}
	return found
}

func join(head []byte, tail ...string) []byte {
	return append(bytes.Clone(head), strings.Join(tail, "")...)
}

// keyTextAsSecret tries the text of each key as the HMAC secret, as a broken issuer or an
// attacker may have used it (RFC 8725 §2.1).
func (d *diagnosis) keyTextAsSecret() {
	if d.alg.KeyType != "oct" {
		return
	}
	for _, text := range d.texts {
		for _, form := range lineForms(text) {
			if d.try(d.alg, d.input, d.token.Signature, form) {
				d.proven("key_text_as_secret", "the signature is an HMAC keyed with the text of the key given: an algorithm confusion attack or an issuer error",
					"never accept it: if that is a public key, an attacker can make such a token")
				return
			}
		}
	}
	for _, k := range d.keys {
		for _, f := range keyTexts(k) {
			if !d.try(d.alg, d.input, d.token.Signature, f.text) {
				continue
			}
			if f.private {
				d.proven("private_key_as_secret", "the signature is an HMAC keyed with the text of the private key ("+f.name+"): the issuer's library mistook it for a secret",
					"the issuer must name the key's own algorithm when it signs")
			} else {
				d.proven("public_key_as_secret", "the signature is an HMAC keyed with the public key itself ("+f.name+"): an algorithm confusion attack or an issuer error",
					"never accept it: everybody who has the public key can make such a token")
			}
			return
		}
	}
}

type keyText struct {
	name    string
	private bool
	text    []byte
}

// keyTexts returns the usual texts of an asymmetric key, its public ones first.
func keyTexts(k jwk.Key) []keyText {
	if k.IsSecret() {
		return nil
	}
	texts := publicKeyTexts(k)
	if k.IsPrivate() {
		texts = append(texts, privateKeyTexts(k)...)
	}
	return texts
}

func publicKeyTexts(k jwk.Key) []keyText {
	var texts []keyText
	if der, err := k.DER(false); err == nil {
		texts = pemForms(false, "SPKI", "PUBLIC KEY", der)
	}
	switch p := k.VerificationMaterial().(type) {
	case *rsa.PublicKey:
		texts = append(texts, pemForms(false, "PKCS#1", "RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(p))...)
	case *ecdsa.PublicKey:
		if point, err := p.Bytes(); err == nil {
			texts = append(texts, keyText{"uncompressed point", false, point}, keyText{"x and y", false, point[1:]})
		}
	case *secp256k1.PublicKey:
		point := p.SerializeUncompressed()
		texts = append(texts, keyText{"uncompressed point", false, point}, keyText{"x and y", false, point[1:]})
	case ed25519.PublicKey:
		texts = append(texts, keyText{"raw bytes", false, p})
	case circl.PublicKey: // Ed448 and ML-DSA
		raw, _ := p.MarshalBinary()
		texts = append(texts, keyText{"raw bytes", false, raw})
	}
	for _, c := range k.Certificates {
		texts = append(texts, pemForms(false, "certificate", "CERTIFICATE", c.Raw)...)
	}
	return texts
}

func privateKeyTexts(k jwk.Key) []keyText {
	var texts []keyText
	if der, err := k.DER(true); err == nil {
		texts = pemForms(true, "PKCS#8", "PRIVATE KEY", der)
	}
	switch p := k.Material().(type) {
	case *rsa.PrivateKey:
		texts = append(texts, pemForms(true, "PKCS#1", "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(p))...)
	case *ecdsa.PrivateKey, *secp256k1.PrivateKey:
		if der, err := k.Encode(jwk.FormatSEC1DER, true, nil); err == nil {
			texts = append(texts, pemForms(true, "SEC 1", "EC PRIVATE KEY", der)...)
		}
	}
	return texts
}

// pemForms returns the DER and its PEM in the forms found in files and environment variables.
func pemForms(private bool, name, block string, der []byte) []keyText {
	text := pem.EncodeToMemory(&pem.Block{Type: block, Bytes: der})
	body := base64.StdEncoding.EncodeToString(der)
	begin, end := "-----BEGIN "+block+"-----", "-----END "+block+"-----"
	wrapped := strings.TrimSuffix(strings.TrimPrefix(string(text), begin+"\n"), end+"\n")
	texts := []keyText{{name + " DER", private, der}}
	for _, form := range [][]byte{text, []byte(begin + "\n" + body + "\n" + end + "\n"), []byte(begin + body + end)} {
		for _, f := range lineForms(form) {
			texts = append(texts, keyText{name + " PEM", private, f})
		}
	}
	for _, f := range append(lineForms([]byte(wrapped)), []byte(body)) {
		texts = append(texts, keyText{name + " PEM without its BEGIN and END lines", private, f})
	}
	return texts
}

// lineForms returns a text unchanged, with one newline at its end and with none, and the last
// two with CR LF for each newline.
func lineForms(text []byte) [][]byte {
	bare := bytes.TrimRight(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), "\n")
	crlf := bytes.ReplaceAll(bare, []byte("\n"), []byte("\r\n"))
	return [][]byte{text, join(bare, "\n"), bare, join(crlf, "\r\n"), crlf}
}
