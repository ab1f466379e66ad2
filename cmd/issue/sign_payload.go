package issue

import (
	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jws"
	"jwt/internal/keysource"
	"jwt/internal/render"
	"jwt/internal/tokensource"
	"jwt/internal/verdict"
)

// checkPayload refuses flags that contradict a payload of bytes.
func (o signOptions) checkPayload() error {
	switch {
	case o.unencoded && !o.detached:
		return verdict.Errorf(verdict.Usage, "--unencoded: requires --detached: a compact token cannot hold every payload as it is (RFC 7797 §5.2)")
	case !o.given("payload-file") && !o.detached:
		return nil
	case o.given("payload-file") && (o.given("from") || o.given("recipe") || o.claims.any()):
		return verdict.Errorf(verdict.Usage, "--payload-file is the whole payload, which no flag changes")
	case o.elsewhere():
		return verdict.Errorf(verdict.Usage, "--detached and --payload-file sign with a private key that is here").
			Hintf("--signing-input prints what to sign")
	}
	return nil
}

// signPayload signs the bytes of --payload-file, or the claims, and leaves them out of the token
// with --detached.
func (o signOptions) signPayload(env *cli.Env, sources *keysource.Sources, u unsigned) error {
	payload := u.claims.Bytes()
	if o.given("payload-file") {
		var err error
		if payload, err = tokensource.ReadPayload(sources.In, o.payloadFile); err != nil {
			return err
		}
		if !o.given("typ") {
			u.header.Delete("typ") // it need not be a JWT
		}
	}
	token, err := jws.SignBeside(u.header, payload, u.key, u.alg, o.deterministic, o.unencoded)
	if err != nil {
		return err
	}
	parts := token.Segments()
	text := token.Text()
	if o.detached {
		text = parts[0] + ".." + parts[2]
	}
	sources.NoteWarnings(u.key)
	o.output.Quiet = false
	if !o.output.SaysJSON() {
		return o.output.Write(env, []byte(text+"\n"))
	}
	return o.output.WriteJSON(env, render.Object{
		{Name: "token", Value: text},
		{Name: "header", Value: token.Header},
		{Name: "payload", Value: jsonobject.Quote(string(payload))},
	})
}
