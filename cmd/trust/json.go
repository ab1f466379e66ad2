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

func entryJSON(e trust.Entry) render.Object {
	return render.Object{
		{Name: "name", Value: e.Name},
		{Name: "key", Value: texts(e.KeySources())},
		{Name: "secret", Value: texts(e.Secrets)},
		{Name: "iss", Value: texts(e.Iss())},
		{Name: "aud", Value: texts(e.Aud)},
		{Name: "alg", Value: texts(e.Algs)},
		{Name: "profile", Value: e.Profile},
		{Name: "leeway", Value: e.Leeway},
	}
}

func texts(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
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
