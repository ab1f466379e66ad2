package session

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/flow/report"
	"jwt/internal/httpclient"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

var traceCommand = cli.Command{
	Use:   "trace",
	Short: "show the last requests of the session",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o traceOptions
		c.Long = `Show the last requests of the session and what the server answered, as a table,
a HAR file or a Mermaid sequence diagram.

Each command records its requests in a file beside the session, so that a
session that has ended can be explained afterwards. The record has methods,
paths, statuses and times, names of fields and kinds of credentials. It has no
value of a header, a cookie, a query or a body, and of a path only short words.
session proxy records refreshes and refused calls only. The two files hold at
most 128 KiB each; a logout leaves them, so that it can be seen too, and
--clear removes them.`
		c.Example = `  jwt session trace
  jwt session trace -o mermaid
  jwt session trace -o har > session.har
  jwt session trace -j | jq '.requests[] | select(.status >= 400)'
  jwt session trace --clear`
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.session.complete(env, c)
		o.date.Complete(c)
		cli.CompleteValues(c, "output", traceFormats...)
		cli.CompleteValues(c, "color", "auto", "always", "never")
		c.RunE = func(*cobra.Command, []string) error { return runTrace(env, o) }
	},
}

var traceFormats = []string{"auto", "text", "json", "har", "mermaid"}

type traceOptions struct {
	session options
	output  cli.Output
	date    cli.Date
	clear   bool
}

func (o *traceOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.clear, "clear", false, "remove the record")
	o.session.addName(f)
	o.date.AddFlags(f)
	o.output.AddFlags(f)
	f.Lookup("output").Usage = "`FORMAT` of the output: text, json, har, mermaid, or auto (text on a terminal, json in a pipe)"
}

func (o *traceOptions) check() error {
	plain := o.output
	if plain.Format == "har" || plain.Format == "mermaid" {
		if plain.AsJSON {
			return verdict.Errorf(verdict.Usage, "--json and --output %s contradict each other", plain.Format)
		}
		plain.Format = "auto"
	}
	if !slices.Contains(traceFormats, o.output.Format) {
		return verdict.Errorf(verdict.Usage, "--output: is %q, must be auto, text, json, har or mermaid", o.output.Format)
	}
	return errors.Join(plain.Check(), o.date.Check())
}

func runTrace(env *cli.Env, o traceOptions) error {
	entries, name, err := o.entries(env)
	if err != nil {
		return o.output.Fail(env, err)
	}
	if len(entries) == 0 && !o.clear {
		o.output.Note(env, "session "+name+": no request is recorded")
	}
	switch {
	case o.clear:
		return nil
	case o.output.Format == "har":
		return o.output.WriteJSON(env, har(entries, env.Version))
	case o.output.Format == "mermaid":
		return o.output.WriteBytes(env, mermaid(entries))
	}
	return o.output.Show(env,
		func() render.Object { return traceJSON(name, entries) },
		func(t *render.Text) { traceText(t, o.date, entries) })
}

func (o traceOptions) entries(env *cli.Env) ([]session.Entry, string, error) {
	if err := o.check(); err != nil {
		return nil, "", err
	}
	client, err := o.session.client(env, o.output)
	if err != nil {
		return nil, "", err
	}
	if o.clear {
		return nil, client.Name, client.Store.ClearJournal(client.Name)
	}
	entries, err := client.Store.Journal(client.Name)
	return entries, client.Name, err
}

// A traceRow is a request in the columns of the table.
type traceRow struct{ step, asked, ms string }

func traceRowOf(e session.Entry) traceRow {
	const longest = 60 // of a method and a path
	return traceRow{e.Step, phrase.ShortTo(e.Method+" "+e.Path, longest), strconv.FormatInt(e.MS, 10)}
}

// traceText writes a line for each request, under a line for each day and server.
func traceText(t *render.Text, date cli.Date, entries []session.Entry) {
	zone, _ := date.Location()  // check refuses an unknown one
	step, asked, ms := 8, 28, 3 // the columns, at least
	for _, e := range entries {
		row := traceRowOf(e)
		step, asked, ms = max(step, len(row.step)), max(asked, utf8.RuneCountInString(row.asked)), max(ms, len(row.ms))
	}
	under := ""
	for _, e := range entries {
		at := e.At.In(zone)
		if head := at.Format(time.DateOnly) + "  " + e.Origin; head != under {
			under = head
			t.Styled(render.Bold, head).Line()
		}
		status, style := strconv.Itoa(e.Status), render.Good
		switch {
		case e.Status == 0:
			status, style = "---", render.Bad
		case e.Status >= http.StatusBadRequest:
			style = render.Caution
		}
		row := traceRowOf(e)
		t.Put("  ", at.Format("15:04:05.000"), "  ", row.step).Pad(len(row.step), step+2).Styled(style, status).Put("  ", row.asked)
		t.Pad(utf8.RuneCountInString(row.asked), asked+1).Pad(len(row.ms), ms).Put(row.ms, " ms")
		if said := outcome(e); said != "" {
			t.Put("  ", said)
		}
		t.Line()
	}
}

// outcome returns what else there is to say of an answer.
func outcome(e session.Entry) string {
	var said []string
	if e.Status == 0 {
		said = append(said, "no answer")
	}
	if e.Error != "" {
		said = append(said, e.Error)
	}
	if e.Sets > 0 {
		said = append(said, "sets cookies")
	}
	return strings.Join(said, ", ")
}

// traceJSON is the output of trace.
func traceJSON(name string, entries []session.Entry) render.Object {
	list := []render.Object{}
	for _, e := range entries {
		o := render.Object{
			{Name: "at", Value: e.At.Format(time.RFC3339Nano)},
			{Name: "step", Value: e.Step},
			{Name: "method", Value: e.Method},
			{Name: "origin", Value: e.Origin},
			{Name: "path", Value: e.Path},
			{Name: "status", Value: e.Status},
			{Name: "ms", Value: e.MS},
			{Name: "sends", Value: append([]string{}, e.Sends...)},
			{Name: "fields", Value: append([]string{}, e.Fields...)},
		}
		if e.Error != "" {
			o.Add("error", e.Error)
		}
		list = append(list, o)
	}
	return render.Object{{Name: "session", Value: name}, {Name: "requests", Value: list}}
}

// mermaid returns the requests as a sequence diagram.
func mermaid(entries []session.Entry) []byte {
	var b strings.Builder
	b.WriteString("sequenceDiagram\n    participant C as jwt\n")
	var origins []string
	for _, e := range entries {
		if !slices.Contains(origins, e.Origin) {
			origins = append(origins, e.Origin)
			b.WriteString("    participant S" + strconv.Itoa(len(origins)) + " as " + report.MermaidText(e.Origin) + "\n")
		}
	}
	for _, e := range entries {
		server := "S" + strconv.Itoa(slices.Index(origins, e.Origin)+1)
		b.WriteString("    C->>" + server + ": " + report.MermaidText(e.Method+" "+e.Path+" ("+e.Step+")") + "\n")
		arrow, status := "-->>", httpclient.Status(e.Status)
		if e.Status == 0 {
			arrow, status = "--x", ""
		}
		said := strings.Trim(strings.Join([]string{status, outcome(e), strconv.FormatInt(e.MS, 10) + " ms"}, ", "), ", ")
		b.WriteString("    " + server + arrow + "C: " + report.MermaidText(strings.ReplaceAll(said, ", , ", ", ")) + "\n")
	}
	return []byte(b.String())
}
