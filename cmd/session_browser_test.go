package cmd

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// A pageDriver is a browser whose user fills in the pages of the local server: the name demo,
// $PASSWORD, and the first button of each form, or the last where $BROWSE is "cancel".
type pageDriver struct {
	ts     *testscript.TestScript
	client *http.Client
}

func newPageDriver(ts *testscript.TestScript) *pageDriver {
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	return &pageDriver{ts, &http.Client{Jar: jar}}
}

var (
	formOf   = regexp.MustCompile(`(?s)<form[^>]*\baction="([^"]*)"[^>]*>(.*?)</form>`)
	inputOf  = regexp.MustCompile(`<input[^>]*>`)
	buttonOf = regexp.MustCompile(`<button[^>]*>`)
	nameOf   = regexp.MustCompile(`\bname="([^"]*)"`)
	valueOf  = regexp.MustCompile(`\bvalue="([^"]*)"`)
)

// open is cli.Env.Browse.
func (d *pageDriver) open(page string) error {
	resp, err := d.client.Get(page)
	for range 6 {
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		form := formOf.FindSubmatch(body)
		if form == nil {
			fmt.Fprintf(d.ts.Stderr(), "browser: %s, %s\n", resp.Status, resp.Request.URL.Path)
			return nil
		}
		action, err := resp.Request.URL.Parse(html.UnescapeString(string(form[1])))
		if err != nil {
			return err
		}
		resp, err = d.client.PostForm(action.String(), d.fill(string(form[2])))
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("the pages do not end")
}

// fill returns the fields of a form as the user fills them in.
func (d *pageDriver) fill(form string) url.Values {
	known := map[string]string{"username": "demo", "password": d.ts.Getenv("PASSWORD")}
	fields := url.Values{}
	add := func(tag string) {
		if name := nameOf.FindStringSubmatch(tag); name != nil {
			value := valueOf.FindStringSubmatch(tag)
			switch text, ok := known[name[1]]; {
			case ok:
				fields.Set(name[1], text)
			case value != nil:
				fields.Set(name[1], html.UnescapeString(value[1]))
			}
		}
	}
	for _, tag := range inputOf.FindAllString(form, -1) {
		add(tag)
	}
	if buttons := buttonOf.FindAllString(form, -1); len(buttons) > 0 {
		pressed := buttons[0]
		if d.ts.Getenv("BROWSE") == "cancel" {
			pressed = buttons[len(buttons)-1]
		}
		add(pressed)
	}
	return fields
}
