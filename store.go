package wechat

import (
	"context"
	"iter"
	"strings"

	"github.com/wechatoa/wechat/internal/wirejson"
)

// StorePhotos are the URLs of photos that the platform hosts. They are sent as a JSON
// document in a string.
type StorePhotos []string

// MarshalText writes the JSON document.
func (p StorePhotos) MarshalText() ([]byte, error) {
	return wirejson.Encode(struct {
		List []string `json:"list"`
	}{p})
}

// CreateStoreRequest describes a new store.
type CreateStoreRequest struct {
	MapPOIID       string        `json:"map_poi_id"` // from [Client.SearchMapPOIs] or the audit event of [Client.CreateMapPOI]
	Photos         StorePhotos   `json:"pic_list"`
	Phone          string        `json:"contract_phone"`
	Hours          string        `json:"hour,omitempty"` // such as "11:11-12:12"; required by the official page, but missing in its example
	Credential     string        `json:"credential"`
	CompanyName    string        `json:"company_name,omitempty"` // "" means the account's own company
	Qualifications StoreMediaIDs `json:"qualification_list,omitempty"`
	CardID         string        `json:"card_id,omitempty"`
	POIID          string        `json:"poi_id,omitempty"` // of an old store to migrate
	Address        string        `json:"address,omitempty"`
}

func (r CreateStoreRequest) check() error {
	return first(
		notEmpty("MapPOIID", r.MapPOIID), noneEmpty("Photos", r.Photos), notEmpty("Phone", r.Phone),
		notEmpty("Credential", r.Credential), r.Qualifications.check("Qualifications"))
}

// StoreMediaIDs are the IDs of up to 5 temporary media. They are sent as one string.
type StoreMediaIDs []string

// MarshalText joins the IDs.
func (m StoreMediaIDs) MarshalText() ([]byte, error) { return []byte(strings.Join(m, "|")), nil }

func (m StoreMediaIDs) check(argument string) error {
	return elements(argument, len(m), 0, 5)
}

type storeAudit struct {
	Data struct {
		AuditID int64 `json:"audit_id"`
	} `json:"data"`
}

// CreateStore adds a store (新增门店, 添加门店) and returns the ID of its audit. The platform
// pushes the result as the event add_store_audit_info.
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_addentityshop
func (c *Client) CreateStore(ctx context.Context, req CreateStoreRequest) (auditID int64, err error) {
	res, err := post[storeAudit](ctx, c, "/wxa/add_store", req)
	if err != nil {
		return 0, err
	}
	return res.Data.AuditID, nil
}

// UpdateStoreRequest describes the new state of a store.
type UpdateStoreRequest struct {
	POIID    string      `json:"poi_id"`
	MapPOIID string      `json:"map_poi_id,omitempty"`
	Photos   StorePhotos `json:"pic_list"`
	Phone    string      `json:"contract_phone"`
	Hours    string      `json:"hour"` // such as "11:11-12:12"
	CardID   string      `json:"card_id"`
}

func (r UpdateStoreRequest) check() error {
	return first(
		notEmpty("POIID", r.POIID), noneEmpty("Photos", r.Photos), notEmpty("Phone", r.Phone), notEmpty("Hours", r.Hours))
}

// StoreUpdate is the result of an update.
type StoreUpdate struct {
	HasAudit bool  `json:"has_audit_id"` // false means that the change is already in effect
	AuditID  int64 `json:"audit_id"`
}

// UpdateStore changes a store (更新门店信息).
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_newupdatepoi
func (c *Client) UpdateStore(ctx context.Context, req UpdateStoreRequest) (*StoreUpdate, error) {
	res, err := post[struct {
		Data StoreUpdate `json:"data"`
	}](ctx, c, "/wxa/update_store", req, idempotent)
	if err != nil {
		return nil, err
	}
	return &res.Data, nil
}

// Store is a store of the account.
type Store struct {
	POIID               string       `json:"poi_id"`
	Name                string       `json:"business_name"`
	Address             string       `json:"address"`
	Phone               string       `json:"telephone"`
	Categories          []string     `json:"categories"`
	Province            string       `json:"province"`
	City                string       `json:"city"`
	District            string       `json:"district"`
	OffsetType          int64        `json:"offset_type"` // of the coordinates; 1 is the coordinate system of the platform's maps
	Longitude           float64      `json:"longitude"`
	Latitude            float64      `json:"latitude"`
	Photos              []StorePhoto `json:"photo_list"`
	Hours               string       `json:"open_time"`
	Status              int64        `json:"status"`
	QualificationNumber string       `json:"qualification_num"`
	QualificationName   string       `json:"qualification_name"`
	CardID              string       `json:"card_id"`
}

// StorePhoto is a photo of a store.
type StorePhoto struct {
	URL string `json:"photo_url"`
}

// storeEntry is a store in a response: inside base_info on the older pages, without it
// on the newer ones.
type storeEntry struct {
	Store
	Base *Store `json:"base_info"`
}

func (e *storeEntry) store() *Store {
	if e.Base != nil {
		return e.Base
	}
	return &e.Store
}

type poiRef struct {
	POIID string `json:"poi_id"`
}

func (p poiRef) check() error { return notEmpty("poiID", p.POIID) }

// GetStore returns a store (获取门店详情, 获取单个门店信息).
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_newgetpoi
func (c *Client) GetStore(ctx context.Context, poiID string) (*Store, error) {
	res, err := post[struct {
		Business storeEntry `json:"business"`
	}](ctx, c, "/wxa/get_store_info", poiRef{poiID}, idempotent)
	if err != nil {
		return nil, err
	}
	return res.Business.store(), nil
}

// StorePage is a page of the account's stores.
type StorePage struct {
	Stores []Store
	Total  int64 // on all pages
}

// ListStores returns up to count of the account's stores, starting at offset
// (获取门店列表, 获取门店信息列表).
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_newgetpoilist
func (c *Client) ListStores(ctx context.Context, offset, count int) (*StorePage, error) {
	if err := first(notNegative("offset", offset), positive("count", count)); err != nil {
		return nil, err
	}
	body := struct {
		Offset int `json:"offset"`
		Count  int `json:"limit"`
	}{offset, count}
	res, err := post[struct {
		Entries []storeEntry `json:"business_list"`
		Total   int64        `json:"total_count"`
	}](ctx, c, "/wxa/get_store_list", body, idempotent)
	if err != nil {
		return nil, err
	}
	list := &StorePage{Stores: make([]Store, 0, len(res.Entries)), Total: res.Total}
	for i := range res.Entries {
		list.Stores = append(list.Stores, *res.Entries[i].store())
	}
	return list, nil
}

const storesPerPage = 50

// AllStores iterates over the account's stores (获取门店列表, 获取门店信息列表).
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_newgetpoilist
func (c *Client) AllStores(ctx context.Context) iter.Seq2[Store, error] {
	return byOffset(func(offset int) ([]Store, int64, error) {
		page, err := c.ListStores(ctx, offset, storesPerPage)
		if err != nil {
			return nil, 0, err
		}
		return page.Stores, page.Total, nil
	})
}

// DeleteStore deletes a store (删除门店).
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_newdelpoi
func (c *Client) DeleteStore(ctx context.Context, poiID string) error {
	return c.post(ctx, "/wxa/del_store", poiRef{poiID}, idempotent, alreadyDone(65115))
}
