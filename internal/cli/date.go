package cli

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

// Date is the flag --date: the zone in which times are shown.
type Date struct{ zone string }

// AddFlags adds the flag.
func (o *Date) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.zone, "date", "utc", "show times in `ZONE`: utc, local or an offset like +02:00")
}

// Complete completes the flag.
func (o *Date) Complete(c *cobra.Command) { CompleteValues(c, "date", "utc", "local", "+00:00") }

// Check refuses an unknown zone.
func (o Date) Check() error {
	_, err := o.Location()
	return err
}

// Location returns the zone.
func (o Date) Location() (*time.Location, error) {
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

// Show writes a time as RFC 3339 in the chosen zone.
func (o Date) Show(t time.Time) string {
	zone, err := o.Location()
	if err != nil {
		zone = time.UTC // Check has refused the flag
	}
	return t.In(zone).Format(time.RFC3339)
}

// Remark returns the remark on a claim that is a time: when it is, relative to now.
func (o Date) Remark(m jsonobject.Member, now time.Time) render.Remark {
	name, known := vendors.Claim("", m.Name)
	if !known || name.Kind != iana.Time {
		return render.Remark{}
	}
	return render.DateRemark(m.Name, m.Value, now, o.Show)
}
