package token

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/keysource"
	"jwt/internal/phrase"
	"jwt/internal/trust"
	"jwt/internal/verdict"
	"jwt/internal/verify"
	"jwt/internal/web"
)

// A webVerifier verifies the tokens of the page as jwt verify does.
type webVerifier struct {
	options webOptions
	ctx     context.Context
	env     *cli.Env
	given   *keysource.Sources
}

// verify verifies a token. The caller reads no file: it chooses among the keys that the user gave.
func (w webVerifier) verify(ctx context.Context, text string, with web.Expected) verify.Report {
	o, err := w.verifyOptions(with)
	if err != nil {
		return verify.NoToken(err)
	}
	var keys verify.Keys = w.given
	switch with.Under {
	case web.UnderPasted:
		keys = with.Pasted
	case web.UnderTrusted:
		keys = w.trusted(ctx, &o, text)
	}
	policy, err := o.policy()
	if err == nil {
		err = o.profile.read(&policy, nil)
	}
	if err != nil {
		return verify.NoToken(err)
	}
	return o.withEntry(verify.Token(text, keys, policy, w.env.Now()))
}

// verifyOptions returns the options of jwt verify that the command line and the page ask for.
func (w webVerifier) verifyOptions(with web.Expected) (verifyOptions, error) {
	var o verifyOptions
	o.flags = pflag.NewFlagSet("", pflag.ContinueOnError)
	o.addFlags(o.flags)
	o.keys.Algs = w.options.keys.Algs
	for _, f := range w.flags(with) {
		if err := o.flags.Set(f.name, f.value); err != nil {
			return o, verdict.Errorf(verdict.Usage, "%s: %w", f.name, err)
		}
	}
	return o, o.profile.check()
}

// A webFlag is a flag of jwt verify and its value.
type webFlag struct{ name, value string }

// flags returns what the page requires of a token. An empty field requires nothing.
func (w webVerifier) flags(with web.Expected) []webFlag {
	var list []webFlag
	for _, f := range []webFlag{{"iss", with.Issuer}, {"aud", with.Audience}, {"profile", with.Profile}, {"leeway", w.options.leeway}} {
		if f.value != "" && f.value != "0s" {
			list = append(list, f)
		}
	}
	return list
}

// trusted returns the keys of the trust entry for the issuer of the token, whose fields go into o.
func (w webVerifier) trusted(ctx context.Context, o *verifyOptions, text string) verify.Keys {
	quiet := *w.env
	quiet.Secret, quiet.Stdin, quiet.StdinTTY, quiet.Stderr = nil, strings.NewReader(""), false, io.Discard
	var entry trust.Entry
	all, err := keysource.Trusted(&quiet)
	if err == nil {
		entry, err = entryFor(text, all)
	}
	if err != nil {
		return noEntry{keysource.Options{}.Sources(ctx, &quiet, cli.Output{Quiet: true}), err}
	}
	o.take(&quiet, entry)
	o.keys.Offline, o.keys.Refresh = w.options.keys.Offline, w.options.keys.Refresh
	return o.keys.Sources(ctx, &quiet, cli.Output{Quiet: true})
}

// command returns the command line that verifies the same. It has neither the token nor a secret.
func (w webVerifier) command(with web.Expected) string {
	words := []string{"jwt verify @token.txt"}
	switch with.Under {
	case web.UnderPasted:
		words = append(words, "--key public.pem")
		if with.Pasted.IsSecret() {
			words[1] = "--secret @secret.txt"
		}
	case web.UnderGiven:
		for _, k := range w.options.keys.Keys {
			words = append(words, "--key "+phrase.ShellWord(reference(k, "public.pem")))
		}
		for _, s := range w.options.keys.Secrets {
			words = append(words, "--secret "+phrase.ShellWord(reference(s, "@secret.txt")))
		}
	}
	for _, f := range w.flags(with) {
		words = append(words, "--"+f.name+" "+phrase.ShellWord(f.value))
	}
	return strings.Join(words, " ")
}

// reference returns the source of a key if it says where the key is, else instead. Text after another
// scheme is a secret itself.
func reference(source, instead string) string {
	scheme, _, _ := strings.Cut(source, ":")
	schemes := []string{"env", "fd", "raw", "dotenv"}
	key := instead != "@secret.txt"
	if key {
		schemes = append(schemes, "https", "oidc", "agent", "alb", "did")
	}
	if strings.HasPrefix(source, "@") || slices.Contains(schemes, scheme) || key && cli.IsFile(source) {
		return source
	}
	return instead
}
