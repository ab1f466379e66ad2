package render

import (
	"jwt/internal/inspect"
	"jwt/internal/phrase"
	"jwt/internal/sdjwt"
	"jwt/internal/token"
)

// disclosureFields returns the disclosures of an SD-JWT for JSON, beside its payload. If they
// match the token, their paths are known, and the digests without a disclosure.
func disclosureFields(d token.Disclosures) Object {
	disclosures, undisclosed := []Object{}, []Object{}
	for i, disclosure := range d.Disclosures {
		var o Object
		if d.Fit() {
			o.Add("path", d.Processed.Disclosed[i].Path)
		}
		if !disclosure.Element {
			o.Add("name", disclosure.Name)
		}
		o.Add("value", disclosure.Value)
		o.Add("salt", disclosure.Salt)
		if d.Fit() {
			o.Add("digest", d.Processed.Disclosed[i].Digest)
		}
		disclosures = append(disclosures, o)
	}
	o := Object{{"disclosures", disclosures}}
	if !d.Fit() {
		return o
	}
	for _, u := range d.Processed.Undisclosed {
		undisclosed = append(undisclosed, Object{{"path", u.Path}, {"digest", u.Digest}})
	}
	o.Add("undisclosed", undisclosed)
	return o
}

// undisclosed says how many digests have no disclosure.
func undisclosed(p sdjwt.Processed) string {
	if len(p.Undisclosed) == 0 {
		return "no digest undisclosed"
	}
	return phrase.Count(len(p.Undisclosed), "digest") + " undisclosed: claims kept back, or decoys"
}

func (a Inspection) disclosuresJSON() Object {
	d := a.Token.Disclosures
	var o Object
	if d.Fit() {
		o.Add("processed", d.Processed.Payload)
	}
	o = append(o, disclosureFields(*d)...)
	if d.Err != nil {
		o.Add("disclosures_error", d.Err.Error())
	}
	return o
}

// disclosuresText lists the disclosed claims of an SD-JWT.
func (a Inspection) disclosuresText(t *Text) {
	d := a.Token.Disclosures
	if d == nil {
		return
	}
	about := phrase.Count(len(d.Disclosures), "disclosure")
	if d.Fit() {
		about += "; " + undisclosed(d.Processed)
	}
	a.section(t, "Disclosed", about)
	a.membersText(t, inspect.Disclosed)
	if d.Err != nil {
		a.hanging(t, 2, Bad, d.Err.Error())
	}
}
