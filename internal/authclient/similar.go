package authclient

import (
	"reflect"
	"strings"
)

// similarField returns the field of a preset whose name is nearest to the last one of a key
// like login.metod, or "".
func similarField(key []string) string {
	known := fieldsOf(reflect.TypeFor[Preset]())
	if len(key) > 1 && key[0] == "presets" {
		key = key[min(2, len(key)-1):]
	}
	if len(key) > 1 {
		known = fieldsOf(tableOf(key[0]))
	}
	return nearest(key[len(key)-1], known)
}

// nearest returns the name with the fewest differences, or "" if none is similar.
func nearest(given string, names []string) string {
	const most = 3
	best, name := most+1, ""
	for _, n := range names {
		if d := distance(given, n); d < best && d < max(len(given), len(n))/2+1 {
			best, name = d, n
		}
	}
	return name
}

// tableOf returns the type of a table in a preset, or nil.
func tableOf(name string) reflect.Type {
	preset := reflect.TypeFor[Preset]()
	for i := range preset.NumField() {
		f := preset.Field(i)
		if tagName(f) != name {
			continue
		}
		if f.Type.Kind() == reflect.Slice {
			return f.Type.Elem()
		}
		return f.Type
	}
	return nil
}

// fieldsOf returns the names of the fields of a table.
func fieldsOf(t reflect.Type) []string {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for i := range t.NumField() {
		if name := tagName(t.Field(i)); name != "-" {
			names = append(names, name)
		}
	}
	return names
}

func tagName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	return name
}

// distance returns the number of letters to insert, delete or replace to make b from a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
