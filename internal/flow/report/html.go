package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"strconv"
	"strings"

	"jwt/internal/flow"
	"jwt/internal/markup"
	"jwt/internal/verdict"
)

//go:embed report.css
var style string

// HTML returns the report as one page that loads nothing. Its Content-Security-Policy
// allows only its own style, by hash.
func HTML(r flow.Report) []byte {
	var m markup.Builder
	sum := sha256.Sum256([]byte(style))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	m.Raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
		`<meta http-equiv="Content-Security-Policy" content="`+policy+"\">\n",
		"<meta name=\"referrer\" content=\"no-referrer\">\n",
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
		"<meta name=\"color-scheme\" content=\"light dark\">\n")
	m.Element("title", "", "jwt session flow: "+string(r.Verdict())+": "+r.Server)
	m.Raw("\n<style>", style, "</style>\n</head>\n<body>\n<main>\n")
	headline(r, &m)
	ruleTable(r, &m)
	m.Raw("<section id=\"steps\">\n<h2>Steps</h2>\n")
	sequence(r, &m)
	m.Raw("</section>\n<section id=\"tokens\">\n<h2>The tokens</h2>\n")
	timeline(r, &m)
	tokenTable(r, &m)
	m.Raw("</section>\n</main>\n</body>\n</html>\n")
	return []byte(m.String())
}

func headline(r flow.Report, m *markup.Builder) {
	m.Raw("<header>\n<h1>").Element("span", `class="badge `+string(r.Verdict())+`"`, string(r.Verdict())).Raw(" Session of ").Element("code", "", r.Server).Raw("</h1>\n<p>")
	m.Text("preset " + r.Preset + " · " + r.Began.UTC().Format("2 January 2006, 15:04:05 UTC") + " · " + strconv.Itoa(len(r.Steps)) + " steps in " + seconds(r.Took) + " s · ")
	var counts []string
	for _, c := range []struct {
		status verdict.Status
		word   string
	}{{verdict.Pass, "passed"}, {verdict.Fail, "failed"}, {verdict.Warn, "warned"}, {verdict.Skip, "skipped"}} {
		if n := r.Count(c.status); n > 0 {
			counts = append(counts, strconv.Itoa(n)+" "+c.word)
		}
	}
	m.Text(strings.Join(counts, ", ")).Raw("</p>\n")
	if r.Err != nil {
		m.Element("p", `class="error"`, r.Err.Error())
	}
	m.Raw("</header>\n")
}

func ruleTable(r flow.Report, m *markup.Builder) {
	m.Raw("<section id=\"rules\">\n<h2>The rules</h2>\n<div class=\"wide\">\n<table class=\"rules\">\n<thead><tr><th>Verdict</th><th>Rule</th><th>Expected</th><th>Actual</th></tr></thead>\n<tbody>\n")
	for _, status := range []verdict.Status{verdict.Fail, verdict.Warn, verdict.Pass, verdict.Skip} {
		for _, x := range r.Results {
			if x.Status == status {
				ruleRow(x, m)
			}
		}
	}
	m.Raw("</tbody>\n</table>\n</div>\n</section>\n")
}

func ruleRow(x flow.Result, m *markup.Builder) {
	m.Raw(`<tr class="`, string(x.Status), `"`, markup.Attribute("id", "rule-"+x.ID), "><td>")
	m.Element("span", `class="badge `+string(x.Status)+`"`, string(x.Status))
	m.Raw("</td><td>").Element("code", "", x.ID).Raw("<br>").Text(x.Title)
	m.Raw(" ").Element("small", "", string(x.Level)+" · "+x.Section+atStep(x))
	m.Raw("</td><td>").Text(x.Expected).Raw("</td><td>").Text(skipped(x)).Raw("</td></tr>\n")
}

func tokenTable(r flow.Report, m *markup.Builder) {
	if len(r.Tokens) == 0 {
		return
	}
	m.Raw("<div class=\"wide\">\n<table class=\"tokens\">\n<thead><tr><th>Token</th><th>Got</th><th>Until</th><th>As it may be shown</th></tr></thead>\n<tbody>\n")
	for _, t := range r.Tokens {
		m.Raw("<tr><td>").Text(t.Name + " " + t.Kind).Raw(`</td><td class="n">`).Text(seconds(t.Issued) + " s").Raw("</td><td>").Text(until(t)).Raw("</td><td>")
		m.Element("code", `class="token"`, t.Shown).Raw("</td></tr>\n")
	}
	m.Raw("</tbody>\n</table>\n</div>\n<p><small>Signatures and refresh tokens are shown as fingerprints: they cannot be used as tokens.</small></p>\n")
}

// until returns how a token ended.
func until(t flow.Token) string {
	switch {
	case t.Ended >= 0:
		return t.End + " at " + seconds(t.Ended) + " s"
	case t.Expires >= 0:
		return "expires at " + seconds(t.Expires) + " s"
	default:
		return "unknown"
	}
}
