package sdjwt

import (
	"bytes"
	"slices"
	"strconv"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A processor runs the steps (*) and (**) of RFC 9901 §7.1. It reads a text once for each
// level of nesting, at most MaxDepth times.
type processor struct {
	disclosed   []Disclosed
	place       map[string]int // index in disclosed, by digest
	used        []bool
	seen        map[string]bool // digests
	undisclosed []Undisclosed
	depth       int // of the current containers
}

// value returns v with its disclosed values in place, or v itself if it contains no
// digest. name is the name of v inside path.
func (p *processor) value(v jsonobject.Value, path, name string) (processed jsonobject.Value, err error) {
	kind := v.Kind()
	if kind != '{' && kind != '[' {
		return v, nil
	}
	if p.depth++; p.depth > jsonobject.MaxDepth {
		return nil, verdict.Errorf(verdict.LimitExceeded, "the payload with its disclosures is %w", jsonobject.ErrTooDeep)
	}
	if kind == '{' {
		processed, err = p.object(v, join(path, name))
	} else {
		processed, err = p.array(v, join(path, name))
	}
	p.depth--
	return processed, err
}

func (p *processor) object(v jsonobject.Value, path string) (jsonobject.Value, error) {
	members, _ := v.Members()
	kept := make([]jsonobject.Member, 0, len(members))
	var shown []int
	var selected, changed bool
	for _, m := range members {
		switch {
		case m.Name == digestName:
			return nil, verdict.Errorf(verdict.Malformed, `%s has a member "...", which is reserved for digests in arrays, as their only member (RFC 9901 §4.1)`, objectName(path))
		case m.Name == hashName && p.depth == 1:
			changed = true
		case m.Name == digestsName && selected:
			return nil, verdict.Errorf(verdict.DuplicateMember, "%s has _sd more than once: parsers disagree on which counts", objectName(path))
		case m.Name == digestsName:
			disclosed, indexes, err := p.disclose(m.Value, path)
			if err != nil {
				return nil, err
			}
			selected, changed, shown, kept = true, true, indexes, append(kept, disclosed...)
		default:
			inside, err := p.value(m.Value, path, m.Name)
			if err != nil {
				return nil, err
			}
			changed = changed || !bytes.Equal(inside, m.Value)
			kept = append(kept, jsonobject.Member{Name: m.Name, Value: inside})
		}
	}
	if !changed {
		return v, nil
	}
	return jsonobject.Join(kept), p.conflict(members, shown, path)
}

// disclose returns the members for the digests in the "_sd" of an object, and the indexes
// of their disclosures, in the order of the disclosures.
func (p *processor) disclose(digests jsonobject.Value, path string) (members []jsonobject.Member, shown []int, err error) {
	list, ok := digests.Texts()
	if !ok {
		return nil, nil, verdict.Errorf(verdict.Malformed, "_sd of %s: must be an array of strings (RFC 9901 §4.2.4.1)", objectName(path))
	}
	for _, digest := range list {
		i, found, err := p.find(digest, path)
		if err != nil {
			return nil, nil, err
		}
		if found {
			shown = append(shown, i)
		}
	}
	slices.Sort(shown)
	for _, i := range shown {
		d := &p.disclosed[i]
		if d.Element {
			return nil, nil, verdict.Errorf(verdict.Malformed, "disclosure %d has no name, but its digest is a claim's (RFC 9901 §7.1 step 3.c.ii)", i+1)
		}
		d.Path = join(path, d.Name)
		v, err := p.value(d.Value, path, d.Name)
		if err != nil {
			return nil, nil, err
		}
		members = append(members, jsonobject.Member{Name: d.Name, Value: v})
	}
	return members, shown, nil
}

// conflict refuses a disclosed member whose name the object has already.
func (p *processor) conflict(members []jsonobject.Member, shown []int, path string) error {
	if len(shown) == 0 {
		return nil
	}
	names := make(map[string]bool, len(members)+len(shown))
	for _, m := range members {
		names[m.Name] = true
	}
	if p.depth == 1 {
		names[hashName] = true
	}
	for _, i := range shown {
		d := p.disclosed[i]
		if names[d.Name] {
			return verdict.Errorf(verdict.Malformed, "disclosure %d: %s has %s already (RFC 9901 §7.1 step 3.c.ii)", i+1, objectName(path), d.about())
		}
		names[d.Name] = true
	}
	return nil
}

func (p *processor) array(v jsonobject.Value, path string) (jsonobject.Value, error) {
	elements, _ := v.Elements()
	kept := make([][]byte, 0, len(elements))
	changed := false
	for _, e := range elements {
		name := "[" + strconv.Itoa(len(kept)) + "]"
		shown, found, err := p.element(e, path, name)
		if err != nil {
			return nil, err
		}
		changed = changed || !bytes.Equal(shown, e)
		if found {
			kept = append(kept, shown)
		}
	}
	if !changed {
		return v, nil
	}
	return slices.Concat([]byte("["), bytes.Join(kept, []byte(",")), []byte("]")), nil
}

// element returns an element of an array, or the disclosed value if it is a digest. found
// is false for a digest without a disclosure.
func (p *processor) element(e jsonobject.Value, path, name string) (shown jsonobject.Value, found bool, err error) {
	members, _ := e.Members()
	if len(members) == 0 || members[0].Name != digestName {
		shown, err = p.value(e, path, name)
		return shown, true, err
	}
	digest, ok := members[0].Value.Text()
	if !ok || len(members) > 1 {
		return nil, false, verdict.Errorf(verdict.Malformed, `%s: "..." must be a string and the only member (RFC 9901 §4.2.4.2)`, objectName(join(path, name)))
	}
	i, found, err := p.find(digest, path)
	if err != nil || !found {
		return nil, false, err
	}
	d := &p.disclosed[i]
	if !d.Element {
		return nil, false, verdict.Errorf(verdict.Malformed, "disclosure %d has a name, but its digest is an array element's (RFC 9901 §7.1 step 3.c.iii)", i+1)
	}
	d.Path = join(path, name)
	shown, err = p.value(d.Value, path, name)
	return shown, true, err
}

// find returns the disclosure of a digest. It refuses a digest that occurs twice.
func (p *processor) find(digest, path string) (i int, found bool, err error) {
	if p.seen[digest] {
		return 0, false, verdict.Errorf(verdict.Malformed, "the digest %s occurs more than once (RFC 9901 §7.1 step 4)", phrase.Quote(digest))
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

// maxPath limits the length of a path in bytes. The start of a longer path is omitted.
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

// objectName returns the name of an object in a message.
func objectName(path string) string {
	if path == "" {
		return "the payload"
	}
	return phrase.Quote(path)
}
