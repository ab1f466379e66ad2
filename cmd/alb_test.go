package cmd

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jwt/internal/cli"
	"jwt/internal/verdict"
)

const (
	albKid = "b8c7a3f0-1d2e-4f56-8a9b-0c1d2e3f4a5b"
	albARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"
)

// A balancer signs as an AWS load balancer does, and serves its key as AWS does.
type balancer struct {
	key   *ecdsa.PrivateKey
	env   *cli.Env
	paths []string // that were requested
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{key: key}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.paths = append(b.paths, r.Host+r.URL.Path)
		_ = pem.Encode(w, &pem.Block{Type: "PUBLIC KEY", Bytes: der})
	}))
	t.Cleanup(server.Close)
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.ServerName = "example.com" // of the certificate of httptest
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	b.env = &cli.Env{
		Stdin: strings.NewReader(""), Width: 80,
		LookupEnv: func(name string) (string, bool) { return "", false },
		Now:       func() time.Time { return time.Unix(1700000000, 0) },
		HTTP:      &http.Client{Transport: transport},
	}
	return b
}

// sign returns a token with padding, which is signed too.
func (b *balancer) sign(t *testing.T, header string) string {
	t.Helper()
	encode := base64.URLEncoding.EncodeToString
	input := encode([]byte(header)) + "." + encode([]byte(`{"sub":"alice","email":"alice@example.com"}`))
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, b.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + encode(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func (b *balancer) verify(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	env := *b.env
	env.Stdout, env.Stderr = &out, &errs
	status = Run(context.Background(), &env, append([]string{"verify", "-o", "json"}, args...))
	return status, out.String(), errs.String()
}

func TestLoadBalancer(t *testing.T) {
	const header = `{"alg":"ES256","kid":"` + albKid + `","signer":"` + albARN + `","iss":"https://idp.example","client":"my-client","exp":1700000120}`
	for _, row := range []struct {
		name     string
		from, to string // in the header
		args     []string
		status   int
		says     string // in the output
	}{
		{name: "the load balancer that is named", args: []string{"--key", "alb:" + albARN}, says: `"name":"profile:aws-alb:signer","status":"pass"`},
		{name: "any load balancer of the region", args: []string{"--key", "alb:eu-central-1"}, says: `"class":"aud_unchecked"`},
		{name: "any, strictly", args: []string{"--key", "alb:eu-central-1", "--strict"}, status: 6, says: "anyone with an AWS account can have a load balancer sign"},
		{name: "another load balancer", from: "123456789012", to: "210987654321", args: []string{"--key", "alb:" + albARN}, status: 6, says: `"class":"iss_mismatch"`},
		{name: "no signer", from: `"signer"`, to: `"x"`, args: []string{"--key", "alb:eu-central-1"}, status: 6, says: `"class":"missing_claim"`},
		{name: "expired", from: "1700000120", to: "1699999999", args: []string{"--key", "alb:" + albARN}, status: 5, says: `"class":"expired"`},
		{name: "expired, within the leeway", from: "1700000120", to: "1699999999", args: []string{"--key", "alb:" + albARN, "--leeway", "30s"}, says: `"valid":true`},
		{name: "no exp", from: `"exp"`, to: `"x"`, args: []string{"--key", "alb:" + albARN}, status: 6, says: `"class":"missing_claim"`},
		{name: "another algorithm", from: "ES256", to: "HS256", args: []string{"--key", "alb:" + albARN}, status: 7, says: `"class":"key_mismatch"`},
		{name: "a kid that is a path", from: albKid, to: "../../other-bucket/key", args: []string{"--key", "alb:" + albARN}, status: 7, says: `"class":"key_not_found"`},
		{name: "a region that is a host", args: []string{"--key", "alb:evil.example/eu-central-1"}, status: 2, says: "is not an AWS region"},
		{name: "two load balancers", args: []string{"--key", "alb:" + albARN, "--key", "alb:" + albARN + "x"}, status: 2, says: "want one load balancer or one region"},
		{name: "a load balancer, then any", from: "123456789012", to: "210987654321", args: []string{"--key", "alb:" + albARN, "--key", "alb:eu-central-1"}, status: 2, says: "want one load balancer or one region"},
		{name: "an ARN of another service", args: []string{"--key", "alb:arn:aws:s3:eu-central-1:1:bucket/x"}, status: 2, says: "is not the ARN of a load balancer"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBalancer(t)
			token := b.sign(t, strings.Replace(header, row.from, row.to, 1))
			status, stdout, stderr := b.verify(append(row.args, "--profile", "aws-alb", token)...)
			if status != row.status || !strings.Contains(stdout+stderr, row.says) {
				t.Errorf("status %d, want %d with %s:\n%s%s", status, row.status, row.says, stdout, stderr)
			}
			for _, path := range b.paths {
				if path != "public-keys.auth.elb.eu-central-1.amazonaws.com/"+albKid {
					t.Errorf("asked %s", path)
				}
			}
			if strings.Contains(row.to, "/") && len(b.paths) > 0 {
				t.Errorf("a kid that is not a UUID was put into a URL: %v", b.paths)
			}
		})
	}
}

// TestLoadBalancerSpelling checks that padding is accepted under the profile alone, and there as the
// only spelling.
func TestLoadBalancerSpelling(t *testing.T) {
	const header = `{"alg":"ES256","kid":"` + albKid + `","signer":"` + albARN + `","iss":"https://idp.example","client":"my","exp":1700000120}`
	b := newBalancer(t)
	token := b.sign(t, header)
	if !strings.Contains(token, "=.") {
		t.Fatal("the token has no padding:", token)
	}
	const key = "alb:" + albARN
	for name, text := range map[string]string{
		"bare":        token,
		"header line": "GET / HTTP/1.1\r\nHost: app.example\r\nX-Amzn-Oidc-Data: " + token + "\r\n\r\n",
	} {
		if status, stdout, stderr := b.verify("--key", key, "--profile", "aws-alb", text); status != verdict.ExitOK || !strings.Contains(stdout, `"payload":{"sub":"alice"`) {
			t.Errorf("%s: status %d: %s%s", name, status, stdout, stderr)
		}
	}
	for name, text := range map[string]string{
		"without padding":     strings.ReplaceAll(token, "=", ""),
		"more padding":        token + "=",
		"changed":             strings.Replace(token, ".", ".A", 1),
		"line break inside":   token[:20] + "\n" + token[20:],
		"only the signature":  strings.TrimRight(token, "="),
		"two parts":           token[:strings.LastIndexByte(token, '.')],
		"disclosures behind":  token + "~",
		"a part in two parts": strings.Replace(token, "=.", "=.=", 1),
	} {
		if status, stdout, _ := b.verify("--key", key, "--profile", "aws-alb", text); status == verdict.ExitOK || strings.Contains(stdout, `"payload":{`) && !strings.Contains(stdout, `"unverified"`) {
			t.Errorf("%s: status %d: %s", name, status, stdout)
		}
	}
	_, _, stderr := b.verify("--key", key, "--profile", "aws-alb", strings.ReplaceAll(token, "=", ""))
	if !strings.Contains(stderr, "hint: this token has no padding, so no load balancer made it: leave out --profile aws-alb") {
		t.Errorf("without padding: %s", stderr)
	}
	if status, _, stderr := b.verify("--key", "alb:nowhere", "--profile", "aws-alb", "garbage"); status != verdict.ExitUsage || !strings.Contains(stderr, "is not an AWS region") {
		t.Errorf("a wrong region beside a wrong token: status %d, %s", status, stderr)
	}
	for name, args := range map[string][]string{
		"another profile": {"--profile", "id-token", "--key", "https://public-keys.auth.elb.eu-central-1.amazonaws.com/" + albKid, token},
		"no profile":      {"--key", "https://public-keys.auth.elb.eu-central-1.amazonaws.com/" + albKid, token},
		"alb: without it": {"--key", key, strings.ReplaceAll(token, "=", "")},
		"a batch":         {"--key", key, "--profile", "aws-alb", "--batch"},
	} {
		if status, stdout, _ := b.verify(args...); status == verdict.ExitOK || strings.Contains(stdout, `"valid":true`) {
			t.Errorf("%s: status %d: %s", name, status, stdout)
		}
	}
}
