package token

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/audit"
	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/token"
	"jwt/internal/tokensource"
	"jwt/internal/verdict"
)

var Audit = cli.Command{
	Use:   "audit [TOKEN]",
	Short: "check whether the secret of an HMAC token can be guessed",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o auditOptions
		c.Long = fmt.Sprintf(`Check whether the secret of a token with an HMAC signature (HS256, HS384, HS512)
can be guessed. The status is 7 if it can, 0 if no guess fits.

%d secrets from tutorials and defaults are tried, then the lines of each
--wordlist, on all cores. --rules also tries variants of each word: another
case, digits and years at its end, its Base64, and what it decodes to.

Nothing is sent anywhere. The secret is not printed without --show-secret.
hashcat on a GPU guesses far faster: --hashcat prints its command line.`, len(audit.WellKnown))
		c.Example = `  jwt audit TOKEN
  jwt audit @token.txt --wordlist words.txt --rules
  gunzip -c words.gz | jwt audit "$TOKEN" --wordlist -
  jwt audit @token.txt --wordlist words.txt --hashcat`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 4 7 130", cli.Exits + "7": "the secret was guessed"}
		c.Args = cli.AtMostOneArg("one token")
		o.addFlags(c.Flags())
		o.output.Complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runAudit(c.Context(), env, o, args) }
	},
}

type auditOptions struct {
	token  tokensource.Options
	output cli.Output

	wordlists                  []string
	rules, showSecret, hashcat bool
}

func (o *auditOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.wordlists, "wordlist", nil, "try each line of this `FILE`, also compressed with gzip, or - for stdin (repeatable)")
	f.BoolVar(&o.rules, "rules", false, "try variants of each word too")
	f.BoolVar(&o.showSecret, "show-secret", false, "print the secret that was found")
	f.BoolVar(&o.hashcat, "hashcat", false, "print the command line for hashcat instead of guessing")
	o.token.AddFlags(f)
	o.output.AddFlags(f)
}

func (o *auditOptions) check(args []string) error {
	if err := errors.Join(o.output.Check(), o.token.Check()); err != nil {
		return err
	}
	for _, list := range o.wordlists {
		switch {
		case list == "":
			return verdict.Errorf(verdict.Usage, "--wordlist: is empty").Hintf("is the shell variable set?")
		case input.IsStdin(list) && (len(args) == 0 || input.IsStdin(args[0])):
			return verdict.Errorf(verdict.Usage, "--wordlist -: the token and the words cannot both come from stdin").
				Hintf("pass the token as an argument or @FILE")
		}
	}
	if o.rules && len(o.wordlists) == 0 {
		return verdict.Errorf(verdict.Usage, "--rules: requires a list of words").Hintf("--wordlist FILE")
	}
	return nil
}

func runAudit(ctx context.Context, env *cli.Env, o auditOptions, args []string) error {
	if err := o.check(args); err != nil {
		return err
	}
	in := env.Input()
	found, err := o.token.Read(env, o.output, in, args, true)
	if err != nil {
		return o.output.Fail(env, err)
	}
	t, err := token.OpenSigned(found.Token)
	if err != nil {
		return o.output.Fail(env, err)
	}
	g, ok := audit.New(t.Signed)
	if !ok {
		return o.output.Fail(env, noSecret(t))
	}
	if o.hashcat {
		return o.output.Write(env, []byte(o.hashcatLine(args)))
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := render.Audit{ShowSecret: o.showSecret}
	a.Alg, _ = t.Signed.Alg()
	if err := o.guess(ctx, env, in, g, &a); err != nil {
		return o.output.Fail(env, err)
	}
	return o.answer(env, a)
}

// noSecret returns why the token has no secret to guess.
func noSecret(t *token.Token) error {
	alg, _ := t.Signed.Alg()
	return verdict.Errorf(verdict.AlgRefused, "the token has no HMAC signature to guess the secret of: alg is %q, the signature has %d bytes", alg, len(t.Signed.Signature)).
		Hintf("jwt inspect reviews tokens of every kind")
}

// hashcatLine returns the command line of hashcat, whose mode 16500 is JWT.
func (o auditOptions) hashcatLine(args []string) string {
	file, lists := "token.txt", []string{"words.txt"}
	if len(args) == 1 && strings.HasPrefix(args[0], "@") && args[0] != "@-" {
		file = args[0][1:]
	}
	if len(o.wordlists) > 0 {
		lists = o.wordlists
	}
	line := "hashcat -m 16500 -a 0 " + phrase.ShellWord(file)
	for _, list := range lists {
		line += " " + phrase.ShellWord(strings.TrimPrefix(list, "@"))
	}
	return line + "\n"
}

// guess tries the well-known secrets, then the lists.
func (o auditOptions) guess(ctx context.Context, env *cli.Env, in *input.Reader, g *audit.Guesser, a *render.Audit) error {
	search := func(name string, list io.Reader, size int64) error { // "" is audit.WellKnown
		p := cli.NewProgress(env, o.output, "words", size)
		defer p.Clear()
		r, err := audit.Search(ctx, g, list, audit.Options{Workers: runtime.GOMAXPROCS(0), Rules: o.rules && name != "", Progress: p.Update})
		a.Add(name, r)
		switch {
		case err != nil && ctx.Err() != nil:
			return verdict.Errorf(verdict.Interrupted, "interrupted after %d guesses", a.Guesses)
		case err != nil:
			return verdict.Errorf(verdict.IO, "%s: %w", name, err)
		}
		return nil
	}
	empty := g.Try(nil) // lists have no empty line
	a.Add("", audit.Result{Found: empty, Line: 1, Guesses: 1})
	if empty {
		return nil
	}
	if err := search("", strings.NewReader(strings.Join(audit.WellKnown[:], "\n")), 0); err != nil {
		return err
	}
	for _, source := range o.wordlists {
		if a.Found {
			break
		}
		if err := o.searchFile(in, source, search); err != nil {
			return err
		}
	}
	return nil
}

func (o auditOptions) searchFile(in *input.Reader, source string, search func(string, io.Reader, int64) error) error {
	if !input.IsStdin(source) && !strings.HasPrefix(source, "@") {
		source = "@" + source
	}
	f, name, err := in.OpenText([]string{source}, "the list of words")
	if err != nil {
		return err
	}
	defer f.Close()
	b := bufio.NewReader(f)
	if start, _ := b.Peek(2); string(start) != "\x1f\x8b" { // an error comes again with the next read
		return search(name, b, cli.SizeOf(f))
	}
	words, err := gzip.NewReader(b)
	if err != nil {
		return verdict.Errorf(verdict.IO, "%s: %w", name, err)
	}
	const unknown = 0 // size of the words
	return search(name, words, unknown)
}

// answer writes the result. A secret that was found is an error.
func (o auditOptions) answer(env *cli.Env, a render.Audit) error {
	var failed error
	if !a.Found && len(o.wordlists) == 0 {
		o.output.Note(env, "only well-known secrets were tried: --wordlist FILE tries more")
	}
	if a.Found {
		failed = verdict.Errorf(verdict.KeyRefused, "the secret can be guessed: it is %s", a.Place()).
			Hintf("replace it by a random one: jwt key generate --alg %s --out secret.jwk", a.Alg)
	}
	err := o.output.Show(env, func() render.Object {
		object := a.JSON()
		if failed != nil {
			object = append(object, cli.ErrorObject(failed)...)
		}
		return object
	}, a.Text)
	return errors.Join(err, failed)
}
