package main

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// A floor is a loop over lines that does only the work that no batch can avoid. It runs
// in a separate process: this program with -floor.
type floor struct {
	about string
	line  func(key any, token []byte, out *bytes.Buffer) error
}

var floors = map[string]floor{
	"json":             {"base64 and json.Compact", compactJSON},
	"json golang-jwt":  {"", parseUnverified},
	"HS256":            {"the bare HMACs", bareHMAC},
	"HS256 golang-jwt": {"", parseVerified},
	"ES256":            {"the bare ecdsa.Verify", bareECDSA},
	"ES256 golang-jwt": {"", parseVerified},
	"RS256":            {"the bare rsa.VerifyPKCS1v15", bareRSA},
	"RS256 golang-jwt": {"", parseVerified},
}

// runFloor runs a floor over the tokens in dir.
func runFloor(name, dir string) error {
	f, ok := floors[name]
	if !ok {
		return fmt.Errorf("no floor %q", name)
	}
	key, err := readKey(filepath.Join(dir, "key"))
	if err != nil {
		return err
	}
	file, err := os.Open(filepath.Join(dir, "tokens"))
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriterSize(os.Stdout, 64<<10)
	var out bytes.Buffer
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		out.Reset()
		if err := f.line(key, lines.Bytes(), &out); err != nil {
			return err
		}
		w.Write(out.Bytes())
	}
	return errors.Join(lines.Err(), w.Flush())
}

// readKey reads a public key, or a secret if the file is not PEM.
func readKey(path string) (any, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return b, nil
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}

// split splits a token into the signed input and the signature.
func split(token []byte) (input, sig []byte, err error) {
	dot := bytes.LastIndexByte(token, '.')
	if dot < 0 {
		return nil, nil, errors.New("no token")
	}
	sig, err = base64.RawURLEncoding.AppendDecode(nil, token[dot+1:])
	return token[:dot], sig, err
}

var errForged = errors.New("the signature does not verify")

func bareHMAC(key any, token []byte, _ *bytes.Buffer) error {
	input, sig, err := split(token)
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, key.([]byte))
	mac.Write(input)
	if !hmac.Equal(mac.Sum(nil), sig) {
		return errForged
	}
	return nil
}

func bareECDSA(key any, token []byte, _ *bytes.Buffer) error {
	input, sig, err := split(token)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(input)
	r, s := new(big.Int).SetBytes(sig[:len(sig)/2]), new(big.Int).SetBytes(sig[len(sig)/2:])
	if !ecdsa.Verify(key.(*ecdsa.PublicKey), digest[:], r, s) {
		return errForged
	}
	return nil
}

func bareRSA(key any, token []byte, _ *bytes.Buffer) error {
	input, sig, err := split(token)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(input)
	return rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), crypto.SHA256, digest[:], sig)
}

func compactJSON(_ any, token []byte, out *bytes.Buffer) error {
	for i, part := range bytes.Split(token, []byte{'.'})[:2] {
		out.WriteString([...]string{`{"header":`, `,"payload":`}[i])
		text, err := base64.RawURLEncoding.AppendDecode(nil, part)
		if err != nil {
			return err
		}
		if err := json.Compact(out, text); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, ",\"signature\":%q}\n", token[bytes.LastIndexByte(token, '.')+1:])
	return nil
}

// parseUnverified and parseVerified use golang-jwt as a program would.
func parseUnverified(_ any, token []byte, out *bytes.Buffer) error {
	t, _, err := jwt.NewParser().ParseUnverified(string(token), jwt.MapClaims{})
	if err != nil {
		return err
	}
	return encode(out, t)
}

func parseVerified(key any, token []byte, out *bytes.Buffer) error {
	t, err := jwt.Parse(string(token), func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{"HS256", "ES256", "RS256"}), jwt.WithAudience("api"))
	if err != nil {
		return err
	}
	return encode(out, t)
}

func encode(out io.Writer, t *jwt.Token) error {
	signature := t.Raw[strings.LastIndexByte(t.Raw, '.')+1:]
	return json.NewEncoder(out).Encode(map[string]any{"header": t.Header, "payload": t.Claims, "signature": signature})
}
