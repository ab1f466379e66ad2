package diagnose

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
)

// maxRewritten is the size in bytes up to which a header or payload is rewritten.
const maxRewritten = 64 << 10

// An otherInput is a signing input that the issuer may have used instead of the token's.
type otherInput struct {
	id    string
	over  string // ends "the signature verifies over …"
	hint  string
	input string
}

// otherInputs tries the wrong signing inputs that issuers are known to use, then the header and
// payload as they may have been before something rewrote them.
func (d *diagnosis) otherInputs() {
	if len(d.fit) == 0 || len(d.input) > 4*maxRewritten {
		return
	}
	tried := map[string]bool{d.input: true}
	try := func(o otherInput) bool {
		if tried[o.input] {
			return false
		}
		tried[o.input] = true
		for _, k := range d.fit {
			if d.try(d.alg, o.input, d.token.Signature, k.VerificationMaterial()) {
				d.proven(o.id, "the signature verifies over "+o.over, o.hint)
				return true
			}
		}
		return false
	}
	for _, list := range []func() []otherInput{d.misspelledInputs, d.hashedNonce, d.rewrittenInputs} {
		if slices.ContainsFunc(list(), try) {
			return
		}
	}
}

// misspelledInputs returns deviations from header ‖ "." ‖ payload, each in Base64URL (RFC 7515
// §5.1).
func (d *diagnosis) misspelledInputs() []otherInput {
	const (
		hint = "the issuer must sign the two parts as they are in the token (RFC 7515 §5.1)"
		b64  = "the issuer must write the parts in Base64URL without padding (RFC 7515 §2)"
	)
	segments := d.token.Segments()
	h, p := segments[0], segments[1]
	header, payload := string(d.token.Header.Bytes()), string(d.token.Payload)
	hash := sha256.Sum256([]byte(d.input))
	spelled := func(e *base64.Encoding) string {
		return e.EncodeToString([]byte(header)) + "." + e.EncodeToString([]byte(payload))
	}
	return []otherInput{
		{"input_padded", "the parts with their = padding", b64, spelled(base64.URLEncoding)},
		{"input_standard_base64", "the parts in standard Base64", b64, spelled(base64.StdEncoding)},
		{"input_standard_base64", "the parts in standard Base64 without padding", b64, spelled(base64.RawStdEncoding)},
		{"input_unencoded", "the payload without Base64URL (RFC 7797)", "a JWT's payload must be encoded (RFC 7797 §7)", h + "." + payload},
		{"input_decoded", "the header and payload before they were encoded", hint, header + "." + payload},
		{"input_payload_only", "the payload alone", hint, p},
		{"input_payload_only", "the payload alone, before it was encoded", hint, payload},
		{"input_no_dot", "the parts without the dot between them", hint, h + p},
		{"input_last_dot", "the parts with the second dot", hint, d.input + "."},
		{"input_newline", "the parts with a newline after them", hint, d.input + "\n"},
		{"input_hashed", "the SHA-256 of the parts: it was hashed twice", "the issuer must hash once: its key service may want the parts, not a digest", string(hash[:])},
	}
}

// hashedNonce returns the token as Microsoft signs those for its Graph: with the SHA-256 of the
// nonce in the header, which only Graph is to know.
func (d *diagnosis) hashedNonce() []otherInput {
	nonce, ok := d.token.Header.Text("nonce")
	if !ok {
		return nil
	}
	header := d.token.Header
	sum := sha256.Sum256([]byte(nonce))
	header.Set("nonce", jsonobject.Quote(base64url.Encode(sum[:])))
	return []otherInput{{
		"nonce_hashed", "the header with the SHA-256 of its nonce: a token for Microsoft Graph, which only Graph can verify",
		"request a token for your own API: a scope like api://CLIENT_ID/.default",
		base64url.Encode(header.Bytes()) + "." + d.token.Segments()[1],
	}}
}

// rewrittenInputs returns the token with its payload, its header or both as other JSON writers
// write them. If the signed bytes were one of these, the signature verifies.
func (d *diagnosis) rewrittenInputs() []otherInput {
	const (
		whole   = "pass the token on as it came, byte for byte"
		removed = "nothing may change the header of a signed token"
	)
	segments := d.token.Segments()
	h, p := segments[0], segments[1]
	inputs := d.otherLines()
	payload, ok := readTree(d.token.Payload)
	header, _ := readTree(d.token.Header.Bytes())
	for _, f := range forms {
		ph, pp := base64url.Encode(f.write(header)), p
		if ok {
			pp = base64url.Encode(f.write(payload))
			inputs = append(inputs, otherInput{"payload_rewritten", "the payload as " + f.name, whole, h + "." + pp})
		}
		inputs = append(inputs,
			otherInput{"header_rewritten", "the header as " + f.name, whole, ph + "." + p},
			otherInput{"token_rewritten", "header and payload as " + f.name, whole, ph + "." + pp})
	}
	for _, m := range d.token.Header.Members()[:min(10, len(d.token.Header.Members()))] {
		less := d.token.Header
		less.Delete(m.Name)
		inputs = append(inputs, otherInput{
			"header_changed", "the header without its " + phrase.Quote(m.Name) + ": that was added after signing", removed,
			base64url.Encode(less.Bytes()) + "." + p,
		})
	}
	return inputs
}

// otherLines returns the token with other white space around its payload and at the ends of its lines, as
// editors and transports change a payload that is sent beside the token.
func (d *diagnosis) otherLines() []otherInput {
	payload := d.token.Payload
	if len(payload) > maxRewritten {
		return nil
	}
	h := d.token.Segments()[0]
	write := base64url.Encode
	if d.input == h+"."+string(payload) { // it is signed as it is (RFC 7797)
		write = func(b []byte) string { return string(b) }
	}
	unix := bytes.ReplaceAll(payload, []byte("\r\n"), []byte("\n"))
	var inputs []otherInput
	for _, o := range []struct {
		name string
		text []byte
	}{
		{"with a newline at its end", append(bytes.Clone(payload), '\n')},
		{"without surrounding white space", bytes.TrimSpace(payload)},
		{"with LF at the ends of its lines, not CR LF", unix},
		{"with LF at the ends of its lines, not CR LF, and none after the last", bytes.TrimSuffix(unix, []byte("\n"))},
		{"with CR LF at the ends of its lines", bytes.ReplaceAll(unix, []byte("\n"), []byte("\r\n"))},
	} {
		inputs = append(inputs, otherInput{"payload_rewritten", "the payload " + o.name, "pass the payload on as it came, byte for byte", h + "." + write(o.text)})
	}
	return inputs
}

// A tree is a JSON value parsed once, to be written in many forms.
type tree struct {
	value    jsonobject.Value
	names    []string // of an object's members, in their order
	children []tree
}

// readTree reads text that is JSON and not too large.
func readTree(text []byte) (tree, bool) {
	if len(text) > maxRewritten {
		return tree{}, false
	}
	v, err := jsonobject.ParseValue(text)
	if err != nil {
		return tree{}, false
	}
	return newTree(v), true
}

func newTree(v jsonobject.Value) tree {
	t := tree{value: v}
	if o, ok := v.Object(); ok {
		for _, m := range o.Members() {
			t.names = append(t.names, m.Name)
			t.children = append(t.children, newTree(m.Value))
		}
	}
	if elements, ok := v.Elements(); ok {
		for _, e := range elements {
			t.children = append(t.children, newTree(e))
		}
	}
	return t
}

// order returns the indexes of the children in the order in which they are written.
func (t tree) order(sorted bool) []int {
	order := make([]int, len(t.children))
	for i := range order {
		order[i] = i
	}
	if sorted && t.names != nil {
		slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(t.names[a], t.names[b]) })
	}
	return order
}
