package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"strconv"
	"strings"

	"jwt/internal/flow"
	"jwt/internal/verdict"
)

//go:embed report.css
var style string

// HTML returns the report as one page that loads nothing. Its Content-Security-Policy
// allows only its own style, by hash.
func HTML(r flow.Report) []byte {
	var m markup
	sum := sha256.Sum256([]byte(style))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	m.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
		`<meta http-equiv="Content-Security-Policy" content="`+policy+"\">\n",
		"<meta name=\"referrer\" content=\"no-referrer\">\n",
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
		"<meta name=\"color-scheme\" content=\"light dark\">\n")
	m.element("title", "", "jwt session flow: "+string(r.Verdict())+": "+r.Server)
	m.raw("\n<style>", style, "</style>\n</head>\n<body>\n<main>\n")
	headline(r, &m)
	ruleTable(r, &m)
	m.raw("<section id=\"steps\">\n<h2>Steps</h2>\n")
	sequence(r, &m)
	m.raw("</section>\n<section id=\"tokens\">\n<h2>The tokens</h2>\n")
	timeline(r, &m)
	tokenTable(r, &m)
	m.raw("</section>\n</main>\n</body>\n</html>\n")
	return []byte(m.String())
}

func headline(r flow.Report, m *markup) {
	m.raw("<header>\n<h1>").element("span", `class="badge `+string(r.Verdict())+`"`, string(r.Verdict())).raw(" Session of ").element("code", "", r.Server).raw("</h1>\n<p>")
	m.text("preset " + r.Preset + " · " + r.Began.UTC().Format("2 January 2006, 15:04:05 UTC") + " · " + strconv.Itoa(len(r.Steps)) + " steps in " + seconds(r.Took) + " s · ")
	var counts []string
	for _, c := range []struct {
		status verdict.Status
		word   string
	}{{verdict.Pass, "passed"}, {verdict.Fail, "failed"}, {verdict.Warn, "warned"}, {verdict.Skip, "skipped"}} {
		if n := r.Count(c.status); n > 0 {
			counts = append(counts, strconv.Itoa(n)+" "+c.word)
		}
	}
	m.text(strings.Join(counts, ", ")).raw("</p>\n")
	if r.Err != nil {
		m.element("p", `class="error"`, r.Err.Error())
	}
	m.raw("</header>\n")
}

func ruleTable(r flow.Report, m *markup) {
	m.raw("<section id=\"rules\">\n<h2>The rules</h2>\n<div class=\"wide\">\n<table class=\"rules\">\n<thead><tr><th>Verdict</th><th>Rule</th><th>Expected</th><th>Actual</th></tr></thead>\n<tbody>\n")
	for _, status := range []verdict.Status{verdict.Fail, verdict.Warn, verdict.Pass, verdict.Skip} {
		for _, x := range r.Results {
			if x.Status == status {
				ruleRow(x, m)
			}
		}
	}
	m.raw("</tbody>\n</table>\n</div>\n</section>\n")
}

func ruleRow(x flow.Result, m *markup) {
	m.raw(`<tr class="`, string(x.Status), `"`, attribute("id", "rule-"+x.ID), "><td>")
	m.element("span", `class="badge `+string(x.Status)+`"`, string(x.Status))
	m.raw("</td><td>").element("code", "", x.ID).raw("<br>").text(x.Title)
	m.raw(" ").element("small", "", string(x.Level)+" · "+x.Section+atStep(x))
	m.raw("</td><td>").text(x.Expected).raw("</td><td>").text(skipped(x)).raw("</td></tr>\n")
}

func tokenTable(r flow.Report, m *markup) {
	if len(r.Tokens) == 0 {
		return
	}
	m.raw("<div class=\"wide\">\n<table class=\"tokens\">\n<thead><tr><th>Token</th><th>Got</th><th>Until</th><th>As it may be shown</th></tr></thead>\n<tbody>\n")
	for _, t := range r.Tokens {
		m.raw("<tr><td>").text(t.Name + " " + t.Kind).raw(`</td><td class="n">`).text(seconds(t.Issued) + " s").raw("</td><td>").text(until(t)).raw("</td><td>")
		m.element("code", `class="token"`, t.Shown).raw("</td></tr>\n")
	}
	m.raw("</tbody>\n</table>\n</div>\n<p><small>Signatures and refresh tokens are shown as fingerprints: they cannot be used as tokens.</small></p>\n")
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
