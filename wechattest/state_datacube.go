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

// statistics are the figures of the account that a test has set (数据统计).
type statistics struct {
	figures map[string][]any // rows, by path and day
}

func (s *statistics) init() { s.figures = map[string][]any{} }

// datacube is one of the statistics APIs.
type datacube struct {
	days   int // the most days of one call
	strict int // the same by its page, where that contradicts itself; else 0
	has    func(day time.Time) bool
}

func eachDay(time.Time) bool { return true }

func mondays(day time.Time) bool { return day.Weekday() == time.Monday }

func firsts(day time.Time) bool { return day.Day() == 1 }

// datacubes are the statistics APIs by what follows /datacube/ in their path.
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

func (p *Platform) datacubeRoutes() map[string]behaviour {
	routes := map[string]behaviour{}
	for name, d := range datacubes() {
		routes[datacubePrefix+name] = func(c *call) (any, error) { return p.answerFigures(c, d) }
	}
	routes["/publisher/stat"] = p.answerAdFigures
	return routes
}

// SetStatistics sets what a statistics API, such as "/datacube/getusersummary", returns
// for a day: rows as JSON objects, such as a [wechat.UserSummary] or a map, or none.
// The ref_date of rows without one is the day. Without it the API returns one row of
// sample figures for each day. Weekly and monthly figures are those of the Monday
// and the first of the month.
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

// answerFigures answers the figures of the days that a call asks for.
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

// daysIn reads the span of a call and returns the days in it that have figures.
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

// answerAdFigures answers the figures of ads (流量主数据), of which there is a row for
// each day, or for the whole span in settlements.
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
		row := maps.Clone(out["list"].([]any)[0].(map[string]any)) //nolint:forcetypeassert // the documentation has it so
		row["date"] = from.AddDate(0, 0, i).Format(time.DateOnly)
		rows = append(rows, row)
	}
	out["list"], out["total_num"] = rows, total
	return out, nil
}

// sampleFigures makes the sample row of a day.
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

// setDates makes a sample be about a day.
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
