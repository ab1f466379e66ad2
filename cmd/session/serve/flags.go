package serve

import (
	"net"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/authserver"
	"jwt/internal/authserver/signing"
	"jwt/internal/cli"
	"jwt/internal/loopback"
	"jwt/internal/verdict"
)

type flags struct {
	listen, store, issuer, audience, alg string

	users     []string
	usersFile string
	clients   string

	registration, passwordGrant, dpopNonce bool

	accessTTL, refreshTTL, reuseGrace, keyPeriod string

	faults       []string
	faultControl bool

	allowRemote     bool
	allowOrigins    []string
	allowHosts      []string
	tlsCert, tlsKey string
	quiet           bool
}

func (o *flags) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.listen, "listen", "127.0.0.1:3000", "`HOST:PORT` to listen on; port 0 picks one")
	f.StringVar(&o.store, "store", "", "where the state is kept: a `FILE`, memory, or Redis or Valkey at redis://HOST:PORT/DB, with ?addr=HOST:PORT for more nodes of a Cluster, &master_set=NAME for Sentinel, &wait=N to wait for replicas; env:NAME or @FILE has such a value (default: $XDG_STATE_HOME/jwt/serve/state.db)")
	f.StringArrayVar(&o.users, "user", nil, "a user who can log in: `NAME:PASSWORD` (repeatable)")
	f.StringVar(&o.usersFile, "users", "", "a `FILE` of users, one per line")
	f.StringVar(&o.clients, "clients", "", "a `FILE` of OAuth clients beside the public client native: a JSON array of objects with the member names of RFC 7591")
	f.BoolVar(&o.registration, "allow-registration", false, "let OAuth clients register themselves (RFC 7591); they are forgotten at the end")
	f.BoolVar(&o.passwordGrant, "allow-password-grant", false, "accept the OAuth password grant, which RFC 9700 forbids")
	f.BoolVar(&o.dpopNonce, "dpop-nonce", false, "require a nonce of the server in DPoP proofs (RFC 9449)")
	f.StringVar(&o.accessTTL, "access-ttl", "5m", "how long an access token lives, a `DURATION` like 30s")
	f.StringVar(&o.refreshTTL, "refresh-ttl", "24h", "how long each refresh token lives, a `DURATION`")
	f.StringVar(&o.reuseGrace, "reuse-grace", "0s", "return the same successor for a spent refresh token for this `DURATION`")
	f.StringVar(&o.keyPeriod, "key-period", "30d", "make a new signing key after this `DURATION`, and publish it before use")
	f.StringVar(&o.alg, "alg", authserver.DefaultAlg, "the signature `ALGORITHM`: ES256, EdDSA, RS256, …")
	f.StringVar(&o.issuer, "issuer", "", "the `URL` that clients use (default: the address it listens on)")
	f.StringVar(&o.audience, "audience", "", "the aud of access tokens, a `NAME` (default: the issuer)")
	f.StringArrayVar(&o.faults, "fault", nil, "inject a fault: `NAME[=VALUE]` as listed above (repeatable)")
	f.BoolVar(&o.faultControl, "fault-control", false, "set faults while the server runs: POST /faults {\"fault\":\"NAME\"}, DELETE /faults")
	f.BoolVar(&o.allowRemote, "allow-remote", false, "listen beyond loopback, which requires --tls-cert and --tls-key; or use a Redis beyond loopback without TLS")
	f.StringArrayVar(&o.allowOrigins, "allow-origin", nil, "let scripts of pages from this `ORIGIN` call the server with its cookies (repeatable); the page must use the server's host name, like http://localhost:5173 and http://localhost:3000")
	f.StringArrayVar(&o.allowHosts, "allow-host", nil, "answer requests whose Host header is `HOST` or HOST:PORT, as a proxy in front of the server sends it (repeatable)")
	f.StringVar(&o.tlsCert, "tls-cert", "", "the certificate chain for HTTPS, a PEM `FILE`")
	f.StringVar(&o.tlsKey, "tls-key", "", "the private key of the certificate, a PEM `FILE`")
	cli.AddQuiet(f, &o.quiet, "do not log requests, and print no notes; errors are printed")
}

func (o *flags) complete(c *cobra.Command) {
	cli.CompleteValues(c, "alg", signing.Algs()...)
	cli.CompleteValues(c, "fault", completeFault()...)
	cli.CompleteValues(c, "allow-origin", "http://localhost:5173", "http://localhost:8080")
	cli.CompleteValues(c, "allow-host", "localhost:5173", "localhost:8080")
	cli.CompleteValues(c, "store", "memory", "redis://127.0.0.1:6379/0")
}

func (o *flags) check() error {
	host, _, err := net.SplitHostPort(o.listen)
	switch {
	case err != nil:
		return verdict.Errorf(verdict.Usage, "--listen: is %q, must be HOST:PORT", o.listen).Hintf("--listen 127.0.0.1:3000")
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return verdict.Errorf(verdict.Usage, "--tls-cert and --tls-key go together")
	case loopback.Host(host):
		return nil
	case !o.allowRemote:
		return verdict.Errorf(verdict.Usage, "--listen: %s is not loopback: other machines could reach the server", o.listen).
			Hintf("--listen 127.0.0.1:3000, or --allow-remote with --tls-cert and --tls-key")
	case o.tlsCert == "":
		return verdict.Errorf(verdict.Usage, "--allow-remote: requires --tls-cert and --tls-key, or passwords would cross the network unencrypted")
	case o.faultControl:
		return verdict.Errorf(verdict.Usage, "--fault-control: is allowed on loopback only")
	case o.issuer == "" && isUnspecified(host):
		return verdict.Errorf(verdict.Usage, "--issuer: is required with --listen %s, because clients need a URL to reach the server at", o.listen).
			Hintf("--issuer https://NAME:PORT, as clients write it")
	}
	return nil
}

// address returns the address to listen on. A loopback name is not resolved, because a
// resolver may return an address of the network.
func (o *flags) address() string {
	host, port, _ := net.SplitHostPort(o.listen)
	if loopback.Name(host) {
		return net.JoinHostPort(loopback.Addresses[0], port)
	}
	return o.listen
}

func isUnspecified(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}
