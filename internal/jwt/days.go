package jwt

import "time"

// A days writes instants in RFC 3339 and keeps the text of the last day in UTC: most dates of a batch
// are on few days.
type days struct {
	last int64 // since 1970
	text []byte
}

// appendZoned is the function appendZoned.
func (d *days) appendZoned(dst []byte, t time.Time, zone *time.Location) []byte {
	const day = 24 * 60 * 60
	if t.Nanosecond() != 0 || zone != nil && zone != time.UTC {
		return appendZoned(dst, t, zone)
	}
	number, second := t.Unix()/day, t.Unix()%day
	if second < 0 {
		number, second = number-1, second+day
	}
	if number != d.last || d.text == nil {
		d.last, d.text = number, t.UTC().AppendFormat(d.text[:0], "2006-01-02T")
	}
	s := uint32(second)
	dst = append(dst, d.text...)
	dst = append(appendTwo(dst, s/3600), ':')
	dst = append(appendTwo(dst, s/60%60), ':')
	return append(appendTwo(dst, s%60), 'Z')
}

func appendTwo(dst []byte, n uint32) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }
