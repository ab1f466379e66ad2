package faulty

import (
	"net/http"
	"strings"

	"jwt/internal/authserver"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

const controlPath = "/faults"

// endpoints returns the endpoints that change the active faults. No fault affects them.
func (f *active) endpoints() []authserver.Endpoint {
	return []authserver.Endpoint{
		{Method: http.MethodGet, Path: controlPath, Handle: f.answerList},
		{Method: http.MethodPost, Path: controlPath, Handle: f.answerSet},
		{Method: http.MethodDelete, Path: controlPath, Handle: f.answerClear},
	}
}

// answerList answers GET /faults with the active faults.
func (f *active) answerList(a *authserver.Answer, _ *http.Request) error {
	names := f.names()
	for i, name := range names {
		names[i] = string(jsonobject.Quote(name))
	}
	a.JSON(http.StatusOK, []byte(`{"faults":[`+strings.Join(names, ",")+`]}`))
	return nil
}

// answerSet answers POST /faults {"fault":"NAME[=VALUE][,times=N][,path=/PATH]"}.
func (f *active) answerSet(a *authserver.Answer, r *http.Request) error {
	body, err := authserver.ReadJSON(a, r)
	if err != nil {
		return err
	}
	o, err := jsonobject.Parse(body)
	if err != nil {
		return invalid("the body is not a JSON object")
	}
	v, _ := o.Get("fault")
	text, _ := v.Text()
	fault, err := Parse(text)
	if err != nil {
		return invalid(err.Error())
	}
	if fault.Name == rotateKey {
		err = f.server.RotateKey(r.Context())
	} else {
		f.set(fault)
	}
	if err != nil {
		return err
	}
	a.Note = "fault " + fault.String()
	return f.answerList(a, r)
}

// answerClear answers DELETE /faults. With ?name=NAME it clears only this fault.
func (f *active) answerClear(a *authserver.Answer, r *http.Request) error {
	f.clear(r.URL.Query().Get("name"))
	a.Note = "faults cleared"
	return f.answerList(a, r)
}

func invalid(description string) error {
	return &oauth.Error{Status: http.StatusBadRequest, Code: oauth.InvalidRequest, Description: description}
}
