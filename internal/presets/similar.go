package presets

import (
	"reflect"
	"strings"
)

// similarField returns the field of a preset whose name is nearest to the last one of a key
// like login.metod, or "".
func similarField(key []string) string {
	known := fieldsOf(reflect.TypeFor[Preset]())
	if len(key) > 1 && tableOf(key[0]) == nil { // not in a preset, but above it
		return nearest(key[0], []string{"presets"})
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

// tableOf returns the type of a table in a preset, or of the tables in a list, or nil.
func tableOf(name string) reflect.Type {
	field := memberOf(reflect.TypeFor[Preset](), name)
	if field != nil && field.Kind() == reflect.Slice {
		return field.Elem()
	}
	return field
}

// kindOfField says what the value of a field must be, or "".
func kindOfField(key []string) string {
	var field reflect.Type
	switch len(key) {
	case 1:
		field = memberOf(reflect.TypeFor[Preset](), key[0])
	case 2:
		field = memberOf(tableOf(key[0]), key[1])
	}
	switch field {
	case nil:
		return ""
	case reflect.TypeFor[string]():
		return "a string"
	case reflect.TypeFor[bool]():
		return "true or false"
	case reflect.TypeFor[int]():
		return "a number"
	case reflect.TypeFor[[]string]():
		return "a list of strings"
	case reflect.TypeFor[[]Answer]():
		return "a list of tables"
	}
	return "a table"
}

// memberOf returns the type of a field of a table, or nil.
func memberOf(table reflect.Type, name string) reflect.Type {
	if table == nil || table.Kind() != reflect.Struct {
		return nil
	}
	for i := range table.NumField() {
		if f := table.Field(i); tagName(f) == name {
			return f.Type
		}
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
