package serve

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/users"
	"jwt/internal/cli"
	"jwt/internal/loopback"
	"jwt/internal/verdict"
)

// options turns flags into the options of the server. Without users it adds one and returns
// its password.
func (o *flags) options(env *cli.Env) (options authserver.Options, password string, err error) {
	options = authserver.Options{
		Audience: o.audience, Alg: o.alg, Origins: o.allowOrigins,
		Clients: &clients.Registry{}, Registration: o.registration, PasswordGrant: o.passwordGrant, ProofNonce: o.dpopNonce,
		Users: &users.Set{}, Now: env.Now,
	}
	if err := o.lifetimes(&options); err != nil {
		return options, "", err
	}
	if !o.quiet {
		options.Log = env.Stderr
	}
	if o.usersFile != "" {
		if err := readFile("--users", o.usersFile, options.Users.Read); err != nil {
			return options, "", err
		}
	}
	for _, entry := range o.users {
		if err := options.Users.Add(entry); err != nil {
			return options, "", withUserHint(entry, err)
		}
	}
	if o.clients != "" {
		if err := readFile("--clients", o.clients, options.Clients.Read); err != nil {
			return options, "", err
		}
	}
	if options.Users.Len() == 0 {
		password, err = options.Users.AddGenerated(demoUser)
	}
	return options, password, err
}

// withUserHint adds what to type to the error of a user without a password.
func withUserHint(entry string, err error) error {
	var e *verdict.Error
	if name, password, _ := strings.Cut(entry, ":"); password != "" || name == "" || !errors.As(err, &e) {
		return err
	}
	return e.Hintf("--users FILE with a line NAME:PASSWORD, or --user NAME:PASSWORD; without a user, %s gets a random password", demoUser)
}

func (o *flags) lifetimes(options *authserver.Options) (err error) {
	for _, d := range []struct {
		flag, text string
		to         *time.Duration
	}{
		{"access-ttl", o.accessTTL, &options.AccessTTL},
		{"refresh-ttl", o.refreshTTL, &options.RefreshTTL},
		{"reuse-grace", o.reuseGrace, &options.ReuseGrace},
		{"key-period", o.keyPeriod, &options.KeyPeriod},
	} {
		if *d.to, err = cli.Duration(d.flag, d.text); err != nil {
			return err
		}
	}
	return nil
}

// readFile reads the file of a flag.
func readFile(flag, path string, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := read(f); err != nil {
		failed := verdict.Errorf(verdict.ClassOf(err), "%s %s: %w", flag, path, err)
		var e *verdict.Error
		if errors.As(err, &e) {
			failed.Hint = e.Hint
		}
		return failed
	}
	return nil
}

func (o *flags) tls() (*tls.Config, error) {
	if o.tlsCert == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "--tls-cert, --tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, nil
}

// name sets the issuer and the host names of the server, and returns the URL that it
// listens on.
func (o *flags) name(options *authserver.Options, listening net.Addr, secure bool) string {
	scheme := "http"
	if secure {
		scheme = "https"
	}
	asked, _, _ := net.SplitHostPort(o.listen)
	_, port, _ := net.SplitHostPort(listening.String())
	if asked == "" {
		asked = "0.0.0.0"
	}
	address := (&url.URL{Scheme: scheme, Host: net.JoinHostPort(asked, port)}).String()
	options.Issuer = o.issuer
	if o.issuer == "" {
		options.Issuer = address
	}
	options.Hosts = append(o.allowHosts, net.JoinHostPort(asked, port))
	if loopback.Host(asked) {
		for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
			options.Hosts = append(options.Hosts, net.JoinHostPort(host, port))
		}
	}
	return address
}

// note writes a note, unless the server is quiet.
func (o *flags) note(env *cli.Env, message string) {
	cli.Output{Quiet: o.quiet}.Note(env, message)
}
