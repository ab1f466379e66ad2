package render

import (
	"jwt/internal/anatomy"
	"jwt/internal/phrase"
	"jwt/internal/sdjwt"
)

// Disclosures returns the disclosures of an SD-JWT for JSON, beside its payload. If
// place is set the disclosures belong to the token: their places are known, and the
// digests without a disclosure.
func Disclosures(t sdjwt.Token, p sdjwt.Processed, place bool) Object {
	disclosures, undisclosed := []Object{}, []Object{}
	for i, d := range t.Disclosures {
		var one Object
		if place {
			one.Add("path", p.Disclosed[i].Path)
		}
		if !d.Element {
			one.Add("name", d.Name)
		}
		one.Add("value", d.Value)
		one.Add("salt", d.Salt)
		if place {
			one.Add("digest", p.Disclosed[i].Digest)
		}
		disclosures = append(disclosures, one)
	}
	o := Object{{"disclosures", disclosures}}
	if !place {
		return o
	}
	for _, u := range p.Undisclosed {
		undisclosed = append(undisclosed, Object{{"path", u.Path}, {"digest", u.Digest}})
	}
	o.Add("undisclosed", undisclosed)
	return o
}

// KeptBack says of how many digests nothing is disclosed.
func KeptBack(p sdjwt.Processed) string {
	if len(p.Undisclosed) == 0 {
		return "no digest undisclosed"
	}
	return phrase.Count(len(p.Undisclosed), "digest") + " undisclosed: claims kept back, or decoys"
}

func (a Anatomy) disclosuresJSON() Object {
	d := a.Token.Disclosed
	var o Object
	if d.Err == nil {
		o.Add("processed", d.Processed.Payload)
	}
	o = append(o, Disclosures(d.Token, d.Processed, d.Err == nil)...)
	if d.Err != nil {
		o.Add("disclosures_error", d.Err.Error())
	}
	return o
}

// disclosuresText lists what was disclosed of an SD-JWT.
func (a Anatomy) disclosuresText(t *Text) {
	d := a.Token.Disclosed
	if d == nil {
		return
	}
	about := phrase.Count(len(d.Token.Disclosures), "disclosure")
	if d.Err == nil {
		about += "; " + KeptBack(d.Processed)
	}
	a.section(t, "Disclosed", about)
	a.membersText(t, anatomy.Disclosed)
	if d.Err != nil {
		a.hanging(t, 2, Bad, d.Err.Error())
	}
}
