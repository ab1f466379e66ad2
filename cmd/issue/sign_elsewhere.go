package issue

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"slices"

	"jwt/internal/base64url"
	"jwt/internal/cli"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

// elsewhere reports whether another program has the private key. Then --key is the public key.
func (o signOptions) elsewhere() bool {
	return o.signer != "" || o.signingInput || o.given("signature") || slices.ContainsFunc(o.keys.Keys, keysource.AgentSource)
}

// checkElsewhere refuses flags that contradict each other about who signs.
func (o signOptions) checkElsewhere() error {
	ways := 0
	for _, given := range []bool{o.signer != "", o.signingInput, o.given("signature")} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return verdict.Errorf(verdict.Usage, "--signer, --signing-input and --signature exclude each other")
	case o.given("signer") && o.signer == "":
		return verdict.Errorf(verdict.Usage, "--signer: is empty").Hintf("is the shell variable set?")
	case o.elsewhere() && len(o.keys.Secrets) > 0:
		return verdict.Errorf(verdict.Usage, "--secret: a program elsewhere signs with a private key; give its public key with --key")
	}
	return nil
}

// signElsewhere lets the program that has the private key sign, and checks what it answers.
func (o signOptions) signElsewhere(env *cli.Env, sources *keysource.Sources, u unsigned) (jws.Token, error) {
	input, err := jws.SigningInput(u.header, u.claims.Bytes())
	if err != nil {
		return jws.Token{}, err
	}
	var sig []byte
	if o.signer != "" {
		sig, err = runSigner(sources.Ctx, env, o.signer, input)
	} else {
		sig, err = sources.SignByAgent(u.key.Source, u.alg, input)
	}
	if err != nil {
		return jws.Token{}, err
	}
	return attach(input, sig, u.key, u.alg)
}

// runSigner runs the command of --signer.
func runSigner(ctx context.Context, env *cli.Env, command, input string) ([]byte, error) {
	sig, err := env.Pipe(ctx, command, []byte(input), env.Stderr)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return nil, verdict.Errorf(verdict.KeyRefused, "--signer: the command ended with %s", exit.ProcessState)
	case err != nil:
		return nil, verdict.Errorf(verdict.IO, "--signer: %w", err)
	case len(sig) == 0:
		return nil, verdict.Errorf(verdict.KeyRefused, "--signer: the command wrote no signature to stdout")
	}
	return sig, nil
}

// attach makes the token of a signature, and says so if its bytes look like text.
func attach(input string, sig []byte, key jwk.Key, alg jwa.Algorithm) (jws.Token, error) {
	t, err := jws.Attach(input, sig, key, alg)
	var e *verdict.Error
	if errors.As(err, &e) && e.Class == verdict.SignatureInvalid {
		return t, e.Hintf("%s", hintForSignature(sig, alg))
	}
	return t, err
}

// hintForSignature returns what is likely wrong with a signature that another program made.
func hintForSignature(sig []byte, alg jwa.Algorithm) string {
	text := bytes.TrimSpace(sig)
	switch {
	case len(text) > 0 && bytes.Trim(text, "0123456789abcdefABCDEF") == nil:
		return "this is hexadecimal: the program must write the bytes, for example through xxd -r -p"
	case isBase64(text):
		return "this is Base64: the program must write the bytes, for example through base64 -d"
	case alg.KeyType == "RSA" || alg.KeyType == "EC":
		return "the program must hash the input itself and sign with " + alg.Name + "; is --key its public key?"
	}
	return "is --key the public key of the program?"
}

// isBase64 reports whether every byte is a character of Base64. Those of a signature hardly ever
// are.
func isBase64(text []byte) bool {
	_, _, err := base64url.DecodeLax(string(text))
	return err == nil && len(text) > 40
}

// runAttach makes the token of a signing input, which is the argument, and the signature of
// --signature.
func runAttach(ctx context.Context, env *cli.Env, o signOptions, args []string) error {
	sources := o.keys.Sources(ctx, env, o.output)
	text, err := sources.In.Text(args, "the signing input", jws.MaxTokenBytes)
	if err != nil {
		return err
	}
	input := string(bytes.TrimSpace(text))
	unsigned, err := jws.Parse(input + ".")
	if err != nil {
		return verdict.Errorf(verdict.Malformed, "the argument is not a signing input: %w", err).
			Hintf("jwt sign CLAIMS --key PUBLIC --signing-input prints one")
	}
	name, _ := unsigned.Alg()
	alg, ok := jwa.Lookup(name)
	if !ok {
		return verdict.Errorf(verdict.AlgRefused, "the signing input says alg %q, which is not a signature algorithm", name)
	}
	sig, err := sources.In.Bytes(o.signature, "the signature", jws.MaxTokenBytes)
	if err != nil {
		return err
	}
	key, _, err := o.chooseKey(sources, nil)
	if err != nil {
		return err
	}
	token, err := attach(input, sig.Data, key, alg)
	if err != nil {
		return err
	}
	return o.answer(env, token)
}
