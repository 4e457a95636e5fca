package wechattest

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/spec"
)

// statistics are the figures that a test has set (数据统计).
type statistics struct {
	figures map[string][]any // rows, by path and day
}

func (s *statistics) init() { s.figures = map[string][]any{} }

// datacube is a statistics API.
type datacube struct {
	days   int // maximum of one call
	strict int // maximum with RuleSpan, or 0 if it is the same
	has    func(day time.Time) bool
}

func eachDay(time.Time) bool { return true }

func mondays(day time.Time) bool { return day.Weekday() == time.Monday }

func firsts(day time.Time) bool { return day.Day() == 1 }

// datacubes returns the statistics APIs by their path after /datacube/.
func datacubes() map[string]datacube {
	return map[string]datacube{
		"getusersummary":          {7, 0, eachDay},
		"getusercumulate":         {7, 0, eachDay},
		"getarticlesummary":       {1, 0, eachDay},
		"getarticletotal":         {1, 0, eachDay},
		"getuserread":             {3, 0, eachDay},
		"getuserreadhour":         {1, 0, eachDay},
		"getusershare":            {7, 0, eachDay},
		"getusersharehour":        {1, 0, eachDay},
		"getarticleread":          {1, 0, eachDay},
		"getarticleshare":         {1, 0, eachDay},
		"getbizsummary":           {30, 0, eachDay},
		"getarticletotaldetail":   {1, 0, eachDay},
		"getupstreammsg":          {7, 0, eachDay},
		"getupstreammsghour":      {1, 0, eachDay},
		"getupstreammsgweek":      {30, 1, mondays},
		"getupstreammsgmonth":     {30, 1, firsts},
		"getupstreammsgdist":      {15, 0, eachDay},
		"getupstreammsgdistweek":  {30, 15, mondays},
		"getupstreammsgdistmonth": {30, 15, firsts},
		"getinterfacesummary":     {30, 0, eachDay},
		"getinterfacesummaryhour": {1, 0, eachDay},
	}
}

const (
	datacubePrefix = "/datacube/"
	adRows         = 90 // of one page
)

func (p *Platform) datacubeRoutes() map[string]behavior {
	routes := map[string]behavior{}
	for name, d := range datacubes() {
		routes[datacubePrefix+name] = func(c *call) (any, error) { return p.answerFigures(c, d) }
	}
	routes["/publisher/stat"] = p.answerAdFigures
	return routes
}

// SetStatistics sets the response of a statistics API, such as "/datacube/getusersummary",
// for a day. A row is any value that encodes to a JSON object, such as a
// [wechat.UserSummary] or a map; if it has no ref_date, the day is used. Without rows, the
// day has no figures. A day that was not set has one row of sample figures. For weekly
// statistics, set the Monday; for monthly ones, the first day of the month.
func (p *Platform) SetStatistics(path string, day wechat.Date, rows ...any) error {
	list := make([]any, 0, len(rows))
	for _, row := range rows {
		text, err := encode(row)
		if err != nil {
			return err
		}
		var object map[string]any
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.UseNumber()
		if err := d.Decode(&object); err != nil {
			return err
		}
		if date, _ := object["ref_date"].(string); date == "" {
			object["ref_date"] = day.String()
		}
		list = append(list, object)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.figures[path+" "+day.String()] = list
	return nil
}

// answerFigures returns the figures of the requested days.
func (p *Platform) answerFigures(c *call, d datacube) (any, error) {
	days, err := d.daysIn(c)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, day := range days {
		date := day.Format(time.DateOnly)
		if rows, ok := p.figures[c.Path+" "+date]; ok {
			list = append(list, rows...)
		} else {
			list = append(list, p.sampleFigures(c, date))
		}
	}
	out := map[string]any{"list": list}
	if slices.ContainsFunc(c.endpoint.Response, func(f spec.Field) bool { return f.Name == "is_delay" }) {
		out["is_delay"] = false
	}
	return out, nil
}

// daysIn returns the requested days that have figures.
func (d datacube) daysIn(c *call) ([]time.Time, error) {
	from, err := time.Parse(time.DateOnly, c.text("begin_date"))
	if err != nil {
		return nil, refuse(wechat.ErrInvalidDate, "date format error")
	}
	to, err := time.Parse(time.DateOnly, c.text("end_date"))
	if err != nil {
		return nil, refuse(wechat.ErrInvalidDate, "date format error")
	}
	most := d.days
	if d.strict != 0 && c.set.keeps(RuleSpan) {
		most = d.strict
	}
	if to.Before(from) || !to.Before(from.AddDate(0, 0, most)) || to.Format(time.DateOnly) >= dayOf(c.At) {
		return nil, refuse(wechat.ErrInvalidDateRange, "date range error")
	}
	var days []time.Time
	for day := from; !to.Before(day); day = day.AddDate(0, 0, 1) {
		if d.has(day) {
			days = append(days, day)
		}
	}
	return days, nil
}

// answerAdFigures returns the figures of ads (流量主数据): one row per day, or one row
// for the whole span in settlements.
func (p *Platform) answerAdFigures(c *call) (any, error) {
	from, err := time.Parse(time.DateOnly, c.param("start_date"))
	if err != nil {
		return nil, c.unknownValue("start_date")
	}
	to, err := time.Parse(time.DateOnly, c.param("end_date"))
	if err != nil || to.Before(from) {
		return nil, c.unknownValue("end_date")
	}
	page, _ := strconv.Atoi(c.param("page"))
	size, _ := strconv.Atoi(c.param("page_size"))
	if page < 1 || size < 1 || size > adRows {
		return nil, c.unknownValue("page")
	}
	sample, err := p.sample(c)
	if err != nil {
		return nil, err
	}
	out, _ := sample.(map[string]any)
	if out["list"] == nil {
		return out, nil
	}
	total := int(to.Sub(from)/(24*time.Hour)) + 1
	begin := min((page-1)*size, total)
	rows := []any{}
	for i := begin; i < min(begin+size, total); i++ {
		row := maps.Clone(out["list"].([]any)[0].(map[string]any)) //nolint:forcetypeassert // documented as a list of objects
		row["date"] = from.AddDate(0, 0, i).Format(time.DateOnly)
		rows = append(rows, row)
	}
	out["list"], out["total_num"] = rows, total
	return out, nil
}

// sampleFigures returns the sample row of a day.
func (p *Platform) sampleFigures(c *call, date string) any {
	for _, f := range c.endpoint.Response {
		if f.Name == "list" {
			row := p.sampleOf(c, f, "object")
			setDates(row, date)
			return row
		}
	}
	return map[string]any{"ref_date": date}
}

// setDates sets the dates in a sample.
func setDates(value any, date string) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			setDates(item, date)
		}
	case map[string]any:
		for name, inner := range v {
			switch name {
			case "ref_date", "stat_date":
				v[name] = date
			case "ref_hour":
				v[name] = 900
			case "msgid":
				v[name] = "2247483649_1"
			default:
				setDates(inner, date)
			}
		}
	}
}
