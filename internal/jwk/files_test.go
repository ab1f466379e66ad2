package jwk

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/jwk/sealed"
	"jwt/internal/verdict"
)

// The files in testdata were written by OpenSSL 3.0 and OpenSSH 9.2, those of ML-DSA are
// the examples of RFC 9881 App. C. The thumbprints were computed from the output of those
// programs, not by this package.
var thumbprints = map[string]string{
	"rsa":        "yVAigUmq-RQTIBk-8th4cM3AyLF3MtCnRba2Ft8sVRI",
	"p256":       "UZQZq-qVjZa5nIJfFEdz4gNl7nlP_NWbOt63AsXsg6I",
	"p384":       "x5W9uCmXmrNZ6531n64_rUV97vpLJQbxmeCx8dE_v30",
	"p521":       "rRdwYSLh0EnntdpqezhmVv-fzz7ADp-iaiZ_HXWT5qE",
	"ed25519":    "bSXtEj0qeF4w5gVYVXlCXgQndht8xN46dXoxBBfdzgA",
	"x25519":     "waAC_7qbWIFEMe71vyOEEKRgG4DS9Rd4xAc_ToUGcVA",
	"secp256k1":  "bhRXuAxOwoYLvyyPDAtXxAhJQSqr8spuwD3wDqVTQEQ",
	"ed448":      "ehY1krm2d_lHze01qXVVEcC_sb6pFU9KBICcnvjJ8K4",
	"mldsa44":    "XqS8KAWB0Sc42bmWeKxan98eQKcHS4DVOHGc_kr_68E",
	"mldsa65":    "x0kWwvv_AqVn61aqlQHnR3QwLdzUjPE_JWxbqdcwnmc",
	"mldsa87":    "mFRsKlw6dHj1-DtDA2Q37S9_J-6bafDaCshNfEFXF4w",
	"sshed25519": "3Ab3nZPX2xlEX0056HA61L3TZkpzgSZn-ghqZzda3Xw",
}

// summary is the part of a key that the tests compare.
type summary struct {
	Kind, Format, Thumbprint string
	Private                  bool
	Bits                     int
}

func summaryOf(k Key) summary {
	return summary{k.Kind(), k.Format, k.Thumbprint(), k.IsPrivate(), k.Bits()}
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFiles(t *testing.T) {
	tests := []struct {
		file, kind, format string
		bits               int
		private            bool
	}{
		{"rsa.pkcs8.pem", "RSA", "PEM PKCS#8", 2048, true},
		{"rsa.pkcs1.pem", "RSA", "PEM PKCS#1", 2048, true},
		{"rsa.openssh", "RSA", "OpenSSH private", 2048, true},
		{"rsa.spki.pem", "RSA", "PEM SPKI", 2048, false},
		{"rsa.pkcs1pub.pem", "RSA", "PEM PKCS#1 public", 2048, false},
		{"rsa.pub", "RSA", "OpenSSH public", 2048, false},
		{"p256.pkcs8.pem", "EC on P-256", "PEM PKCS#8", 256, true},
		{"p256.sec1.pem", "EC on P-256", "PEM SEC 1", 256, true},
		{"p256.params.pem", "EC on P-256", "PEM SEC 1", 256, true},
		{"p256.openssh", "EC on P-256", "OpenSSH private", 256, true},
		{"p256.spki.pem", "EC on P-256", "PEM SPKI", 256, false},
		{"p256.pub", "EC on P-256", "OpenSSH public", 256, false},
		{"p384.openssh", "EC on P-384", "OpenSSH private", 384, true},
		{"p384.pub", "EC on P-384", "OpenSSH public", 384, false},
		{"p521.openssh", "EC on P-521", "OpenSSH private", 521, true},
		{"p521.pub", "EC on P-521", "OpenSSH public", 521, false},
		{"ed25519.pkcs8.pem", "OKP on Ed25519", "PEM PKCS#8", 256, true},
		{"ed25519.spki.pem", "OKP on Ed25519", "PEM SPKI", 256, false},
		{"x25519.pkcs8.pem", "OKP on X25519", "PEM PKCS#8", 256, true},
		{"x25519.spki.pem", "OKP on X25519", "PEM SPKI", 256, false},
		{"secp256k1.pkcs8.pem", "EC on secp256k1", "PEM PKCS#8", 256, true},
		{"secp256k1.sec1.pem", "EC on secp256k1", "PEM SEC 1", 256, true},
		{"secp256k1.spki.pem", "EC on secp256k1", "PEM SPKI", 256, false},
		{"secp256k1.compressed.pem", "EC on secp256k1", "PEM SPKI", 256, false},
		{"ed448.pkcs8.pem", "OKP on Ed448", "PEM PKCS#8", 448, true},
		{"ed448.spki.pem", "OKP on Ed448", "PEM SPKI", 448, false},
		{"ed448.cert.pem", "OKP on Ed448", "X.509 certificate", 448, false},
		{"mldsa44.pkcs8.pem", "ML-DSA-44", "PEM PKCS#8", 0, true},
		{"mldsa44.both.pem", "ML-DSA-44", "PEM PKCS#8", 0, true},
		{"mldsa44.spki.pem", "ML-DSA-44", "PEM SPKI", 0, false},
		{"mldsa65.pkcs8.pem", "ML-DSA-65", "PEM PKCS#8", 0, true},
		{"mldsa65.spki.pem", "ML-DSA-65", "PEM SPKI", 0, false},
		{"mldsa87.pkcs8.pem", "ML-DSA-87", "PEM PKCS#8", 0, true},
		{"mldsa87.both.pem", "ML-DSA-87", "PEM PKCS#8", 0, true},
		{"mldsa87.spki.pem", "ML-DSA-87", "PEM SPKI", 0, false},
		{"sshed25519.openssh", "OKP on Ed25519", "OpenSSH private", 256, true},
		{"sshed25519.pub", "OKP on Ed25519", "OpenSSH public", 256, false},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			name, _, _ := strings.Cut(tt.file, ".")
			want := []summary{{tt.kind, tt.format, thumbprints[name], tt.private, tt.bits}}
			check := func(how string, data []byte, format string) {
				t.Helper()
				set, err := Parse(data)
				if err != nil {
					t.Errorf("%s: %v", how, err)
					return
				}
				var got []summary
				for _, k := range set.Keys {
					got = append(got, summaryOf(k))
				}
				want[0].Format = format
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", how, diff)
				}
				if len(set.Skipped) > 0 || set.Keys[0].InSet {
					t.Errorf("%s: skipped %v, in a set: %t", how, set.Skipped, set.Keys[0].InSet)
				}
			}
			data := file(t, tt.file)
			check("as it is", data, tt.format)
			check("with CRLF", bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")), tt.format)
			check("with a byte order mark", append([]byte("\uFEFF"), data...), tt.format)
			check("in UTF-16", toUTF16(data), tt.format)

			last, rest := lastBlock(data)
			if last == nil {
				return
			}
			check("with text around", append([]byte("Bag Attributes\n friendlyName: a: b\n"), append(data, "the end\n"...)...), tt.format)
			check("indented", bytes.ReplaceAll(data, []byte("\n"), []byte("\n    ")), tt.format)
			check("on one line", bytes.ReplaceAll(data, []byte("\n"), []byte(" ")), tt.format)
			check("quoted for a shell", []byte(`"`+strings.ReplaceAll(string(data), "\n", `\n`)+`"`), tt.format)
			if !strings.Contains(tt.format, "OpenSSH") && len(rest) == 0 {
				check("DER", last, strings.Replace(tt.format, "PEM", "DER", 1))
				check("bare base64", []byte(base64.StdEncoding.EncodeToString(last)), strings.Replace(tt.format, "PEM", "base64 DER", 1))
			}
		})
	}
}

func lastBlock(data []byte) (last, rest []byte) {
	for {
		b, more := pem.Decode(data)
		if b == nil {
			return last, data
		}
		last, data = b.Bytes, more
	}
}

func toUTF16(text []byte) []byte {
	out := []byte{0xff, 0xfe}
	for _, c := range text {
		out = append(out, c, 0)
	}
	return out
}

func TestEncryptedFiles(t *testing.T) {
	files := []string{
		"p256.enc-default.pem", "p256.enc-aes128-sha1.pem", "p256.enc-aes192-sha512.pem", "p256.enc-aes256-sha384.pem",
		"p256.enc-des3.pem", "p256.enc-scrypt.pem", "ed448.enc-default.pem",
		"sshed25519.enc-aes128-ctr.openssh", "sshed25519.enc-aes192-ctr.openssh", "sshed25519.enc-aes256-ctr.openssh",
		"sshed25519.enc-aes256-cbc.openssh", "sshed25519.enc-aes256-gcm.openssh",
	}
	for _, name := range files {
		t.Run(name, func(t *testing.T) {
			data := file(t, name)
			asked := 0
			answer := func(p string) func() ([]byte, error) {
				return func() ([]byte, error) { asked++; return []byte(p), nil }
			}

			set, err := ParseEncrypted(data, answer("correct"))
			if err != nil {
				t.Fatal(err)
			}
			stem, _, _ := strings.Cut(name, ".")
			if got := set.Keys[0]; got.Thumbprint() != thumbprints[stem] || !got.IsPrivate() || asked != 1 {
				t.Errorf("thumbprint %s, private %t, asked %d times", got.Thumbprint(), got.IsPrivate(), asked)
			}

			for _, wrong := range []string{"wrong", "", "correct\n"} {
				if _, err := ParseEncrypted(data, answer(wrong)); verdict.ClassOf(err) != verdict.KeyUnreadable {
					t.Errorf("passphrase %q: %v (%s)", wrong, err, verdict.ClassOf(err))
				}
			}
			if _, err := Parse(data); verdict.ClassOf(err) != verdict.KeyUnreadable || !errors.Is(err, ErrEncrypted) {
				t.Errorf("without a passphrase: %v", err)
			}
			refused := errors.New("interrupted")
			if _, err := ParseEncrypted(data, func() ([]byte, error) { return nil, refused }); !errors.Is(err, refused) {
				t.Errorf("without a passphrase: %v", err)
			}
		})
	}
}

// TestDerivationsAreBounded checks that the work of opening keys is limited, whatever the
// number of keys in a source. The passphrase of a key over the limit is not asked for.
func TestDerivationsAreBounded(t *testing.T) {
	for _, name := range []string{"p256.enc-default.pem", "p256.enc-scrypt.pem", "sshed25519.enc-aes256-gcm.openssh"} {
		asked := 0
		ask := func() ([]byte, error) { asked++; return []byte("correct"), nil }
		one := reader{ask: ask}
		if _, err := one.pem(file(t, name)); err != nil || asked != 1 || one.work < 1000 {
			t.Fatalf("%s: %v, asked %d times, %d µs of work", name, err, asked, one.work)
		}
		for _, tt := range []struct{ before, asked int }{
			{maxWork - 2*one.work, 1},        // enough for two
			{maxWork - 2*one.work + 1, 1},    // enough for the first
			{maxWork - one.work + 1, 0},      // not enough for one
			{maxWork + 1000*one.work + 1, 0}, // and none after one was refused
		} {
			asked = 0
			r := reader{ask: ask, work: tt.before}
			set, err := r.pem(append(file(t, name), file(t, name)...))
			if fits := tt.before+2*one.work <= maxWork; fits != (err == nil) || asked != tt.asked {
				t.Errorf("%s after %d µs: %d keys, %v, asked %d times", name, tt.before, len(set.Keys), err, asked)
			}
			if err != nil && (verdict.ClassOf(err) != verdict.LimitExceeded || len(set.Keys) > 0) {
				t.Errorf("%s after %d µs: %d keys and %v", name, tt.before, len(set.Keys), err)
			}
		}
	}
	if sixteen := 16 * sealed.NewIterations; sixteen > maxWork {
		t.Errorf("16 keys as they are written here cannot be read: %d µs of %d", sixteen, maxWork)
	}
}

// TestPassphraseOnce checks that the passphrase is asked for once, and only for encrypted
// keys.
func TestPassphraseOnce(t *testing.T) {
	two := append(file(t, "p256.enc-aes128-sha1.pem"), file(t, "p256.enc-default.pem")...)
	asked := 0
	ask := func() ([]byte, error) { asked++; return []byte("correct"), nil }
	if set, err := ParseEncrypted(two, ask); err != nil || len(set.Keys) != 1 || asked != 1 {
		t.Errorf("%d keys, %v, asked %d times", len(set.Keys), err, asked)
	}
	asked = 0
	if _, err := ParseEncrypted(file(t, "rsa.pkcs8.pem"), ask); err != nil || asked != 0 {
		t.Errorf("a plain key: %v, asked %d times", err, asked)
	}
}

func TestRefusedFiles(t *testing.T) {
	never := func() ([]byte, error) { return nil, errors.New("the passphrase was asked for") }
	tests := []struct {
		file  string
		class verdict.Class
		says  string
		hint  bool
	}{
		{"refused/rsa512.pem", verdict.KeyRefused, "RSA key of 512 bits", true},
		{"refused/rsa1024.pem", verdict.KeyRefused, "RSA key of 1024 bits", true},
		{"refused/rsa1024pub.pem", verdict.KeyRefused, "RSA key of 1024 bits", true},
		{"refused/rsa3primes.pem", verdict.KeyRefused, "more than two primes", false},
		{"refused/rsapss.pem", verdict.KeyRefused, "RSASSA-PSS parameters", false},
		{"refused/secp256k1cert.pem", verdict.KeyRefused, "unsupported elliptic curve", false},
		{"refused/p224.pem", verdict.KeyRefused, "must be P-256, P-384, P-521 or secp256k1", false},
		{"refused/x448.pem", verdict.KeyRefused, "X448", false},
		{"refused/mldsa44expanded.pem", verdict.KeyRefused, "only the expanded key, without the seed", false},
		{"refused/mldsa44halves.pem", verdict.KeyRefused, "do not belong together", false},
		{"refused/dsa.pem", verdict.KeyRefused, "DSA", false},
		{"refused/dsapub.pem", verdict.KeyRefused, "DSA", false},
		{"refused/request.pem", verdict.KeyRefused, "certificate request", true},
		{"store.p12", verdict.Internal, "the passphrase was asked for", false},
		{"refused/bundle.p7b", verdict.KeyUnreadable, "PKCS#7", true},
		{"p256.enc-traditional.pem", verdict.KeyUnreadable, "encrypted in OpenSSL's old format", true},
		{"p256.enc-pbes1.pem", verdict.KeyUnreadable, "only PBES2 is", true},
		{"p256.enc-aria.pem", verdict.KeyUnreadable, "cipher that is not supported", false},
		{"p256.enc-iterations.pem", verdict.LimitExceeded, "1200001 PBKDF2 iterations", false},
		{"sshed25519.enc-rounds.openssh", verdict.LimitExceeded, "501 bcrypt rounds", false},
		{"sshed25519.enc-chacha20-poly1305.openssh", verdict.KeyUnreadable, "cipher that is not supported", true},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			set, err := ParseEncrypted(file(t, tt.file), never)
			expectError(t, set, err, tt.class, tt.says)
			var e *verdict.Error
			if errors.As(err, &e) && (e.Hint != "") != tt.hint {
				t.Errorf("hint %q", e.Hint)
			}
		})
	}
}

func expectError(t *testing.T, set Set, err error, class verdict.Class, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted: %d keys", len(set.Keys))
	}
	if verdict.ClassOf(err) != class || !strings.Contains(err.Error(), says) {
		t.Errorf("error %q of class %s, want %q of class %s", err, verdict.ClassOf(err), says, class)
	}
	if len(set.Keys) > 0 {
		t.Errorf("an error, and yet %d keys", len(set.Keys))
	}
}

// TestDamagedFiles checks that a truncated key is refused.
func TestDamagedFiles(t *testing.T) {
	for _, name := range []string{"p256.pkcs8.pem", "ed25519.pkcs8.pem", "p256.openssh", "sshed25519.openssh", "rsa.pkcs8.pem", "secp256k1.pkcs8.pem", "ed448.pkcs8.pem", "mldsa44.pkcs8.pem", "mldsa44.both.pem"} {
		data := file(t, name)
		der, _ := lastBlock(data)
		for cut := 0; cut < len(der); cut += 1 + len(der)/40 {
			short := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der[:cut]})
			if strings.HasSuffix(name, ".openssh") {
				short = pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: der[:cut]})
			}
			if _, err := Parse(short); verdict.ClassOf(err) != verdict.KeyRefused {
				t.Errorf("%s cut at %d: %v", name, cut, err)
			}
		}
		for cut := len(pemBegin) + 20; cut < len(data)-len("-----\n"); cut += 1 + len(data)/40 {
			if _, err := Parse(data[:cut]); verdict.ClassOf(err) != verdict.KeyRefused {
				t.Errorf("%s text cut at %d: %v", name, cut, err)
			}
		}
		if _, err := Parse(der[:len(der)-1]); err == nil {
			t.Errorf("%s: DER cut short was accepted", name)
		}
	}
}

// TestChangedFiles checks that a changed bit is detected or does not change the key. Only
// keys with redundancy can detect it: an Ed25519 key in PKCS #8 is only its seed.
func TestChangedFiles(t *testing.T) {
	for _, name := range []string{"p256.pkcs8.pem", "p256.sec1.pem", "p256.openssh", "sshed25519.openssh", "p256.enc-aes128-sha1.pem", "rsa.pkcs1.pem", "secp256k1.pkcs8.pem", "secp256k1.sec1.pem"} {
		data := file(t, name)
		stem, _, _ := strings.Cut(name, ".")
		original, _ := pem.Decode(data)
		step := 1
		if len(original.Bytes) > 500 {
			step = 37
		}
		for at := 0; at < len(original.Bytes); at += step {
			b := *original
			b.Bytes = bytes.Clone(original.Bytes)
			b.Bytes[at] ^= 1 << (at % 8)
			set, err := ParseEncrypted(pem.EncodeToMemory(&b), func() ([]byte, error) { return []byte("correct"), nil })
			if err != nil {
				if class := verdict.ClassOf(err); class != verdict.KeyRefused && class != verdict.KeyUnreadable && class != verdict.LimitExceeded {
					t.Errorf("%s changed at %d: class %s: %v", name, at, class, err)
				}
				continue
			}
			if got := set.Keys[0].Thumbprint(); got != thumbprints[stem] {
				t.Errorf("%s changed at %d: another key, %s", name, at, got)
			}
		}
	}
}
