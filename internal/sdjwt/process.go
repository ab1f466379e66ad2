package sdjwt

import (
	"bytes"
	"crypto"
	"errors"
	"slices"
	"strconv"

	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// A Processed is the payload with what was disclosed in its place, and nothing of
// the digests left (RFC 9901 §7.1 step 3).
type Processed struct {
	// Payload keeps the issuer's order. What was disclosed of an object stands
	// where its "_sd" stood, in the order of the disclosures.
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

// An Undisclosed is a digest of which nothing was disclosed: a claim that the
// holder keeps, or a decoy (RFC 9901 §4.2.5). Nobody can tell which.
type Undisclosed struct {
	Digest string
	Path   string // of the object or array it is in; "" for the payload
}

// Process puts the disclosures in their places. Nothing is verified by it: that
// what was disclosed is what the issuer signed follows only where the signature of
// Issued verified (Verify).
//
// It refuses, by the steps of RFC 9901 §7.1, disclosures that belong nowhere or
// are of the wrong kind for their place, names that are there already, digests
// that stand twice, and reserved names used for anything else (malformed,
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
	text, err := p.object(payload, "", 1)
	if err != nil {
		return Processed{}, err
	}
	if i := slices.Index(p.used, false); i >= 0 {
		return Processed{}, verdict.Errorf(verdict.Malformed,
			"disclosure %d (%s): its digest stands nowhere in the token (RFC 9901 §7.1 step 5)", i+1, t.Disclosures[i].about())
	}
	whole, err := parseProcessed(text)
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
	return string(clip(jsonobject.Quote(d.Name)))
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

// twice refuses an object in which a name stands more than once, at any depth.
func twice(o jsonobject.Object) error {
	if names := o.Duplicates(); len(names) > 0 {
		return verdict.Errorf(verdict.DuplicateMember,
			"the payload has %s more than once: parsers disagree on which counts", clip(jsonobject.Quote(names[0])))
	}
	return nil
}

// A processor is one run of the steps (*) and (**) of RFC 9901 §7.1.
type processor struct {
	disclosed   []Disclosed
	place       map[string]int // of the disclosure with that digest
	used        []bool
	seen        map[string]bool // digests
	undisclosed []Undisclosed
}

// object writes an object with what is disclosed of it, or returns it as it is
// where it holds no digest. path is "" for the payload alone.
func (p *processor) object(o jsonobject.Object, path string, depth int) ([]byte, error) {
	switch err := twice(o); {
	case err != nil:
		return nil, err
	case depth > jsonobject.MaxDepth:
		return nil, verdict.Errorf(verdict.LimitExceeded, "the payload with its disclosures is %w", jsonobject.ErrTooDeep)
	}
	w, changed := objectWriter{}, false
	for _, m := range o.Members() {
		switch {
		case m.Name == digestName:
			return nil, verdict.Errorf(verdict.Malformed, `%s has a member "...", which is reserved for digests in arrays (RFC 9901 §4.1)`, whole(path))
		case m.Name == hashName && depth == 1:
			changed = true
		case m.Name == digestsName:
			changed = true
			if err := p.disclose(&w, o, m.Value, path, depth); err != nil {
				return nil, err
			}
		default:
			v, err := p.value(m.Value, join(path, m.Name), depth+1)
			if err != nil {
				return nil, err
			}
			changed = changed || !bytes.Equal(v, m.Value)
			w.add(m.Name, v)
		}
	}
	if !changed {
		return o.Bytes(), nil
	}
	return w.end(), nil
}

// disclose writes the members that an object's "_sd" has the digests of.
func (p *processor) disclose(w *objectWriter, o jsonobject.Object, digests jsonobject.Value, path string, depth int) error {
	list, ok := digests.Texts()
	if !ok {
		return verdict.Errorf(verdict.Malformed, "_sd of %s: must be an array of strings (RFC 9901 §4.2.4.1)", whole(path))
	}
	var shown []int
	for _, digest := range list {
		i, found, err := p.look(digest, path)
		if err != nil {
			return err
		}
		if found {
			shown = append(shown, i)
		}
	}
	slices.Sort(shown)
	names := map[string]bool{}
	for _, i := range shown {
		d := &p.disclosed[i]
		_, there := o.Get(d.Name)
		switch {
		case d.Element:
			return verdict.Errorf(verdict.Malformed, "disclosure %d has no name, but its digest is a claim's (RFC 9901 §7.1 step 3.c.ii)", i+1)
		case there, names[d.Name]:
			return verdict.Errorf(verdict.Malformed, "disclosure %d: %s has %s already (RFC 9901 §7.1 step 3.c.ii)", i+1, whole(path), d.about())
		}
		names[d.Name] = true
		d.Path = join(path, d.Name)
		v, err := p.value(d.Value, d.Path, depth+1)
		if err != nil {
			return err
		}
		w.add(d.Name, v)
	}
	return nil
}

// value writes a value of any kind with what is disclosed inside.
func (p *processor) value(v jsonobject.Value, path string, depth int) (jsonobject.Value, error) {
	if !mayHoldDigests(v) {
		return v, nil
	}
	if o, ok := v.Object(); ok {
		return p.object(o, path, depth)
	}
	if elements, ok := v.Elements(); ok {
		return p.array(v, elements, path, depth)
	}
	return v, nil
}

// mayHoldDigests spares most values the reading: neither reserved name stands in
// them, spelled out or escaped.
func mayHoldDigests(v jsonobject.Value) bool {
	return bytes.Contains(v, []byte(digestsName)) || bytes.Contains(v, []byte(digestName)) || bytes.IndexByte(v, '\\') >= 0
}

// array writes an array without the digests of which nothing is disclosed, or
// returns it as it is where it holds none.
func (p *processor) array(sent jsonobject.Value, elements []jsonobject.Value, path string, depth int) (jsonobject.Value, error) {
	if depth > jsonobject.MaxDepth {
		return nil, verdict.Errorf(verdict.LimitExceeded, "the payload with its disclosures is %w", jsonobject.ErrTooDeep)
	}
	out, n, changed := []byte{'['}, 0, false
	for _, e := range elements {
		here := path + "[" + strconv.Itoa(n) + "]"
		v, shown, err := p.element(e, path, here)
		if err == nil && shown {
			v, err = p.value(v, here, depth+1)
		}
		changed = changed || !bytes.Equal(v, e)
		switch {
		case err != nil:
			return nil, err
		case !shown:
			continue
		case n > 0:
			out = append(out, ',')
		}
		out = append(out, v...)
		n++
	}
	if !changed {
		return sent, nil
	}
	return append(out, ']'), nil
}

// element returns what an array element stands for: itself, or what is disclosed
// of it; shown is false where it is a digest of which nothing is.
func (p *processor) element(e jsonobject.Value, path, here string) (v jsonobject.Value, shown bool, err error) {
	o, _ := e.Object()
	d, ok := o.Get(digestName)
	if !ok {
		return e, true, nil
	}
	text, isText := d.Text()
	if !isText || len(o.Members()) != 1 {
		return nil, false, verdict.Errorf(verdict.Malformed, `%s: "..." must be a string and stand alone (RFC 9901 §4.2.4.2)`, here)
	}
	i, found, err := p.look(text, path)
	switch {
	case err != nil || !found:
		return nil, false, err
	case !p.disclosed[i].Element:
		return nil, false, verdict.Errorf(verdict.Malformed, "disclosure %d has a name, but its digest is an array element's (RFC 9901 §7.1 step 3.c.iii)", i+1)
	}
	p.disclosed[i].Path = here
	return p.disclosed[i].Value, true, nil
}

// look finds the disclosure of a digest, each of which may stand once.
func (p *processor) look(digest, path string) (i int, found bool, err error) {
	if p.seen[digest] {
		return 0, false, verdict.Errorf(verdict.Malformed, "the digest %s stands more than once (RFC 9901 §7.1 step 4)", clip(jsonobject.Quote(digest)))
	}
	p.seen[digest] = true
	i, found = p.place[digest]
	if !found {
		p.undisclosed = append(p.undisclosed, Undisclosed{Digest: digest, Path: path})
		return 0, false, nil
	}
	p.used[i] = true
	return i, true, nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// whole names an object in a message.
func whole(path string) string {
	if path == "" {
		return "the payload"
	}
	return string(clip(jsonobject.Quote(path)))
}

// An objectWriter writes the members of an object.
type objectWriter struct{ text []byte }

func (w *objectWriter) add(name string, v jsonobject.Value) {
	separator := byte(',')
	if len(w.text) == 0 {
		separator = '{'
	}
	w.text = append(append(append(append(w.text, separator), jsonobject.Quote(name)...), ':'), v...)
}

func (w *objectWriter) end() []byte {
	if len(w.text) == 0 {
		return []byte("{}")
	}
	return append(w.text, '}')
}
