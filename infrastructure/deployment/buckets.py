"""The bucket for blobs as CloudFormation describes it."""

from __future__ import annotations

from typing import Any

from infrastructure.deployment.deployment import Bucket
from infrastructure.deployment.tables import RETAINED

BUCKET = "BlobBucket"

_SUPERSEDED_DAYS = 30
"""A blob is named by its content, so an older version of it is the same blob once more."""


def bucket_resources(bucket: Bucket) -> dict[str, Any]:
    """A bucket with versions, encrypted and private, and its policy: requests over TLS alone."""
    return {
        BUCKET: {"Type": "AWS::S3::Bucket", **RETAINED, "Properties": _properties(bucket)},
        f"{BUCKET}Policy": {
            "Type": "AWS::S3::BucketPolicy",
            **RETAINED,
            "Properties": {"Bucket": {"Ref": BUCKET}, "PolicyDocument": _over_tls_alone()},
        },
    }


def _properties(bucket: Bucket) -> dict[str, Any]:
    return {
        "BucketName": bucket.name,
        "VersioningConfiguration": {"Status": "Enabled"},
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {
                    "ServerSideEncryptionByDefault": {"SSEAlgorithm": bucket.encryption},
                    # Fewer requests to KMS, where it is asked at all.
                    "BucketKeyEnabled": True,
                }
            ]
        },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "superseded-versions",
                    "Status": "Enabled",
                    "NoncurrentVersionExpiration": {"NoncurrentDays": _SUPERSEDED_DAYS},
                }
            ]
        },
    }


def _over_tls_alone() -> dict[str, Any]:
    arn = {"Fn::GetAtt": [BUCKET, "Arn"]}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OverTlsAlone",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, {"Fn::Sub": f"${{{BUCKET}.Arn}}/*"}],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
