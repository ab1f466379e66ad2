package token

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/keysource"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/token"
	"jwt/internal/tokensource"
	"jwt/internal/verdict"
)

var Diff = cli.Command{
	Use:   "diff A B",
	Short: "show what changed between two tokens",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o diffOptions
		c.Long = `Show which header members and claims were added, removed or changed from token
A to token B; a changed time is shown as a length of time. Nothing is verified.

Values are compared, not their spelling: numbers exactly, members in any order.
If only order or spelling differs, a note says so, as it does for a different
signature. A token is an argument, @FILE, or - for one of the two. The status
is 6 if they differ.`
		c.Example = `  jwt diff OLD NEW
  jwt diff @before.txt @after.txt
  curl -s https://login.example/token -d @refresh | jwt diff "$TOKEN" -
  jwt diff -j A B | jq -r '.payload[] | .change + " " + .path'`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 6", cli.Exits + "6": "the tokens differ"}
		c.Args = twoTokens
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runDiff(c.Context(), env, o, args) }
	},
}

func twoTokens(c *cobra.Command, args []string) error {
	if len(args) != 2 {
		return verdict.Errorf(verdict.Usage, "%s takes two tokens, got %s", c.CommandPath(), phrase.Count(len(args), "argument")).
			Hintf("jwt diff A B, each a token, @FILE, or one of them -")
	}
	return nil
}

type diffOptions struct {
	token  tokensource.Options
	output cli.Output
	date   cli.Date
}

func (o *diffOptions) addFlags(f *pflag.FlagSet) {
	o.date.AddFlags(f)
	o.token.AddFlags(f)
	o.output.AddFlags(f)
}

func (o *diffOptions) complete(c *cobra.Command) {
	o.date.Complete(c)
	o.output.Complete(c)
}

func runDiff(_ context.Context, env *cli.Env, o diffOptions, args []string) error {
	if err := errors.Join(o.output.Check(), o.date.Check(), o.token.Check()); err != nil {
		return err
	}
	in := env.Input()
	a, err := o.read(env, in, args[0])
	if err != nil {
		return o.output.Fail(env, keysource.InSource("A", err))
	}
	b, err := o.read(env, in, args[1])
	if err != nil {
		return o.output.Fail(env, keysource.InSource("B", err))
	}
	d := render.Difference{Difference: token.Compare(a, b), Show: o.date.Show}
	if o.output.WantsJSON(env) {
		err = o.output.WriteJSON(env, d.JSON())
	} else {
		t := o.output.Text(env)
		d.Text(t)
		err = o.output.Write(env, t.Bytes())
	}
	if err == nil && !d.Equal() {
		return cli.Answered{Class: verdict.ClaimMismatch}
	}
	return err
}

func (o diffOptions) read(env *cli.Env, in *input.Reader, arg string) (*token.Token, error) {
	found, err := o.token.Read(env, o.output, in, []string{arg}, true)
	if err != nil {
		return nil, err
	}
	t, err := token.Open(found.Token)
	if err != nil {
		return nil, err
	}
	for _, w := range t.Warnings() {
		o.output.Note(env, w.Detail)
	}
	return t, nil
}
