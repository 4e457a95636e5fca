package wechat

import (
	"context"
	"net/http"
)

// StoreCategory is a category of store mini programs.
type StoreCategory struct {
	ID            int64              `json:"id"`
	Name          string             `json:"name"`
	Level         int64              `json:"level"` // 0 is the root; a mini program has a category of level 1 and one of level 2
	ParentID      int64              `json:"father"`
	ChildIDs      []int64            `json:"children"`
	SensitiveType int64              `json:"sensitive_type"` // 1 means that the category requires documents
	Qualification StoreQualification `json:"qualify"`
}

// StoreQualification lists the documents that a category requires.
type StoreQualification struct {
	Groups []StoreDocumentGroup `json:"exter_list"` // one document of each is required
	Remark string               `json:"remark"`
}

// StoreDocumentGroup is a group of documents of which one is required.
type StoreDocumentGroup struct {
	Documents []StoreDocument `json:"inner_list"`
}

// StoreDocument is a document that a category requires.
type StoreDocument struct {
	Name string `json:"name"`
	URL  string `json:"url"` // of a sample
}

// ListStoreCategories returns the categories of store mini programs
// (拉取门店小程序类目).
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_getwxastorecatelist
func (c *Client) ListStoreCategories(ctx context.Context) ([]StoreCategory, error) {
	res, err := get[struct {
		Data struct {
			All struct {
				Categories []StoreCategory `json:"categories"`
			} `json:"all_category_info"`
		} `json:"data"`
	}](ctx, c, "/wxa/get_merchant_category", nil)
	if err != nil {
		return nil, err
	}
	return res.Data.All.Categories, nil
}

// CreateStoreMiniProgramRequest describes a new store mini program. All files are media
// IDs of temporary images.
type CreateStoreMiniProgramRequest struct {
	FirstCategoryID  int64         `json:"first_catid"`
	SecondCategoryID int64         `json:"second_catid"`
	AvatarMediaID    string        `json:"headimg_mediaid"`
	Nickname         string        `json:"nickname"` // 4 to 30 characters wide; a Chinese character counts twice
	Introduction     string        `json:"intro"`
	Qualifications   StoreMediaIDs `json:"qualification_list"`    // required if the category is sensitive
	License          string        `json:"org_code,omitempty"`    // required if the platform refuses the request with code 85024
	OtherFiles       StoreMediaIDs `json:"other_files,omitempty"` // like License
}

func (r CreateStoreMiniProgramRequest) check() error {
	err := first(
		positive("FirstCategoryID", r.FirstCategoryID), positive("SecondCategoryID", r.SecondCategoryID),
		notEmpty("AvatarMediaID", r.AvatarMediaID), notEmpty("Introduction", r.Introduction),
		r.Qualifications.check("Qualifications"), r.OtherFiles.check("OtherFiles"))
	if err != nil {
		return err
	}
	return within("Nickname", width(r.Nickname), 4, 30)
}

// width returns the display width of a string: a Chinese character counts twice.
func width(s string) int {
	n := 0
	for _, character := range s {
		n++
		if character > 0x7f {
			n++
		}
	}
	return n
}

// maxWidth refuses a string that is wider than limit Chinese characters.
func maxWidth(argument, value string, limit int) error {
	if n := width(value); n > 2*limit {
		return invalid(argument, "must be at most %d characters wide, but is %d: a Chinese character counts twice", 2*limit, n)
	}
	return nil
}

// CreateStoreMiniProgram applies for the account's store mini program (创建门店小程序). An
// administrator must confirm the application within 24 hours; then the platform audits
// it. [Client.GetStoreMiniProgramAudit] returns the result.
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_applywxastore
func (c *Client) CreateStoreMiniProgram(ctx context.Context, req CreateStoreMiniProgramRequest) error {
	return c.post(ctx, "/wxa/apply_merchant", req)
}

// StoreMiniProgramStatus is the status of a store mini program's audit.
type StoreMiniProgramStatus int

// The statuses of an audit.
const (
	StoreMiniProgramStatusNone     StoreMiniProgramStatus = 0 // no application
	StoreMiniProgramStatusAccepted StoreMiniProgramStatus = 1
	StoreMiniProgramStatusPending  StoreMiniProgramStatus = 2
	StoreMiniProgramStatusRefused  StoreMiniProgramStatus = 3
	StoreMiniProgramStatusDeclined StoreMiniProgramStatus = 4 // by the administrator
)

// StoreMiniProgramAudit is the audit of the account's store mini program.
type StoreMiniProgramAudit struct {
	ID     int64                  `json:"audit_id"`
	Status StoreMiniProgramStatus `json:"status"`
	Reason string                 `json:"reason"` // why the application was refused or declined
}

// GetStoreMiniProgramAudit returns an audit (获取门店小程序审核结果, 查询门店小程序审核结果). Pass 0
// for the latest one.
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_getwxastoreauditinfo
func (c *Client) GetStoreMiniProgramAudit(ctx context.Context, auditID int64) (*StoreMiniProgramAudit, error) {
	res, err := get[struct {
		Data StoreMiniProgramAudit `json:"data"`
	}](ctx, c, "/wxa/get_merchant_audit_info", params("audit_id", idOrNone(auditID)))
	if err != nil {
		return nil, err
	}
	return &res.Data, nil
}

// UpdateStoreMiniProgram changes the avatar and the introduction of the account's store mini
// program (修改门店小程序信息). Pass "" for the one that should not change.
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_modifywxastore
func (c *Client) UpdateStoreMiniProgram(ctx context.Context, avatarMediaID, introduction string) error {
	body := struct {
		AvatarMediaID string `json:"headimg_mediaid"`
		Introduction  string `json:"intro"`
	}{avatarMediaID, introduction}
	return c.post(ctx, "/wxa/modify_merchant", body, idempotent)
}

// Districts are the provinces, cities and districts of the platform's maps.
type Districts struct {
	Version string       `json:"data_version"`
	Levels  [][]District `json:"result"` // provinces, cities, districts
}

// District is a province, a city or a district.
type District struct {
	ID           int64            `json:"id"`
	Name         string           `json:"name"`
	FullName     string           `json:"fullname"`
	Pinyin       []string         `json:"pinyin"`
	Location     DistrictLocation `json:"location"`
	ChildIndexes []int            `json:"cidx"` // of its first and last child in the next level
}

// DistrictLocation is the center of a district.
type DistrictLocation struct {
	Latitude  float64 `json:"lat"`
	Longitude float64 `json:"lng"`
}

// GetDistricts returns the provinces, cities and districts, whose IDs
// [Client.SearchMapPOIs] and [Client.CreateMapPOI] need (获取省市区信息).
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_getdistrictlist
func (c *Client) GetDistricts(ctx context.Context) (*Districts, error) {
	const path = "/wxa/get_district"
	res, err := get[struct {
		Status  int64  `json:"status"` // replaces errcode, since the maps service answers
		Message string `json:"message"`
		Districts
	}](ctx, c, path, nil)
	if err != nil {
		return nil, err
	}
	if res.Status != 0 {
		return nil, &Error{
			Code: Code(res.Status), Message: c.errmsg(new(call), res.Message), Method: http.MethodGet, Path: path, Status: http.StatusOK,
		}
	}
	return &res.Districts, nil
}

// MapPOI is a place on the platform's maps.
type MapPOI struct {
	ID         string   `json:"sosomap_poi_uid"` // the MapPOIID of [CreateStoreRequest]
	Name       string   `json:"branch_name"`
	Address    string   `json:"address"`
	Longitude  float64  `json:"longitude"`
	Latitude   float64  `json:"latitude"`
	Phone      string   `json:"telephone"`
	Category   string   `json:"category"`
	DataSupply int64    `json:"data_supply"`
	Photos     []string `json:"pic_urls"`
	CardIDs    []string `json:"card_id_list"`
}

// SearchMapPOIs finds places on the platform's maps (搜索门店地图信息,
// 在腾讯地图中搜索门店). districtID is an ID from [Client.GetDistricts].
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_poilistsearch
func (c *Client) SearchMapPOIs(ctx context.Context, districtID int64, keyword string) ([]MapPOI, error) {
	if err := first(positive("districtID", districtID), notEmpty("keyword", keyword)); err != nil {
		return nil, err
	}
	body := struct {
		DistrictID int64  `json:"districtid"`
		Keyword    string `json:"keyword"`
	}{districtID, keyword}
	res, err := post[struct {
		Data struct {
			Items []MapPOI `json:"item"`
		} `json:"data"`
	}](ctx, c, "/wxa/search_map_poi", body, idempotent)
	if err != nil {
		return nil, err
	}
	return res.Data.Items, nil
}

// CreateMapPOIRequest describes a new place on the platform's maps.
type CreateMapPOIRequest struct {
	Name         string  `json:"name"`
	Longitude    float64 `json:"longitude,string"`
	Latitude     float64 `json:"latitude,string"`
	Province     string  `json:"province"`
	City         string  `json:"city"`
	District     string  `json:"district"`
	Address      string  `json:"address"`
	Category     string  `json:"category"`  // such as "美食:中餐厅"
	Phone        string  `json:"telephone"` // several numbers are separated by semicolons
	Photo        string  `json:"photo"`     // the URL of a picture
	License      string  `json:"license"`   // the URL of a picture
	Introduction string  `json:"introduct"`
	DistrictID   int64   `json:"districtid,string"` // an ID from [Client.GetDistricts]
	POIID        string  `json:"poi_id,omitempty"`  // of an old store to migrate
}

func (r CreateMapPOIRequest) check() error {
	return first(
		notEmpty("Name", r.Name), notEmpty("Province", r.Province), notEmpty("City", r.City), notEmpty("District", r.District),
		notEmpty("Address", r.Address), notEmpty("Category", r.Category), notEmpty("Phone", r.Phone), notEmpty("Photo", r.Photo),
		notEmpty("License", r.License), notEmpty("Introduction", r.Introduction), positive("DistrictID", r.DistrictID))
}

// MapPOICreation identifies a new place that is being audited.
type MapPOICreation struct {
	BaseID int64 `json:"base_id"`
	RichID int64 `json:"rich_id"`
}

// CreateMapPOI submits a new place for the platform's maps (在地图中创建门店,
// 在腾讯地图中创建门店). The platform audits it and pushes the result as the event
// create_map_poi_audit_info.
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_createnewpoid
func (c *Client) CreateMapPOI(ctx context.Context, req CreateMapPOIRequest) (*MapPOICreation, error) {
	res, err := post[struct {
		Data MapPOICreation `json:"data"`
	}](ctx, c, "/wxa/create_map_poi", req)
	if err != nil {
		return nil, err
	}
	return &res.Data, nil
}
