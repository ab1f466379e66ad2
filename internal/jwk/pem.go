package jwk

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"

	"jwt/internal/jwk/foreign"
	"jwt/internal/jwk/openssh"
	"jwt/internal/verdict"
)

const (
	pemBegin = "-----BEGIN "
	pemEnd   = "-----END "
)

// A block is a PEM block (RFC 7468 §2).
type block struct {
	label string
	body  []byte // between the BEGIN and END lines
}

// nextBlock finds the first block of text. It ignores text around blocks and accepts
// any line breaks, because YAML, JSON and environment variables indent and join lines.
func nextBlock(text []byte) (b block, rest []byte, found bool, err error) {
	_, text, found = bytes.Cut(text, []byte(pemBegin))
	if !found {
		return block{}, nil, false, nil
	}
	label, text, ok := cutLabel(text)
	if !ok {
		return block{}, nil, true, verdict.Errorf(verdict.KeyRefused, "the PEM has a broken BEGIN line: it needs five hyphens on each side")
	}
	body, rest, ok := bytes.Cut(text, []byte(pemEnd))
	if !ok && bytes.Contains(text, []byte("END "+label)) {
		return block{}, nil, true, verdict.Errorf(verdict.KeyRefused, "the PEM block %s has a broken END line: it needs five hyphens on each side", label)
	}
	if !ok || bytes.Contains(body, []byte(pemBegin)) {
		return block{}, nil, true, verdict.Errorf(verdict.KeyRefused, "the PEM block %s has no END line: it is cut short", label).
			Hintf("copy the file whole, from its BEGIN to its END line")
	}
	end, rest, ok := cutLabel(rest)
	if !ok || end != label {
		return block{}, nil, true, verdict.Errorf(verdict.KeyRefused, "the PEM block %s does not end as %s", label, label).
			Hintf("its last line must be -----END %s-----", label)
	}
	return block{label, body}, rest, true, nil
}

// cutLabel reads a label up to the five dashes after it.
func cutLabel(text []byte) (string, []byte, bool) {
	i := bytes.Index(text[:min(len(text), maxLabel)], []byte("-----"))
	if i < 0 {
		return "", nil, false
	}
	for _, c := range text[:i] {
		if c < ' ' || c > '~' {
			return "", nil, false
		}
	}
	return string(text[:i]), text[i+len("-----"):], true
}

// decode returns the bytes of the body. It accepts the two characters \n as a line break,
// because environment variables often contain them.
func (b block) decode() ([]byte, error) {
	body := b.body
	if bytes.ContainsRune(body, ':') {
		if bytes.Contains(body, []byte("ENCRYPTED")) { // RFC 1421 §4.6.1.1
			return nil, verdict.Errorf(verdict.KeyUnreadable, "the PEM block %s is encrypted in OpenSSL's old format, which is not supported", b.label).
				Hintf("openssl pkcs8 -topk8 -in KEY.pem -out NEW.pem")
		}
		body = withoutHeaders(body)
	}
	body = bytes.ReplaceAll(body, []byte(`\r`), nil)
	body = bytes.ReplaceAll(body, []byte(`\n`), nil)
	der, err := base64.StdEncoding.Strict().DecodeString(string(withoutSpace(body)))
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyRefused, "the PEM block %s is not base64 inside", b.label)
	}
	return der, nil
}

func withoutHeaders(body []byte) []byte {
	var kept [][]byte
	for line := range bytes.Lines(body) {
		if !bytes.ContainsRune(line, ':') {
			kept = append(kept, line)
		}
	}
	return bytes.Join(kept, nil)
}

// pem reads all keys and certificates of a text. A private key and its certificate or
// public key become one key. Unlike in a JWK Set, one invalid block is an error, because
// the blocks of a file belong together.
func (r *reader) pem(text []byte) (Set, error) {
	if n := bytes.Count(text, []byte(pemBegin)); n > MaxKeys {
		return Set{}, verdict.Errorf(verdict.LimitExceeded, "the PEM has %d blocks: the limit is %d", n, MaxKeys)
	}
	var keys []Key
	var certificates []*x509.Certificate
	ignored := "" // the label of the last block that is not a key
	for n := 1; ; n++ {
		b, rest, found, err := nextBlock(text)
		if err != nil {
			return Set{}, err
		}
		if !found {
			break
		}
		text = rest
		switch k, c, err := r.block(b); {
		case err != nil:
			return Set{}, numbered(n, rest, b, err)
		case c != nil:
			certificates = append(certificates, c)
		case k.material != nil:
			keys = append(keys, k)
		default:
			ignored = b.label
		}
	}
	for _, chain := range chains(certificates) {
		k, err := certificateKey(chain)
		if err != nil {
			return Set{}, err
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return Set{}, noKey(ignored)
	}
	return Set{Keys: merge(keys)}, nil
}

// numbered adds the number of the block to an error if there are several blocks.
func numbered(n int, rest []byte, b block, err error) error {
	if n == 1 && !bytes.Contains(rest, []byte(pemBegin)) {
		return err
	}
	e := verdict.Errorf(verdict.ClassOf(err), "PEM block %d (%s): %w", n, b.label, err)
	if cause := (*verdict.Error)(nil); errors.As(err, &cause) {
		e.Hint = cause.Hint
	}
	return e
}

func noKey(label string) error {
	switch {
	case strings.HasPrefix(label, "PGP "):
		return foreign.OpenPGP.Err()
	case strings.HasPrefix(label, "AGE "):
		return foreign.AgeFile.Err()
	case label == "PKCS7", label == "CMS":
		return bundled("PEM")
	case label == "":
		return verdict.Errorf(verdict.KeyRefused, "the PEM has no block")
	case strings.HasSuffix(label, "CERTIFICATE REQUEST"):
		return verdict.Errorf(verdict.KeyRefused, "this is a certificate request, not a certificate: no authority has signed it").
			Hintf("give the certificate that was issued for it; openssl req -in FILE -pubkey -noout prints its public key")
	}
	hint := "give the file with the key or the certificate"
	if label == "EC PARAMETERS" {
		hint = "openssl ecparam wrote only the name of the curve; the key is in an EC PRIVATE KEY block"
	}
	return verdict.Errorf(verdict.KeyRefused, "the PEM has no key or certificate, only %s", label).Hintf("%s", hint)
}

// block reads one block: a key, a certificate, or neither for other kinds such as EC
// PARAMETERS. The format is detected from the content. A label that calls a private key
// public, or vice versa, is refused.
func (r *reader) block(b block) (Key, *x509.Certificate, error) {
	isCertificate := b.label == "CERTIFICATE" || b.label == "X509 CERTIFICATE"
	isPrivate := strings.HasSuffix(b.label, "PRIVATE KEY")
	if !isCertificate && !isPrivate && !strings.HasSuffix(b.label, "PUBLIC KEY") {
		return Key{}, nil, nil
	}
	content, err := b.decode()
	if err != nil {
		return Key{}, nil, err
	}
	if b.label == "OPENSSH PRIVATE KEY" {
		material, err := openssh.ParsePrivate(content, r)
		k, err := newOf("OpenSSH private", material, err)
		return k, nil, err
	}
	kind, _ := structureOf(content)
	switch {
	case kind == x509Cert && isCertificate:
		c, err := parseCertificate(content)
		return Key{}, c, err
	case kind == "":
		return Key{}, nil, verdict.Errorf(verdict.KeyRefused, "the PEM block %s has no key or certificate", b.label).
			Hintf("copy it whole: a line is missing or changed")
	case isCertificate || kind.private() != isPrivate || kind == x509Cert:
		return Key{}, nil, verdict.Errorf(verdict.KeyRefused, "the PEM block %s holds %s, not what its label says", b.label, kind)
	}
	k, err := r.der("PEM", content)
	return k, nil, err
}

// merge removes duplicate keys. It keeps the private half if both are present, and the
// certificates.
func merge(keys []Key) []Key {
	var merged []Key
	at := make(map[string]int, len(keys))
	for _, k := range keys {
		print := k.Thumbprint()
		i, seen := at[print]
		if !seen {
			at[print] = len(merged)
			merged = append(merged, k)
			continue
		}
		certificates := merged[i].Certificates
		if k.private && !merged[i].private {
			merged[i] = k
		}
		if len(certificates) == 0 {
			certificates = k.Certificates
		}
		merged[i].Certificates = certificates
	}
	return merged
}
