package trust

import (
	"jwt/internal/cli"
	"jwt/internal/jwk"
	"jwt/internal/render"
	"jwt/internal/trust"
)

// entriesJSON returns the output of list.
func entriesJSON(all []trust.Entry) render.Object {
	list := []render.Object{}
	for _, e := range all {
		list = append(list, entryJSON(e))
	}
	return render.Object{{Name: "entries", Value: list}}
}

// entryJSON leaves out what the entry does not require: an empty "iss" would read as no issuer,
// and means any.
func entryJSON(e trust.Entry) render.Object {
	o := render.Object{{Name: "name", Value: e.Name}}
	for _, list := range []struct {
		name   string
		values []string
	}{{"key", e.KeySources()}, {"secret", e.Secrets}, {"iss", e.Iss()}, {"aud", e.Aud}, {"alg", e.Algs}} {
		if len(list.values) > 0 {
			o = append(o, render.Field{Name: list.name, Value: list.values})
		}
	}
	if e.Profile != "" {
		o = append(o, render.Field{Name: "profile", Value: e.Profile})
	}
	if e.Leeway != "" {
		o = append(o, render.Field{Name: "leeway", Value: e.Leeway})
	}
	return o
}

// checkedJSON returns the output of check.
func checkedJSON(results []checked) render.Object {
	list := []render.Object{}
	for _, c := range results {
		o := append(entryJSON(c.entry), render.Field{Name: "keys", Value: keysJSON(c.keys)})
		if c.err != nil {
			o = append(o, cli.ErrorObject(c.err)...)
		}
		list = append(list, o)
	}
	return render.Object{{Name: "entries", Value: list}}
}

func keysJSON(keys []jwk.Key) []render.Object {
	list := []render.Object{}
	for _, k := range keys {
		o := render.Object{{Name: "kind", Value: k.Kind()}, {Name: "accepts", Value: names(k.Algorithms())}}
		if k.HasID {
			o = append(render.Object{{Name: "kid", Value: k.ID}}, o...)
		}
		list = append(list, o)
	}
	return list
}
