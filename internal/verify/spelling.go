package verify

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"jwt/internal/bcp"
	"jwt/internal/verdict"
)

// spelled returns the hint for a value that differs from the wanted one in one detail.
func spelled(c verdict.Check) string {
	wanted, got := one(c.Expected), one(c.Actual)
	if wanted == "" || got == "" || wanted == got {
		return ""
	}
	accept := flagFor(c.Name, got)
	if detail := sameText(wanted, got); detail != "" {
		if accept == "" {
			return "only " + detail + ": it is compared byte for byte, so spell it alike on both sides"
		}
		return "only " + detail + ", and it is compared byte for byte: " + accept
	}
	if strange := lookalike(wanted, got); strange != "" {
		return "only characters that look alike differ, " + strange + ": is it a forgery, or a slip of the keyboard?"
	}
	if strings.TrimPrefix(wanted, "https://") == strings.TrimPrefix(got, "https://") {
		switch {
		case strings.HasSuffix(got, "accounts.google.com"):
			return `only "https://" differs, which Google leaves out at times: allow both spellings, each with a flag of its own`
		case accept != "":
			return `only "https://" differs: ` + accept
		}
	}
	if where := sameURL(wanted, got); where != "" {
		return where + orAccept(accept)
	}
	return ""
}

// sameText says what alone differs between two texts, or returns "".
func sameText(wanted, got string) string {
	bare := func(s string) string { return strings.TrimRight(s, "/") }
	switch {
	case bare(wanted) == bare(got):
		return "the slash at the end differs"
	case strings.EqualFold(wanted, got):
		return "the case of letters differs"
	case strings.EqualFold(bare(wanted), bare(got)):
		return "the case of letters and the slash at the end differ"
	case strings.TrimSpace(wanted) == strings.TrimSpace(got):
		return "white space around it differs"
	}
	return ""
}

// lookalike names the first character outside ASCII in which two texts differ, if they differ only in
// letters that look alike: а of Cyrillic for a.
func lookalike(wanted, got string) string {
	w, g := []rune(wanted), []rune(got)
	if len(w) != len(g) {
		return ""
	}
	strange := ""
	for i := range w {
		switch {
		case w[i] == g[i]:
		case bcp.Lookalike(w[i]) != bcp.Lookalike(g[i]):
			return ""
		case strange == "" && max(w[i], g[i]) >= utf8.RuneSelf:
			strange = fmt.Sprintf("U+%04X for one", max(w[i], g[i]))
		}
	}
	return strange
}

// sameURL returns the hint for two URLs that differ in the scheme or the port.
func sameURL(wanted, got string) string {
	w, werr := url.Parse(wanted)
	g, gerr := url.Parse(got)
	switch {
	case werr != nil || gerr != nil || w.Host == "" || g.Host == "" || w.Path != g.Path:
		return ""
	case w.Host == g.Host && (w.Scheme == "" || g.Scheme == ""):
		return "only the scheme differs, which one of them lacks"
	case w.Host == g.Host:
		return "only the scheme differs: is the issuer behind a proxy that ends TLS? set its public URL there"
	case w.Scheme == g.Scheme && w.Hostname() == g.Hostname():
		return "only the port differs: is the issuer behind a proxy? set its public URL there"
	}
	return ""
}

// flagFor returns the flag with which the check called name accepts a value, or "".
func flagFor(name, value string) string {
	claim, isClaim := strings.CutPrefix(name, "claim:")
	switch {
	case isClaim:
		return "--claim " + claimArg(claim, value)
	case name == "iss" || name == "aud" || name == "sub":
		return "--" + name + " " + quoteArg(value)
	}
	return ""
}

func orAccept(accept string) string {
	if accept == "" {
		return ""
	}
	return ", or " + accept
}
