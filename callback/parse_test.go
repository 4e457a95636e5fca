package callback

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// documented is a push as the platform documents it.
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

// pushSample writes a push in which every value is unlike all others.
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

// json writes the same push in JSON; numbers as strings every other time.
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

// texts collects the text of every scalar of a typed push but its header.
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
	case reflect.Int64:
		found[strconv.FormatInt(v.Int(), 10)]++
	case reflect.Float64:
		found[strconv.FormatFloat(v.Float(), 'f', -1, 64)]++
	}
}

const sampleHead = "<ToUserName><![CDATA[gh_1]]></ToUserName>\n<FromUserName><![CDATA[oUser]]></FromUserName>\n<CreateTime>1700000000</CreateTime>\n"

// samplePush returns a push with every documented field, in XML and in JSON, and
// the values that must be found.
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
	assert.Zero(t, text.Idx)
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
		assert.Equal(t, []SubscribeMessagePopup{{TemplateID: "T", SubscribeStatusString: "accept", PopupScene: 1}}, m.(*SubscribeMessagePopupEvent).Items)
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

// reference reads a document with encoding/xml into the same tree.
func reference(data []byte) (*node, error) {
	d := xml.NewDecoder(strings.NewReader(string(data)))
	var read func(n *node, start xml.StartElement) error
	read = func(n *node, start xml.StartElement) error {
		n.name = start.Name.Local
		if start.Name.Space != "" {
			return errors.New("namespace")
		}
		for {
			token, err := d.Token()
			if err != nil {
				return err
			}
			switch token := token.(type) {
			case xml.StartElement:
				n.kids = append(n.kids, node{})
				if err := read(&n.kids[len(n.kids)-1], token); err != nil {
					return err
				}
			case xml.CharData:
				n.text += string(token)
			case xml.EndElement:
				if len(n.kids) > 0 {
					n.text = ""
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

func (n *node) dump() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s=%q(", n.name, n.text)
	for i := range n.kids {
		b.WriteString(n.kids[i].dump())
	}
	return b.String() + ")"
}

// FuzzXML: what this parser and encoding/xml both accept, they read alike.
func FuzzXML(f *testing.F) {
	for _, d := range documentedPushes(f) {
		inXML, _, _ := samplePush(f, d, strings.Split(d.Event, "|")[0])
		f.Add(inXML)
	}
	f.Add([]byte("<xml><a>&lt;\r\n&#65;</a><!-- c --><b><![CDATA[x]]>y</b></xml>"))
	f.Add([]byte("<xml><a>&#xd;\r\r\n&#xa;</a></xml>"))
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
			return // encoding/xml refuses it in texts and keeps it elsewhere
		}
		if n.dump() != want.dump() {
			t.Fatalf("%q\n%s\n%s", data, n.dump(), want.dump())
		}
	})
}

// FuzzJSON: no document makes the parser panic, and an accepted one is valid JSON.
func FuzzJSON(f *testing.F) {
	for _, d := range documentedPushes(f) {
		_, inJSON, _ := samplePush(f, d, strings.Split(d.Event, "|")[0])
		f.Add(inJSON)
	}
	f.Add([]byte(`{"a":[1,"2",true,null,{"b":" "}],"a":{}}`))
	f.Add([]byte("{}\f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := scanJSON(data); err == nil && !json.Valid(data) {
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

// BenchmarkParse reads pushes with this package and with encoding/xml.
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
