package jwt

import (
	"strconv"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// A date is a claim that must be a NumericDate.
type date struct {
	NumericDate
	state dateState

	of    *Examiner
	says  string // begins the sentence of a check that passed
	days  days
	zoned []byte // in RFC 3339, once it is needed; reused
	kept  verdict.Kept
}

// A stamp writes a date as Stamp does.
type stamp struct{ *date }

func (s stamp) AppendText(dst []byte) []byte { return s.appendStampAs(dst, s.zoned) }

// A sentence writes what is to be said of a date, as When does.
type sentence struct{ *date }

func (s sentence) AppendText(dst []byte) []byte {
	return s.appendWhenAs(append(dst, s.says...), s.of.now, s.zoned)
}

// passed fills in the check of a date that passed. Its texts are written later.
func (d *date) passed(c *verdict.Check, name string, expected any, says string) {
	d.says = says
	if t, ok := d.Time(); ok {
		d.zoned = d.days.appendZoned(d.zoned[:0], t, d.of.Location)
	} else {
		d.zoned = append(d.zoned[:0], outsideCalendar...)
	}
	c.Name, c.Status, c.Expected = name, verdict.Pass, expected
	c.Actual, c.Says, c.Kept = stamp{d}, sentence{d}, &d.kept
}

type dateState int

const (
	absent  dateState = iota
	refused           // already reported as malformed
	usable
)

// date reads a NumericDate claim, whose value is nil if it is absent. It reports a claim of another type, and one after the
// year 9999, which is a mistake. Milliseconds instead of seconds are accepted with a
// warning, because servers that only compare numbers accept them.
func (e *Examiner) date(d *date, name string, v jsonobject.Value, section string) {
	d.of, d.state = e, absent
	if v == nil {
		d.NumericDate = NumericDate{}
		return
	}
	d.state = refused
	if !d.read(v) {
		e.wrongType(name, v, "a number", section)
		return
	}
	if _, millis := d.InMilliseconds(); d.afterCalendar() && !millis {
		const want = "seconds since 1970, no later than the year 9999"
		e.add(verdict.Check{
			Name: name, Status: verdict.Fail, Class: verdict.ClaimsMalformed, Expected: want, Actual: v.Any(),
			Detail: name + ": " + d.short() + " is " + outsideCalendar + ", must be " + want,
		})
		return
	}
	d.state = usable
}

// expiry checks "exp". A token is expired at the instant itself (RFC 7519 §4.1.4: "on or
// after which").
func (e *Examiner) expiry() {
	d := &e.exp
	e.date(d, "exp", e.registered.exp, "RFC 7519 §4.1.4")
	switch {
	case d.state == refused:
	case d.state == absent:
		e.add(verdict.Check{Name: "exp", Status: verdict.Skip, Detail: "exp: missing, the token never expires"})
	case e.IgnoreExp:
		e.add(verdict.Check{
			Name: "exp", Status: verdict.Skip, Actual: e.stamp(&d.NumericDate),
			Detail: "exp: not compared, as requested: it is " + e.when(&d.NumericDate),
		})
	case d.Compare(e.expAfter) <= 0:
		e.add(e.expired(&d.NumericDate))
	default:
		c := e.next()
		d.passed(c, "exp", e.after, "exp: expires ")
		if d.Compare(e.now) <= 0 {
			c.WriteOut()
			c.Detail = "exp: expired " + e.when(&d.NumericDate) + ", within the leeway of " + reltime.Typed(e.Leeway)
		}
		e.suspect(c, &d.NumericDate)
	}
}

func (e *Examiner) expired(d *NumericDate) verdict.Check {
	c := verdict.Check{
		Name: "exp", Status: verdict.Fail, Class: verdict.Expired, Expected: e.after, Actual: e.stamp(d),
		Detail: "exp: expired " + e.when(d),
		Hint:   "get a new token, or --at TIME to check as of then",
	}
	if e.Leeway > 0 {
		c.Detail += ", more than the leeway of " + reltime.Typed(e.Leeway)
	}
	if d.looksLikeLifetime() {
		c.Detail += "; " + d.short() + " looks like a lifetime, must be a date"
		c.Hint = "the issuer must write the date: its time of now plus " + d.short()
	}
	if d.Compare(e.now.Add(-time.Minute)) > 0 && e.Leeway < time.Minute {
		c.Hint = "--leeway 60s if clocks differ, --at TIME to check as of then, or get a new token"
	}
	return c
}

// notBefore checks "nbf" (RFC 7519 §4.1.5). A token is valid at the instant itself.
func (e *Examiner) notBefore() {
	d := &e.nbf
	e.date(d, "nbf", e.registered.nbf, "RFC 7519 §4.1.5")
	if d.state != usable {
		return
	}
	c := e.next()
	d.passed(c, "nbf", e.atOrBefore, "nbf: became valid ")
	if d.Compare(e.now) > 0 {
		c.WriteOut()
		c.Detail = "nbf: becomes valid " + e.when(&d.NumericDate) + ", within the leeway of " + reltime.Typed(e.Leeway)
	}
	if d.Compare(e.startBy) > 0 {
		c.Status, c.Class = verdict.Fail, verdict.NotYetValid
		c.Detail = e.notValidYet(&d.NumericDate)
		c.Hint = "--at TIME checks as of then"
		switch _, millis := d.InMilliseconds(); {
		case millis:
			c.Hint = inSeconds
		case d.Compare(e.now.Add(time.Minute)) <= 0:
			c.Hint = "--leeway 60s if clocks differ, --at TIME to check as of then"
		}
	}
}

// issuedAt checks "iat" (RFC 7519 §4.1.6). No rule compares it with the clock, so one in
// the future gives only a warning.
func (e *Examiner) issuedAt() {
	d := &e.iat
	e.date(d, "iat", e.registered.iat, "RFC 7519 §4.1.6")
	if d.state != usable {
		return
	}
	c := e.next()
	d.passed(c, "iat", e.atOrBefore, "iat: issued ")
	if d.Compare(e.startBy) > 0 {
		c.WriteOut()
		c.Status, c.Class = verdict.Warn, verdict.IssuedInFuture
		c.Detail = "iat: issued in the future, " + e.when(&d.NumericDate)
		e.suspect(c, &d.NumericDate)
	}
}

// validFor checks that "exp" is at least ValidFor after now. The leeway does not extend
// it.
func (e *Examiner) validFor() {
	if e.ValidFor == nil {
		return
	}
	want := reltime.Typed(*e.ValidFor)
	d := &e.exp.NumericDate
	switch e.exp.state {
	case absent:
		e.missing("valid_for", "exp", "the time left cannot be checked", want)
		return
	case refused:
		e.add(verdict.Check{Name: "valid_for", Status: verdict.Skip, Expected: want, Detail: "exp: malformed, cannot be compared"})
		return
	}
	c := verdict.Check{
		Name: "valid_for", Status: verdict.Pass, Expected: want, Actual: e.stamp(d),
		Detail: "exp: expires " + e.when(d) + ", which is at least " + want,
	}
	if d.Compare(e.now.Add(*e.ValidFor)) < 0 {
		c.Status, c.Class = verdict.Fail, verdict.Expired
		c.Detail = "exp: expires " + e.when(d) + ", want at least " + want
		if d.Compare(e.now) <= 0 {
			c.Detail = "exp: expired " + e.when(d) + ", want at least " + want + " to live"
		}
		c.Hint = "get a new token, or ask for less: --valid-for D"
	}
	e.add(c)
}

// maxAge checks that "iat" is at most MaxAge before now, and not in the future. The leeway
// extends both.
func (e *Examiner) maxAge() {
	if e.MaxAge == nil {
		return
	}
	want := reltime.Typed(*e.MaxAge)
	d := &e.iat.NumericDate
	switch e.iat.state {
	case absent:
		e.missing("max_age", "iat", "the age cannot be checked", want)
		return
	case refused:
		e.add(verdict.Check{Name: "max_age", Status: verdict.Skip, Expected: want, Detail: "iat: malformed, cannot be compared"})
		return
	}
	c := verdict.Check{
		Name: "max_age", Status: verdict.Pass, Expected: want, Actual: e.stamp(d),
		Detail: "iat: issued " + e.when(d) + ", want at most " + want + " ago",
	}
	switch {
	case d.Compare(e.now.Add(-*e.MaxAge).Add(-e.Leeway)) < 0:
		c.Status, c.Class = verdict.Fail, verdict.TooOld
		c.Hint = "get a new token, or allow more: --max-age D"
	case d.Compare(e.now.Add(e.Leeway)) > 0:
		c.Status, c.Class = verdict.Fail, verdict.NotYetValid
		c.Detail = "iat: issued in the future, " + e.when(d) + ", so its age cannot be checked"
		c.Hint = "--leeway 60s if clocks differ, --at TIME checks as of then"
		if _, millis := d.InMilliseconds(); millis {
			c.Hint = inSeconds
		}
	}
	e.add(c)
}

// suspect adds a warning if the date is probably a mistake.
func (e *Examiner) suspect(c *verdict.Check, d *NumericDate) {
	if d.seconds < farFuture {
		return
	}
	c.WriteOut()
	c.Status, c.Class = verdict.Warn, verdict.SuspiciousTime
	if t, ok := d.InMilliseconds(); ok {
		c.Detail = c.Name + ": " + e.millis(d, t)
		return
	}
	c.Detail += ": " + d.short() + " seconds are probably a mistake"
}

// notValidYet returns the detail for an "nbf" in the future: "nbf: not valid for another
// 5 min (2023-11-14T22:13:20Z)".
func (e *Examiner) notValidYet(d *NumericDate) string {
	if t, ok := d.InMilliseconds(); ok {
		return "nbf: " + e.millis(d, t)
	}
	t, _ := d.Time() // a date after the calendar that is not in milliseconds was refused
	return "nbf: not valid for another " + reltime.SpanBetween(t, e.now) + " (" + zoned(t, e.Location) + ")"
}

// inSeconds is the hint for a date in milliseconds.
const inSeconds = "the issuer must write seconds: divide by 1000"

// millis returns the detail for the number d, which would be t in milliseconds.
func (e *Examiner) millis(d *NumericDate, t time.Time) string {
	return d.short() + " looks like milliseconds (" + zoned(t, e.Location) + ", " + reltime.Ago(t, e.now) + "), must be seconds"
}

func (e *Examiner) when(d *NumericDate) string  { return d.When(e.now, e.Location) }
func (e *Examiner) stamp(d *NumericDate) string { return d.Stamp(e.Location) }

// stampOf formats a limit computed from the clock, without its fraction.
func (e *Examiner) stampOf(t time.Time) string {
	b := appendZoned(make([]byte, 0, 64), t.Truncate(time.Second), e.Location)
	return string(append(strconv.AppendInt(append(b, " ("...), t.Unix(), 10), ')'))
}

// When formats a date for people: "3 h ago (2023-11-14T22:13:20Z)".
func (d *NumericDate) When(now time.Time, zone *time.Location) string {
	return string(d.appendWhenAs(make([]byte, 0, 64), now, d.appendZoned(nil, zone)))
}

// appendWhenAs appends a date that appendZoned wrote as zoned.
func (d *NumericDate) appendWhenAs(dst []byte, now time.Time, zoned []byte) []byte {
	t, ok := d.Time()
	switch {
	case ok:
		dst = append(append(reltime.AppendAgo(dst, t, now), " ("...), zoned...)
	case d.seconds < 0:
		dst = append(append(dst, "before every calendar ("...), d.short()...)
	default:
		dst = append(append(dst, "after every calendar ("...), d.short()...)
	}
	return append(dst, ')')
}

// Stamp formats a date for reports: "2023-11-14T22:13:20Z (1700000000)".
func (d *NumericDate) Stamp(zone *time.Location) string {
	return string(d.appendStampAs(make([]byte, 0, 64), d.appendZoned(nil, zone)))
}

func (d *NumericDate) appendStampAs(dst, zoned []byte) []byte {
	dst = append(append(dst, zoned...), " ("...)
	if len(d.text) <= phrase.Most { // digits need no other care
		return append(append(dst, d.text...), ')')
	}
	return append(append(dst, d.short()...), ')')
}

// appendZoned appends the date as RFC 3339, if it can be.
func (d *NumericDate) appendZoned(dst []byte, zone *time.Location) []byte {
	t, ok := d.Time()
	if !ok {
		return append(dst, outsideCalendar...)
	}
	return appendZoned(dst, t, zone)
}

func zoned(t time.Time, zone *time.Location) string { return string(appendZoned(nil, t, zone)) }

// appendZoned appends t as RFC 3339; a zone of nil is UTC.
func appendZoned(dst []byte, t time.Time, zone *time.Location) []byte {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).AppendFormat(dst, time.RFC3339Nano)
}
