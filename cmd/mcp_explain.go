package cmd

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"jwt/internal/cli"
	"jwt/internal/iana"
	"jwt/internal/mcp"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/vendors"
	"jwt/internal/verdict"
)

// explain says what a word means: a header member, a claim, a class word, or several of them.
func explain(word string) mcp.Result {
	list := []render.Object{}
	lines := []string{}
	add := func(kind, meaning, spec string) {
		list = append(list, render.Object{{Name: "kind", Value: kind}, {Name: "meaning", Value: meaning}, {Name: "spec", Value: spec}})
		lines = append(lines, render.Escape(kind+" "+word+": "+meaning+" ("+spec+")"))
	}
	if n, ok := iana.Header(word); ok {
		add("header", n.Meaning, n.Spec)
	}
	if n, ok := vendors.Claim("", strings.Split(word, ".")...); ok {
		add("claim", n.Meaning, n.Spec)
	}
	if meaning, status := explainClass(verdict.Class(word)); meaning != "" {
		add("class", meaning, status)
	}
	if len(list) == 0 {
		return mcp.Failure(render.Escape(phrase.Quote(word)) + " is not a registered header member or claim, nor a class word; a private claim means what its issuer says")
	}
	object := render.Object{{Name: "word", Value: word}, {Name: "meanings", Value: list}}
	return mcp.Result{Text: strings.Join(lines, "\n"), Structured: json.RawMessage(render.JSON(object, false))}
}

// explainClass returns what follows from a class word, and its exit status.
func explainClass(class verdict.Class) (meaning, status string) {
	for _, e := range cli.ExitMeanings {
		if !slices.Contains(verdict.Classes(e.Status), class) {
			continue
		}
		if e.Status == verdict.ExitOK {
			return "a warning: the token is valid unless warnings are failures (--strict)", "exit status 0"
		}
		return "a failure: " + e.Meaning, "exit status " + strconv.Itoa(e.Status)
	}
	return "", ""
}
