package wirejson

import "reflect"

// mark is a member at the top level that can contain an errcode.
type mark uint8

const (
	unmarked mark = iota
	markCode
	markMessage
	markBase
	markResp
	marks
)

func markOf(key []byte) mark {
	switch string(key) {
	case "errcode":
		return markCode
	case "errmsg":
		return markMessage
	case "base_resp":
		return markBase
	case "resp_msg":
		return markResp
	}
	return unmarked
}

// span is a piece of the document.
type span struct{ begin, end int }

// note records the value of a marked member, which ends here. Of several members with
// one name the last is used.
func (d *decoder) note() {
	d.noted[d.mark] = span{d.markAt, d.at}
	d.mark = unmarked
}

// refusal returns the refusal in the recorded members.
func (d *decoder) refusal() (r Refusal) {
	r.readCode(d.noted[markCode].of(d))
	for _, m := range []mark{markBase, markResp} {
		if piece := d.noted[m].of(d); len(piece) > 0 && piece[0] == '{' && r.Code == 0 {
			r.readWrapped(piece)
		}
	}
	if r.Message == "" && (r.Code != 0 || r.Unreadable) {
		r.readMessage(d.noted[markMessage].of(d))
	}
	return r
}

func (s span) of(d *decoder) []byte { return d.data[s.begin:s.end] }

// readCode reads the errcode at the top level.
func (r *Refusal) readCode(piece []byte) {
	if len(piece) == 0 {
		return
	}
	d := newDecoder(piece)
	defer d.release()
	text, result := d.value()
	if result == empty || result == read && text == nil {
		return
	}
	var ok bool
	r.Found = true
	r.Code, ok = intOf(text, 64)
	r.Unreadable = !ok
}

// readMessage reads the errmsg at the top level.
func (r *Refusal) readMessage(piece []byte) {
	if len(piece) == 0 {
		return
	}
	d := newDecoder(piece)
	defer d.release()
	if s, result := d.scalar(); result == read {
		r.Message = d.makeString(s.raw, s.style)
	}
}

// readWrapped reads the errcode in a base_resp or resp_msg: the first of its codes that
// is not 0.
func (r *Refusal) readWrapped(piece []byte) {
	var in struct {
		Ret     *int64 `json:"ret"`
		RetCode *int64 `json:"retcode"`
		DevCode *int64 `json:"ret_code"` // of the APIs for devices
		Code    *int64 `json:"errcode"`
		ErrMsg  string `json:"err_msg"`
		Message string `json:"errmsg"`
		Info    string `json:"error_info"`
	}
	d := newDecoder(piece)
	defer d.release()
	planOf(reflect.TypeOf(&in)).read(d, reflect.ValueOf(&in))
	if len(d.skipped) > 0 { // only a code can be unreadable
		r.Found, r.Unreadable = true, true
	}
	for _, code := range []*int64{in.Ret, in.RetCode, in.DevCode, in.Code} {
		if code == nil {
			continue
		}
		r.Found = true
		if r.Code == 0 {
			r.Code = *code
		}
	}
	if r.Code != 0 {
		r.Unreadable = false
	}
	if r.Code != 0 || r.Unreadable {
		r.Message = in.ErrMsg + in.Message + in.Info
	}
}
