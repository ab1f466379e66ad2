package jwk

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"

	"jwt/internal/verdict"
)

const (
	pemBegin = "-----BEGIN "
	pemEnd   = "-----END "
)

// A block is one PEM block (RFC 7468 §2).
type block struct {
	label string
	body  []byte // between its BEGIN and END lines
}

// nextBlock finds the first block of text. It does not mind what stands around
// blocks, nor where their lines are broken: keys pass through YAML, JSON and
// environment variables, which indent and flatten them.
func nextBlock(text []byte) (b block, rest []byte, found bool, err error) {
	_, text, found = bytes.Cut(text, []byte(pemBegin))
	if !found {
		return block{}, nil, false, nil
	}
	label, text, ok := cutLabel(text)
	if !ok {
		return block{}, nil, true, verdict.Errorf(verdict.KeyRefused, "the PEM has a broken BEGIN line")
	}
	body, rest, ok := bytes.Cut(text, []byte(pemEnd))
	if !ok || bytes.Contains(body, []byte(pemBegin)) {
		return block{}, nil, true, verdict.Errorf(verdict.KeyRefused, "the PEM block %s has no END line: it is cut short", label)
	}
	end, rest, ok := cutLabel(rest)
	if !ok || end != label {
		return block{}, nil, true, verdict.Errorf(verdict.KeyRefused, "the PEM block %s does not end as %s", label, label)
	}
	return block{label, body}, rest, true, nil
}

// cutLabel reads a label up to the five dashes behind it.
func cutLabel(text []byte) (string, []byte, bool) {
	const longest = 64
	i := bytes.Index(text[:min(len(text), longest)], []byte("-----"))
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

// decode returns the bytes that the body spells. Line breaks may have become the
// two characters \n on the way through an environment variable.
func (b block) decode() ([]byte, error) {
	body := b.body
	if bytes.ContainsRune(body, ':') {
		if bytes.Contains(body, []byte("ENCRYPTED")) { // RFC 1421 §4.6.1.1
			return nil, verdict.Errorf(verdict.KeyUnreadable, "the PEM block %s is encrypted in OpenSSL's old way, which is not read here", b.label).
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

// pem reads all the keys and certificates of a text. A private key and its
// certificate are one key, and so are a private key and its public one. Unlike
// the keys of a JWK Set they were put there by one hand: if one is broken, none
// is used.
func (r *reader) pem(text []byte) (Set, error) {
	if n := bytes.Count(text, []byte(pemBegin)); n > MaxKeys {
		return Set{}, verdict.Errorf(verdict.LimitExceeded, "the PEM has %d blocks: at most %d are read", n, MaxKeys)
	}
	var keys []Key
	var certificates []*x509.Certificate
	passed := "" // over, as it is no key
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
			passed = b.label
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
		return Set{}, noKey(passed)
	}
	return Set{Keys: merge(keys)}, nil
}

// numbered says which block an error is about, where there are several.
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
		return verdict.Errorf(verdict.KeyUnreadable, "this is an OpenPGP block, which is not read here")
	case label == "":
		return verdict.Errorf(verdict.KeyRefused, "the PEM has no block")
	default:
		return verdict.Errorf(verdict.KeyRefused, "the PEM holds no key and no certificate, only %s", label)
	}
}

// block reads one block: a key, or a certificate, or neither if it is of
// another kind, such as EC PARAMETERS. What it holds is told by its content, but
// a label that calls a private key public, or the other way, is not believed.
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
		k, err := r.opensshPrivate(content)
		return k, nil, err
	}
	kind, _ := structureOf(content)
	switch {
	case kind == x509Cert && isCertificate:
		c, err := parseCertificate(content)
		return Key{}, c, err
	case kind == "":
		return Key{}, nil, verdict.Errorf(verdict.KeyRefused, "the PEM block %s holds no key and no certificate", b.label)
	case isCertificate || kind.private() != isPrivate || kind == x509Cert:
		return Key{}, nil, verdict.Errorf(verdict.KeyRefused, "the PEM block %s does not hold what it says but %s", b.label, kind)
	}
	k, err := r.der("PEM", content)
	return k, nil, err
}

// merge leaves each key once, the private one where both halves are there, with
// its certificates.
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
