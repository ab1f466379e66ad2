package token

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jws"
	"jwt/internal/keysource"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/serialization"
	"jwt/internal/tokensource"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

// quorum reads --require-signatures.
func (o verifyOptions) quorum() (verify.Quorum, error) {
	switch o.signatures {
	case "all":
		return verify.Quorum{All: true}, nil
	case "any":
		return verify.Quorum{Least: 1}, nil
	}
	n, err := strconv.Atoi(o.signatures)
	if err != nil || n < 1 {
		return verify.Quorum{}, verdict.Errorf(verdict.Usage, "--require-signatures: is %q, must be all, any or a number of at least 1", phrase.Short(o.signatures))
	}
	return verify.Quorum{Least: n}, nil
}

// verifyForm verifies a token in a JSON serialization, or one whose payload is beside it.
func (v *verifier) verifyForm(env *cli.Env, form *serialization.Form) error {
	one, all := v.options.formReport(verify.New(v.sources, v.policy, v.now), v.sources.In, form)
	if all != nil {
		return v.options.answerAll(env, *all)
	}
	return v.options.answer(env, one)
}

// formReport returns the report on a token in a JSON serialization: one for the only signature, or
// all for several.
func (o verifyOptions) formReport(w *verify.Verifier, in *input.Reader, form *serialization.Form) (one verify.Report, all *verify.Signatures) {
	payload, err := o.payloadOf(in, form)
	if err != nil {
		return verify.NoToken(err), nil
	}
	q, err := o.quorum()
	if err != nil {
		return verify.NoToken(err), nil
	}
	distinct := form.Distinct()
	var reports []verify.Report
	for i, s := range distinct {
		signed, err := jws.Join(s.Protected, s.Header, payload, s.Signature)
		if err != nil {
			reports = append(reports, verify.NoToken(err))
			continue
		}
		reports = append(reports, o.withEntry(w.Signed(signed, shapeOf(form, i, len(distinct)))))
	}
	if len(form.Signatures) == 1 && (q.All || q.Least == 1) {
		return reports[0], nil
	}
	decided := verify.Decide(reports, q)
	return verify.Report{}, &decided
}

// shapeOf describes a signature of the form.
func shapeOf(form *serialization.Form, i, n int) string {
	shape := "JWS in the " + form.Name() + " JSON serialization"
	if form.Detached {
		shape += ", payload detached"
	}
	if n > 1 {
		shape += ", signature " + strconv.Itoa(i+1) + " of " + strconv.Itoa(n)
	}
	return shape
}

// payloadOf returns the payload: that of the token, or that of --payload-file, of which there must
// be exactly one.
func (o verifyOptions) payloadOf(in *input.Reader, form *serialization.Form) ([]byte, error) {
	unencoded, err := form.Unencoded()
	if err != nil {
		return nil, err
	}
	switch given := o.flags.Changed("payload-file"); {
	case given && !form.Detached && form.Payload != "":
		return nil, jws.SecondPayload()
	case given:
		return tokensource.ReadPayload(in, o.payloadFile)
	case form.Detached:
		return nil, verdict.Errorf(verdict.Malformed, "the payload is detached: it is sent beside the token, such as in the body of a request (RFC 7515 App. F)").
			Hintf("--payload-file FILE gives it, byte for byte")
	}
	if unencoded {
		return []byte(form.Payload), nil
	}
	payload, err := base64url.Decode(form.Payload)
	if err != nil {
		return nil, verdict.Errorf(verdict.Malformed, "the payload is not base64url: %w", err)
	}
	return payload, nil
}

// verifyDetached verifies a compact token whose payload is that of --payload-file.
func (v *verifier) verifyDetached(env *cli.Env, args []string) error {
	o := v.options
	text, err := o.token.ReadText(v.sources.In, args)
	if err != nil {
		return o.answer(env, verify.NoToken(err))
	}
	token := strings.TrimSpace(string(bytes.TrimPrefix(bytes.TrimSpace(text), []byte("Bearer "))))
	if _, value, ok := strings.Cut(token, ":"); ok { // a header line: X-JWS-Signature: …
		token = strings.TrimSpace(value)
	}
	if serialization.Is([]byte(token)) || serialization.Is(text) {
		form, err := serialization.Parse(bytes.TrimSpace(text))
		if err != nil {
			return o.answer(env, verify.NoToken(err))
		}
		return v.verifyForm(env, &form)
	}
	payload, err := tokensource.ReadPayload(v.sources.In, o.payloadFile)
	if err != nil {
		return o.answer(env, verify.NoToken(err))
	}
	signed, err := jws.ParseDetached(token, payload)
	if err != nil {
		return o.answer(env, verify.NoToken(keysource.InFile(args, err)))
	}
	return o.answer(env, o.withEntry(verify.New(v.sources, v.policy, v.now).Signed(signed, "compact JWS, its payload detached")))
}

// answerAll writes the report on a token with several signatures.
func (o verifyOptions) answerAll(env *cli.Env, s verify.Signatures) error {
	switch {
	case o.payload && s.Valid:
		return o.output.WriteBytes(env, s.Payload)
	case s.Valid && len(o.values) > 0: // the signatures have one payload
		valid := slices.IndexFunc(s.Reports, func(r verify.Report) bool { return r.Valid })
		return o.writeValues(env, s.Reports[valid])
	case o.bare():
		return s.Err
	}
	var err error
	if o.output.WantsJSON(env) {
		err = o.output.WriteJSON(env, render.Signatures(s))
	} else {
		t := o.output.Text(env)
		render.Signatures(s).Text(t)
		err = o.output.Write(env, t.Bytes())
	}
	if s.Err != nil {
		return s.Err
	}
	return err
}

// answerForm answers a line with a token in a JSON serialization.
func (l *verifyLines) answerForm(form *serialization.Form) (render.Members, error) {
	one, all := l.options.formReport(l.verifier, nil, form)
	if all != nil {
		return render.Signatures(*all), all.Err
	}
	return (*render.Report)(&one), one.Err
}
