package jwk

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/verdict"
)

// Platforms hand out keys inside other files: the JSON of a service account, a Keycloak realm,
// a Kubernetes secret, a map of certificates. inside collects the keys of such a file.
type inside struct {
	reader *reader
	keys   []Key
	names  []string // of the members, one for each key
	err    error    // of the first member that looks like a key and is not one
}

// deepestMember limits how deep a key may be inside a JSON object.
const deepestMember = 3

// keysInside reads the keys in the members of an object that is neither a JWK nor a JWK Set. It
// returns false if they have no key. A single key gets its kid from a member beside it. Each of
// several keys without one gets the name of its member as kid.
func (r *reader) keysInside(o jsonobject.Object) (Set, bool, error) {
	in := inside{reader: r}
	in.object(o, 0)
	in.mergeHalves()
	set := Set{}
	for i, k := range in.keys {
		if len(in.keys) > 1 {
			k.InSet = true
			if !k.HasID {
				k.ID, k.HasID = in.names[i], true
			}
		}
		set.add(i, k, nil)
	}
	switch {
	case len(o.Duplicates()) > 0:
		return Set{}, false, nil // which of them is meant is not known
	case len(set.Keys) > 0:
		return set, true, nil
	}
	return Set{}, in.err != nil, in.err
}

// object collects the keys of the members of o.
func (in *inside) object(o jsonobject.Object, depth int) {
	if k, ok := symmetric(o); ok {
		in.add("key", k)
		return
	}
	for _, m := range o.Members() {
		if len(in.keys) == MaxKeys {
			return
		}
		inner, isObject := m.Value.Object()
		text, isText := m.Value.Text()
		switch {
		case isObject && isJWKText(m.Value):
			in.parse(o, m.Name, m.Value)
		case isObject && depth < deepestMember:
			in.object(inner, depth+1)
		case isText && looksLikeKey([]byte(text)) != "":
			in.parse(o, m.Name, []byte(text))
		case depth < deepestMember:
			in.elements(m.Value, depth+1)
		}
	}
}

// elements collects the keys of the objects in an array. A list of JWKs is a JWK Set, and has its name.
func (in *inside) elements(v jsonobject.Value, depth int) {
	elements, _ := v.Elements()
	for _, e := range elements {
		if o, ok := e.Object(); ok && !isJWKText(e) && len(in.keys) < MaxKeys {
			in.object(o, depth)
		}
	}
}

// parse reads the key in a member of o.
func (in *inside) parse(o jsonobject.Object, name string, text []byte) {
	set, err := in.reader.wrapped(text)
	if err != nil {
		if in.err == nil {
			in.err = &verdict.Error{Class: verdict.ClassOf(err), Message: name + ": " + err.Error(), Err: err}
		}
		return
	}
	for _, k := range set.Keys {
		if err := k.labelBeside(o); err != nil {
			in.err = cmp.Or(in.err, err)
			continue
		}
		in.add(name, k)
	}
}

func (in *inside) add(name string, k Key) {
	in.keys, in.names = append(in.keys, k), append(in.names, name)
}

// The members beside a key that give its kid and its algorithm.
var (
	kidMembers = []string{"private_key_id", "key_id", "keyId", "kid"} // Google, fastlane, others
	algMembers = []string{"type", "alg", "algorithm"}                 // type: Hasura
)

// labelBeside sets the kid and the algorithm that other members of the object give.
func (k *Key) labelBeside(o jsonobject.Object) error {
	for _, name := range kidMembers {
		if id, ok := o.Text(name); ok && id != "" && !k.HasID {
			k.ID, k.HasID = id, true
		}
	}
	for _, name := range algMembers {
		text, _ := o.Text(name)
		alg, ok := jwa.Lookup(text)
		if !ok || k.Alg != "" {
			continue
		}
		switch {
		case alg.Takes(k.Type, k.Curve):
			k.Alg = text
		case name == "type": // alg may be of something else
			return verdict.Errorf(verdict.KeyMismatch, "%s: is %s, the key beside it is %s", name, text, k.Kind())
		}
	}
	return nil
}

// symmetric reads {"type":"HS256","key":"…"}, as Hasura is configured with an HMAC secret.
func symmetric(o jsonobject.Object) (Key, bool) {
	name, _ := o.Text("type")
	text, _ := o.Text("key")
	alg, ok := jwa.Lookup(name)
	if !ok || alg.KeyType != "oct" || text == "" {
		return Key{}, false
	}
	k, err := Secret([]byte(text))
	if err != nil {
		return Key{}, false
	}
	k.Alg, k.Format = name, "JSON with a secret"
	return k, true
}

// mergeHalves drops the public half of a key whose private half is there, and repetitions.
func (in *inside) mergeHalves() {
	var keys []Key
	var names []string
	for i, k := range in.keys {
		at := slices.IndexFunc(keys, func(other Key) bool { return other.Thumbprint() == k.Thumbprint() })
		switch {
		case at < 0:
			keys, names = append(keys, k), append(names, in.names[i])
		case k.IsPrivate() && !keys[at].IsPrivate():
			keys[at], names[at] = k, in.names[i]
		}
	}
	in.keys, in.names = keys, names
}

// encodedPEM finds the Base64 of PEM blocks in a text, as a Kubernetes secret in YAML has them,
// and returns the PEM.
func encodedPEM(text []byte) []byte {
	const begin = "LS0tLS1CRUdJTi" // "-----BEGIN"
	var all []byte
	for {
		_, rest, found := bytes.Cut(text, []byte(begin))
		if !found {
			return all
		}
		n := bytes.IndexFunc(rest, func(r rune) bool {
			return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_", r)
		})
		if n < 0 {
			n = len(rest)
		}
		if pem := anyBase64(append([]byte(begin), rest[:n]...)); pem != nil {
			all = append(append(all, pem...), '\n')
		}
		text = rest[n:]
	}
}

// encoded reads a key that is wrapped once more: as the Base64 of a PEM, JWK or OpenSSH key, as an
// environment variable often holds it, as a bare point in base64url, or as the Base64 of PEM
// inside other text, such as a Kubernetes secret in YAML. ok is false for other text.
func (r *reader) encoded(text []byte) (set Set, ok bool, err error) {
	plain := anyBase64(bytes.Trim(bytes.TrimSpace(text), `"'`))
	if k, ok := pointKey(plain); ok {
		return Set{Keys: []Key{k}}, true, nil
	}
	if looksLikeKey(plain) == "" {
		if plain = encodedPEM(text); plain == nil {
			return Set{}, false, nil
		}
	}
	set, err = r.wrapped(plain)
	for i := range set.Keys {
		set.Keys[i].Format = "base64 " + set.Keys[i].Format
	}
	return set, true, err
}

// wrapped reads keys that other text is around. The layers are bounded, because each may hold
// another one.
func (r *reader) wrapped(text []byte) (Set, error) {
	if r.layers == maxLayers {
		return Set{}, verdict.Errorf(verdict.KeyRefused, "the key is wrapped more than %d times", maxLayers)
	}
	r.layers++
	defer func() { r.layers-- }()
	return r.parse(text)
}
