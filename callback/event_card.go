package callback

import "time"

// CardPassCheckEvent is sent when a card has passed its review (卡券审核通过事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type CardPassCheckEvent struct {
	Header

	CardID       string
	RefuseReason string
}

// CardNotPassCheckEvent is sent when a card has been rejected in its review (卡券审核未通过事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type CardNotPassCheckEvent struct {
	Header

	CardID       string
	RefuseReason string
}

// UserGetCardEvent is sent when a user receives a card (领取卡券事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type UserGetCardEvent struct {
	Header

	CardID                string
	IsGivenByFriend       bool `push:"IsGiveByFriend"`
	FriendUserName        string
	UserCardCode          string
	OldUserCardCode       string
	OuterID               int64
	OuterString           string `push:"OuterStr"`
	IsRestoredMemberCard  bool   `push:"IsRestoreMemberCard"`
	IsRecommendedByFriend bool   `push:"IsRecommendByFriend"`
	SourceScene           string
	UnionID               string
}

// UserGiftingCardEvent is sent when a user gives a card away (转赠卡券事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type UserGiftingCardEvent struct {
	Header

	CardID         string
	UserCardCode   string
	IsReturned     bool `push:"IsReturnBack"` // nobody accepted the gift, and it went back to the giver
	FriendUserName string
	IsChatRoom     bool
}

// UserDeleteCardEvent is sent when a user deletes a card (删除卡券事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type UserDeleteCardEvent struct {
	Header

	CardID       string
	UserCardCode string
}

// UserConsumeCardEvent is sent when a card is redeemed (核销卡券事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type UserConsumeCardEvent struct {
	Header

	CardID        string
	UserCardCode  string
	ConsumeSource string
	LocationID    int64
	LocationName  string
	StaffOpenID   string
	VerifyCode    string
	RemarkAmount  string
	OuterID       int64
	OuterString   string `push:"OuterStr"`
}

// UserPayFromCardEvent is sent when a user pays with a card (卡券买单事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type UserPayFromCardEvent struct {
	Header

	CardID        string
	UserCardCode  string
	TransactionID string `push:"TransId"`
	LocationID    int64
	Fee           string
	OriginalFee   string
}

// UserViewCardEvent is sent when a user opens a card that was created with
// need_push_on_view (进入会员卡事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type UserViewCardEvent struct {
	Header

	CardID       string
	UserCardCode string
	OuterID      int64
	OuterString  string `push:"OuterStr"`
}

// UserEnterSessionFromCardEvent is sent when a user opens the chat from a card
// (从卡券进入公众号会话事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type UserEnterSessionFromCardEvent struct {
	Header

	CardID       string
	UserCardCode string
}

// UpdateMemberCardEvent is sent when the bonus points or the balance of a member card
// has changed (会员卡内容更新事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type UpdateMemberCardEvent struct {
	Header

	CardID        string
	UserCardCode  string
	BonusChange   int64 `push:"ModifyBonus"`
	BalanceChange int64 `push:"ModifyBalance"`
}

// CardStockRemindEvent is sent every 12 hours while the stock of a card is at most 100,
// if its initial stock was more than 200 (卡券库存报警事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type CardStockRemindEvent struct {
	Header

	CardID string
	Detail string
}

// CardPayOrderEvent is sent when the coin balance of the account has changed
// (券点流水详情事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type CardPayOrderEvent struct {
	Header

	OrderID             string
	Status              string
	CreateOrderTime     time.Time
	PayFinishTime       time.Time
	Description         string `push:"Desc"`
	FreeCoinCount       string
	PayCoinCount        string
	RefundFreeCoinCount string
	RefundPayCoinCount  string
	OrderType           string
	Memo                string
	ReceiptInfo         string
}

// SubmitMemberCardUserInfoEvent is sent when a user has submitted the form that activates
// a member card (会员卡激活事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages
type SubmitMemberCardUserInfoEvent struct {
	Header

	CardID       string
	UserCardCode string
}

// CardMerchantCheckResultEvent reports the result of the review of a sub-merchant
// (子商户审核事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Third-party_developer_mode
type CardMerchantCheckResultEvent struct {
	Header

	MerchantID int64
	IsPassed   bool `push:"IsPass"`
	Reason     string
}

// GiftCardPayDoneEvent is sent when a user has bought gift cards (礼品卡购买成功事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/gift_card
type GiftCardPayDoneEvent struct {
	Header

	PageID  string
	OrderID string
}

// GiftCardSendToFriendEvent is sent when a user gives a gift card away
// (礼品卡转赠事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/gift_card
type GiftCardSendToFriendEvent struct {
	Header

	PageID     string
	OrderID    string
	IsChatRoom bool
	IsReturned bool `push:"IsReturnBack"` // nobody accepted the gift, and it went back to the giver
}

// GiftCardUserAcceptEvent is sent when a user accepts a gift card (礼品卡领取成功事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/gift_card
type GiftCardUserAcceptEvent struct {
	Header

	PageID     string
	OrderID    string
	IsChatRoom bool
}
