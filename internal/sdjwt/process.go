package sdjwt

import (
	"bytes"
	"crypto"
	"errors"
	"slices"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A Processed is the payload with the disclosed values in place and without digests (RFC
// 9901 §7.1 step 3).
type Processed struct {
	// Payload keeps the issuer's order. The disclosed members of an object replace its
	// "_sd", in the order of the disclosures.
	Payload     jsonobject.Object
	Hash        string // of the digests: "sha-256", …
	Disclosed   []Disclosed
	Undisclosed []Undisclosed // in the order of the payload

	hash crypto.Hash
}

// A Disclosed is a disclosure and its place in the payload.
type Disclosed struct {
	Disclosure
	Digest string
	Path   string // in Processed.Payload: a.b[0].c
}

// An Undisclosed is a digest without a disclosure: a claim that the holder keeps back, or
// a decoy (RFC 9901 §4.2.5). The two look the same.
type Undisclosed struct {
	Digest string
	Path   string // of the object or array it is in; "" for the payload
}

// Process puts the disclosed values into the payload. It verifies nothing: only Verify
// shows that the issuer signed them.
//
// It makes the checks of RFC 9901 §7.1. It refuses a disclosure without a digest or of
// the wrong kind for its place, a name that exists already, a digest that occurs twice,
// and another use of a reserved name (malformed, duplicate_member). It also refuses an
// unknown hash (alg_refused) and a payload that is nested too deeply (limit_exceeded).
func (t Token) Process() (Processed, error) {
	payload, err := jsonobject.Parse(t.Issued.Payload)
	switch {
	case errors.Is(err, jsonobject.ErrTooDeep):
		return Processed{}, verdict.Errorf(verdict.LimitExceeded, "the payload is %w", err)
	case err != nil:
		return Processed{}, verdict.Errorf(verdict.Malformed, "the payload of an SD-JWT must be a JSON object: %w", err)
	}
	name, hash, err := hashOf(payload)
	if err != nil {
		return Processed{}, err
	}
	p := processor{
		disclosed: make([]Disclosed, len(t.Disclosures)),
		place:     make(map[string]int, len(t.Disclosures)),
		used:      make([]bool, len(t.Disclosures)),
		seen:      map[string]bool{},
	}
	for i, d := range t.Disclosures {
		p.disclosed[i] = Disclosed{Disclosure: d, Digest: digest(hash, d.Text)}
		if first, twice := p.place[p.disclosed[i].Digest]; twice {
			return Processed{}, verdict.Errorf(verdict.Malformed, "disclosures %d and %d are the same", first+1, i+1)
		}
		p.place[p.disclosed[i].Digest] = i
	}
	if err := checkDuplicates(payload); err != nil {
		return Processed{}, err
	}
	processed, err := p.value(bytes.Trim(payload.Bytes(), " \t\r\n"), "", "")
	if err != nil {
		return Processed{}, err
	}
	if i := slices.Index(p.used, false); i >= 0 {
		return Processed{}, verdict.Errorf(verdict.Malformed,
			"disclosure %d (%s): its digest is not in the token (RFC 9901 §7.1 step 5)", i+1, t.Disclosures[i].about())
	}
	result, err := parseProcessed(processed)
	if err != nil {
		return Processed{}, err
	}
	return Processed{Payload: result, Hash: name, Disclosed: p.disclosed, Undisclosed: p.undisclosed, hash: hash}, nil
}

// about returns the words for a disclosure in a message.
func (d Disclosure) about() string {
	if d.Element {
		return "an array element"
	}
	return phrase.Quote(d.Name)
}

func parseProcessed(text []byte) (jsonobject.Object, error) {
	o, err := jsonobject.Parse(text)
	switch {
	case errors.Is(err, jsonobject.ErrTooDeep):
		return o, verdict.Errorf(verdict.LimitExceeded, "the payload with its disclosures is %w", err)
	case err != nil:
		return o, verdict.Errorf(verdict.Internal, "the payload with its disclosures is not JSON: %w", err)
	}
	return o, checkDuplicates(o)
}

// checkDuplicates refuses an object with duplicate members at any depth.
func checkDuplicates(o jsonobject.Object) error {
	if names := o.Duplicates(); len(names) > 0 {
		return verdict.Errorf(verdict.DuplicateMember,
			"the payload has %s more than once: parsers disagree on which counts", phrase.Quote(names[0]))
	}
	return nil
}
