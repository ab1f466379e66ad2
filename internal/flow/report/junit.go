package report

import (
	"strconv"
	"time"

	"jwt/internal/flow"
	"jwt/internal/markup"
	"jwt/internal/verdict"
)

// JUnit returns the report as JUnit XML with a test case for each rule. It has failures
// or errors unless the verdict is pass or incomplete.
func JUnit(r flow.Report) []byte {
	var m markup.Builder
	failures, skipped, broken := 0, r.Count(verdict.Skip), 0
	for _, x := range r.Results {
		if x.Decides() {
			failures++
		}
	}
	if r.Err != nil {
		broken = 1
	}
	total := strconv.Itoa(len(r.Results) + broken)
	counts := ` tests="` + total + `" failures="` + strconv.Itoa(failures) + `" errors="` + strconv.Itoa(broken) + `" skipped="` + strconv.Itoa(skipped) + `" time="` + seconds(r.Took) + `"`
	m.Raw(`<?xml version="1.0" encoding="UTF-8"?>`, "\n<testsuites", counts, ">\n")
	m.Raw(`  <testsuite name="jwt session flow"`, counts, markup.Attribute("timestamp", r.Began.UTC().Format("2006-01-02T15:04:05")), ">\n")
	m.Raw("    <properties>\n")
	for _, p := range [][2]string{{"server", r.Server}, {"preset", r.Preset}, {"verdict", string(r.Verdict())}} {
		m.Raw("      <property", markup.Attribute("name", p[0]), markup.Attribute("value", p[1]), "/>\n")
	}
	m.Raw("    </properties>\n")
	if r.Err != nil {
		m.Raw(`    <testcase classname="session.flow" name="story" time="0.000"><error`, markup.Attribute("type", string(verdict.ClassOf(r.Err))), markup.Attribute("message", r.Err.Error()), "/></testcase>\n")
	}
	for _, x := range r.Results {
		testCase(x, &m)
	}
	m.Raw("    <system-out>")
	for _, s := range r.Steps {
		m.Text(summary(s)).Raw("\n")
	}
	m.Raw("</system-out>\n  </testsuite>\n</testsuites>\n")
	return []byte(m.String())
}

func testCase(x flow.Result, m *markup.Builder) {
	m.Raw("    <testcase", markup.Attribute("classname", "session.flow."+string(x.Level)), markup.Attribute("name", x.ID), ` time="0.000">`)
	said := x.Title + " (" + x.Section + "): " + x.Actual + "; want: " + x.Expected
	switch {
	case x.Decides():
		m.Raw("<failure", markup.Attribute("type", string(x.Level)), markup.Attribute("message", x.Actual), ">").Text(said).Raw("</failure>")
	case x.Status == verdict.Skip:
		m.Raw("<skipped", markup.Attribute("message", skipped(x)), "/>")
	case x.Status == verdict.Fail:
		m.Raw("<system-out>").Text("broken, which decides nothing: " + said).Raw("</system-out>")
	case x.Status == verdict.Warn:
		m.Raw("<system-out>").Text("warning: " + said).Raw("</system-out>")
	}
	m.Raw("</testcase>\n")
}

// skipped returns why a rule was skipped.
func skipped(x flow.Result) string {
	if x.Untried {
		return "could not be tried: " + x.Actual
	}
	return x.Actual
}

// summary returns a step on one line.
func summary(s flow.Step) string {
	line := strconv.Itoa(s.N) + ". " + s.Name
	if s.Method != "" {
		line += ": " + s.Method + " " + s.URL + " → " + outcome(s)
	}
	line += ", " + strconv.FormatInt(s.Took.Milliseconds(), 10) + " ms"
	if s.Note != "" {
		line += ": " + s.Note
	}
	if broken := broke(s); broken != "" {
		line += " " + broken
	}
	return line
}

// outcome returns the status of the answer, or "no answer".
func outcome(s flow.Step) string {
	if s.Status == 0 {
		return "no answer"
	}
	return strconv.Itoa(s.Status)
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
