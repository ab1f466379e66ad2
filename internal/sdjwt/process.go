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

// A Processed is the payload with what was disclosed in its place, and nothing of
// the digests left (RFC 9901 §7.1 step 3).
type Processed struct {
	// Payload keeps the issuer's order. The disclosed members of an object replace its
	// "_sd", in the order of the disclosures.
	Payload     jsonobject.Object
	Hash        string // that digests are made with: "sha-256", …
	Disclosed   []Disclosed
	Undisclosed []Undisclosed // in the order of the payload

	hash crypto.Hash
}

// A Disclosed is a disclosure and where it belongs.
type Disclosed struct {
	Disclosure
	Digest string
	Path   string // in Processed.Payload: a.b[0].c
}

// An Undisclosed is a digest without a disclosure: a claim that the holder keeps, or a
// decoy (RFC 9901 §4.2.5), which look the same.
type Undisclosed struct {
	Digest string
	Path   string // of the object or array it is in; "" for the payload
}

// Process puts the disclosures in their places. It verifies nothing: only Verify shows
// that the issuer signed the disclosed values.
//
// It refuses, by the steps of RFC 9901 §7.1, disclosures that belong nowhere or
// are of the wrong kind for their place, names that are there already, digests
// that occur twice, and reserved names used for anything else (malformed,
// duplicate_member); hashes it does not know (alg_refused); and what nests too
// deep (limit_exceeded).
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
	if err := twice(payload); err != nil {
		return Processed{}, err
	}
	processed, err := p.value(bytes.Trim(payload.Bytes(), " \t\r\n"), "", "")
	if err != nil {
		return Processed{}, err
	}
	if i := slices.Index(p.used, false); i >= 0 {
		return Processed{}, verdict.Errorf(verdict.Malformed,
			"disclosure %d (%s): its digest stands nowhere in the token (RFC 9901 §7.1 step 5)", i+1, t.Disclosures[i].about())
	}
	whole, err := parseProcessed(processed)
	if err != nil {
		return Processed{}, err
	}
	return Processed{Payload: whole, Hash: name, Disclosed: p.disclosed, Undisclosed: p.undisclosed, hash: hash}, nil
}

// about names a disclosure in a message.
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
	return o, twice(o)
}

// twice refuses an object with duplicate members at any depth.
func twice(o jsonobject.Object) error {
	if names := o.Duplicates(); len(names) > 0 {
		return verdict.Errorf(verdict.DuplicateMember,
			"the payload has %s more than once: parsers disagree on which counts", phrase.Quote(names[0]))
	}
	return nil
}
