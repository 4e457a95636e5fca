package callback

import (
	"reflect"
	"strings"
	"sync"
)

// kind is a type of push.
type kind struct {
	create func() Message
	plan   func() plan
}

func kindFor[T any, M interface {
	*T
	Message
}]() kind {
	return kind{
		create: func() Message { return M(new(T)) },
		plan:   sync.OnceValue(func() plan { return planOf(reflect.TypeFor[T]()) }),
	}
}

// registry maps the MsgType of a push, and for events MsgType and Event, to its type. The
// keys are in lower case, because the platform is not consistent in the case of events.
var registry = map[string]kind{
	"text":                                    kindFor[TextMessage](),
	"image":                                   kindFor[ImageMessage](),
	"voice":                                   kindFor[VoiceMessage](),
	"video":                                   kindFor[VideoMessage](),
	"shortvideo":                              kindFor[ShortVideoMessage](),
	"location":                                kindFor[LocationMessage](),
	"link":                                    kindFor[LinkMessage](),
	"file":                                    kindFor[FileMessage](),
	"miniprogrampage":                         kindFor[MiniProgramPageMessage](),
	"hardware":                                kindFor[HardwareMessage](),
	"device_text":                             kindFor[DeviceTextMessage](),
	"event/subscribe":                         kindFor[SubscribeEvent](),
	"event/unsubscribe":                       kindFor[UnsubscribeEvent](),
	"event/scan":                              kindFor[ScanEvent](),
	"event/location":                          kindFor[LocationEvent](),
	"event/click":                             kindFor[ClickEvent](),
	"event/view":                              kindFor[ViewEvent](),
	"event/scancode_push":                     kindFor[ScanCodePushEvent](),
	"event/scancode_waitmsg":                  kindFor[ScanCodeWaitEvent](),
	"event/pic_sysphoto":                      kindFor[PhotoEvent](),
	"event/pic_photo_or_album":                kindFor[PhotoOrAlbumEvent](),
	"event/pic_weixin":                        kindFor[AlbumEvent](),
	"event/location_select":                   kindFor[LocationSelectEvent](),
	"event/view_miniprogram":                  kindFor[ViewMiniProgramEvent](),
	"event/media_id":                          kindFor[MediaEvent](),
	"event/view_limited":                      kindFor[MediaLinkEvent](),
	"event/masssendjobfinish":                 kindFor[MassSendJobFinishEvent](),
	"event/publishjobfinish":                  kindFor[PublishJobFinishEvent](),
	"event/templatesendjobfinish":             kindFor[TemplateSendJobFinishEvent](),
	"event/subscribe_msg_popup_event":         kindFor[SubscribeMessagePopupEvent](),
	"event/subscribe_msg_change_event":        kindFor[SubscribeMessageChangeEvent](),
	"event/subscribe_msg_sent_event":          kindFor[SubscribeMessageSentEvent](),
	"event/kf_create_session":                 kindFor[KFCreateSessionEvent](),
	"event/kf_close_session":                  kindFor[KFCloseSessionEvent](),
	"event/kf_switch_session":                 kindFor[KFSwitchSessionEvent](),
	"event/user_info_modified":                kindFor[UserInfoModifiedEvent](),
	"event/user_authorization_revoke":         kindFor[UserAuthorizationRevokeEvent](),
	"event/user_authorization_cancellation":   kindFor[UserAuthorizationCancellationEvent](),
	"event/qualification_verify_success":      kindFor[QualificationVerifySuccessEvent](),
	"event/qualification_verify_fail":         kindFor[QualificationVerifyFailEvent](),
	"event/naming_verify_success":             kindFor[NamingVerifySuccessEvent](),
	"event/naming_verify_fail":                kindFor[NamingVerifyFailEvent](),
	"event/annual_renew":                      kindFor[AnnualRenewEvent](),
	"event/verify_expired":                    kindFor[VerifyExpiredEvent](),
	"event/wx_verify_pay_succ":                kindFor[VerifyPaySuccessEvent](),
	"event/wx_verify_dispatch":                kindFor[VerifyDispatchEvent](),
	"event/wx_verify_refill":                  kindFor[VerifyRefillEvent](),
	"event/wx_verify_fail":                    kindFor[VerifyFailEvent](),
	"event/card_pass_check":                   kindFor[CardPassCheckEvent](),
	"event/card_not_pass_check":               kindFor[CardNotPassCheckEvent](),
	"event/user_get_card":                     kindFor[UserGetCardEvent](),
	"event/user_gifting_card":                 kindFor[UserGiftingCardEvent](),
	"event/user_del_card":                     kindFor[UserDeleteCardEvent](),
	"event/user_consume_card":                 kindFor[UserConsumeCardEvent](),
	"event/user_pay_from_pay_cell":            kindFor[UserPayFromCardEvent](),
	"event/user_view_card":                    kindFor[UserViewCardEvent](),
	"event/user_enter_session_from_card":      kindFor[UserEnterSessionFromCardEvent](),
	"event/update_member_card":                kindFor[UpdateMemberCardEvent](),
	"event/card_sku_remind":                   kindFor[CardStockRemindEvent](),
	"event/card_pay_order":                    kindFor[CardPayOrderEvent](),
	"event/submit_membercard_user_info":       kindFor[SubmitMemberCardUserInfoEvent](),
	"event/card_merchant_check_result":        kindFor[CardMerchantCheckResultEvent](),
	"event/giftcard_pay_done":                 kindFor[GiftCardPayDoneEvent](),
	"event/giftcard_send_to_friend":           kindFor[GiftCardSendToFriendEvent](),
	"event/giftcard_user_accept":              kindFor[GiftCardUserAcceptEvent](),
	"event/user_authorize_invoice":            kindFor[UserAuthorizeInvoiceEvent](),
	"event/submit_invoice_title":              kindFor[SubmitInvoiceTitleEvent](),
	"event/update_invoice_status":             kindFor[UpdateInvoiceStatusEvent](),
	"event/cloud_invoice_invoiceresult_event": kindFor[CloudInvoiceResultEvent](),
	"event/poi_check_notify":                  kindFor[POICheckNotifyEvent](),
	"event/apply_merchant_audit_info":         kindFor[ApplyMerchantAuditEvent](),
	"event/create_map_poi_audit_info":         kindFor[CreateMapPOIAuditEvent](),
	"event/add_store_audit_info":              kindFor[AddStoreAuditEvent](),
	"event/modify_store_audit_info":           kindFor[ModifyStoreAuditEvent](),
	"event/merchant_order":                    kindFor[MerchantOrderEvent](),
	"event/wificonnected":                     kindFor[WiFiConnectedEvent](),
	"event/shakearoundusershake":              kindFor[ShakeAroundUserShakeEvent](),
	"event/shakearoundlotterybind":            kindFor[ShakeAroundLotteryBindEvent](),
	"device_event/bind":                       kindFor[DeviceEvent](),
	"device_event/unbind":                     kindFor[DeviceEvent](),
	"device_event/subscribe_status":           kindFor[DeviceEvent](),
	"device_event/unsubscribe_status":         kindFor[DeviceEvent](),
	"event/user_scan_product":                 kindFor[UserScanProductEvent](),
	"event/user_scan_product_enter_session":   kindFor[UserScanProductEnterSessionEvent](),
	"event/user_scan_product_async":           kindFor[UserScanProductAsyncEvent](),
	"event/user_scan_product_verify_action":   kindFor[UserScanProductVerifyActionEvent](),
	"event/guide_qrcode_scan_event":           kindFor[GuideQRCodeScanEvent](),
	"event/guide_invite_result_event":         kindFor[GuideInviteResultEvent](),
	"event/wxa_media_check":                   kindFor[MediaCheckEvent](),
	"event/user_enter_tempsession":            kindFor[UserEnterTempSessionEvent](),
	"event/enter":                             kindFor[EnterEvent](),
}

// kindOf returns the type of a push.
func kindOf(msgType, event string) (k kind, known bool) {
	k, known = registry[kindKey(msgType, event)]
	return k, known
}

// kindName returns the key of a push in the registry, "unknown" if it is not there, and ""
// if there is no push.
func kindName(msgType, event string) string {
	if msgType == "" && event == "" {
		return ""
	}
	key := kindKey(msgType, event)
	if _, known := registry[key]; !known {
		return "unknown"
	}
	return key
}

func kindKey(msgType, event string) string {
	key := strings.ToLower(msgType)
	if event != "" {
		key += "/" + strings.ToLower(event)
	}
	return key
}
