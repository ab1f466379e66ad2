package sdjwt

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// A processor is one run of the steps (*) and (**) of RFC 9901 §7.1. It reads the
// payload and each disclosed value once, token by token, and writes as it reads.
type processor struct {
	disclosed   []Disclosed
	place       map[string]int // of the disclosure with that digest
	used        []bool
	seen        map[string]bool // digests
	undisclosed []Undisclosed

	out   []byte
	depth int // of the containers being written
}

// run writes the payload.
func (p *processor) run(payload []byte) error {
	r := reader{src: payload, dec: decoder(payload)}
	_, err := p.value(&r, "")
	return err
}

// A reader reads one value that is known to be valid JSON.
type reader struct {
	src []byte
	dec *jsontext.Decoder
}

func decoder(src []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(src), jsontext.AllowDuplicateNames(true))
}

// open reads the bracket that a container begins with, and returns where it stands.
func (r *reader) open() (start int64, err error) {
	_, err = r.dec.ReadToken()
	return r.dec.InputOffset() - 1, unreadable(err)
}

// unreadable is for what was parsed before and must be readable.
func unreadable(err error) error {
	if err == nil {
		return nil
	}
	return verdict.Errorf(verdict.Internal, "reading parsed JSON: %w", err)
}

// value writes the next value with what is disclosed inside. path leads to it.
func (p *processor) value(r *reader, path string) (changed bool, err error) {
	switch r.dec.PeekKind() {
	case '{':
		_, changed, err = p.object(r, path, false)
		return changed, err
	case '[':
		return p.array(r, path)
	}
	v, err := r.dec.ReadValue()
	p.out = append(p.out, v...)
	return false, unreadable(err)
}

// enter counts the containers around what is written.
func (p *processor) enter() error {
	if p.depth++; p.depth > jsonobject.MaxDepth {
		return verdict.Errorf(verdict.LimitExceeded, "the payload with its disclosures is %w", jsonobject.ErrTooDeep)
	}
	return nil
}

// A frame is a container in the writing.
type frame struct {
	path     string
	from     int64 // where it stands in the source
	at       int   // and where in what is written
	items    int
	changed  bool
	plain    []string // names of members that the issuer left open
	shown    []int    // disclosures that became members
	selected bool     // "_sd" was there
}

// object writes an object with what is disclosed of it, or as it is where it holds
// no digest. An element of an array may be a digest instead, which is returned.
func (p *processor) object(r *reader, path string, element bool) (digest *string, changed bool, err error) {
	f := frame{path: path, at: len(p.out)}
	if f.from, err = r.open(); err == nil {
		err = p.enter()
	}
	p.out = append(p.out, '{')
	for err == nil && r.dec.PeekKind() != '}' {
		var token jsontext.Token
		if token, err = r.dec.ReadToken(); err != nil {
			return nil, false, unreadable(err)
		}
		name := token.String()
		if name == digestName && element && f.items == 0 && !f.changed {
			p.depth--
			p.out = p.out[:f.at]
			text, err := digestElement(r, path)
			return &text, true, err
		}
		err = p.member(r, &f, name)
	}
	if err == nil {
		err = p.conflict(f)
	}
	return nil, f.changed, p.shut(r, &f, '}', err)
}

// shut ends a container. One that is as the issuer wrote it is written so.
func (p *processor) shut(r *reader, f *frame, bracket byte, err error) error {
	if err != nil {
		return err
	}
	p.depth--
	_, err = r.dec.ReadToken()
	p.out = append(p.out, bracket)
	if !f.changed {
		p.out = append(p.out[:f.at], r.src[f.from:r.dec.InputOffset()]...)
	}
	return unreadable(err)
}

// digestElement reads what is left of an array element that begins with "...".
func digestElement(r *reader, path string) (string, error) {
	v, err := r.dec.ReadValue()
	text, ok := jsonobject.Value(v).Text()
	switch {
	case err != nil:
		return "", unreadable(err)
	case !ok || r.dec.PeekKind() != '}':
		return "", verdict.Errorf(verdict.Malformed, `%s: "..." must be a string and stand alone (RFC 9901 §4.2.4.2)`, whole(path))
	}
	_, err = r.dec.ReadToken()
	return text, unreadable(err)
}

// member writes the member whose name was read.
func (p *processor) member(r *reader, f *frame, name string) error {
	switch {
	case name == digestName:
		return verdict.Errorf(verdict.Malformed, `%s has a member "...", which is reserved for the digests in arrays and stands there alone (RFC 9901 §4.1)`, whole(f.path))
	case name == hashName && p.depth == 1:
		f.changed = true
		return unreadable(r.dec.SkipValue())
	case name == digestsName:
		f.changed = true
		v, err := r.dec.ReadValue()
		if err != nil {
			return unreadable(err)
		}
		return p.disclose(f, jsonobject.Value(v))
	}
	f.plain = append(f.plain, name)
	p.name(f, name)
	changed, err := p.value(r, pathTo(r, f.path, name))
	f.changed = f.changed || changed
	return err
}

// name writes the name of a member.
func (p *processor) name(f *frame, name string) {
	p.comma(f)
	p.out = append(append(p.out, jsonobject.Quote(name)...), ':')
}

func (p *processor) comma(f *frame) {
	if f.items++; f.items > 1 {
		p.out = append(p.out, ',')
	}
}

// pathTo is the path to a member, where anything can stand in it that has one.
func pathTo(r *reader, path, name string) string {
	if k := r.dec.PeekKind(); k != '{' && k != '[' {
		return ""
	}
	return join(path, name)
}

// disclose writes the members that an object's "_sd" has the digests of, in the
// order of their disclosures.
func (p *processor) disclose(f *frame, digests jsonobject.Value) error {
	list, ok := digests.Texts()
	switch {
	case !ok:
		return verdict.Errorf(verdict.Malformed, "_sd of %s: must be an array of strings (RFC 9901 §4.2.4.1)", whole(f.path))
	case f.selected:
		return verdict.Errorf(verdict.DuplicateMember, "%s has _sd more than once: parsers disagree on which counts", whole(f.path))
	}
	f.selected = true
	for _, digest := range list {
		i, found, err := p.look(digest, f.path)
		if err != nil {
			return err
		}
		if found {
			f.shown = append(f.shown, i)
		}
	}
	slices.Sort(f.shown)
	for _, i := range f.shown {
		d := &p.disclosed[i]
		if d.Element {
			return verdict.Errorf(verdict.Malformed, "disclosure %d has no name, but its digest is a claim's (RFC 9901 §7.1 step 3.c.ii)", i+1)
		}
		d.Path = join(f.path, d.Name)
		p.name(f, d.Name)
		if err := p.disclosedValue(d); err != nil {
			return err
		}
	}
	return nil
}

// disclosedValue writes what a disclosure discloses, digests in it included.
func (p *processor) disclosedValue(d *Disclosed) error {
	r := reader{src: d.Value, dec: decoder(d.Value)}
	_, err := p.value(&r, d.Path)
	return err
}

// conflict refuses a disclosed member of a name that the object has already.
func (p *processor) conflict(f frame) error {
	if len(f.shown) == 0 {
		return nil
	}
	names := make(map[string]bool, len(f.plain)+len(f.shown))
	for _, name := range f.plain {
		names[name] = true
	}
	if p.depth == 1 {
		names[hashName] = true
	}
	for _, i := range f.shown {
		d := p.disclosed[i]
		if names[d.Name] {
			return verdict.Errorf(verdict.Malformed, "disclosure %d: %s has %s already (RFC 9901 §7.1 step 3.c.ii)", i+1, whole(f.path), d.about())
		}
		names[d.Name] = true
	}
	return nil
}

// array writes an array without the digests of which nothing is disclosed, or as
// it is where it holds none.
func (p *processor) array(r *reader, path string) (changed bool, err error) {
	f := frame{path: path, at: len(p.out)}
	if f.from, err = r.open(); err == nil {
		err = p.enter()
	}
	p.out = append(p.out, '[')
	for err == nil && r.dec.PeekKind() != ']' {
		err = p.element(r, &f)
	}
	return f.changed, p.shut(r, &f, ']', err)
}

// element writes an element, or what is disclosed of it, or nothing where that is
// nothing.
func (p *processor) element(r *reader, f *frame) error {
	before, items := len(p.out), f.items
	path := pathTo(r, f.path, "["+strconv.Itoa(f.items)+"]")
	p.comma(f)
	if r.dec.PeekKind() != '{' {
		changed, err := p.value(r, path)
		f.changed = f.changed || changed
		return err
	}
	digest, changed, err := p.object(r, path, true)
	f.changed = f.changed || changed
	if err != nil || digest == nil {
		return err
	}
	i, found, err := p.look(*digest, f.path)
	switch {
	case err != nil:
		return err
	case !found:
		p.out, f.items = p.out[:before], items
		return nil
	case !p.disclosed[i].Element:
		return verdict.Errorf(verdict.Malformed, "disclosure %d has a name, but its digest is an array element's (RFC 9901 §7.1 step 3.c.iii)", i+1)
	}
	p.disclosed[i].Path = path
	return p.disclosedValue(&p.disclosed[i])
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

// maxPath bounds what is spent on a path, in bytes. The beginning of a longer one
// is left out.
const maxPath = 1 << 10

func join(path, name string) string {
	switch {
	case len(path)+len(name) >= maxPath && len(name) < maxPath:
		path = "…"
	case len(name) >= maxPath:
		return "…"
	}
	if path == "" || name != "" && name[0] == '[' {
		return path + name
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
