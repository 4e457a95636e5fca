package callback

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryTypeOfPushHasAPlanForAllItsFields(t *testing.T) {
	for name, prototype := range registry {
		push := reflect.TypeOf(prototype).Elem()
		assert.Len(t, planFor(push), push.NumField()-1, name)
	}
}

func TestAPlanReadsWhatItsTagsSay(t *testing.T) {
	type entry struct{ PageURL string }
	type push struct {
		Header

		MsgID    int64
		Position int      `push:"Idx"`
		Name     string   `push:"Uuid|BeaconUuid"`
		Deep     string   `push:"Outer|Other>Inner>value"`
		Flag     bool     `push:"is_set"`
		Numbers  []int    `push:"Outer>number"`
		Names    []string `push:"Names,item"`
		Entries  []entry  `push:"List,item"`
		One      entry
		At       time.Time
		Half     float64
	}
	want := push{
		MsgID: 7, Position: 2, Name: "b", Deep: "d", Flag: true, Numbers: []int{1, 2}, Names: []string{"x", "y"},
		Entries: []entry{{"u"}, {"v"}}, One: entry{"w"}, At: time.Unix(9, 0), Half: 0.5,
	}
	for _, doc := range []string{
		`<xml><MsgId>7</MsgId><Idx>2</Idx><BeaconUuid>b</BeaconUuid><Outer><Inner><value>d</value></Inner><number>1</number><number>2</number></Outer><IsSet>1</IsSet>` +
			`<Names><item>x</item><item>y</item></Names><List><item><page_url>u</page_url></item><item><PageUrl>v</PageUrl></item></List><one><PAGEURL>w</PAGEURL></one><At>9</At><Half>0.5</Half></xml>`,
		`{"msg_id":"7","idx":2,"Uuid":"b","BeaconUuid":"c","Other":{"Inner":{"value":"d"}},"number":[1,"2"],"is_set":true,` +
			`"Names":{"item":["x","y"]},"List":[{"PageUrl":"u"},{"PageUrl":"v"}],"One":{"PageUrl":"w"},"At":"9","Half":"0.5"}`,
		`{"MsgId":7,"Idx":"2","BeaconUuid":"b","value":"d","number":[1,2],"is_set":"true",` +
			`"Names":{"item":["x","y"]},"List":{"item":[{"PageUrl":"u"},{"PageUrl":"v"}]},"One":{"PageUrl":"w"},"At":9,"Half":0.5}`,
	} {
		n, _, err := parse([]byte(doc))
		require.NoError(t, err)
		var got push
		planOf(reflect.TypeFor[push]()).fill(reflect.ValueOf(&got).Elem(), n)
		assert.Equal(t, want, got, doc)
	}
}

func TestAPlanRefusesAFieldThatItCannotSet(t *testing.T) {
	type push struct {
		Header

		Answer any
	}
	assert.PanicsWithValue(t, "callback: a push cannot have a field of type interface {}", func() { planOf(reflect.TypeFor[push]()) })
}
