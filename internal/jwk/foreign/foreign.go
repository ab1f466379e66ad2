// Package foreign recognises the files that other programs keep keys in and that are not read.
package foreign

import (
	"bytes"

	"jwt/internal/verdict"
)

// A Kind is a kind of file.
type Kind struct {
	Name string // "a Java keystore (JKS)"
	hint string // the command that converts it
}

// Err returns the error for a file of the kind in place of a key.
func (k Kind) Err() error {
	return verdict.Errorf(verdict.KeyUnreadable, "this is %s, which is not supported", k.Name).Hintf("%s", k.hint)
}

const (
	gpgHint   = "gpg --export-ssh-key ID >KEY.pub writes the public key of an authentication key; other PGP keys do not sign tokens"
	storeHint = "keytool -importkeystore -srckeystore STORE -destkeystore STORE.p12 -deststoretype pkcs12 writes a file that is read; openssl pkcs12 -in STORE.p12 -nodes -out KEY.pem makes a PEM of it"
	bksHint   = "keytool -importkeystore -srckeystore STORE -srcstoretype BKS -destkeystore STORE.p12 -deststoretype pkcs12 -providerclass org.bouncycastle.jce.provider.BouncyCastleProvider -providerpath bcprov.jar"
)

// Kinds that are also recognised by other marks than those in kinds.
var (
	OpenPGP = Kind{"an OpenPGP key or message", gpgHint}
	AgeFile = Kind{"a file that age has encrypted", "age --decrypt -i IDENTITY FILE >KEY"}
)

// kinds lists the kinds by their marks, none of which is in a key that is read.
var kinds = []struct {
	is   func(b []byte, mark string) bool
	mark string
	Kind
}{
	{starts, "\xfe\xed\xfe\xed\x00\x00\x00", Kind{"a Java keystore (JKS)", storeHint}},
	{starts, "\xce\xce\xce\xce\x00\x00\x00", Kind{"a Java keystore (JCEKS)", storeHint}},
	{starts, "\x00\x00\x00\x01\x00\x00\x00\x14", Kind{"a Bouncy Castle keystore (BKS)", bksHint}},
	{starts, "\x00\x00\x00\x02\x00\x00\x00\x14", Kind{"a Bouncy Castle keystore (BKS)", bksHint}},
	{starts, "<RSAKeyValue", Kind{"an XML key", "convert it to PEM with the program that wrote it"}},
	{starts, "PuTTY-User-Key-File", Kind{"a PuTTY key", "puttygen KEY.ppk -O private-openssh-new -o KEY"}},
	{starts, "---- BEGIN SSH2", Kind{"an SSH2 public key (RFC 4716)", "ssh-keygen -i -f KEY"}},
	{starts, "age-encryption.org/", AgeFile},
	{hasLine, "AGE-SECRET-KEY-", Kind{"an age key", "age keys encrypt files; jwt key generate makes one that signs"}},
	{hasLine, "age1", Kind{"an age key", "age keys encrypt files; jwt key generate makes one that signs"}},
	{isKubeconfig, "clusters", Kind{"a kubeconfig", "its keys are for TLS; kubectl get --raw /openid/v1/jwks prints the keys of service accounts; kubectl config view --raw --minify -o jsonpath='{.users[0].user.client-key-data}' | base64 -d >KEY takes out the user's key"}},
}

// KindOf returns the kind of file that b is.
func KindOf(b []byte) (Kind, bool) {
	for _, k := range kinds {
		if k.is(b, k.mark) {
			return k.Kind, true
		}
	}
	return Kind{}, false
}

func starts(b []byte, mark string) bool { return bytes.HasPrefix(b, []byte(mark)) }

// hasLine reports whether the first line that is not a comment begins with the mark of a long word.
func hasLine(b []byte, mark string) bool {
	const shortest = 50
	for line := range bytes.Lines(b) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return bytes.HasPrefix(line, []byte(mark)) && len(line) > shortest
		}
	}
	return false
}

// IsKubeconfig reports whether a text is the configuration of kubectl, in YAML or JSON.
func IsKubeconfig(b []byte) bool { return isKubeconfig(b, "clusters") }

func isKubeconfig(b []byte, mark string) bool {
	has := func(word string) bool { return bytes.Contains(b, []byte(word)) }
	return has(mark) && has("users") && (has("certificate-authority") || has("client-certificate") || has("client-key"))
}

// IsOpenPGP reports whether b begins with the packet of a key (RFC 9580 §4.2, §5.5). Random bytes
// may look like one, so it must not decide what is a secret.
func IsOpenPGP(b []byte) bool {
	if len(b) < 12 {
		return false
	}
	tag, body := b[0]>>2&0xf, [...]int{2, 3, 5, 1}[b[0]&3]
	if b[0]&0x40 != 0 { // the new format
		tag, body = b[0]&0x3f, 2
		if b[1] >= 192 {
			body = 3
		}
	}
	const secret, public = 5, 6
	return b[0]&0x80 != 0 && (tag == secret || tag == public) && b[body] >= 3 && b[body] <= 6
}
