"""What says that a destination is out, rather than that it refuses a message."""

from __future__ import annotations

from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

SDK_ERRORS = (BotoCoreError, ClientError, ResponseParserError)
"""Everything botocore raises for a request."""

_FORBIDDEN, _MISSING, _TOO_MANY, _FAULT = 403, 404, 429, 500

_OUTAGES: Final = frozenset(
    {
        # It fails, or is asked too much of.
        "InternalError",
        "InternalException",
        "InternalFailure",
        "InternalServerError",
        "LimitExceededException",
        "OverLimit",
        "RequestThrottled",
        "ServiceUnavailable",
        "Throttled",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        # It is not there.
        "AWS.SimpleQueueService.NonExistentQueue",
        "NotFound",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        # It may not be used, or not with these credentials, or not with its key.
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "InvalidSignatureException",
        "KmsAccessDenied",
        "KmsDisabled",
        "KmsInvalidState",
        "KmsNotFound",
        "KmsOptInRequired",
        "KmsThrottled",
        "KMSAccessDenied",
        "KMSAccessDeniedException",
        "KMSDisabled",
        "KMSDisabledException",
        "KMSInvalidState",
        "KMSInvalidStateException",
        "KMSNotFound",
        "KMSNotFoundException",
        "KMSOptInRequired",
        "KMSThrottling",
        "KMSThrottlingException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Codes of requests, and of entries, in the API references of SQS, SNS and EventBridge.

Any message of the destination would meet with these. SQS answers some of them with a status of 400,
so the status alone does not tell.
"""


def is_outage(code: str) -> bool:
    """Whether an entry that failed with this code says nothing against its message."""
    return code in _OUTAGES


def means_outage(error: Exception) -> bool:
    """Whether a request that failed as a whole says nothing against its messages."""
    if not isinstance(error, ClientError):
        # There was no connection, no answer, none that can be read, or there are no credentials.
        return not isinstance(error, ParamValidationError)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    is_told = status in {_FORBIDDEN, _MISSING, _TOO_MANY} or status >= _FAULT
    return is_told or is_outage(error.response.get("Error", {}).get("Code", ""))
