package jwk

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"jwt/internal/verdict"
)

// writable lists the formats other than JSON for each kind of key, without those of PKCS
// #8 and SPKI, which every kind has.
var writable = map[string]string{
	"RSA":     "openssh pkcs1 pkcs1-der",
	"P-256":   "openssh sec1 sec1-der",
	"P-384":   "openssh sec1 sec1-der",
	"P-521":   "openssh sec1 sec1-der",
	"Ed25519": "openssh",

	"secp256k1": "sec1 sec1-der",
}

func formatsOf(kind string) []string {
	if kind == "oct" {
		return []string{"raw"}
	}
	return append([]string{"pem", "der", "spki"}, strings.Fields(writable[kind])...)
}

// TestEncode checks that a key of each kind survives writing and reading in each of its
// formats, and that other formats are refused.
func TestEncode(t *testing.T) {
	for _, kind := range Kinds() {
		k, err := Generate(kind, 0)
		if err != nil {
			t.Fatal(err)
		}
		k.ID = "a kid"
		for _, f := range Formats() {
			if f.IsJSON() {
				continue
			}
			text, err := k.Encode(f, true, nil)
			if !slices.Contains(formatsOf(kind), string(f)) {
				if verdict.ClassOf(err) != verdict.KeyMismatch || text != nil {
					t.Errorf("%s as %s: %q, %v", kind, f, text, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s as %s: %v", kind, f, err)
				continue
			}
			if f == FormatRaw {
				if !bytes.Equal(text, k.Material().([]byte)) {
					t.Errorf("%s as %s: other bytes", kind, f)
				}
				continue
			}
			sameKey(t, kind+" as "+string(f), k, text, f != FormatSPKI)
			if f.Public() == f && f != FormatSPKI {
				continue
			}
			public, err := k.Encode(f.Public(), false, nil)
			if err != nil {
				t.Errorf("public %s as %s: %v", kind, f.Public(), err)
				continue
			}
			sameKey(t, "public "+kind+" as "+string(f), k, public, false)
		}
	}
}

func sameKey(t *testing.T, name string, want Key, text []byte, private bool) {
	t.Helper()
	set, err := Parse(text)
	if err != nil || len(set.Keys) != 1 {
		t.Errorf("%s: %d keys, %v\n%s", name, len(set.Keys), err, text)
		return
	}
	got := set.Keys[0]
	if got.Thumbprint() != want.Thumbprint() || got.IsPrivate() != private {
		t.Errorf("%s: is %s, private: %v\n%s", name, got.Thumbprint(), got.IsPrivate(), text)
	}
	if private && privateText(got) != privateText(want) {
		t.Errorf("%s: another private part", name)
	}
}

func privateText(k Key) string {
	var text string
	for _, m := range k.privateMembers() {
		text += m.name + m.text()
	}
	return text
}

// TestEncodePublic checks that the public half of every format has no private key.
func TestEncodePublic(t *testing.T) {
	for _, kind := range []string{"RSA", "P-256", "Ed25519", "X25519"} {
		k, err := Generate(kind, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []Format{FormatPEM, FormatDER, FormatOpenSSH, FormatPKCS1, FormatPKCS1DER} {
			text, err := k.Encode(f, false, nil)
			if err != nil {
				continue // TestEncode checks which formats there are
			}
			sameKey(t, kind+" as "+string(f), k, text, false)
			for _, m := range k.privateMembers() {
				if len(m.octets) >= 16 && bytes.Contains(text, m.octets) {
					t.Errorf("%s as %s holds %s", kind, f, m.name)
				}
			}
		}
	}
}

func TestEncodeEncrypted(t *testing.T) {
	passphrase := []byte("correct horse")
	give := func(p string) func() ([]byte, error) { return func() ([]byte, error) { return []byte(p), nil } }
	k, err := Generate("Ed25519", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []Format{FormatPEM, FormatDER, FormatOpenSSH} {
		text, err := k.Encode(f, true, passphrase)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		set, err := ParseEncrypted(text, give("correct horse"))
		if err != nil || set.Keys[0].Thumbprint() != k.Thumbprint() || !set.Keys[0].IsPrivate() {
			t.Errorf("%s: %v", f, err)
		}
		if set, err := ParseEncrypted(text, give("wrong")); verdict.ClassOf(err) != verdict.KeyUnreadable {
			t.Errorf("%s opens under another passphrase: %v, %v", f, set.Keys, err)
		}
		for _, m := range k.privateMembers() {
			if bytes.Contains(text, m.octets) {
				t.Errorf("%s holds %s", f, m.name)
			}
		}
		again, err := k.Encode(f, true, passphrase)
		if err != nil || bytes.Equal(again, text) {
			t.Errorf("%s: the same bytes twice, so no salt: %v", f, err)
		}
	}
	for f, class := range map[Format]verdict.Class{FormatPKCS1: verdict.Usage, FormatSEC1: verdict.Usage, FormatSPKI: verdict.Usage} {
		if text, err := k.Encode(f, true, passphrase); verdict.ClassOf(err) != class || text != nil {
			t.Errorf("%s encrypted: %q, %v", f, text, err)
		}
	}
	if text, err := k.Encode(FormatPEM, true, []byte{}); verdict.ClassOf(err) != verdict.KeyRefused || text != nil {
		t.Errorf("an empty passphrase: %q, %v", text, err)
	}
}

func TestEncodeOfPublicKey(t *testing.T) {
	k, err := Generate("P-256", 0)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := k.Public()
	if text, err := p.Encode(FormatPEM, true, nil); verdict.ClassOf(err) != verdict.KeyMismatch || text != nil {
		t.Errorf("the private key of a public one: %q, %v", text, err)
	}
}

// TestOpenSSHComment checks that a kid with a line break, which could begin another line,
// is omitted.
func TestOpenSSHComment(t *testing.T) {
	k, err := Generate("Ed25519", 0)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"alice@example": "alice@example", "": "", "a\nssh-rsa AAAA": "", "é": ""} {
		k.ID = id
		line, err := k.Encode(FormatOpenSSH, false, nil)
		if err != nil || bytes.Count(line, []byte("\n")) != 1 {
			t.Fatalf("%q: %q, %v", id, line, err)
		}
		fields := strings.Fields(string(line))
		if got := strings.Join(fields[2:], " "); got != want {
			t.Errorf("the comment of kid %q is %q, want %q", id, got, want)
		}
		set, err := Parse(line)
		if err != nil || len(set.Keys) != 1 || set.Keys[0].Thumbprint() != k.Thumbprint() {
			t.Errorf("kid %q: %v", id, err)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for _, f := range Formats() {
		if got, err := ParseFormat(string(f)); got != f || err != nil {
			t.Errorf("ParseFormat(%q) = %q, %v", f, got, err)
		}
	}
	for _, name := range []string{"", "PEM", "pkcs12", "jwk "} {
		if got, err := ParseFormat(name); verdict.ClassOf(err) != verdict.Usage {
			t.Errorf("ParseFormat(%q) = %q, %v", name, got, err)
		}
	}
}

// TestThumbprintURI uses RFC 9278 §3 with the key of RFC 7638 §3.1.
func TestThumbprintURI(t *testing.T) {
	const print = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
	if got := ThumbprintURI("sha256", print); got != "urn:ietf:params:oauth:jwk-thumbprint:sha-256:"+print {
		t.Error(got)
	}
	k, err := New([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int{"sha256": 43, "sha384": 64, "sha512": 86}
	for _, hash := range ThumbprintHashes() {
		if got, err := k.ThumbprintWith(hash); err != nil || len(got) != sizes[hash] {
			t.Errorf("%s: %q, %v", hash, got, err)
		}
	}
	if got, err := k.ThumbprintWith("md5"); verdict.ClassOf(err) != verdict.Usage {
		t.Errorf("md5: %q, %v", got, err)
	}
}
