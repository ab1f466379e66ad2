package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/markup"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// A question is the body of a request. Every field is text that the user typed or pasted; none is
// a reference to anything else.
type question struct {
	Token    string `json:"token"`
	Other    string `json:"other"`    // to compare with
	Keys     string `json:"keys"`     // the choice of keys
	Pasted   string `json:"pasted"`   // a key or a secret
	Issuer   string `json:"issuer"`   // required in iss
	Audience string `json:"audience"` // required in aud
	Profile  string `json:"profile"`
	Header   string `json:"header"` // to sign
	Claims   string `json:"claims"` // to sign
}

// An answer is what the page shows, and the JSON that the command line prints.
type answer struct {
	view   []markup.Node
	says   string        // for screen readers
	fields render.Object // texts for fields of the page
	result render.Members
}

// An endpoint answers questions.
type endpoint struct {
	do     func(*Server, context.Context, question) (answer, error)
	failed string // the title of an error
}

// endpoints by the last part of their path.
var endpoints = map[string]endpoint{
	"inspect": {(*Server).inspect, "Not decoded"},
	"verify":  {(*Server).verify, "Not verified"},
	"sign":    {(*Server).sign, "Not signed"},
	"compare": {(*Server).compare, "Not compared"},
}

// answer reads a question and writes the answer: {"view", "says", "fields", "result"}.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, to endpoint) {
	q, status, err := read(w, r)
	var a answer
	if err == nil {
		a, err = to.do(s, r.Context(), q)
	}
	if err != nil {
		e := cli.Classified(err)
		a = answer{view: render.Failure(2, to.failed, e), says: to.failed + ": " + e.Message, result: cli.ErrorObject(err)}
	}
	view := []byte{'['}
	for i, n := range a.view {
		if i > 0 {
			view = append(view, ',')
		}
		view = n.AppendJSON(view)
	}
	o := render.Object{{Name: "view", Value: jsonobject.Value(append(view, ']'))}, {Name: "says", Value: a.says}, {Name: "fields", Value: a.fields}, {Name: "result", Value: a.result}}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(o.JSON(false))
}

// read reads a question.
func read(w http.ResponseWriter, r *http.Request) (q question, status int, err error) {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	err = d.Decode(&q)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("more than one value")
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return q, http.StatusRequestEntityTooLarge, verdict.Errorf(verdict.TooLarge, "the text is larger than the %d bytes that the page may send", large.Limit)
	case err != nil:
		return q, http.StatusBadRequest, verdict.Errorf(verdict.Malformed, "the request is not the JSON that the page sends")
	}
	return q, http.StatusOK, nil
}
