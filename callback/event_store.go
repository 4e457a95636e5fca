package callback

// POICheckNotifyEvent reports the result of the review of a store (门店审核事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Stores/WeChat_Store_Interface
type POICheckNotifyEvent struct {
	Header

	UniqueID string `push:"UniqId"`
	POIID    string
	Result   string
	Message  string `push:"Msg"`
}

// ApplyMerchantAuditEvent reports the result of the review of a store mini program
// (门店小程序类目审核事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/WeChat_Store
type ApplyMerchantAuditEvent struct {
	Header

	AuditID int64
	Status  int64
	Reason  string
}

// CreateMapPOIAuditEvent reports the result of the review of a place on the map
// (腾讯地图中创建门店审核事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/WeChat_Store
type CreateMapPOIAuditEvent struct {
	Header

	AuditID   int64
	Status    int64
	MapPOIID  string
	Name      string
	Address   string
	Latitude  float64
	Longitude float64
	Remark    string `push:"sh_remark"`
}

// AddStoreAuditEvent reports the result of the review of a new store (创建门店审核事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/WeChat_Store
type AddStoreAuditEvent struct {
	Header

	AuditID   int64
	Status    int64
	Reason    string
	IsUpgrade int64  // as sent by the platform, which does not document the values; its sample has 3
	POIID     string `push:"poi_id"`
}

// ModifyStoreAuditEvent reports the result of the review of a changed store
// (修改门店图片审核事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/WeChat_Store
type ModifyStoreAuditEvent struct {
	Header

	AuditID int64
	Status  int64
	Reason  string
}
