package wirejson

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// moment is what a result has for seconds since 1970.
type moment struct{ time.Time }

func (m *moment) UnmarshalJSON(data []byte) error {
	s := strings.Trim(string(data), `"`)
	if s == "" || s == "null" || s == "0" {
		*m = moment{}
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return errors.New("no moment")
	}
	m.Time = time.Unix(n, 0)
	return nil
}

// flag is a boolean that encoding/json can read from the platform too.
type flag bool

func (f *flag) UnmarshalJSON(data []byte) error {
	*f = string(data) != "0" && string(data) != "false"
	return nil
}

// user has the fields of a follower in the order of the SDK's type, which is not
// that of the documents.
type user[B any] struct {
	Subscribed    B       `json:"subscribe"`
	OpenID        string  `json:"openid"`
	UnionID       string  `json:"unionid"`
	SubscribeTime moment  `json:"subscribe_time"`
	Scene         string  `json:"subscribe_scene"`
	QRScene       int64   `json:"qr_scene"`
	QRSceneString string  `json:"qr_scene_str"`
	Remark        string  `json:"remark"`
	GroupID       int64   `json:"groupid"`
	TagIDs        []int64 `json:"tagid_list"`
	Nickname      string  `json:"nickname"`
	HeadImageURL  string  `json:"headimgurl"`
	Sex           int64   `json:"sex"`
	Country       string  `json:"country"`
	Province      string  `json:"province"`
	City          string  `json:"city"`
	Language      string  `json:"language"`
}

type users[B any] struct {
	Users []user[B] `json:"user_info_list"`
}

type openIDs struct {
	Total int64 `json:"total"`
	Count int64 `json:"count"`
	Data  struct {
		OpenIDs []string `json:"openid"`
	} `json:"data"`
	Next string `json:"next_openid"`
}

const userJSON = `{"subscribe": 1,"openid":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M","nickname":"","sex":0,"language":"zh_CN",` +
	`"city":"广州","province":"广东","country":"中国","headimgurl":"http://thirdwx.qlogo.cn/mmopen/g3MonUZtNHkdmzicIlibx6iaFqAc56` +
	`vxLSUfpb6n5WKSYVY0ChQKkiaJSgQ1dZuTOgvLLrhJbERQQ4eMsv84eavHiaiceqxibJxCfHe/0","subscribe_time":1382694957,` +
	`"unionid":" o6_bmasdasdsad6_2sgVt7hMZOPfL","remark":"","groupid":0,"tagid_list":[128,2],` +
	`"subscribe_scene":"ADD_SCENE_QR_CODE","qr_scene":98765,"qr_scene_str":""}`

func usersJSON(n int) string {
	return `{"user_info_list":[` + strings.TrimSuffix(strings.Repeat(userJSON+",", n), ",") + `]}`
}

func openIDsJSON(n int) string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf(`"o6_bmjrPTlm6_2sgVt7hMZO%05d"`, i)
	}
	return `{"total":23000,"count":` + strconv.Itoa(n) + `,"data":{"openid":[` + strings.Join(ids, ",") + `]},"next_openid":"` + strings.Trim(ids[n-1], `"`) + `"}`
}

type okay struct {
	Code    int64  `json:"errcode"`
	Message string `json:"errmsg"`
}

type texts struct {
	List []struct {
		Title string `json:"title"`
		URL   string `json:"url"`
	} `json:"list"`
}

type floats struct {
	List []float64 `json:"list"`
}

type nest struct {
	A *nest `json:"a"`
}

// workload is a document, and what it is read into.
type workload struct {
	name     string
	document string
	ours     func() any
	std      func() any
	floor    float64 // how many times as fast as encoding/json it must be
}

func newOf[T any]() any { return new(T) }

func workloads() []workload {
	chinese := strings.Repeat(`{"title":"微信公众平台接口文档","url":"https://mp.weixin.qq.com/s/abc"},`, 100)
	escapes := strings.Repeat(`{"title":"\u5fae\u4fe1\"a\"\n","url":"https:\/\/mp.weixin.qq.com\/s\/abc"},`, 100)
	list := func(items string) string { return `{"list":[` + strings.TrimSuffix(items, ",") + `]}` }
	return []workload{
		{"user/info", userJSON, newOf[user[bool]], newOf[user[flag]], 3},
		{"user/info/batchget", usersJSON(100), newOf[users[bool]], newOf[users[flag]], 3},
		{"user/get", openIDsJSON(10000), newOf[openIDs], newOf[openIDs], 3},
		{"ok", `{"errcode":0,"errmsg":"ok"}`, newOf[okay], newOf[okay], 1},
		{"ignored", usersJSON(100), newOf[struct{}], newOf[struct{}], 1},
		{"raw", usersJSON(100), newOf[json.RawMessage], newOf[json.RawMessage], 1},
		{"any", usersJSON(100), newOf[any], newOf[any], 1},
		{"map", usersJSON(100), newOf[map[string][]map[string]any], newOf[map[string][]map[string]any], 1},
		{"strings by name", `{"a":"x","b":"y","c":"z"}`, newOf[map[string]string], newOf[map[string]string], 1},
		{"chinese", list(chinese), newOf[texts], newOf[texts], 1},
		{"escapes", list(escapes), newOf[texts], newOf[texts], 1},
		{"floats", list(strings.Repeat("0.25,-1234.5678,1e-7,3.141592653589793,", 100)), newOf[floats], newOf[floats], 1},
		{"deep", strings.Repeat(`{"a":`, 1000) + "null" + strings.Repeat("}", 1000), newOf[nest], newOf[nest], 1},
		{"deep any", strings.Repeat(`[`, 1000) + strings.Repeat("]", 1000), newOf[any], newOf[any], 1},
		{"deep ignored", `{"x":` + strings.Repeat(`[`, 1000) + strings.Repeat("]", 1000) + "}", newOf[okay], newOf[okay], 1},
		{"spaces", strings.ReplaceAll(userJSON, ",", " ,\n\t  "), newOf[user[bool]], newOf[user[flag]], 1},
	}
}

// BenchmarkAgainstEncodingJSON reads each document with both decoders in turn, and
// fails if wirejson is not as many times as fast as it must be.
func BenchmarkAgainstEncodingJSON(b *testing.B) {
	for _, w := range workloads() {
		document := []byte(w.document)
		b.Run(w.name, func(b *testing.B) {
			var ours, std []time.Duration
			several := 1 + 20000/len(document) // what is short takes no longer than reading the clock
			for b.Loop() {
				begin := time.Now()
				for range several {
					if _, err := Decode(document, w.ours()); err != nil {
						b.Fatal(err)
					}
				}
				middle := time.Now()
				for range several {
					if err := json.Unmarshal(document, w.std()); err != nil {
						b.Fatal(err)
					}
				}
				ours, std = append(ours, middle.Sub(begin)), append(std, time.Since(middle))
			}
			ratio := median(std) / median(ours)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ratio, "times-as-fast")
			b.ReportMetric(median(ours)/float64(several), "wirejson-ns")
			b.ReportMetric(median(std)/float64(several), "encoding/json-ns")
			if b.N > 20 && ratio < w.floor {
				b.Errorf("%.2f times as fast as encoding/json, must be %.0f", ratio, w.floor)
			}
		})
	}
}

// median leaves out what else the machine does.
func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2])
}

// BenchmarkDecode reads each document with wirejson.
func BenchmarkDecode(b *testing.B) {
	for _, w := range workloads() {
		document := []byte(w.document)
		b.Run(w.name, func(b *testing.B) {
			b.SetBytes(int64(len(document)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(document, w.ours()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
