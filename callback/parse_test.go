package callback

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // many tests send requests that are refused
	goleak.VerifyTestMain(m)
}

// documented is the documentation of one type of push.
type documented struct {
	MsgType string  `json:"msg_type"`
	Event   string  `json:"event"`
	Fields  []field `json:"fields"`
}

type field struct {
	Name   string  `json:"name"`
	Type   string  `json:"type"`
	Item   string  `json:"item"`
	Fields []field `json:"fields"`
}

func documentedPushes(t testing.TB) []documented {
	t.Helper()
	data, err := os.ReadFile("testdata/pushes.json")
	require.NoError(t, err)
	var all []documented
	require.NoError(t, json.Unmarshal(data, &all))
	return all
}

// pushSample generates a push in which all values differ.
type pushSample struct {
	n    int
	want map[string]string // path → text in the typed push
}

func (s *pushSample) xml(prefix string, fields []field) string {
	var b strings.Builder
	for _, f := range fields {
		element, array := strings.CutSuffix(f.Type, "[]")
		repeat := 1
		if array {
			repeat = 2
		}
		var inside strings.Builder
		for i := range repeat {
			one := s.value(prefix+f.Name+"/"+strconv.Itoa(i), element, f)
			if f.Item != "" {
				inside.WriteString("<" + f.Item + ">" + one + "</" + f.Item + ">")
			} else {
				inside.WriteString("<" + f.Name + ">" + one + "</" + f.Name + ">")
			}
		}
		if f.Item != "" {
			b.WriteString("<" + f.Name + ">" + inside.String() + "</" + f.Name + ">")
		} else {
			b.WriteString(inside.String())
		}
	}
	return b.String()
}

func (s *pushSample) value(path, kind string, f field) string {
	if kind == "object" {
		return s.xml(path+"/", f.Fields)
	}
	text := s.text(path, kind)
	if kind == "string" {
		return "<![CDATA[" + text + "]]>"
	}
	return text
}

func (s *pushSample) text(path, kind string) string {
	s.n++
	text := strconv.Itoa(1_600_000_000 + s.n)
	switch kind {
	case "integer(0/1)":
		s.want[path] = "true"
		return "1"
	case "text true/false":
		s.want[path] = "true"
		return "true"
	case "number":
		text += ".5"
	case "string":
		text = "文" + text
	}
	s.want[path] = text
	return text
}

// json generates the same push in JSON, with every other number as a string.
func (s *pushSample) json(prefix string, fields []field) map[string]any {
	m := map[string]any{}
	for _, f := range fields {
		element, array := strings.CutSuffix(f.Type, "[]")
		one := func(i int) any {
			path := prefix + f.Name + "/" + strconv.Itoa(i)
			if element == "object" {
				return s.json(path+"/", f.Fields)
			}
			text := s.text(path, element)
			if element == "integer" && s.n%2 == 0 {
				return json.Number(text)
			}
			return text
		}
		switch {
		case array && f.Item != "":
			m[f.Name] = map[string]any{f.Item: []any{one(0), one(1)}}
		case array:
			m[f.Name] = []any{one(0), one(1)}
		default:
			m[f.Name] = one(0)
		}
	}
	return m
}

// texts collects the text of every scalar of a typed push, except for its header.
func texts(found map[string]int, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		texts(found, v.Elem())
	case reflect.Struct:
		if when, ok := v.Interface().(time.Time); ok {
			found[strconv.FormatInt(when.Unix(), 10)]++
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "Header" {
				texts(found, v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			texts(found, v.Index(i))
		}
	case reflect.String:
		found[v.String()]++
	case reflect.Bool:
		found[strconv.FormatBool(v.Bool())]++
	case reflect.Int, reflect.Int64:
		found[strconv.FormatInt(v.Int(), 10)]++
	case reflect.Float64:
		found[strconv.FormatFloat(v.Float(), 'f', -1, 64)]++
	}
}

const sampleHead = "<ToUserName><![CDATA[gh_1]]></ToUserName>\n<FromUserName><![CDATA[oUser]]></FromUserName>\n<CreateTime>1700000000</CreateTime>\n"

// samplePush returns a push with every documented field, in XML and in JSON, and the values
// that the typed push must contain.
func samplePush(t testing.TB, d documented, event string) (inXML, inJSON []byte, want map[string]string) {
	t.Helper()
	s := pushSample{want: map[string]string{}}
	head := sampleHead + "<MsgType><![CDATA[" + d.MsgType + "]]></MsgType>\n"
	if event != "" {
		head += "<Event><![CDATA[" + event + "]]></Event>\n"
	}
	inXML = []byte("<xml>" + head + s.xml("", d.Fields) + "</xml>")
	s = pushSample{want: map[string]string{}}
	m := s.json("", d.Fields)
	m["ToUserName"], m["FromUserName"], m["CreateTime"], m["MsgType"] = "gh_1", "oUser", 1700000000, d.MsgType
	if event != "" {
		m["Event"] = event
	}
	inJSON, err := json.Marshal(m)
	require.NoError(t, err)
	return inXML, inJSON, s.want
}

func TestEveryDocumentedPushHasATypeThatLosesNothing(t *testing.T) {
	all := documentedPushes(t)
	lost, typedPushes := 0, 0
	for _, d := range all {
		known := true
		for _, event := range strings.Split(d.Event, "|") {
			inXML, inJSON, want := samplePush(t, d, event)
			for format, data := range map[string][]byte{"XML": inXML, "JSON": inJSON} {
				m, err := ParseMessage(data)
				require.NoError(t, err, "%s %s: %s", d.MsgType, event, data)
				if _, unknown := m.(*UnknownMessage); unknown {
					known = false
					t.Errorf("%s %s has no type", d.MsgType, event)
					continue
				}
				assert.Equal(t, "oUser", m.Meta().FromUserName)
				assert.Equal(t, "gh_1", m.Meta().ToUserName)
				assert.Equal(t, time.Unix(1700000000, 0), m.Meta().CreateTime)
				assert.Equal(t, event, m.Meta().Event)
				assert.Equal(t, data, m.Meta().Raw)
				found := map[string]int{}
				texts(found, reflect.ValueOf(m))
				flags := 0
				for path, text := range want {
					if text == "true" {
						flags++
						continue
					}
					if found[text] != 1 {
						lost++
						t.Errorf("%s %s in %s: %s = %q found %d times", d.MsgType, event, format, path, text, found[text])
					}
				}
				if found["true"] != flags {
					lost++
					t.Errorf("%s %s in %s: %d flags of %d", d.MsgType, event, format, found["true"], flags)
				}
			}
		}
		if known {
			typedPushes++
		}
	}
	t.Logf("%d/%d pushes, %d fields missing", typedPushes, len(all), lost)
	assert.Len(t, all, 88)
}

func TestEventNamesMayHaveSpacesAndAnotherCase(t *testing.T) {
	for _, event := range []string{"scan", "SCAN", " SCAN ", "Scan\n"} {
		m, err := ParseMessage([]byte("<xml>" + sampleHead + "<MsgType> event </MsgType><Event><![CDATA[" + event + "]]></Event><EventKey>7</EventKey></xml>"))
		require.NoError(t, err)
		require.IsType(t, &ScanEvent{}, m)
		assert.Equal(t, "7", m.(*ScanEvent).EventKey)
	}
	m, err := ParseMessage([]byte("<xml>" + sampleHead + "<MsgType>location</MsgType></xml>"))
	require.NoError(t, err)
	assert.IsType(t, &LocationMessage{}, m, "the message, not the event")
}

func TestUnknownPushesAreKept(t *testing.T) {
	data := []byte("<xml>" + sampleHead + "<MsgType>event</MsgType><Event>brand_new</Event><A><B>1</B></A></xml>")
	m, err := ParseMessage(data)
	require.NoError(t, err)
	require.IsType(t, &UnknownMessage{}, m)
	assert.Equal(t, "brand_new", m.Meta().Event)
	assert.Equal(t, data, m.Meta().Raw)
}

func TestMalformedOptionalFieldCostsNothingElse(t *testing.T) {
	m, err := ParseMessage([]byte("<xml>" + sampleHead + "<MsgType>text</MsgType><Content>hi</Content><MsgId>7</MsgId><Idx>first</Idx></xml>"))
	require.NoError(t, err)
	text := m.(*TextMessage)
	assert.Equal(t, "hi", text.Content)
	assert.EqualValues(t, 7, text.MsgID)
	assert.Zero(t, text.Position)
	assert.Contains(t, string(text.Raw), "first")
}

func TestSubscriptionListIsFoundWithAndWithoutItsWrapper(t *testing.T) {
	head := `{"ToUserName":"gh_1","FromUserName":"o","CreateTime":"1700000000","MsgType":"event","Event":"subscribe_msg_popup_event",`
	for _, body := range []string{
		`"List":{"TemplateId":"T","SubscribeStatusString":"accept","PopupScene":"1"}}`,
		`"List":[{"TemplateId":"T","SubscribeStatusString":"accept","PopupScene":1}]}`,
		`"SubscribeMsgPopupEvent":{"List":[{"TemplateId":"T","SubscribeStatusString":"accept","PopupScene":1}]}}`,
	} {
		m, err := ParseMessage([]byte(head + body))
		require.NoError(t, err, body)
		assert.Equal(t, []SubscribeMessagePopup{{TemplateID: "T", Status: "accept", PopupScene: 1}}, m.(*SubscribeMessagePopupEvent).Items)
	}
}

func TestOddTextsAreRepairedAndDelivered(t *testing.T) {
	for in, want := range map[string]string{
		"a\x08b":                       "ab",
		"a\x00b":                       "ab",
		"a\xffb":                       "a\uFFFDb",
		"a\r\nb\rc\nd":                 "a\nb\nc\nd",
		"张三😀":                          "张三😀",
		"<![CDATA[a<b>&amp;]]>":        "a<b>&amp;",
		"a&lt;b&gt;&amp;&quot;&apos;":  `a<b>&"'`,
		"&#20320;&#x597D;":             "你好",
		"<![CDATA[a]]><![CDATA[b]]> c": "ab c",
		"<!-- x -->a<!-- y -->b":       "ab",
		"<![CDATA[]]>":                 "",
		"a\ufffeb":                     "ab",
	} {
		m, err := ParseMessage([]byte("<xml>" + sampleHead + "<MsgType>text</MsgType><Content>" + in + "</Content></xml>"))
		require.NoError(t, err, "%q", in)
		assert.Equal(t, want, m.(*TextMessage).Content, "%q", in)
	}
}

func TestAttributesAreNoText(t *testing.T) {
	for _, tag := range []string{`Content`, `Content `, `Content a="1"`, `Content a='>'`, `Content a="/" b = '"'`} {
		m, err := ParseMessage([]byte(`<xml v="2">` + sampleHead + "<MsgType>text</MsgType><Empty " + tag + "/><" + tag + ">hi</Content></xml>"))
		require.NoError(t, err, tag)
		assert.Equal(t, "hi", m.(*TextMessage).Content, tag)
	}
}

func TestE9WhiteSpaceBesideCDATAIsNoText(t *testing.T) {
	for in, want := range map[string]string{
		" <![CDATA[x]]> ":                      "x",
		"\r\n\t<![CDATA[x]]>\n":                "x",
		" <!-- c --> <![CDATA[x]]> <!-- c -->": "x",
		"<![CDATA[a]]> <![CDATA[b]]>":          "ab",
		"<![CDATA[ a ]]>":                      " a ",
		" <![CDATA[]]> ":                       "",
		" <![CDATA[ ]]> ":                      " ",
		"<![CDATA[a]]> b":                      "a b",
		"a <![CDATA[b]]> ":                     "a b",
		"&#32;<![CDATA[b]]>&#32;":              " b ",
		" a ":                                  " a ",
		"  ":                                   "  ",
		" <!-- c --> ":                         "  ",
	} {
		m, err := ParseMessage([]byte("<xml><ToUserName>" + in + "</ToUserName><MsgType>text</MsgType><Content>" + in + "</Content></xml>"))
		require.NoError(t, err, "%q", in)
		assert.Equal(t, want, m.(*TextMessage).Content, "%q", in)
		assert.Equal(t, strings.TrimSpace(want), m.Meta().ToUserName, "%q", in)
	}
}

// TestE9TheOfficialSampleWithWhiteSpaceIsForItsAccount uses the sample of user_get_card.
func TestE9TheOfficialSampleWithWhiteSpaceIsForItsAccount(t *testing.T) {
	cfg := plainConfig()
	cfg.OriginalID = testAccount
	h := newTestHandler(t, cfg)
	var got *UserGetCardEvent
	On(h, func(_ context.Context, m *UserGetCardEvent) (Reply, error) { got = m; return nil, nil })
	w := plainPlatform().sends(h, "<xml> <ToUserName> <![CDATA["+testAccount+"]]> </ToUserName> <FromUserName> <![CDATA[oUser]]> </FromUserName> "+
		"<CreateTime>1472551036</CreateTime> <MsgType> <![CDATA[event]]> </MsgType> <Event> <![CDATA[user_get_card]]> </Event> "+
		"<CardId> <![CDATA[pCard]]> </CardId> <IsGiveByFriend>1</IsGiveByFriend> </xml>")
	require.Equal(t, 200, w.Code)
	require.NotNil(t, got)
	assert.Equal(t, []any{testAccount, "oUser", "pCard", true}, []any{got.ToUserName, got.FromUserName, got.CardID, got.IsGivenByFriend})
}

func TestE9OddTextsInJSONAreRepairedAndDelivered(t *testing.T) {
	for in, want := range map[string]string{
		"a\x08b": "ab", "a\x00b": "ab", "a\x1fb": "ab", "a\x14\x07b": "ab", "a\nb": "a\nb", "a\tb": "a\tb", "a\r\nb\rc": "a\nb\nc",
		"a\xffb": "a\uFFFDb", `a\u0008b`: "ab", `a\qb`: `a\qb`, `a\u12b`: `a\u12b`, `a\"b`: `a"b`, `a\\b`: `a\b`, `a\u4f60b`: "a你b", `\/`: "/",
	} {
		for name, cfg := range map[string]Config{"plain": plainConfig(), "safe": safeConfig()} {
			p := platform{mode: cfg.Mode, token: testToken, key: testKey, appID: testAppID, json: true}
			h := newTestHandler(t, cfg)
			got := "nothing"
			On(h, func(_ context.Context, m *TextMessage) (Reply, error) { got = m.Content; return nil, nil })
			w := p.sends(h, "{\"ToUserName\":\"gh_1\",\n\t\"FromUserName\":\"o\",\"CreateTime\":1,\"MsgType\":\"text\",\"Content\":\""+in+"\",\"MsgId\":1}")
			assert.Equal(t, 200, w.Code, "%q in %s mode", in, name)
			assert.Equal(t, want, got, "%q in %s mode", in, name)
		}
	}
}

func TestE9ControlBytesBesideTheDocumentCostNoMessage(t *testing.T) {
	const inJSON = `{"ToUserName":"gh_1",%[1]s"FromUserName":"o","CreateTime":1,%[1]s"MsgType":"text","Content":"a","MsgId":%[1]s1}`
	const inXML = "<xml>%[1]s<ToUserName>gh_1</ToUserName%[1]s><FromUserName>o</FromUserName>%[1]s<CreateTime>1</CreateTime>" +
		"<MsgType>text</MsgType><Content>a</Content><MsgId>1</MsgId>%[1]s</xml%[1]s>"
	for _, odd := range []string{"\x00", "\x01\x1f", "\n\x0b ", "\x08\t"} {
		for i, form := range []string{inJSON, inXML} {
			for name, cfg := range map[string]Config{"plain": plainConfig(), "safe": safeConfig()} {
				p := platform{mode: cfg.Mode, token: testToken, key: testKey, appID: testAppID, json: i == 0}
				h := newTestHandler(t, cfg)
				got := "nothing"
				On(h, func(_ context.Context, m *TextMessage) (Reply, error) { got = m.Content; return nil, nil })
				w := p.sends(h, odd+fmt.Sprintf(form, odd)+odd)
				assert.Equal(t, 200, w.Code, "%q in %s mode, %.5s", odd, name, form)
				assert.Equal(t, "a", got, "%q in %s mode, %.5s", odd, name, form)
			}
		}
	}
}

func TestValidJSONIsReadAsItIs(t *testing.T) {
	for _, valid := range []string{`{"a":"\\\"\u00e9"}`, "{\n\t\"a\" :\r 1}"} {
		repaired, err := sanitize([]byte(valid))
		require.NoError(t, err)
		assert.Equal(t, valid, string(repaired))
	}
	repaired, err := sanitize([]byte("{\"a\":\"\x00\x1f\n\\q\\u12g4\"}"))
	require.NoError(t, err)
	assert.Equal(t, `"a":"\u0000\u001f\n\\q\\u12g4"`, strings.Trim(string(repaired), "{}"))
	_, err = sanitize([]byte(`{"a":"\`))
	assert.ErrorIs(t, err, errMalformed, "a backslash at the end")
}

// TestATextOfOnePieceSharesTheMemoryOfItsDocument: nearly all texts have one piece.
func TestATextOfOnePieceSharesTheMemoryOfItsDocument(t *testing.T) {
	var one text
	require.True(t, one.add("words"))
	assert.Nil(t, one.pieces)
	assert.Equal(t, "words", one.string())
	one.addCDATA(" and more")
	assert.Equal(t, "words and more", string(one.pieces))
}

// TestE8TextInManyPiecesIsReadInLinearMemory: appending piece by piece would be quadratic.
func TestE8TextInManyPiecesIsReadInLinearMemory(t *testing.T) {
	for name, piece := range map[string]string{
		"CDATA": "<![CDATA[a]]>", "comments": "a<!---->", "both": "a<![CDATA[b]]>", "references": "&lt;<!---->", "white space": " <!---->", "empty": "<![CDATA[]]>",
	} {
		doc := []byte("<xml><MsgType>text</MsgType><Content>" + strings.Repeat(piece, (250<<10)/len(piece)) + "</Content></xml>")
		var m Message
		var err error
		allocated := allocates(func() { m, err = ParseMessage(doc) })
		require.NoError(t, err, name)
		assert.Less(t, allocated, uint64(8*len(doc)), name)
		t.Logf("%s: %d bytes for a text of %d bytes in a document of %d", name, allocated, len(m.(*TextMessage).Content), len(doc))
	}
}

func TestNamesThatAreSpelledInTwoWaysAreBothRead(t *testing.T) {
	for _, name := range []string{"poi_id", "poiid", "PoiId", "POIID", "_poi__id_"} {
		m, err := ParseMessage([]byte("<xml><MsgType>event</MsgType><Event>add_store_audit_info</Event><audit_id>1</audit_id><is_upgrade>3</is_upgrade><" + name + ">12344</" + name + "></xml>"))
		require.NoError(t, err)
		assert.Equal(t, "12344", m.(*AddStoreAuditEvent).POIID, name)
		assert.EqualValues(t, 3, m.(*AddStoreAuditEvent).IsUpgrade, "a number stays a number")
	}
	m, err := ParseMessage([]byte("<xml><MsgType>event</MsgType><Event>add_store_audit_info</Event><poiid>1</poiid><poi_id>2</poi_id></xml>"))
	require.NoError(t, err)
	assert.Equal(t, "2", m.(*AddStoreAuditEvent).POIID, "the exact name wins")
	m, err = ParseMessage([]byte("<xml><msg_type>event</msg_type><event>ShakearoundUserShake</event><ChosenBeacon><BeaconUuid>u</BeaconUuid></ChosenBeacon>" +
		"<around_beacons><around_beacon><Uuid>a</Uuid></around_beacon><AroundBeacon><BeaconUuid>b</BeaconUuid></AroundBeacon></around_beacons></xml>"))
	require.NoError(t, err)
	shake := m.(*ShakeAroundUserShakeEvent)
	assert.Equal(t, "u", shake.ChosenBeacon.UUID)
	assert.Equal(t, []Beacon{{UUID: "a"}, {UUID: "b"}}, shake.AroundBeacons)

	for _, same := range [][2]string{{"MsgId", "MsgID"}, {"MsgId", "msg_id"}, {"_a", "A_"}, {"_", "__"}, {"a1", "A_1"}, {"xA", "xa"}, {"xZ", "xz"}} {
		assert.True(t, sameName(same[0], same[1]) && sameName(same[1], same[0]), same)
	}
	for _, other := range [][2]string{{"", ""}, {"", "a"}, {"_", ""}, {"_", "a"}, {"a", "ab"}, {"ab", "ac"}, {"a", "!"}, {"a1", "aQ"}, {"@", "`"}, {"[", "{"}, {"x[", "x{"}, {"x@", "x`"}} {
		assert.False(t, sameName(other[0], other[1]) || sameName(other[1], other[0]), other)
	}
}

func TestAnEmptyListHasNoEntries(t *testing.T) {
	const push = "<xml><MsgType>event</MsgType><Event>ShakearoundUserShake</Event>"
	for inside, want := range map[string]int{
		"<AroundBeacons></AroundBeacons>":                              0,
		"<AroundBeacons/>":                                             0,
		"<AroundBeacons> </AroundBeacons>":                             0,
		"<AroundBeacons><Uuid>a</Uuid></AroundBeacons>":                1,
		"<AroundBeacons><AroundBeacon></AroundBeacon></AroundBeacons>": 1,
	} {
		m, err := ParseMessage([]byte(push + inside + "</xml>"))
		require.NoError(t, err)
		assert.Len(t, m.(*ShakeAroundUserShakeEvent).AroundBeacons, want, inside)
	}
}

func TestNumbersKeepTheirBits(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, " 7 ": 7, "-3": -3, "": 0, "x": 0, "9223372036854775807": math.MaxInt64, "9223372036854775808": math.MinInt64,
		"18446744073709551615": -1, "18446744073709551616": 0, "-9223372036854775808": math.MinInt64, "-9223372036854775809": 0,
		"1234567890123456789.0": 1234567890123456789, "1234567890123456789.000": 1234567890123456789, "1.9": 1, "-1.9": -1, "1e3": 1000, "1.": 1,
		"9223372036854775808.5": 0, "1e19": 0, "-1e19": 0, "NaN": 0, "Inf": 0, "0x10": 0,
	} {
		assert.Equal(t, want, number(text), text)
	}
	m, err := ParseMessage([]byte(`{"MsgType":"text","MsgId":18446744073709551614,"BusinessId":9223372036854775809}`))
	require.NoError(t, err)
	assert.Equal(t, uint64(math.MaxUint64-1), uint64(m.(*TextMessage).MsgID))
	assert.Equal(t, uint64(1<<63+1), uint64(m.Meta().BusinessID))
}

func TestTheBusinessOfAMessageIsRead(t *testing.T) {
	for _, msgType := range []string{"text", "image", "voice", "video", "shortvideo", "location", "link", "brand_new"} {
		for _, doc := range []string{
			"<xml><MsgType>" + msgType + "</MsgType><BusinessId>12</BusinessId></xml>", `{"MsgType":"` + msgType + `","business_id":"12"}`,
		} {
			m, err := ParseMessage([]byte(doc))
			require.NoError(t, err)
			assert.EqualValues(t, 12, m.Meta().BusinessID, doc)
		}
	}
}

func TestFlagsAreNothingButOneAndTrue(t *testing.T) {
	for text, want := range map[string]bool{"1": true, " 1 ": true, "true": true, "TRUE": true, "0": false, "2": false, "3": false, "-1": false, "": false, "false": false, "yes": false} {
		assert.Equal(t, want, flag(text), text)
	}
}

func TestTimesAndFloatsThatMakeNoSenseAreZero(t *testing.T) {
	for text, want := range map[string]time.Time{
		"1": time.Unix(1, 0), "0": {}, "-1": {}, "": {}, "x": {}, "214748364700": time.Unix(214748364700, 0), "214748364701": {},
	} {
		assert.Equal(t, want, moment(text), text)
	}
	for text, want := range map[string]float64{"1.5": 1.5, " -2 ": -2, "": 0, "x": 0, "NaN": 0, "Inf": 0, "-Inf": 0, "1e999": 0} {
		assert.InDelta(t, want, decimal(text), 0, text)
	}
}

func TestTheLettersOfANameAreExact(t *testing.T) {
	for b := range 256 {
		letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b >= 0x80 || strings.ContainsRune("_-.:", rune(b))
		assert.Equal(t, letter, isName(byte(b)), "%q", b)
	}
}

func TestTheCharactersOfXMLAreExact(t *testing.T) {
	for r, ok := range map[rune]bool{
		0: false, 8: false, '\t': true, '\n': true, 0xB: false, 0xC: false, '\r': true, 0xE: false, 0x1F: false, ' ': true, 0x7F: true,
		0xD7FF: true, 0xD800: false, 0xDFFF: false, 0xE000: true, 0xFFFD: true, 0xFFFE: false, 0xFFFF: false, 0x10000: true, 0x10FFFF: true, 0x110000: false,
	} {
		assert.Equal(t, ok, inXML(r), "%x", r)
	}
	for in, want := range map[string]string{"\x08": "", "\x1f": "", " ": " ", "\x7f": "\x7f", "\n\t": "\n\t", "\r": "\n", "\x80": "\uFFFD", "中": "中"} {
		assert.Equal(t, want, repair(in), "%q", in)
	}
}

func TestTheLimitsOfADocumentAreExact(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }
	deepJSON := func(n int) string { return strings.Repeat(`{"a":`, n-1) + "{}" + strings.Repeat("}", n-1) }
	arrays := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}" }
	for name, docs := range map[string][2]string{
		"depth":               {deep(maxDepth), deep(maxDepth + 1)},
		"elements":            {"<xml>" + strings.Repeat("<a/>", maxNodes-1) + "</xml>", "<xml>" + strings.Repeat("<a/>", maxNodes) + "</xml>"},
		"depth in JSON":       {deepJSON(maxDepth), deepJSON(maxDepth + 1)},
		"arrays in JSON":      {arrays(maxDepth), arrays(maxDepth + 1)},
		"members in JSON":     {`{"a":1` + strings.Repeat(`,"a":1`, maxNodes-1) + "}", `{"a":1` + strings.Repeat(`,"a":1`, maxNodes) + "}"},
		"characters":          {"<xml>&#x10FFFF;&#1114111;</xml>", "<xml>&#x110000;</xml>"},
		"characters, decimal": {"<xml>&#0;</xml>", "<xml>&#1114112;</xml>"},
	} {
		_, err := ParseMessage([]byte(docs[0]))
		require.NoError(t, err, name)
		_, err = ParseMessage([]byte(docs[1]))
		require.ErrorIs(t, err, errMalformed, name)
	}
}

func TestHostileDocumentsAreRefused(t *testing.T) {
	deep := strings.Repeat("<a>", 100_000) + strings.Repeat("</a>", 100_000)
	for name, doc := range map[string]string{
		"empty":               "",
		"text":                "hello",
		"doctype":             `<!DOCTYPE xml [<!ENTITY a "b">]><xml><Content>&a;</Content></xml>`,
		"doctype inside":      `<xml><!DOCTYPE a><Content>b</Content></xml>`,
		"unknown entity":      `<xml><Content>&a;</Content></xml>`,
		"open entity":         `<xml><Content>&amp</Content></xml>`,
		"instruction":         `<xml><?php ?></xml>`,
		"two roots":           `<xml></xml><xml></xml>`,
		"tail":                `<xml></xml>tail`,
		"deep":                "<xml>" + deep + "</xml>",
		"17 deep":             strings.Repeat("<a>", 17) + strings.Repeat("</a>", 17),
		"open":                `<xml><Content>`,
		"open CDATA":          `<xml><Content><![CDATA[`,
		"crossed":             `<xml><a><b></a></b></xml>`,
		"longer end tag":      `<xml><a></ab></xml>`,
		"other encoding":      `<?xml version="1.0" encoding="GBK"?><xml></xml>`,
		"open attribute":      `<xml a="><Content/></xml>`,
		"tag in a tag":        `<xml a<b></xml>`,
		"tag without a name":  `<></>`,
		"a tag's name only":   `<xml`,
		"open end tag":        `<xml></xml`,
		"end tag with more":   `<xml></xml a>`,
		"open declaration":    `<?xml version="1.0"`,
		"short encoding":      `<?xml encoding="utf"?><xml/>`,
		"open comment":        `<!-- <xml/>`,
		"open comment at end": `<xml/><!-- `,
		"open comment inside": `<xml><!-- </xml>`,
		"empty reference":     `<xml>&;</xml>`,
		"no digits":           `<xml>&#;</xml>`,
		"no hex digits":       `<xml>&#x;</xml>`,
		"sign":                `<xml>&#-1;</xml>`,
		"bracket at the end":  `<xml><`,
		"too many":            "<xml>" + strings.Repeat("<a/>", maxNodes+1) + "</xml>",
		"json cut":            `{"MsgType":"text"`,
		"json tail":           `{"MsgType":"text"} {}`,
		"json array":          `[{"MsgType":"text"}]`,
		"json deep":           `{"a":` + strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 101),
		"json deep in arrays": `{"a":` + strings.Repeat(`[`, 100) + strings.Repeat("]", 100) + "}",
	} {
		_, err := ParseMessage([]byte(doc))
		require.ErrorIs(t, err, errMalformed, name)
	}
	_, err := ParseMessage([]byte("\ufeff<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c --><xml a='b' c=\"d>\"><MsgType>text</MsgType><Content/></xml>\n"))
	require.NoError(t, err)
}

// reference parses a document with encoding/xml into the same tree.
func reference(data []byte) (*node, error) {
	d := xml.NewDecoder(strings.NewReader(string(data)))
	var read func(n *node, start xml.StartElement) error
	read = func(n *node, start xml.StartElement) error {
		n.name = start.Name.Local
		n.letters = lettersOf(n.name)
		if start.Name.Space != "" {
			return errors.New("namespace")
		}
		type piece struct {
			text         string
			blank, cdata bool
		}
		var pieces []piece
		text := func() string { // without white space around CDATA sections
			before, after := 0, false
			for i, p := range pieces {
				if p.cdata && !after {
					after = true
					if !slices.ContainsFunc(pieces[:i], func(p piece) bool { return !p.blank }) {
						before = i
					}
				}
			}
			after = false
			var kept strings.Builder
			for _, p := range pieces[before:] {
				after = after || p.cdata
				if !after || p.cdata || !p.blank {
					kept.WriteString(p.text)
				}
			}
			return kept.String()
		}
		for {
			from := d.InputOffset()
			token, err := d.Token()
			if err != nil {
				return err
			}
			raw := string(data[from:d.InputOffset()])
			switch token := token.(type) {
			case xml.StartElement:
				n.kids = append(n.kids, node{})
				if err := read(&n.kids[len(n.kids)-1], token); err != nil {
					return err
				}
			case xml.CharData:
				cdata := strings.HasPrefix(raw, "<![CDATA[")
				pieces = append(pieces, piece{string(token), !cdata && strings.Trim(raw, " \t\r\n") == "", cdata})
			case xml.EndElement:
				if len(n.kids) == 0 {
					n.text = text()
				}
				return nil
			case xml.ProcInst, xml.Directive:
				return errors.New("refused here")
			}
		}
	}
	root := &node{}
	for {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		if start, ok := token.(xml.StartElement); ok {
			if err := read(root, start); err != nil {
				return nil, err
			}
			break
		}
	}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		if text, ok := token.(xml.CharData); !ok || strings.TrimSpace(string(text)) != "" {
			if _, ok := token.(xml.Comment); !ok {
				return nil, errors.New("tail")
			}
		}
	}
}

func TestATextIsCleanIfItsRepairChangesNothing(t *testing.T) {
	check := func(s string) {
		if changed := printable(lineEnds(s)) != s; changed == isClean(s) {
			t.Errorf("%q is clean: %v", s, isClean(s))
		}
	}
	for r := range rune(utf8.MaxRune) + 2 {
		check(string(r))
	}
	for _, s := range []string{"", "a\r\nb", "\xEF", "\xEF\xBF", "\xEF\xBF\xBD", "\xEF\xBF\xBE", "\xEF\xBF\xFF", "a\xEF\xBFb", "\xED\xA0\x80", "\xC0\x80", "\xFF", "你好\xE4\xBD"} {
		check(s)
		check("x" + s + "y")
	}
	for b := range 256 {
		for at := range 20 {
			text := []byte("01234567 9 ~abcdefgh")
			text[at] = byte(b)
			check(string(text))
		}
	}
}

func TestATextIsInvisibleIfItsRepairIs(t *testing.T) {
	check := func(s string) {
		if isInvisible(s) != isInvisible(repair(s)) {
			t.Errorf("%q is invisible: %v", s, isInvisible(s))
		}
	}
	for r := range rune(utf8.MaxRune) + 2 {
		check(string(r))
	}
	check("\xff")
	check(" \xEF\xBF\xBE\x00\r\n")
	assert.True(t, isInvisible(" \uFFFE\uFFFF\x01\u3000\r\n"))
	assert.False(t, isInvisible(" \uFFFE好\uFFFF"))
}

func (n *node) string(name string) string { return n.get(nameOf(name)).text }

func (n *node) dump() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s=%q(", n.name, n.text)
	for i := range n.kids {
		b.WriteString(n.kids[i].dump())
	}
	return b.String() + ")"
}

// FuzzXML checks that this parser and encoding/xml agree on all documents that both accept.
func FuzzXML(f *testing.F) {
	for _, d := range documentedPushes(f) {
		inXML, _, _ := samplePush(f, d, strings.Split(d.Event, "|")[0])
		f.Add(inXML)
	}
	f.Add([]byte("<xml><a>&lt;\r\n&#65;</a><!-- c --><b><![CDATA[x]]>y</b></xml>"))
	f.Add([]byte("<xml><a>&#xd;\r\r\n&#xa;</a></xml>"))
	f.Add([]byte("<xml><a> <![CDATA[x]]> </a><b> y<![CDATA[ ]]> z </b><c> <!-- c --> </c><d> &#32; <![CDATA[x]]>&#32;</d></xml>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := scanXML(data)
		if err != nil {
			return
		}
		want, err := reference(data)
		if err != nil {
			return
		}
		if !utf8.Valid(data) {
			return // encoding/xml refuses it in text and keeps it elsewhere
		}
		if n.dump() != want.dump() {
			t.Fatalf("%q\n%s\n%s", data, n.dump(), want.dump())
		}
	})
}

// FuzzJSON checks that no document makes the parser panic, and that an accepted one is valid
// JSON after its repair.
func FuzzJSON(f *testing.F) {
	for _, d := range documentedPushes(f) {
		_, inJSON, _ := samplePush(f, d, strings.Split(d.Event, "|")[0])
		f.Add(inJSON)
	}
	f.Add([]byte(`{"a":[1,"2",true,null,{"b":" "}],"a":{}}`))
	f.Add([]byte("{}\f"))
	f.Add([]byte("{\"a\":\"\x01\n\\x\\u12\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, inJSON, err := parse(data)
		if err != nil || !inJSON {
			return
		}
		trimmed, _ := asJSON(data)
		if repaired, err := sanitize(trimmed); err != nil || !json.Valid(repaired) {
			t.Fatalf("%q was accepted", data)
		}
	})
}

type plainText struct {
	ToUserName, FromUserName, MsgType, Content string
	CreateTime, MsgId                          int64 //nolint:revive // as on the wire
}

type plainEvent struct {
	ToUserName, FromUserName, MsgType, Event, EventKey string
	CreateTime                                         int64
	ScanCodeInfo                                       struct{ ScanType, ScanResult string }
}

// BenchmarkParse parses pushes with this package and with encoding/xml.
func BenchmarkParse(b *testing.B) {
	text := []byte("<xml>" + sampleHead + "<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[你好，今天有什么新品？]]></Content>\n<MsgId>1234567890123456</MsgId>\n</xml>")
	nested := []byte("<xml>" + sampleHead + "<MsgType><![CDATA[event]]></MsgType>\n<Event><![CDATA[scancode_waitmsg]]></Event>\n<EventKey><![CDATA[6]]></EventKey>\n<ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType>\n<ScanResult><![CDATA[2]]></ScanResult>\n</ScanCodeInfo>\n</xml>")
	for name, data := range map[string][]byte{"text": text, "nested": nested} {
		b.Run(name+"/callback", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseMessage(data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/encoding-xml", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if name == "text" {
					err = xml.Unmarshal(data, new(plainText))
				} else {
					err = xml.Unmarshal(data, new(plainEvent))
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
