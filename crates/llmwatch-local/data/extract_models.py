"""Extracts from botocore's service models the limits llmwatch-local checks requests against.

Run with a Python that has botocore; writes a file per service beside itself.
Kept per shape: type, required members, length and value ranges, pattern, enumeration, whether it is
a union or a free document; per operation: input and output shape; per error: its HTTP status and
query code.
"""

import gzip
import json
import pathlib

import botocore

OPERATIONS = {
    "cloudwatch": """PutMetricData GetMetricData GetMetricStatistics ListMetrics PutMetricAlarm
        PutCompositeAlarm DescribeAlarms DescribeAlarmHistory DeleteAlarms EnableAlarmActions
        DisableAlarmActions SetAlarmState PutAnomalyDetector DescribeAnomalyDetectors
        DeleteAnomalyDetector TagResource UntagResource ListTagsForResource PutDashboard
        GetDashboard ListDashboards DeleteDashboards""",
    "service-quotas": """ListServices ListServiceQuotas ListAWSDefaultServiceQuotas GetServiceQuota
        GetAWSDefaultServiceQuota RequestServiceQuotaIncrease
        ListRequestedServiceQuotaChangeHistory ListRequestedServiceQuotaChangeHistoryByQuota
        GetRequestedServiceQuotaChange""",
    "support": """CreateCase DescribeCases DescribeCommunications AddCommunicationToCase
        DescribeServices DescribeSeverityLevels DescribeSupportedLanguages ResolveCase""",
    "comprehend": "DetectSentiment BatchDetectSentiment DetectToxicContent",
    "bedrock-runtime": "InvokeModel Converse InvokeGuardrailChecks",
}
KEPT = ("type", "required", "min", "max", "pattern", "enum", "union", "document")
# What a guardrail found in a conversation: hundreds of shapes that are never answered here.
LEFT_OUT = {"ConverseTrace"}


def extract(service, operations):
    folder = pathlib.Path(botocore.__file__).parent / "data" / service
    [path] = sorted(folder.glob("*/service-2.json.gz"))
    model = json.loads(gzip.decompress(path.read_bytes()))
    shapes = {}

    def keep(name):
        if name in shapes:
            return
        source = model["shapes"][name]
        shape = shapes[name] = {key: source[key] for key in KEPT if key in source}
        if source["type"] == "structure":
            members = source["members"].items()
            shape["members"] = {k: ref["shape"] for k, ref in members if ref["shape"] not in LEFT_OUT}
            for child in shape["members"].values():
                keep(child)
        elif source["type"] == "list":
            shape["member"] = source["member"]["shape"]
            keep(shape["member"])
        elif source["type"] == "map":
            shape["key"], shape["value"] = source["key"]["shape"], source["value"]["shape"]
            keep(shape["key"])
            keep(shape["value"])

    kept, errors = {}, {}
    for name in operations:
        operation = model["operations"][name]
        kept[name] = {}
        for side in ("input", "output"):
            if side in operation:
                kept[name][side] = operation[side]["shape"]
                keep(operation[side]["shape"])
        for error in operation.get("errors", []):
            facts = model["shapes"][error["shape"]].get("error", {})
            errors[error["shape"]] = {
                "status": facts.get("httpStatusCode", 400),
                "code": facts.get("code", error["shape"]),
            }
    return {"botocore": botocore.__version__, "operations": kept, "errors": errors, "shapes": shapes}


for service, operations in OPERATIONS.items():
    text = json.dumps(extract(service, operations.split()), separators=(",", ":"), sort_keys=True)
    (pathlib.Path(__file__).parent / f"{service}.json").write_text(text + "\n")
