package trust

import (
	"os"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/keysource"
	"jwt/internal/profile"
	"jwt/internal/trust"
	"jwt/internal/verdict"
)

var addCommand = cli.Command{
	Use:   "add ISSUER",
	Short: "trust an issuer",
	Build: func(env *cli.Env, c *cobra.Command) {
		var e trust.Entry
		var quiet bool
		c.Long = `Add an issuer to config.toml. An https URL is the iss of its tokens, and finds
its keys by discovery (OpenID Connect, RFC 8414), unless --key names them. Any
other name needs --key or --secret, and --iss: without an iss, only jwt verify
--as NAME chooses the entry. A path is written as an absolute one; what you
write into config.toml yourself is relative to its folder.

A secret is never written into the file: --secret takes @FILE, raw:FILE,
dotenv:FILE#NAME, env:NAME, or b64:, b64url:, hex: or nextauth: before one of
these.`
		c.Example = `  jwt trust add https://login.example --aud api
  jwt trust add https://login.example --key https://login.example/jwks.json
  jwt trust add internal --secret env:JWT_SECRET --iss my-service
  jwt trust add internal --key public.pem     for jwt verify --as internal`
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		c.Args = cli.OneArg("the issuer")
		c.ValidArgsFunction = cobra.NoFileCompletions
		f := c.Flags()
		f.StringArrayVarP(&e.Keys, "key", "k", nil, "its keys, from a `SOURCE` (repeatable)")
		f.StringArrayVarP(&e.Secrets, "secret", "S", nil, "its HMAC secret, from a `SOURCE` that says where it is (repeatable)")
		f.StringArrayVar(&e.Issuers, "iss", nil, "the `ISSUER` in iss, if the name is not a URL (repeatable)")
		f.StringArrayVar(&e.Aud, "aud", nil, "require this `AUDIENCE` (repeatable: any of them)")
		f.StringArrayVarP(&e.Algs, "alg", "A", nil, "allow only this `ALGORITHM` (repeatable)")
		f.StringVar(&e.Profile, "profile", "", "check its tokens against a specification, by `NAME`")
		f.StringVar(&e.Leeway, "leeway", "", "accept clocks that differ by this `DURATION`")
		cli.AddQuiet(f, &quiet, cli.NoNotes)
		cli.CompleteValues(c, "alg", keysource.AlgNames()...)
		cli.CompleteWith(c, "profile", profileNames)
		c.RunE = func(_ *cobra.Command, args []string) error {
			e.Name = args[0]
			return runAdd(env, e, quiet)
		}
	},
}

func profileNames() []string {
	var names []string
	for _, p := range profile.All() {
		if p.Name == profile.LoadBalancer {
			continue // no entry verifies its tokens
		}
		names = append(names, p.Name)
	}
	return names
}

func runAdd(env *cli.Env, e trust.Entry, quiet bool) error {
	config, err := env.ReadConfig()
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return verdict.Errorf(verdict.IO, "%w", err)
	}
	for _, sources := range [][]string{e.Keys, e.Secrets} {
		for i, s := range sources {
			sources[i] = keysource.InDir(env, dir, s)
		}
	}
	text, err := trust.Add(config, e)
	if err != nil {
		return hinted(err)
	}
	if err := writeConfig(config, text); err != nil {
		return err
	}
	cli.Output{Quiet: quiet}.Note(env, config.Name+": added "+e.Name+"; jwt trust check "+e.Name+" fetches its keys")
	return nil
}

// hinted says what to type for an entry that has no key.
func hinted(err error) error {
	e := cli.Classified(err)
	if e.Class == verdict.Usage && e.Hint == "" {
		return e.Hintf("--key SOURCE or --secret env:NAME; an issuer that is an https URL needs neither")
	}
	return err
}
