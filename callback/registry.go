package callback

import (
	"reflect"
	"strings"
)

// registry maps the MsgType of a push, and for events MsgType and Event, to its type. The
// keys are in lower case, because the platform is not consistent in the case of events.
// The values are nil pointers: a constructor of each type would be a function of its own
// in every program, half a MiB together.
var registry = map[string]Message{
	"text":                                    (*TextMessage)(nil),
	"image":                                   (*ImageMessage)(nil),
	"voice":                                   (*VoiceMessage)(nil),
	"video":                                   (*VideoMessage)(nil),
	"shortvideo":                              (*ShortVideoMessage)(nil),
	"location":                                (*LocationMessage)(nil),
	"link":                                    (*LinkMessage)(nil),
	"file":                                    (*FileMessage)(nil),
	"miniprogrampage":                         (*MiniProgramPageMessage)(nil),
	"hardware":                                (*HardwareMessage)(nil),
	"device_text":                             (*DeviceTextMessage)(nil),
	"event/subscribe":                         (*SubscribeEvent)(nil),
	"event/unsubscribe":                       (*UnsubscribeEvent)(nil),
	"event/scan":                              (*ScanEvent)(nil),
	"event/location":                          (*LocationEvent)(nil),
	"event/click":                             (*ClickEvent)(nil),
	"event/view":                              (*ViewEvent)(nil),
	"event/scancode_push":                     (*ScanCodePushEvent)(nil),
	"event/scancode_waitmsg":                  (*ScanCodeWaitEvent)(nil),
	"event/pic_sysphoto":                      (*PhotoEvent)(nil),
	"event/pic_photo_or_album":                (*PhotoOrAlbumEvent)(nil),
	"event/pic_weixin":                        (*AlbumEvent)(nil),
	"event/location_select":                   (*LocationSelectEvent)(nil),
	"event/view_miniprogram":                  (*ViewMiniProgramEvent)(nil),
	"event/media_id":                          (*MediaEvent)(nil),
	"event/view_limited":                      (*MediaLinkEvent)(nil),
	"event/masssendjobfinish":                 (*MassSendJobFinishEvent)(nil),
	"event/publishjobfinish":                  (*PublishJobFinishEvent)(nil),
	"event/templatesendjobfinish":             (*TemplateSendJobFinishEvent)(nil),
	"event/subscribe_msg_popup_event":         (*SubscribeMessagePopupEvent)(nil),
	"event/subscribe_msg_change_event":        (*SubscribeMessageChangeEvent)(nil),
	"event/subscribe_msg_sent_event":          (*SubscribeMessageSentEvent)(nil),
	"event/kf_create_session":                 (*KFCreateSessionEvent)(nil),
	"event/kf_close_session":                  (*KFCloseSessionEvent)(nil),
	"event/kf_switch_session":                 (*KFSwitchSessionEvent)(nil),
	"event/user_info_modified":                (*UserInfoModifiedEvent)(nil),
	"event/user_authorization_revoke":         (*UserAuthorizationRevokeEvent)(nil),
	"event/user_authorization_cancellation":   (*UserAuthorizationCancellationEvent)(nil),
	"event/qualification_verify_success":      (*QualificationVerifySuccessEvent)(nil),
	"event/qualification_verify_fail":         (*QualificationVerifyFailEvent)(nil),
	"event/naming_verify_success":             (*NamingVerifySuccessEvent)(nil),
	"event/naming_verify_fail":                (*NamingVerifyFailEvent)(nil),
	"event/annual_renew":                      (*AnnualRenewEvent)(nil),
	"event/verify_expired":                    (*VerifyExpiredEvent)(nil),
	"event/wx_verify_pay_succ":                (*VerifyPaySuccessEvent)(nil),
	"event/wx_verify_dispatch":                (*VerifyDispatchEvent)(nil),
	"event/wx_verify_refill":                  (*VerifyRefillEvent)(nil),
	"event/wx_verify_fail":                    (*VerifyFailEvent)(nil),
	"event/card_pass_check":                   (*CardPassCheckEvent)(nil),
	"event/card_not_pass_check":               (*CardNotPassCheckEvent)(nil),
	"event/user_get_card":                     (*UserGetCardEvent)(nil),
	"event/user_gifting_card":                 (*UserGiftingCardEvent)(nil),
	"event/user_del_card":                     (*UserDeleteCardEvent)(nil),
	"event/user_consume_card":                 (*UserConsumeCardEvent)(nil),
	"event/user_pay_from_pay_cell":            (*UserPayFromCardEvent)(nil),
	"event/user_view_card":                    (*UserViewCardEvent)(nil),
	"event/user_enter_session_from_card":      (*UserEnterSessionFromCardEvent)(nil),
	"event/update_member_card":                (*UpdateMemberCardEvent)(nil),
	"event/card_sku_remind":                   (*CardStockRemindEvent)(nil),
	"event/card_pay_order":                    (*CardPayOrderEvent)(nil),
	"event/submit_membercard_user_info":       (*SubmitMemberCardUserInfoEvent)(nil),
	"event/card_merchant_check_result":        (*CardMerchantCheckResultEvent)(nil),
	"event/giftcard_pay_done":                 (*GiftCardPayDoneEvent)(nil),
	"event/giftcard_send_to_friend":           (*GiftCardSendToFriendEvent)(nil),
	"event/giftcard_user_accept":              (*GiftCardUserAcceptEvent)(nil),
	"event/user_authorize_invoice":            (*UserAuthorizeInvoiceEvent)(nil),
	"event/submit_invoice_title":              (*SubmitInvoiceTitleEvent)(nil),
	"event/update_invoice_status":             (*UpdateInvoiceStatusEvent)(nil),
	"event/cloud_invoice_invoiceresult_event": (*CloudInvoiceResultEvent)(nil),
	"event/poi_check_notify":                  (*POICheckNotifyEvent)(nil),
	"event/apply_merchant_audit_info":         (*ApplyMerchantAuditEvent)(nil),
	"event/create_map_poi_audit_info":         (*CreateMapPOIAuditEvent)(nil),
	"event/add_store_audit_info":              (*AddStoreAuditEvent)(nil),
	"event/modify_store_audit_info":           (*ModifyStoreAuditEvent)(nil),
	"event/merchant_order":                    (*MerchantOrderEvent)(nil),
	"event/wificonnected":                     (*WiFiConnectedEvent)(nil),
	"event/shakearoundusershake":              (*ShakeAroundUserShakeEvent)(nil),
	"event/shakearoundlotterybind":            (*ShakeAroundLotteryBindEvent)(nil),
	"device_event/bind":                       (*DeviceEvent)(nil),
	"device_event/unbind":                     (*DeviceEvent)(nil),
	"device_event/subscribe_status":           (*DeviceEvent)(nil),
	"device_event/unsubscribe_status":         (*DeviceEvent)(nil),
	"event/user_scan_product":                 (*UserScanProductEvent)(nil),
	"event/user_scan_product_enter_session":   (*UserScanProductEnterSessionEvent)(nil),
	"event/user_scan_product_async":           (*UserScanProductAsyncEvent)(nil),
	"event/user_scan_product_verify_action":   (*UserScanProductVerifyActionEvent)(nil),
	"event/guide_qrcode_scan_event":           (*GuideQRCodeScanEvent)(nil),
	"event/guide_invite_result_event":         (*GuideInviteResultEvent)(nil),
	"event/wxa_media_check":                   (*MediaCheckEvent)(nil),
	"event/user_enter_tempsession":            (*UserEnterTempSessionEvent)(nil),
	"event/enter":                             (*EnterEvent)(nil),
}

// newMessage returns an empty push of the type of these names, and its plan. known is
// false if there is no such type.
func newMessage(msgType, event string) (m Message, p plan, known bool) {
	prototype, known := registry[kindKey(msgType, event)]
	if !known {
		return nil, nil, false
	}
	t := reflect.TypeOf(prototype).Elem()
	m, known = reflect.New(t).Interface().(Message)
	return m, planFor(t), known
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
