package benchmarks

import (
	"context"
	"net/url"
	"slices"
	"time"
)

type floorBlocked struct {
	OpenIDs []string `json:"openid_list"`
}

type floorBegin struct {
	Begin string `json:"begin_openid"`
}

type floorDays struct {
	From string `json:"begin_date"`
	To   string `json:"end_date"`
}

type floorSummaries struct {
	floorCode
	List []struct {
		Day    string `json:"ref_date"`
		Source int64  `json:"user_source"`
		New    int64  `json:"new_user"`
		Lost   int64  `json:"cancel_user"`
	} `json:"list"`
}

func (c *floorClient) Block(ctx context.Context, openIDs []string) error {
	for batch := range slices.Chunk(openIDs, blockedAtOnce) {
		var res struct{ floorCode }
		if err := c.post(ctx, floorURL("/cgi-bin/tags/members/batchblacklist"), floorBlocked{batch}, &res); err != nil {
			return err
		}
	}
	return nil
}

func (c *floorClient) Blacklist(ctx context.Context, each func(openID string)) error {
	for next := ""; ; {
		var page floorOpenIDs
		err := c.post(ctx, floorURL("/cgi-bin/tags/members/getblacklist"), floorBegin{next}, &page)
		if err != nil || len(page.Data.OpenIDs) == 0 {
			return err
		}
		for _, id := range page.Data.OpenIDs {
			each(id)
		}
		next = page.Next
	}
}

func (c *floorClient) NewFollowers(ctx context.Context, from, to time.Time, each func(day string, n int64)) error {
	for at := from; !at.After(to); at = at.AddDate(0, 0, summaryDays) {
		last := at.AddDate(0, 0, summaryDays-1)
		if last.After(to) {
			last = to
		}
		var page floorSummaries
		days := floorDays{at.Format(time.DateOnly), last.Format(time.DateOnly)}
		if err := c.post(ctx, floorURL("/datacube/getusersummary"), days, &page); err != nil {
			return err
		}
		for _, row := range page.List {
			each(row.Day, row.New)
		}
	}
	return nil
}

func floorURL(path string) string {
	return (&url.URL{Scheme: "https", Host: host, Path: path}).String() + "?access_token="
}
