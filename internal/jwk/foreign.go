package jwk

import (
	"bytes"

	"jwt/internal/verdict"
)

// A foreign is a kind of file that other programs keep keys in. It is recognised and not read.
type foreign struct {
	is   func([]byte) bool
	what string
	hint string // the command that converts it
}

const (
	ageHint   = "age --decrypt -i IDENTITY FILE >KEY"
	gpgHint   = "gpg --export-ssh-key ID >KEY.pub writes the public key of an authentication key; other PGP keys do not sign tokens"
	storeHint = "keytool -importkeystore -srckeystore STORE -destkeystore STORE.p12 -deststoretype pkcs12 writes a file that is read"
	bksHint   = "keytool -importkeystore -srckeystore STORE -srcstoretype BKS -destkeystore STORE.p12 -deststoretype pkcs12 -providerclass org.bouncycastle.jce.provider.BouncyCastleProvider -providerpath bcprov.jar"
)

// foreigners lists the kinds. None of their marks occurs in a key that is read.
var foreigners = []foreign{
	{starts("\xfe\xed\xfe\xed\x00\x00\x00"), "a Java keystore (JKS)", storeHint},
	{starts("\xce\xce\xce\xce\x00\x00\x00"), "a Java keystore (JCEKS)", storeHint},
	{starts("\x00\x00\x00\x01\x00\x00\x00\x14"), "a Bouncy Castle keystore (BKS)", bksHint},
	{starts("\x00\x00\x00\x02\x00\x00\x00\x14"), "a Bouncy Castle keystore (BKS)", bksHint},
	{starts("<RSAKeyValue"), "an XML key", "convert it to PEM with the program that wrote it"},
	{starts("PuTTY-User-Key-File"), "a PuTTY key", "puttygen KEY.ppk -O private-openssh-new -o KEY"},
	{starts("---- BEGIN SSH2"), "an SSH2 public key (RFC 4716)", "ssh-keygen -i -f KEY"},
	{starts("age-encryption.org/"), "a file that age has encrypted", ageHint},
	{hasLine("AGE-SECRET-KEY-"), "an age key", "age keys encrypt files; jwt key generate makes one that signs"},
	{hasLine("age1"), "an age key", "age keys encrypt files; jwt key generate makes one that signs"},
	{isKubeconfig, "a kubeconfig", "its keys are for TLS; kubectl get --raw /openid/v1/jwks prints the keys of service accounts; kubectl config view --raw --minify -o jsonpath='{.users[0].user.client-key-data}' | base64 -d >KEY takes out the user's key"},
}

// foreignKind returns the kind of file that b is.
func foreignKind(b []byte) (foreign, bool) {
	for _, f := range foreigners {
		if f.is(b) {
			return f, true
		}
	}
	return foreign{}, false
}

func (f foreign) err() error {
	return verdict.Errorf(verdict.KeyUnreadable, "this is %s, which is not supported", f.what).Hintf("%s", f.hint)
}

func starts(prefix string) func([]byte) bool {
	return func(b []byte) bool { return bytes.HasPrefix(b, []byte(prefix)) }
}

// hasLine returns a function that reports whether a line begins with the mark, after comments.
func hasLine(mark string) func([]byte) bool {
	return func(b []byte) bool {
		for line := range bytes.Lines(b) {
			line = bytes.TrimSpace(line)
			if len(line) > 0 && line[0] != '#' {
				return bytes.HasPrefix(line, []byte(mark)) && len(line) > 50
			}
		}
		return false
	}
}

// isKubeconfig reports whether a text is the configuration of kubectl, in YAML or JSON.
func isKubeconfig(b []byte) bool {
	has := func(word string) bool { return bytes.Contains(b, []byte(word)) }
	return has("clusters") && has("users") && (has("certificate-authority") || has("client-certificate") || has("client-key"))
}

func unreadPGP() error { return foreign{what: "an OpenPGP key or message", hint: gpgHint}.err() }

// isOpenPGP reports whether b begins with the packet of a key (RFC 9580 §4.2, §5.5). Random bytes
// may look like one, so it must not decide what is a secret.
func isOpenPGP(b []byte) bool {
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
