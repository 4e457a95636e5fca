package wechat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/testlog"
)

// TestNoAnswerIsLostToTheTypeOfALeaf turns each leaf of each sample answer into the
// other JSON types, one at a time. The call must still return everything else, and
// the leaf itself if the other type means the same.
func TestNoAnswerIsLostToTheTypeOfALeaf(t *testing.T) {
	leaves, variants := 0, 0
	for _, row := range rows {
		if row.want == nil || !strings.HasPrefix(row.reply, "{") {
			continue
		}
		document := parse(t, row.reply)
		c, _ := row.client(answer(http.StatusOK, row.reply))
		want, err := row.call(t.Context(), c)
		require.NoError(t, err, row.name)
		eachScalar(document, "", func(path string, leaf any, set func(any)) {
			if says(row.name, path) {
				return // it says how the call went
			}
			leaves++
			for _, other := range otherTypes(leaf) {
				variants++
				set(other.value)
				data, err := json.Marshal(document)
				require.NoError(t, err)
				c, _ := row.client(answer(http.StatusOK, string(data)))
				got, err := row.call(t.Context(), c)
				require.NoError(t, err, "%s: %s as %s", row.name, path, data)
				lost := differences(reflect.ValueOf(want), reflect.ValueOf(got), "")
				if other.same {
					assert.Empty(t, lost, "%s: %s as %v", row.name, path, other.value)
				} else {
					limit := 1
					if path == ".is_delay" || path == ".thumb_media_id" {
						limit = 2 // two fields tell of it
					}
					assert.LessOrEqual(t, len(lost), limit, "%s: %s as %v lost more than itself: %v", row.name, path, other.value, lost)
				}
			}
			set(leaf)
		})
	}
	t.Logf("%d leaves in %d forms", leaves, variants)
	assert.Greater(t, leaves, 700)
	assert.Greater(t, variants, 4000)
}

// says reports whether a path of a document is one of an errcode, of what replaces a file,
// or of JSON that the client passes on as it is.
func says(row, path string) bool {
	name := path[strings.LastIndex(path, ".")+1:]
	return strings.HasPrefix(path, ".authorize_package.") || path == ".status" && row == "GetDistricts" || path == ".video_url" || name == "errcode" || name == "ret" || name == "retcode" || strings.HasPrefix(path, ".base_resp") || strings.HasPrefix(path, ".resp_msg")
}

func parse(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v), text)
	return v
}

// eachScalar visits the scalars of a document in order.
func eachScalar(v any, path string, visit func(path string, leaf any, set func(any))) {
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			child, at := v[name], path+"."+name
			if isLeaf(child) {
				visit(at, child, func(other any) { v[name] = other })
			} else {
				eachScalar(child, at, visit)
			}
		}
	case []any:
		for i, child := range v {
			at := fmt.Sprintf("%s[%d]", path, i)
			if isLeaf(child) {
				visit(at, child, func(other any) { v[i] = other })
			} else {
				eachScalar(child, at, visit)
			}
		}
	}
}

func isLeaf(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

// form is another spelling of a leaf. same says that it means the same.
type form struct {
	value any
	same  bool
}

func otherTypes(leaf any) []form {
	forms := []form{{nil, false}, {"", leaf == ""}, {true, false}, {map[string]any{"odd": 1}, false}, {[]any{1, map[string]any{}}, false}, {"odd", false}, {[]any{leaf}, true}}
	switch v := leaf.(type) {
	case json.Number:
		forms = append(forms, form{string(v), true})
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && strconv.FormatInt(n, 10) == v {
			forms = append(forms, form{json.Number(v), true})
		} else {
			forms = append(forms, form{json.Number("7"), false})
		}
	case bool:
		forms = append(forms, form{json.Number(map[bool]string{true: "1", false: "0"}[v]), true}, form{strconv.FormatBool(v), true})
	}
	return forms
}

// differences returns the paths at which two values of a type differ. What was read
// from one leaf may be missing as a whole: then its path is one difference.
func differences(want, got reflect.Value, path string) []string {
	if want.IsValid() != got.IsValid() || !want.IsValid() {
		if want.IsValid() == got.IsValid() {
			return nil
		}
		return []string{path}
	}
	if reflect.DeepEqual(want.Interface(), got.Interface()) {
		return nil
	}
	switch want.Interface().(type) {
	case Date, Timestamp:
		return []string{path}
	}
	if want.Type() != got.Type() {
		return []string{path}
	}
	switch want.Kind() {
	case reflect.Pointer, reflect.Interface:
		return differences(want.Elem(), got.Elem(), path)
	case reflect.Struct:
		var all []string
		for i := range want.NumField() {
			if !want.Type().Field(i).IsExported() {
				return []string{path}
			}
			all = append(all, differences(want.Field(i), got.Field(i), path+"."+want.Type().Field(i).Name)...)
		}
		return all
	case reflect.Slice:
		if want.Len() != got.Len() {
			return []string{path} // an element that cannot be read is left out
		}
		var all []string
		for i := range want.Len() {
			all = append(all, differences(want.Index(i), got.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
		return all
	}
	return []string{path}
}

func TestFieldThatCannotBeReadIsReportedOncePerEndpoint(t *testing.T) {
	var log testlog.Output
	s := newScript(answer(http.StatusOK, `{"total":"many","users":[{"id":1},{"id":{"SECRET-CANARY":1}},{"id":[1,2]}]}`))
	c := s.client(WithLogger(log.Logger()))
	for range 3 {
		var out struct {
			Total int64 `json:"total"`
			Users []struct {
				ID int64 `json:"id"`
			} `json:"users"`
		}
		require.NoError(t, c.Do(t.Context(), Request{Path: "/cgi-bin/a"}, &out))
		require.Len(t, out.Users, 3)
		assert.EqualValues(t, 1, out.Users[0].ID)
	}
	assert.Equal(t, 1, strings.Count(log.String(), "field=total "), log.String())
	assert.Equal(t, 1, strings.Count(log.String(), "field=users[].id "), log.String())
	assert.Equal(t, 2, strings.Count(log.String(), "\n"))
	assert.NotContains(t, log.String(), "CANARY")
	require.NoError(t, c.Do(t.Context(), Request{Path: "/cgi-bin/b"}, &struct{ Total int64 }{}))
	assert.Equal(t, 3, strings.Count(log.String(), "\n"), "another endpoint")
}

func TestErrcodeThatIsNoNumberIsNeitherSuccessNorRefusal(t *testing.T) {
	err := newScript(answer(http.StatusOK, `{"errcode":"busy"}`)).client().Do(t.Context(), request(), nil)
	var unreadable *DecodeError
	require.ErrorAs(t, err, &unreadable)
	require.ErrorIs(t, err, ErrUnknownOutcome)
}

func TestRetryStartsWithTheResultAsItWas(t *testing.T) {
	s := newScript(answer(http.StatusOK, `{"errcode":40001,"errmsg":"x","a":"of the refusal"}`), answer(http.StatusOK, `{"b":"of the success"}`))
	out := struct{ A, B string }{A: "before"}
	require.NoError(t, s.client(WithTokenSource(&freshTokens{})).Do(t.Context(), request(), &out))
	assert.Equal(t, "before", out.A, "as without the refusal")
	assert.Equal(t, "of the success", out.B)
}

// TestAListOfOneMayBeItsElement turns each list of one object in a sample answer into
// that object, as pages have it for partial_refund_info in one place of two.
func TestAListOfOneMayBeItsElement(t *testing.T) {
	lists := 0
	for _, row := range rows {
		if row.want == nil || !strings.HasPrefix(row.reply, "{") {
			continue
		}
		document := parse(t, row.reply)
		c, _ := row.client(answer(http.StatusOK, row.reply))
		want, err := row.call(t.Context(), c)
		require.NoError(t, err, row.name)
		eachListOfOne(document, "", func(path string, set func(any), list []any) {
			lists++
			set(list[0])
			data, err := json.Marshal(document)
			require.NoError(t, err)
			set(list)
			c, _ := row.client(answer(http.StatusOK, string(data)))
			got, err := row.call(t.Context(), c)
			require.NoError(t, err, "%s: %s", row.name, path)
			assert.Equal(t, want, got, "%s: %s", row.name, path)
		})
	}
	assert.Greater(t, lists, 30)
}

// eachListOfOne visits the lists of a document that hold one object.
func eachListOfOne(v any, path string, visit func(path string, set func(any), list []any)) {
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			at := path + "." + name
			if list, ok := child.([]any); ok && len(list) == 1 && !isLeaf(list[0]) {
				visit(at, func(other any) { v[name] = other }, list)
			}
			eachListOfOne(child, at, visit)
		}
	case []any:
		for _, child := range v {
			eachListOfOne(child, path+"[]", visit)
		}
	}
}
