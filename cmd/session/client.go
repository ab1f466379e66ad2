package session

import (
	"context"
	"crypto/tls"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/authclient"
	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

// clientOptions are the flags of an OAuth 2.0 client and of how it authenticates.
type clientOptions struct {
	id, secret, key, auth string
	tlsCert, tlsKey       string
}

// addFlags adds all flags but --client-id, which means more in some commands.
func (o *clientOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.secret, "client-secret", "", "the client's secret, from a `SOURCE`: "+input.Places+", or b64:, b64url: or hex: before one of these")
	f.StringVar(&o.key, "client-key", "", "the client's private key for private_key_jwt, from a `SOURCE`: "+keysource.DecryptingSources)
	f.StringVar(&o.auth, "client-auth", "", "how the client authenticates, a `METHOD`: "+strings.Join(authclient.ClientAuths, ", ")+" (default: by what it has)")
	f.StringVar(&o.tlsCert, "tls-cert", "", "the client's TLS certificate, a PEM `FILE`")
	f.StringVar(&o.tlsKey, "tls-key", "", "the key of --tls-cert, a PEM `FILE`")
}

func (o *clientOptions) complete(c *cobra.Command) {
	cli.CompleteValues(c, "client-secret", "env:", "@", "fd:", "-")
	cli.CompleteValues(c, "client-auth", authclient.ClientAuths...)
}

func (o clientOptions) check() error {
	switch {
	case o.auth != "" && !slices.Contains(authclient.ClientAuths, o.auth):
		return verdict.Errorf(verdict.Usage, "--client-auth: is %q, must be one of %s", o.auth, strings.Join(authclient.ClientAuths, ", "))
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return verdict.Errorf(verdict.Usage, "--tls-cert and --tls-key are only used together")
	}
	return nil
}

// hasCredential reports whether the client can authenticate.
func (o clientOptions) hasCredential() bool { return o.secret != "" || o.key != "" || o.tlsCert != "" }

// maxCredential is the largest size of a credential of the client, in bytes.
const maxCredential = 64 << 10

// read sets the client's secret, key and certificate.
func (o clientOptions) read(ctx context.Context, env *cli.Env, output cli.Output, a *authclient.OAuth) error {
	if o.id != "" || o.hasCredential() { // another client
		a.ClientSecret, a.ClientKey, a.Certificate, a.TLSKey, a.ClientAuth = "", "", "", "", o.auth
	}
	in := env.Input()
	if o.secret != "" {
		read, literal, err := in.Secret(o.secret, maxCredential)
		if err != nil {
			return cli.FlagError("client-secret", err)
		}
		if literal {
			output.Note(env, "the secret on the command line is visible to ps and in the shell's history; --client-secret @FILE or env:NAME is not")
		}
		a.ClientSecret = string(read.Data)
	}
	if o.key != "" {
		key, err := o.readKey(ctx, env, output)
		if err != nil {
			return err
		}
		a.ClientKey = key
	}
	if o.tlsCert == "" {
		return nil
	}
	return o.setCertificate(in, a)
}

// setCertificate reads the client's certificate for TLS and its key.
func (o clientOptions) setCertificate(in *input.Reader, a *authclient.OAuth) error {
	cert, err := in.Bytes(o.tlsCert, "the certificate", maxCredential)
	if err != nil {
		return cli.FlagError("tls-cert", err)
	}
	key, err := in.Bytes(o.tlsKey, "the key", maxCredential)
	if err != nil {
		return cli.FlagError("tls-key", err)
	}
	if _, err := tls.X509KeyPair(cert.Data, key.Data); err != nil {
		return verdict.Errorf(verdict.KeyUnreadable, "--tls-cert and --tls-key: %w", err).Hintf("both are PEM files: the certificate, with its chain, and its key")
	}
	a.Certificate, a.TLSKey = string(cert.Data), string(key.Data)
	return nil
}

// readKey returns the private key of --client-key as a JWK.
func (o clientOptions) readKey(ctx context.Context, env *cli.Env, output cli.Output) (string, error) {
	keys, err := keysource.Options{Keys: []string{o.key}}.Sources(ctx, env, output).Keys()
	if err != nil {
		return "", cli.FlagError("client-key", err)
	}
	if len(keys) != 1 || !keys[0].IsPrivate() || keys[0].IsSecret() {
		return "", verdict.Errorf(verdict.KeyRefused, "--client-key: is not one private key").Hintf("a PEM or JWK file with the private key; its public half is registered at the server")
	}
	return string(keys[0].JWK(true).Bytes()), nil
}
