package wechat

import (
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checker is a value that checks its own limits. Do calls it before anything is sent.
type checker interface{ check() error }

// first returns the first error of a list of checks.
func first(checks ...error) error {
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}

func notEmpty(argument, value string) error {
	if strings.TrimSpace(value) == "" {
		return invalid(argument, "must not be empty")
	}
	return nil
}

// notNil refuses nil, and a nil pointer in an interface.
func notNil(argument string, value any) error {
	if v := reflect.ValueOf(value); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return invalid(argument, "must not be nil")
	}
	return nil
}

// noneEmpty refuses an empty list and an empty element.
func noneEmpty(argument string, values []string) error {
	if len(values) == 0 {
		return invalid(argument, "must not be empty")
	}
	for i, v := range values {
		if strings.TrimSpace(v) == "" {
			return invalid(argument, "must not contain an empty element, but element %d is empty", i)
		}
	}
	return nil
}

// elements checks that a list has low to high elements.
func elements(argument string, n, low, high int) error {
	switch {
	case n >= low && n <= high:
		return nil
	case low == 0:
		return invalid(argument, "must have at most %d elements, but has %d", high, n)
	}
	return invalid(argument, "must have %d to %d elements, but has %d", low, high, n)
}

// each checks the elements of a list. at is the name of an element with its index.
func each[T any](argument string, list []T, check func(at string, v T) error) error {
	for i, v := range list {
		if err := check(argument+"["+strconv.Itoa(i)+"]", v); err != nil {
			return err
		}
	}
	return nil
}

func positive[N ~int | ~int64](argument string, n N) error {
	if n <= 0 {
		return invalid(argument, "must be positive, but is %v", n)
	}
	return nil
}

func notNegative[N ~int | ~int64](argument string, n N) error {
	if n < 0 {
		return invalid(argument, "must not be negative, but is %v", n)
	}
	return nil
}

func within[N ~int | ~int64](argument string, n, low, high N) error {
	if n < low || n > high {
		return invalid(argument, "must be %v to %v, but is %v", low, high, n)
	}
	return nil
}

// someTime refuses a time that is not set or not after 1970.
func someTime(argument string, t Timestamp) error {
	if t.Unix() <= 0 {
		return invalid(argument, "must be set and after 1970")
	}
	return nil
}

// noTimeOr checks a time that may be zero.
func noTimeOr(argument string, t Timestamp) error {
	if t.IsZero() {
		return nil
	}
	return someTime(argument, t)
}

func maxBytes(argument, value string, limit int) error {
	if len(value) > limit {
		return invalid(argument, "must have at most %d bytes, but has %d", limit, len(value))
	}
	return nil
}

func maxRunes(argument, value string, limit int) error {
	if n := utf8.RuneCountInString(value); n > limit {
		return invalid(argument, "must have at most %d characters, but has %d", limit, n)
	}
	return nil
}

// httpURL checks that a value begins like an absolute URL, which a browser will open.
func httpURL(argument, value string) error {
	if !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "https://") {
		return invalid(argument, "must begin with http:// or https://")
	}
	return nil
}
