package wechat

import (
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checker is a value that knows its own limits. Do asks it before anything is sent.
type checker interface{ check() error }

// first returns the first problem of an argument list.
func first(problems ...error) error {
	for _, err := range problems {
		if err != nil {
			return err
		}
	}
	return nil
}

func notEmpty(argument, value string) error {
	if strings.TrimSpace(value) == "" {
		return invalid(argument, "is empty")
	}
	return nil
}

// notNil refuses a missing interface value, and a nil pointer in one.
func notNil(argument string, value any) error {
	if v := reflect.ValueOf(value); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return invalid(argument, "is nil")
	}
	return nil
}

// noneEmpty refuses an empty list and an empty element.
func noneEmpty(argument string, values []string) error {
	if len(values) == 0 {
		return invalid(argument, "is empty")
	}
	for i, v := range values {
		if strings.TrimSpace(v) == "" {
			return invalid(argument, "is empty at index %d", i)
		}
	}
	return nil
}

// elements refuses a list of another length than low to high.
func elements(argument string, n, low, high int) error {
	switch {
	case n >= low && n <= high:
		return nil
	case low == 0:
		return invalid(argument, "has %d elements, at most %d are allowed", n, high)
	}
	return invalid(argument, "has %d elements, must be %d to %d", n, low, high)
}

// each checks the elements of a list, naming each by its place in it.
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
		return invalid(argument, "is %v, must be above 0", n)
	}
	return nil
}

func notNegative[N ~int | ~int64](argument string, n N) error {
	if n < 0 {
		return invalid(argument, "is %v, must not be negative", n)
	}
	return nil
}

func within[N ~int | ~int64](argument string, n, low, high N) error {
	if n < low || n > high {
		return invalid(argument, "is %v, must be %v to %v", n, low, high)
	}
	return nil
}

// someTime refuses a moment that is not set, and one that the platform cannot mean.
func someTime(argument string, t Timestamp) error {
	if t.Unix() <= 0 {
		return invalid(argument, "is not set, or before 1970")
	}
	return nil
}

// noTimeOr lets a moment be missing that is optional.
func noTimeOr(argument string, t Timestamp) error {
	if t.IsZero() {
		return nil
	}
	return someTime(argument, t)
}

func maxBytes(argument, value string, limit int) error {
	if len(value) > limit {
		return invalid(argument, "has %d bytes, at most %d are allowed", len(value), limit)
	}
	return nil
}

func maxRunes(argument, value string, limit int) error {
	if n := utf8.RuneCountInString(value); n > limit {
		return invalid(argument, "has %d characters, at most %d are allowed", n, limit)
	}
	return nil
}

// httpURL refuses what is no absolute address; the platform opens it in a browser.
func httpURL(argument, value string) error {
	if !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "https://") {
		return invalid(argument, "must begin with http:// or https://")
	}
	return nil
}
