package main

import (
	"reflect"
	"strings"
)

// How a value was written, whatever it says.

// inQuotes lists the variables whose values are in quotes. Docker's env files and a platform's forms keep quotes, which
// a shell would remove: then they are part of the value, and no secret matches any more.
func (s settings) inQuotes() []string {
	var list []string
	eachText(reflect.ValueOf(s), func(variable, value string) {
		if isQuoted(value) {
			list = append(list, variable)
		}
	})
	for variable, value := range s.wrong {
		if isQuoted(value) {
			list = append(list, variable)
		}
	}
	return list
}

// eachText calls f with every setting that is text, and its variable.
func eachText(v reflect.Value, f func(variable, value string)) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		switch variable := field.Tag.Get("env"); {
		case field.Type.Kind() == reflect.Struct:
			eachText(v.Field(i), f)
		case variable != "" && field.Type.Kind() == reflect.String:
			f(variable, v.Field(i).String())
		}
	}
}

func isQuoted(value string) bool {
	value = strings.TrimSpace(value)
	if len(value) < 2 {
		return false
	}
	first, last := value[0], value[len(value)-1]
	return first == last && (first == '"' || first == '\'')
}

// variableOf is the variable that a message begins with.
func variableOf(message string) string {
	name, _, _ := strings.Cut(message, " ")
	return strings.TrimSuffix(name, ":")
}
