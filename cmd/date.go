package cmd

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/iana"
	"jwt/internal/jsonobject"
	"jwt/internal/render"
	"jwt/internal/vendors"
	"jwt/internal/verdict"
)

// dateOptions say in which zone times are shown.
type dateOptions struct {
	zone string
}

func (o *dateOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.zone, "date", "utc", "show times in `ZONE`: utc, local or an offset like +02:00")
}

func (o *dateOptions) complete(c *cobra.Command) { completeValues(c, "date", "utc", "local", "+00:00") }

func (o dateOptions) check() error {
	_, err := o.location()
	return err
}

func (o dateOptions) location() (*time.Location, error) {
	switch strings.ToLower(o.zone) {
	case "utc", "z":
		return time.UTC, nil
	case "local":
		return time.Local, nil
	}
	t, err := time.Parse("-07:00", o.zone)
	if err != nil {
		return nil, verdict.Errorf(verdict.Usage, "--date: is %q, must be utc, local or an offset like +02:00", o.zone)
	}
	return t.Location(), nil
}

// show writes a time as RFC 3339 in the chosen zone.
func (o dateOptions) show(t time.Time) string {
	zone, err := o.location()
	if err != nil {
		zone = time.UTC // check refused it before
	}
	return t.In(zone).Format(time.RFC3339)
}

// remark says of a claim that is a time when that is, seen from now.
func (o dateOptions) remark(m jsonobject.Member, now time.Time) render.Remark {
	name, known := vendors.Claim("", m.Name)
	if !known || name.Kind != iana.Time {
		return render.Remark{}
	}
	return render.DateRemark(m.Name, m.Value, now, o.show)
}
