package wechat

import (
	"cmp"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/go-resty/resty/v2"
	"github.com/stretchr/testify/assert"
)

// throughResty makes newTestClient send through a resty client of the program until the
// end of the test.
func throughResty(t *testing.T) {
	t.Helper()
	onResty = true
	t.Cleanup(func() { onResty = false })
}

var (
	onResty     bool
	madeOnResty atomic.Int64
)

// newTestClient is NewClient, in the way of sending that is tested.
func newTestClient(appID, appSecret string, opts ...Option) *Client {
	if onResty {
		madeOnResty.Add(1)
		opts = append(opts[:len(opts):len(opts)], asResty)
	}
	return NewClient(appID, appSecret, opts...)
}

// asResty puts the HTTP client that was given into a resty client.
func asResty(c *config) {
	h := *cmp.Or(c.httpClient, &http.Client{Transport: newTransport(c)})
	c.httpClient, c.resty, c.isResty = nil, resty.NewWithClient(&h), true
}

// TestOnResty runs again, through a resty client, what holds for both ways of sending.
func TestOnResty(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"TestC13UploadIsReplayedWhenTheServerAnswersBeforeItHasReadTheBody", TestC13UploadIsReplayedWhenTheServerAnswersBeforeItHasReadTheBody},
		{"TestNobodyReadsTheContentAfterTheCall", TestNobodyReadsTheContentAfterTheCall},
		{"TestReaderThatFailsHangsOrPanicsEndsItsCallAndNothingElse", TestReaderThatFailsHangsOrPanicsEndsItsCallAndNothingElse},
		{"TestC14StreamIsSentAfterADialThatFailed", TestC14StreamIsSentAfterADialThatFailed},
		{"TestC4NetHTTPRepeatsNoCallThatMustRunOnce", TestC4NetHTTPRepeatsNoCallThatMustRunOnce},
		{"TestOpenFileIsOneLineAndLeaksNothing", TestOpenFileIsOneLineAndLeaksNothing},
		{"TestUploadNeedsANameThatThePlatformCanGoBy", TestUploadNeedsANameThatThePlatformCanGoBy},
		{"TestBodiesThatJSONWouldMakeSomethingElseOfAreRefused", TestBodiesThatJSONWouldMakeSomethingElseOfAreRefused},
		{"TestFormAndRawBodyAreSentByValueAndByPointer", TestFormAndRawBodyAreSentByValueAndByPointer},
		{"TestSecretInABodyIsNeverSentAsItsMask", TestSecretInABodyIsNeverSentAsItsMask},
		{"TestReaderInsideABodyIsNeverSentAsNothing", TestReaderInsideABodyIsNeverSentAsNothing},
		{"TestOutcomeIsUnknownWheneverAnAttemptMayHaveBeenExecuted", TestOutcomeIsUnknownWheneverAnAttemptMayHaveBeenExecuted},
		{"TestOutcomeIsUnknownAfterTheCallerLeft", TestOutcomeIsUnknownAfterTheCallerLeft},
		{"TestOutcomeOfAKeyedSendIsKnownWhenItsRetrySucceeds", TestOutcomeOfAKeyedSendIsKnownWhenItsRetrySucceeds},
		{"TestUploadThatCannotBeSentAgainKeepsWhatIsKnown", TestUploadThatCannotBeSentAgainKeepsWhatIsKnown},
		{"TestFailedTokenFetchNeverMakesASendUnknown", TestFailedTokenFetchNeverMakesASendUnknown},
		{"TestErrorOfATokenSourceIsNotTheOutcomeOfTheCall", TestErrorOfATokenSourceIsNotTheOutcomeOfTheCall},
		{"TestTimeOutOfAnAttemptIsAFailureOfTheAttempt", TestTimeOutOfAnAttemptIsAFailureOfTheAttempt},
		{"TestOptionsThatCannotBeRightAreErrorsOfEveryCall", TestOptionsThatCannotBeRightAreErrorsOfEveryCall},
		{"TestTextOfARefusalIsShortAndInOneLine", TestTextOfARefusalIsShortAndInOneLine},
		{"TestWrongRequestsOfEveryKindAreNotSent", TestWrongRequestsOfEveryKindAreNotSent},
		{"TestHostAndHeadersReachThePlatformButNoProxyIsPassedBy", TestHostAndHeadersReachThePlatformButNoProxyIsPassedBy},
		{"TestCallsThatMustRunOnceAreNotSentAgainByTheTransport", TestCallsThatMustRunOnceAreNotSentAgainByTheTransport},
		{"TestSilentHTTP2ConnectionCostsOneAttempt", TestSilentHTTP2ConnectionCostsOneAttempt},
		{"TestCodeOfTheProgramMayHangPanicOrEndItsGoroutine", TestCodeOfTheProgramMayHangPanicOrEndItsGoroutine},
		{"TestClosedClientAnswersErrClosed", TestClosedClientAnswersErrClosed},
		{"TestCloseBesideRunningCallsIsSafe", TestCloseBesideRunningCallsIsSafe},
		{"TestEveryServerErrorMayHaveBeenExecuted", TestEveryServerErrorMayHaveBeenExecuted},
		{"TestScalarIsNoAnswerWhateverTheResultIs", TestScalarIsNoAnswerWhateverTheResultIs},
		{"TestLongRequestIDIsCutBetweenCharacters", TestLongRequestIDIsCutBetweenCharacters},
		{"TestEndOfTheTimeIsToldWhateverTheTransportReturns", TestEndOfTheTimeIsToldWhateverTheTransportReturns},
		{"TestOptionsThatContradictEachOtherAreErrorsOfEveryCall", TestOptionsThatContradictEachOtherAreErrorsOfEveryCall},
		{"TestD9RefusedDownloadIsAnErrorWhateverItIsLabelled", TestD9RefusedDownloadIsAnErrorWhateverItIsLabelled},
		{"TestContentThatOnlyLooksLikeAnErrorIsWritten", TestContentThatOnlyLooksLikeAnErrorIsWritten},
		{"TestJSONAlternativeOfADownloadIsDecoded", TestJSONAlternativeOfADownloadIsDecoded},
		{"TestEmptyDownloadIsAnError", TestEmptyDownloadIsAnError},
		{"TestDownloadIsRepeatedUntilTheFirstByteIsWritten", TestDownloadIsRepeatedUntilTheFirstByteIsWritten},
		{"TestD11ConnectionLostInADownloadIsAnErrorAndTheOldFileStays", TestD11ConnectionLostInADownloadIsAnErrorAndTheOldFileStays},
		{"TestWriterThatFailsEndsTheDownload", TestWriterThatFailsEndsTheDownload},
		{"TestDownloadsAreDecompressed", TestDownloadsAreDecompressed},
		{"TestD9PageOfHTMLIsAnErrorAndNothingIsWritten", TestD9PageOfHTMLIsAnErrorAndNothingIsWritten},
		{"TestDocumentOfMoreThanSixteenMebibytesIsNoFile", TestDocumentOfMoreThanSixteenMebibytesIsNoFile},
		{"TestWriterThatIsMissingIsAnArgumentError", TestWriterThatIsMissingIsAnArgumentError},
		{"TestDownloadHoldsNoMoreThanAMebibyte", TestDownloadHoldsNoMoreThanAMebibyte},
		{"TestC14UploadsHaveALengthWhateverTheReader", TestC14UploadsHaveALengthWhateverTheReader},
		{"TestUploadBeginsWhereTheSeekerStands", TestUploadBeginsWhereTheSeekerStands},
		{"TestPipesAndFilesAreUploaded", TestPipesAndFilesAreUploaded},
		{"TestC13UploadIsRetriedByteForByteIfItsSourceAllows", TestC13UploadIsRetriedByteForByteIfItsSourceAllows},
		{"TestUploadsThatCanNotBeRightAreNotSent", TestUploadsThatCanNotBeRightAreNotSent},
		{"TestStreamThatBreaksItsPromiseIsAnArgumentError", TestStreamThatBreaksItsPromiseIsAnArgumentError},
		{"TestC14UploadHoldsNoMoreThanTwoMebibytes", TestC14UploadHoldsNoMoreThanTwoMebibytes},
		{"TestRetryDecodesIntoWhatTheProgramPutIntoOut", TestRetryDecodesIntoWhatTheProgramPutIntoOut},
		{"TestLostAnswersAreRepeatedOnlyWhereTheClassAllows", TestLostAnswersAreRepeatedOnlyWhereTheClassAllows},
		{"TestNoMoreThanThreeAttempts", TestNoMoreThanThreeAttempts},
		{"TestFailuresBeforeTheRequestAreRepeatedInEveryClass", TestFailuresBeforeTheRequestAreRepeatedInEveryClass},
		{"TestRefusedDialsAreRepeatedAndTheCallIsExecutedOnce", TestRefusedDialsAreRepeatedAndTheCallIsExecutedOnce},
		{"TestUnkeyedSendThatTimesOutIsExecutedOnce", TestUnkeyedSendThatTimesOutIsExecutedOnce},
		{"TestDroppedConnectionNeverRepeatsASend", TestDroppedConnectionNeverRepeatsASend},
		{"TestDoneCodesAreSuccessOnlyOnARepetition", TestDoneCodesAreSuccessOnlyOnARepetition},
		{"TestQuotaRefusalIsNotRepeatedAndClearsNothing", TestQuotaRefusalIsNotRepeatedAndClearsNothing},
		{"TestC10_MinuteQuotaFailsAtOnceAndIsWaitedForOnDemand", TestC10_MinuteQuotaFailsAtOnceAndIsWaitedForOnDemand},
		{"TestCancellationDuringThePauseReturnsAtOnce", TestCancellationDuringThePauseReturnsAtOnce},
		{"TestPauseThatWouldOutlastTheDeadlineIsNotBegun", TestPauseThatWouldOutlastTheDeadlineIsNotBegun},
		{"TestRepetitionsOfABrownOutArePaidFromABudget", TestRepetitionsOfABrownOutArePaidFromABudget},
		{"TestOutageCostsNoMoreThanABudgetOfRepetitions", TestOutageCostsNoMoreThanABudgetOfRepetitions},
		{"TestRedirectsAreNotFollowed", TestRedirectsAreNotFollowed},
		{"TestCertificatesAreAlwaysVerified", TestCertificatesAreAlwaysVerified},
		{"TestC19_SlowAnswerEndsWithTheTimeout", TestC19_SlowAnswerEndsWithTheTimeout},
		{"TestContentTypeOfJSONDoesNotMatter", TestContentTypeOfJSONDoesNotMatter},
		{"TestErrcodeIsFoundInEveryShape", TestErrcodeIsFoundInEveryShape},
		{"TestUnreadableAnswersAreTypedAndShort", TestUnreadableAnswersAreTypedAndShort},
		{"TestRefusalInAnErrorStatusIsARefusal", TestRefusalInAnErrorStatusIsARefusal},
		{"TestGzipAnswersAreRead", TestGzipAnswersAreRead},
		{"TestBodiesHaveALengthAndNoEscapes", TestBodiesHaveALengthAndNoEscapes},
		{"TestWrongRequestsAreNotSent", TestWrongRequestsAreNotSent},
		{"TestObserverSeesEveryAttempt", TestObserverSeesEveryAttempt},
		{"TestBaseURLMayHaveAPathAndProductGoesIntoTheUserAgent", TestBaseURLMayHaveAPathAndProductGoesIntoTheUserAgent},
		{"TestErrorsHoldNoSecret", TestErrorsHoldNoSecret},
		{"TestStreamOfARejectedTokenIsNotSentAgain", TestStreamOfARejectedTokenIsNotSentAgain},
		{"TestOnlyTheEndOfTheAttemptIsCalledOne", TestOnlyTheEndOfTheAttemptIsCalledOne},
		{"TestEveryFailureOfACertificateIsFinal", TestEveryFailureOfACertificateIsFinal},
		{"TestBaseURLMayHaveEscapesInItsPath", TestBaseURLMayHaveEscapesInItsPath},
		{"TestSecuredCallsSendAndReceiveWhatPlainOnesDo", TestSecuredCallsSendAndReceiveWhatPlainOnesDo},
		{"TestSecuredQueryGoesIntoTheBody", TestSecuredQueryGoesIntoTheBody},
		{"TestSecuredCallRefusesWhatCanNotBeEncrypted", TestSecuredCallRefusesWhatCanNotBeEncrypted},
		{"TestCallsOutsideTheSecurityStayPlain", TestCallsOutsideTheSecurityStayPlain},
		{"TestAnswerThatDoesNotVerifyIsRefused", TestAnswerThatDoesNotVerifyIsRefused},
		{"TestAnswerMayBe290SecondsOld", TestAnswerMayBe290SecondsOld},
		{"TestOldCertificateVerifiesWhileItIsReplaced", TestOldCertificateVerifiesWhileItIsReplaced},
		{"TestPlainRefusalOfASecuredCallIsAnError", TestPlainRefusalOfASecuredCallIsAnError},
		{"TestSignedRefusalIsAnError", TestSignedRefusalIsAnError},
		{"TestRepetitionIsSealedAnew", TestRepetitionIsSealedAnew},
		{"TestControlBytesInASecuredAnswerAreRepaired", TestControlBytesInASecuredAnswerAreRepaired},
		{"TestSecuredAddressIsThePlatforms", TestSecuredAddressIsThePlatforms},
		{"TestOtherAlgorithmsTakeTheSerialNumbers", TestOtherAlgorithmsTakeTheSerialNumbers},
		{"TestWrongKeysAreToldByTheFirstCall", TestWrongKeysAreToldByTheFirstCall},
		{"TestKeysOfAPISecurityShowNowhere", TestKeysOfAPISecurityShowNowhere},
		{"TestCallersAPISecurityIsNotKept", TestCallersAPISecurityIsNotKept},
		{"TestCallThatNetHTTPRefusedToSendIsNotUnknown", TestCallThatNetHTTPRefusedToSendIsNotUnknown},
		{"TestWordsThatFitInNoHeaderAreArgumentErrors", TestWordsThatFitInNoHeaderAreArgumentErrors},
		{"TestNilOptionIsNoneAndNilClientIsNoTokenSource", TestNilOptionIsNoneAndNilClientIsNoTokenSource},
		{"TestDoneCodeAfterAFailureBeforeTheRequestIsARefusal", TestDoneCodeAfterAFailureBeforeTheRequestIsARefusal},
		{"TestRequestIDOfARefusalHoldsNoSecret", TestRequestIDOfARefusalHoldsNoSecret},
		{"TestKeyOfTheProgramMayPanic", TestKeyOfTheProgramMayPanic},
		{"TestA2_TokenRevokedDuringAnAdvisoryRefreshFailsNoCall", TestA2_TokenRevokedDuringAnAdvisoryRefreshFailsNoCall},
		{"TestA2_TokenRevokedAfterAFailedAdvisoryRefreshFailsNoCall", TestA2_TokenRevokedAfterAFailedAdvisoryRefreshFailsNoCall},
		{"TestA2_TokenRevokedTwiceInFiveSecondsFailsNoCall", TestA2_TokenRevokedTwiceInFiveSecondsFailsNoCall},
		{"TestA2_ManyRevocationsAtOddTimesFailNoCall", TestA2_ManyRevocationsAtOddTimesFailNoCall},
		{"TestA2_StoreThatCannotBeWrittenFailsNoCallAfterRevocations", TestA2_StoreThatCannotBeWrittenFailsNoCallAfterRevocations},
		{"TestB10_ForeignRecordCostsNoCallAndOneFetch", TestB10_ForeignRecordCostsNoCallAndOneFetch},
		{"TestB9_BlankRecordIsReplacedAfterOneFetch", TestB9_BlankRecordIsReplacedAfterOneFetch},
		{"TestClassicTokensNeedAStoreThatLocks", TestClassicTokensNeedAStoreThatLocks},
		{"TestB1_FleetOnClassicTokensFailsNoCallAndFetchesOnce", TestB1_FleetOnClassicTokensFailsNoCallAndFetchesOnce},
		{"TestTenMinutesOfBadGatewayCostFewClassicFetches", TestTenMinutesOfBadGatewayCostFewClassicFetches},
		{"TestTokenEndpointThatFailsForSecondsIsBackInSeconds", TestTokenEndpointThatFailsForSecondsIsBackInSeconds},
		{"TestRivalsOfAClassicTokenAreReportedOnceAnHour", TestRivalsOfAClassicTokenAreReportedOnceAnHour},
		{"TestB2_DeadHolderOfTheLockDelaysAStableFetchByTwoSeconds", TestB2_DeadHolderOfTheLockDelaysAStableFetchByTwoSeconds},
		{"TestB2_DeadHolderOfTheLockDelaysAClassicFetchByItsTTL", TestB2_DeadHolderOfTheLockDelaysAClassicFetchByItsTTL},
		{"TestSlowTokenEndpointIsAskedByOneProcessOfAFleet", TestSlowTokenEndpointIsAskedByOneProcessOfAFleet},
		{"TestB7_StoreThatHangsDelaysCallsOnlyAFewTimes", TestB7_StoreThatHangsDelaysCallsOnlyAFewTimes},
		{"TestB4_StoreOutageIsLoggedAtItsBeginningAndItsEnd", TestB4_StoreOutageIsLoggedAtItsBeginningAndItsEnd},
		{"TestB6_ClassicTokenWhoseLockIsRequiredIsNotFetchedWithoutIt", TestB6_ClassicTokenWhoseLockIsRequiredIsNotFetchedWithoutIt},
		{"TestRequiredTokenLockNeedsClassicTokensAndAStore", TestRequiredTokenLockNeedsClassicTokensAndAStore},
		{"TestB6_ClassicTokenWithoutItsLockIsFetchedRarely", TestB6_ClassicTokenWithoutItsLockIsFetchedRarely},
		{"TestPanickingTransportIsAnErrorOfTheWaitersWithoutSecrets", TestPanickingTransportIsAnErrorOfTheWaitersWithoutSecrets},
		{"TestA16_CloseBesideRunningCallsIsSafeAndFinal", TestA16_CloseBesideRunningCallsIsSafeAndFinal},
		{"TestColdCacheFetchesOneTokenForAThousandCallers", TestColdCacheFetchesOneTokenForAThousandCallers},
		{"TestRefusedTokenIsRefreshedOnceForAllCallers", TestRefusedTokenIsRefreshedOnceForAllCallers},
		{"TestLateRefusalOfAnOldTokenKeepsTheNewOne", TestLateRefusalOfAnOldTokenKeepsTheNewOne},
		{"TestPersistentRefusalCausesTwoFetchesInFiveSecondsAtMost", TestPersistentRefusalCausesTwoFetchesInFiveSecondsAtMost},
		{"TestForcedRefreshIsAskedForAndKeepsToItsBudget", TestForcedRefreshIsAskedForAndKeepsToItsBudget},
		{"TestForcedRefreshEndsAPinnedRefusal", TestForcedRefreshEndsAPinnedRefusal},
		{"TestOldTokenServesWhileItsRenewalFails", TestOldTokenServesWhileItsRenewalFails},
		{"TestFailedFetchAnswersAllWaitersAtOnce", TestFailedFetchAnswersAllWaitersAtOnce},
		{"TestCallerLeavesASlowFetchAndTheNextOneUsesIt", TestCallerLeavesASlowFetchAndTheNextOneUsesIt},
		{"TestCallerWhoStartedTheFetchCancelsOnlyItself", TestCallerWhoStartedTheFetchCancelsOnlyItself},
		{"TestOddLifetimesNeverCauseAStorm", TestOddLifetimesNeverCauseAStorm},
		{"TestStableTokenIsAskedForEveryThirtySecondsWhileItStaysTheSame", TestStableTokenIsAskedForEveryThirtySecondsWhileItStaysTheSame},
		{"TestEmptyTokenIsAFailureAndNeverSent", TestEmptyTokenIsAFailureAndNeverSent},
		{"TestConfigurationRefusalIsRememberedForThirtySeconds", TestConfigurationRefusalIsRememberedForThirtySeconds},
		{"TestClosedClientsLeaveNoGoroutine", TestClosedClientsLeaveNoGoroutine},
		{"TestClassicTokenIsFetchedWithoutBody", TestClassicTokenIsFetchedWithoutBody},
		{"TestClientsWithOneStoreShareATokenAndRefreshItOnce", TestClientsWithOneStoreShareATokenAndRefreshItOnce},
		{"TestBrokenStoreCostsLatencyButNoCall", TestBrokenStoreCostsLatencyButNoCall},
		{"TestLockLetsOneClientOfManyFetch", TestLockLetsOneClientOfManyFetch},
		{"TestOtherClientCanBeTheTokenSource", TestOtherClientCanBeTheTokenSource},
		{"TestTheTTLOfATokenIsWhatIsLeftOfIt", TestTheTTLOfATokenIsWhatIsLeftOfIt},
		{"TestAClientTakesItsTicketsFromItsTokenSourceIfThatHasSome", TestAClientTakesItsTicketsFromItsTokenSourceIfThatHasSome},
		{"TestEveryEndpointOnTheWire", TestEveryEndpointOnTheWire},
		{"TestNoAnswerIsLostToTheTypeOfALeaf", TestNoAnswerIsLostToTheTypeOfALeaf},
		{"TestFieldThatCannotBeReadIsReportedOncePerEndpoint", TestFieldThatCannotBeReadIsReportedOncePerEndpoint},
		{"TestErrcodeThatIsNoNumberIsNeitherSuccessNorRefusal", TestErrcodeThatIsNoNumberIsNeitherSuccessNorRefusal},
		{"TestRetryStartsWithTheResultAsItWas", TestRetryStartsWithTheResultAsItWas},
		{"TestAListOfOneMayBeItsElement", TestAListOfOneMayBeItsElement},
		{"TestNoExampleOfAPageIsRefused", TestNoExampleOfAPageIsRefused},
		{"TestNoOptionalFieldIsDemanded", TestNoOptionalFieldIsDemanded},
		{"TestADeleteThatARetryFindsDoneSucceeds", TestADeleteThatARetryFindsDoneSucceeds},
		{"TestTheUserOfACodeHasTheProfileThatTheScopeAllows", TestTheUserOfACodeHasTheProfileThatTheScopeAllows},
		{"TestOAuthURLHasThePlatformsOrder", TestOAuthURLHasThePlatformsOrder},
		{"TestOAuthURLRefusesWhatCannotWork", TestOAuthURLRefusesWhatCannotWork},
		{"TestOAuthCodeIsNotExchangedTwice", TestOAuthCodeIsNotExchangedTwice},
		{"TestOAuthErrorsShowNeitherCodeNorToken", TestOAuthErrorsShowNeitherCodeNorToken},
		{"TestOAuthCallsRefuseWrongArguments", TestOAuthCallsRefuseWrongArguments},
		{"TestUserCallsRefuseWrongArguments", TestUserCallsRefuseWrongArguments},
		{"TestAllFollowerIDsWalksThePages", TestAllFollowerIDsWalksThePages},
		{"TestFollowerListEndsWhereThePlatformRepeatsItsCursor", TestFollowerListEndsWhereThePlatformRepeatsItsCursor},
		{"TestFollowerListStopsAtAnError", TestFollowerListStopsAtAnError},
		{"TestGetUsersSplitsAnyNumberAndKeepsTheOrder", TestGetUsersSplitsAnyNumberAndKeepsTheOrder},
		{"TestAllFollowersPipelinesItsBatchesInOrder", TestAllFollowersPipelinesItsBatchesInOrder},
		{"TestAllFollowersStopsAtAnErrorBehindWhatCameBefore", TestAllFollowersStopsAtAnErrorBehindWhatCameBefore},
		{"TestAllFollowersPassesOnTheErrorOfAPage", TestAllFollowersPassesOnTheErrorOfAPage},
		{"TestAllFollowersLeavesNothingBehindWhenTheLoopBreaks", TestAllFollowersLeavesNothingBehindWhenTheLoopBreaks},
		{"TestAllFollowersEndsWithItsContext", TestAllFollowersEndsWithItsContext},
		{"TestAllFollowersWithASlowLoopFetchesNoMoreThanItsBound", TestAllFollowersWithASlowLoopFetchesNoMoreThanItsBound},
		{"TestAllFollowersKeepsNoMoreInMemoryForMoreFollowers", TestAllFollowersKeepsNoMoreInMemoryForMoreFollowers},
		{"TestPublishCallsRefuseWhatCannotBeRight", TestPublishCallsRefuseWhatCannotBeRight},
		{"TestOneArticleIsNotDeletedTwiceWhereTheOutcomeIsUnknown", TestOneArticleIsNotDeletedTwiceWhereTheOutcomeIsUnknown},
		{"TestAllPublishedReadsPageAfterPage", TestAllPublishedReadsPageAfterPage},
		{"TestC18_CallThatDoesNotReachItsHostSucceedsOnTheDisasterHost", TestC18_CallThatDoesNotReachItsHostSucceedsOnTheDisasterHost},
		{"TestC18_CallThatMayHaveReachedItsHostStaysThere", TestC18_CallThatMayHaveReachedItsHostStaysThere},
		{"TestC18_OutageOfTheUsualHostCostsOneDialInThirtySeconds", TestC18_OutageOfTheUsualHostCostsOneDialInThirtySeconds},
		{"TestC18_OutageOfBothHostsIsNotAmplified", TestC18_OutageOfBothHostsIsNotAmplified},
		{"TestOnlyCallsToTheHostOfTheBaseURLFailOver", TestOnlyCallsToTheHostOfTheBaseURLFailOver},
		{"TestStreamThatWasNotReadGoesToTheDisasterHost", TestStreamThatWasNotReadGoesToTheDisasterHost},
		{"TestC5_BrownOutIsAmplifiedByATenthAtMost", TestC5_BrownOutIsAmplifiedByATenthAtMost},
		{"TestC6_OutageOfFiveMinutesCostsNoMoreThanAHundredRetries", TestC6_OutageOfFiveMinutesCostsNoMoreThanAHundredRetries},
		{"TestEveryAttemptOfASendHasTheSameKeyAndEveryCallAnother", TestEveryAttemptOfASendHasTheSameKeyAndEveryCallAnother},
		{"TestKeyOfTheProgramIsKeptAndItsRequestIsNotChanged", TestKeyOfTheProgramIsKeptAndItsRequestIsNotChanged},
		{"TestWithoutClientMsgIDsASendThatMayHaveRunIsNotRetried", TestWithoutClientMsgIDsASendThatMayHaveRunIsNotRetried},
		{"TestNoSendIsRetriedAfterThePlatformHasForgottenItsKey", TestNoSendIsRetriedAfterThePlatformHasForgottenItsKey},
		{"TestKeyThatIsForgottenDuringAWaitIsNotSentAgain", TestKeyThatIsForgottenDuringAWaitIsNotSentAgain},
		{"TestDuplicateOfAMassMessageIsSuccessWithTheFirstID", TestDuplicateOfAMassMessageIsSuccessWithTheFirstID},
		{"TestEqualMassMessageWithoutAKeyIsRefused", TestEqualMassMessageWithoutAKeyIsRefused},
		{"TestMassMessageRepeatedTooFastIsAskedForAgainAfterAMinute", TestMassMessageRepeatedTooFastIsAskedForAgainAfterAMinute},
		{"TestErrorAfterAMassMessageThatWasTooFastHasAnUnknownOutcome", TestErrorAfterAMassMessageThatWasTooFastHasAnUnknownOutcome},
	} {
		t.Run(test.name, func(t *testing.T) {
			throughResty(t)
			before := madeOnResty.Load()
			test.run(t)
			assert.Greater(t, madeOnResty.Load(), before, "the test makes no client")
		})
	}
}
