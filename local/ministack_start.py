"""Starts ministack, the emulator behind llmwatch-local, on the loopback interface.

ministack 1.5.33 differs from AWS in thirteen ways that matter to llmwatch. It has no plug-in API, so
this script replaces the functions concerned before the server starts, and refuses any other
version. Everything else is ministack as published.

1. CloudFormation refuses alarms with `Metrics`, composite alarms and anomaly detectors, and keeps
   the other alarms to itself. Here every `AWS::CloudWatch::*` resource is created by an API call
   to llmwatch-local, where the CloudWatch of the local AWS lives.
2. SNS and EventBridge invoke a function once and forget the result. AWS puts the event into the
   function's asynchronous queue: two retries, then the on-failure destination. ministack does
   that for a direct asynchronous invocation; here SNS and EventBridge take the same way.
3. An e-mail subscription is confirmed as soon as it is made, and all of a topic's come in one
   page. On AWS it is pending until the person follows the link in a mail, has no ARN in listings
   meanwhile, cannot be removed, and pages have 100 entries. Here the mail's token is the address
   itself, so that a test can confirm; and nothing lapses after 48 hours.
4. A secret without a text in the template gets an empty one. On AWS it has no value until somebody
   writes it.
5. A queue message whose function died comes back after the queue's visibility timeout, as on AWS,
   but no test can wait six minutes. Here that wait is asked of llmwatch-local, which shortens it
   with every other wait of a message.
6. Lambda's metrics stay in ministack's own CloudWatch. Here llmwatch-local is told of every
   invocation and of every one that was throttled, and keeps the metrics.
7. AWS refuses an update that changes the function behind a custom resource ("Modifying service
   token is not allowed"). ministack asks the new function.
8. GetModelInvocationLoggingConfiguration answers `LoggingConfig` where AWS answers `loggingConfig`,
   so that no SDK sees a configuration.
9. The layers of a function with a `provided` runtime are left out. Here they are unpacked, and a
   variable of the function that names /opt, where AWS has them, names that directory.
10. A Map state's `ItemBatcher` is left out, so that every item is an execution of its own.
11. A `MaximumConcurrency` that a parameter of the stack supplies stays a text, which ends the thread
   that polls all queues. Here it is a number.
12. CloudFormation knows no saved query of Athena. Here the API's own makes and deletes them.
13. An https endpoint that the template subscribes is never asked to confirm, its certificate must be
   one that everybody trusts, and what it does not take is gone. Here SNS asks it, speaks plain HTTP
   to one on 127.0.0.1, and puts what it does not take into the subscription's dead-letter queue, at
   once; AWS tries three times more, 20 seconds apart, where the answer is 5xx, 429, or none.

PutEvents also refuses the source `aws.cloudwatch`; llmwatch-local itself sees to that.

Environment: GATEWAY_PORT (where ministack listens) and AWS_ENDPOINT_URL (llmwatch-local's URL, which
the functions inherit) are required.
"""

import asyncio
import contextvars
import importlib.metadata
import io
import json
import os
import tempfile
import threading
import time
import urllib.request
import uuid
import zipfile

PINNED_VERSION = "1.5.33"


def main():
    version = importlib.metadata.version("ministack")
    if version != PINNED_VERSION:
        raise SystemExit(f"ministack {version} is installed, but this script fits {PINNED_VERSION} only")
    for name in ("GATEWAY_PORT", "AWS_ENDPOINT_URL"):
        if not os.environ.get(name):
            raise SystemExit(f"{name} must be set")
    # The functions' unpacked code goes away with the server.
    scratch = tempfile.TemporaryDirectory(prefix="llmwatch-local-")
    os.environ["TMPDIR"] = tempfile.tempdir = scratch.name
    # ministack reads its environment when it is imported.
    for name, value in {
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "1",
        "LOG_LEVEL": "WARNING",
    }.items():
        os.environ.setdefault(name, value)

    from ministack.app import main as serve

    forward_cloudwatch_resources()
    queue_asynchronous_invocations()
    confirm_email_subscriptions()
    leave_secrets_without_text_empty()
    hurry_messages_of_dead_functions()
    report_invocations()
    refuse_changed_service_tokens()
    spell_logging_configuration()
    unpack_layers(scratch.name)
    batch_items()
    count_with_numbers()
    save_queries()
    deliver_to_endpoints()
    with scratch:
        serve()


# --- 1. CloudFormation resources of CloudWatch ---------------------------------------------------


def forward_cloudwatch_resources():
    from ministack.services.cloudformation import provisioners, stacks

    for kind in (Alarm, CompositeAlarm, AnomalyDetector, Dashboard):
        provisioners._RESOURCE_HANDLERS[f"AWS::CloudWatch::{kind.__name__}"] = {
            "create": kind.create,
            "update": kind.update,
            "update_with_logical_id": True,
            "delete": kind.delete,
        }

    # llmwatch-local may call ministack while it answers, so the event loop must stay free.
    runs_on_worker_thread = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda resource_type: (
        resource_type.startswith("AWS::CloudWatch::") or runs_on_worker_thread(resource_type)
    )


def client_of(service):
    """A client whose calls go through llmwatch-local."""
    import boto3
    from ministack.core.responses import get_region

    return boto3.client(
        service,
        region_name=get_region(),
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


class Named:
    """A resource that one Put call creates or overwrites under its name."""

    name_property = ""

    @classmethod
    def create(cls, logical_id, props, stack_name):
        from ministack.services.cloudformation.provisioners import _physical_name

        name = props.get(cls.name_property) or _physical_name(stack_name, logical_id, max_len=255)
        return name, cls.put(name, props)

    @classmethod
    def update(cls, physical_id, old_props, new_props, stack_name, logical_id=None):
        # Under another name it is another resource; ministack deletes the old one once the whole
        # update is done, and keeps it when the update is taken back.
        return cls.create(logical_id or physical_id, new_props, stack_name)


class Alarm(Named):
    name_property = "AlarmName"
    operation = "PutMetricAlarm"

    @classmethod
    def put(cls, name, props):
        client = client_of("cloudwatch")
        # Tags of CloudFormation itself (aws:…) are not for a caller of the API to set.
        own_tags = [tag for tag in props.get("Tags", []) if not tag["Key"].startswith("aws:")]
        call(client, cls.operation, {**props, "Tags": own_tags, cls.name_property: name})
        found = client.describe_alarms(
            AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        alarms = found.get("MetricAlarms", []) + found.get("CompositeAlarms", [])
        return {"Arn": alarms[0]["AlarmArn"]} if alarms else {}

    @staticmethod
    def delete(physical_id, props):
        client_of("cloudwatch").delete_alarms(AlarmNames=[physical_id])


class CompositeAlarm(Alarm):
    operation = "PutCompositeAlarm"


class Dashboard(Named):
    name_property = "DashboardName"

    @classmethod
    def put(cls, name, props):
        client_of("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=props["DashboardBody"])
        return {}

    @staticmethod
    def delete(physical_id, props):
        client_of("cloudwatch").delete_dashboards(DashboardNames=[physical_id])


class AnomalyDetector:
    @staticmethod
    def create(logical_id, props, stack_name):
        call(client_of("cloudwatch"), "PutAnomalyDetector", props)
        return f"{stack_name}-{logical_id}", {}

    @staticmethod
    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        AnomalyDetector.delete(physical_id, old_props)
        AnomalyDetector.create(logical_id or physical_id, new_props, stack_name)
        return physical_id, {}

    @staticmethod
    def delete(physical_id, props):
        described = {key: value for key, value in props.items() if key != "Configuration"}
        call(client_of("cloudwatch"), "DeleteAnomalyDetector", described)


def call(client, operation, properties):
    """Calls an operation whose input has the resource's property names.

    A template writes numbers and booleans as strings where a parameter supplies them, so every
    value is brought to the type the operation's model asks for. A property the operation does not
    have is an error: dropping it would hide a mistake in the template.
    """
    shape = client.meta.service_model.operation_model(operation).input_shape
    arguments = typed(shape, properties)
    client._make_api_call(operation, arguments)


def typed(shape, value):
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members)
        if unknown:
            raise ValueError(f"unsupported properties for {shape.name}: {sorted(unknown)}")
        return {key: typed(shape.members[key], member) for key, member in value.items()}
    if shape.type_name == "list":
        return [typed(shape.member, member) for member in value]
    if shape.type_name == "boolean":
        return str(value).lower() == "true"
    if shape.type_name in ("integer", "long"):
        return int(value)
    if shape.type_name in ("double", "float"):
        return float(value)
    return str(value) if shape.type_name == "string" else value


# --- 2. Asynchronous invocations -----------------------------------------------------------------


def queue_asynchronous_invocations():
    """SNS and EventBridge look these up in their module's view of the Lambda service."""
    from ministack.services import eventbridge, lambda_svc, sns

    invoke, execute = lambda_svc.invoke_async_with_retry, lambda_svc._execute_function
    waiting, lock = set(), threading.Lock()

    def tell_waiting(change, event):
        with lock:
            change(id(event))
            tell("under-way", {"invocations": len(waiting)})

    def invoke_and_tell(function, event):
        tell_waiting(waiting.add, event)
        invoke(function, event)

    def execute_and_tell(function, event, *rest, **named):
        try:
            return execute(function, event, *rest, **named)
        finally:
            # A further try is not waited for: it may be a minute away.
            if id(event) in waiting:
                tell_waiting(waiting.discard, event)

    lambda_svc.invoke_async_with_retry = invoke_and_tell
    lambda_svc._execute_function = execute_and_tell

    class Queued:
        """The Lambda service as an asynchronous event source sees it."""

        _execute_function_with_config_scope = staticmethod(invoke_and_tell)

        def __getattr__(self, name):
            return getattr(lambda_svc, name)

    sns._lambda_svc = Queued()

    def dispatch_to_lambda(arn, payload):
        record, config, _name = lambda_svc._get_func_record_for_ref(arn)
        if record and config:
            queued = lambda_svc._execution_record_for_config(record, config)
            invoke_and_tell(queued, json.loads(payload))

    eventbridge._dispatch_to_lambda = dispatch_to_lambda


# --- 3. E-mail subscriptions ---------------------------------------------------------------------

PAGE_SIZE = 100


def confirm_email_subscriptions():
    from ministack.services import sns
    from ministack.services.cloudformation import provisioners

    by_api, unsubscribe = sns._subscribe, sns._unsubscribe
    by_cloudformation = provisioners._RESOURCE_HANDLERS["AWS::SNS::Subscription"]
    create = by_cloudformation["create"]

    def is_pending(subscription):
        return not subscription["confirmed"]

    def await_confirmation(topic_arn, before):
        """Makes the e-mail subscriptions that were not there before pending."""
        for one in subscriptions_of(topic_arn):
            if one["protocol"].startswith("email") and one["arn"] not in before:
                one.update(confirmed=False, token=one["endpoint"])
                one["attributes"]["PendingConfirmation"] = "true"

    def subscriptions_of(topic_arn):
        topic = sns._topics.get(topic_arn)
        return topic["subscriptions"] if topic else []

    def subscribe(params):
        topic_arn = sns._p(params, "TopicArn")
        before = {one["arn"] for one in subscriptions_of(topic_arn)}
        answer = by_api(params)
        await_confirmation(topic_arn, before)
        for one in subscriptions_of(topic_arn):
            asked_for = (sns._p(params, "Protocol"), sns._p(params, "Endpoint"))
            if (one["protocol"], one["endpoint"]) == asked_for and is_pending(one):
                return sns._xml(
                    200,
                    "SubscribeResponse",
                    "<SubscribeResult><SubscriptionArn>pending confirmation</SubscriptionArn></SubscribeResult>",
                )
        return answer

    def create_by_cloudformation(logical_id, props, stack_name):
        topic_arn = props.get("TopicArn", "")
        endpoint = (props.get("Protocol"), props.get("Endpoint"))
        for one in subscriptions_of(topic_arn):
            # SNS has one subscription an endpoint; ministack makes a second one here.
            if (one["protocol"], one["endpoint"]) == endpoint:
                return one["arn"], {"Arn": one["arn"]}
        before = {one["arn"] for one in subscriptions_of(topic_arn)}
        created = create(logical_id, props, stack_name)
        await_confirmation(topic_arn, before)
        return created

    def list_by_topic(params):
        topic, error = sns._get_topic(sns._p(params, "TopicArn"), "sns:ListSubscriptionsByTopic")
        if error is not None:
            return error
        start = int(sns._p(params, "NextToken") or 0)
        members = "".join(
            "<member>"
            f"<SubscriptionArn>{'PendingConfirmation' if is_pending(one) else one['arn']}</SubscriptionArn>"
            f"<Owner>{one['owner']}</Owner>"
            f"<TopicArn>{topic['arn']}</TopicArn>"
            f"<Protocol>{one['protocol']}</Protocol>"
            f"<Endpoint>{sns._xml_escape(one['endpoint'])}</Endpoint>"
            "</member>"
            for one in topic["subscriptions"][start : start + PAGE_SIZE]
        )
        more = start + PAGE_SIZE < len(topic["subscriptions"])
        token = f"<NextToken>{start + PAGE_SIZE}</NextToken>" if more else ""
        return sns._xml(
            200,
            "ListSubscriptionsByTopicResponse",
            f"<ListSubscriptionsByTopicResult><Subscriptions>{members}</Subscriptions>{token}</ListSubscriptionsByTopicResult>",
        )

    def remove(params):
        if not sns._p(params, "SubscriptionArn").startswith("arn:"):
            return sns._error("InvalidParameter", "Invalid parameter: SubscriptionArn", 400)
        return unsubscribe(params)

    sns._subscribe, sns._unsubscribe = subscribe, remove
    sns._list_subscriptions_by_topic = list_by_topic
    by_cloudformation["create"] = create_by_cloudformation


# --- 4. Secrets without a text -------------------------------------------------------------------


def leave_secrets_without_text_empty():
    from ministack.services import secretsmanager
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create = handlers["create"]

    def create_without_text(logical_id, props, stack_name):
        name, attributes = create(logical_id, props, stack_name)
        if "SecretString" not in props and "GenerateSecretString" not in props:
            secretsmanager._secrets[name]["Versions"] = {}
        return name, attributes

    handlers["create"] = create_without_text
# --- 5. Messages of dead functions ---------------------------------------------------------------


def hurry_messages_of_dead_functions():
    from ministack.services import lambda_svc, sqs

    run_batch = lambda_svc._run_sqs_batch

    def run_batch_and_hurry(mapping, function, event, batch, queue_url, queue_name):
        hidden_until = {message["receipt_handle"]: message["visible_at"] for message in batch}
        run_batch(mapping, function, event, batch, queue_url, queue_name)
        # A function that lives says itself when its message is to come back.
        for message in list(sqs._queues[queue_url]["messages"]):
            receipt = message["receipt_handle"]
            left = message["visible_at"] - time.time()
            if left > 0 and hidden_until.get(receipt) == message["visible_at"]:
                client_of("sqs").change_message_visibility(
                    QueueUrl=queue_url, ReceiptHandle=receipt, VisibilityTimeout=int(left)
                )

    lambda_svc._run_sqs_batch = run_batch_and_hurry


# --- 6. Metrics of Lambda ------------------------------------------------------------------------


def report_invocations():
    from ministack.services import lambda_svc

    dispatch = lambda_svc._execute_function_dispatch
    acquire_slot = lambda_svc._acquire_execution_slot

    def dispatch_and_report(function, config, event, request_id, started):
        result = dispatch(function, config, event, request_id, started)
        milliseconds = (time.time() - started) * 1000
        report(config, error=bool(result.get("error")), duration_ms=milliseconds)
        return result

    def acquire_slot_and_report(function, config):
        slot, limit = acquire_slot(function, config)
        if slot is None and limit is not None:
            report(config, throttled=True)
        return slot, limit

    lambda_svc._execute_function_dispatch = dispatch_and_report
    lambda_svc._acquire_execution_slot = acquire_slot_and_report


def report(config, **what):
    """What became of an invocation; a run without llmwatch-local has no metrics."""
    tell("invocations", {"function": config["FunctionName"], **what})


def tell(subject, what):
    """Tells llmwatch-local something it cannot see."""
    url = f"{os.environ['AWS_ENDPOINT_URL']}/_llmwatch/{subject}"
    body = json.dumps(what).encode()
    try:
        urllib.request.urlopen(urllib.request.Request(url, body), timeout=10).close()
    except OSError as problem:
        print(f"llmwatch-local does not know of {subject}: {problem}", flush=True)


# --- 7. Service tokens ---------------------------------------------------------------------------


def refuse_changed_service_tokens():
    from ministack.services.cloudformation import provisioners

    ask = provisioners._custom_resource_update

    def update(physical_id, old_props, new_props, *rest, **named):
        if old_props.get("ServiceToken") != new_props.get("ServiceToken"):
            raise ValueError("Modifying service token is not allowed.")
        return ask(physical_id, old_props, new_props, *rest, **named)

    provisioners._custom_resource_update = update


# --- 8. Bedrock's invocation logging -------------------------------------------------------------


def spell_logging_configuration():
    from ministack.services import bedrock

    def get():
        current = bedrock._invocation_logging_config.get("config")
        return bedrock._json({"loggingConfig": current} if current else {})

    bedrock._get_logging_config = get


# --- 9. Layers -----------------------------------------------------------------------------------


def unpack_layers(scratch):
    from ministack.services import lambda_svc

    environment = lambda_svc._provided_worker_env

    def environment_with_layers(config, code_dir, port):
        found = environment(config, code_dir, port)
        layers = [lambda_svc._resolve_layer_zip(layer) for layer in config.get("Layers", [])]
        if not any(layers):
            return found
        directory = os.path.join(scratch, "layers", config["FunctionName"])
        for layer in filter(None, layers):
            with zipfile.ZipFile(io.BytesIO(layer)) as content:
                content.extractall(directory)
        own = (config.get("Environment") or {}).get("Variables") or {}
        for name, value in own.items():
            if value == "/opt" or value.startswith("/opt/"):
                found[name] = directory + value.removeprefix("/opt")
        return found

    lambda_svc._provided_worker_env = environment_with_layers


# --- 10. Batches of a Map state ------------------------------------------------------------------


def batch_items():
    from ministack.services import stepfunctions

    run_map, read_items = stepfunctions._run_distributed_map, stepfunctions._read_map_items
    batcher_of_run = contextvars.ContextVar("batcher", default=None)

    def run_map_in_batches(state, *rest):
        token = batcher_of_run.set(state.get("ItemBatcher"))
        try:
            return run_map(state, *rest)
        finally:
            batcher_of_run.reset(token)

    def read_items_in_batches(reader, effective, ctx):
        items = read_items(reader, effective, ctx)
        batcher = batcher_of_run.get()
        if not batcher:
            return items
        size = int(batcher["MaxItemsPerBatch"])
        common = {}
        if "BatchInput" in batcher:
            common["BatchInput"] = stepfunctions._resolve_params_obj(batcher["BatchInput"], effective, ctx)
        starts = range(0, len(items), size)
        return [{"Items": items[start : start + size], **common} for start in starts]

    stepfunctions._run_distributed_map = run_map_in_batches
    stepfunctions._read_map_items = read_items_in_batches


# --- 11. Concurrency of a queue's function -------------------------------------------------------


def count_with_numbers():
    from ministack.services import lambda_svc

    concurrency = lambda_svc._sqs_esm_concurrency

    def concurrency_as_number(mapping, *rest):
        scaling = mapping.get("ScalingConfig") or {}
        if "MaximumConcurrency" in scaling:
            scaling["MaximumConcurrency"] = int(scaling["MaximumConcurrency"])
        return concurrency(mapping, *rest)

    lambda_svc._sqs_esm_concurrency = concurrency_as_number


# --- 12. Saved queries of Athena -----------------------------------------------------------------


def save_queries():
    from ministack.services import athena
    from ministack.services.cloudformation import provisioners

    def create(_logical_id, props, _stack_name):
        for name in ("Database", "QueryString"):
            if not props.get(name):
                raise ValueError(f"Property validation failure: [The property {{/{name}}} is required]")
        _status, _headers, body = athena._create_named_query(props)
        query_id = json.loads(body)["NamedQueryId"]
        return query_id, {"NamedQueryId": query_id}

    # Athena's saved queries cannot be changed: CloudFormation makes a new one.
    def update(physical_id, _old_props, props, stack_name):
        created = create("", props, stack_name)
        delete(physical_id, props)
        return created

    def delete(physical_id, _props):
        athena._delete_named_query({"NamedQueryId": physical_id})

    provisioners._RESOURCE_HANDLERS["AWS::Athena::NamedQuery"] = {
        "create": create,
        "update": update,
        "delete": delete,
    }


# --- 13. Endpoints of SNS ------------------------------------------------------------------------


def deliver_to_endpoints():
    from ministack.services import sns
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::SNS::Subscription"]
    create, post = handlers["create"], sns._http_post_sync

    def is_endpoint(subscription):
        return subscription["protocol"] in ("http", "https")

    def create_and_ask(logical_id, props, stack_name):
        arn, attributes = create(logical_id, props, stack_name)
        topic_arn = props.get("TopicArn", "")
        subscription = sns._find_subscription(topic_arn, arn)
        if subscription and is_endpoint(subscription) and not subscription.get("token"):
            subscription["token"] = str(uuid.uuid4())
            asking = sns._send_subscription_confirmation(topic_arn, subscription)
            threading.Thread(target=asyncio.run, args=(asking,), daemon=True).start()
        return arn, attributes

    def post_in_plain_on_loopback(endpoint, payload, kind):
        if endpoint.startswith("https://127.0.0.1"):
            endpoint = "http" + endpoint.removeprefix("https")
        return post(endpoint, payload, kind)

    async def deliver_or_park(endpoint, envelope):
        try:
            await asyncio.to_thread(sns._http_post_sync, endpoint, envelope, "Notification")
        except Exception as problem:
            park(endpoint, envelope, problem)

    def park(endpoint, envelope, problem):
        for topic in list(sns._topics.values()):
            for one in topic["subscriptions"]:
                policy = json.loads(one["attributes"].get("RedrivePolicy") or "{}")
                if is_endpoint(one) and one["endpoint"] == endpoint and policy:
                    attributes = {
                        "RequestID": str(uuid.uuid4()),
                        "ErrorCode": str(getattr(problem, "code", 0)),
                        "ErrorMessage": str(problem),
                    }
                    sns._deliver_to_sqs(
                        policy["deadLetterTargetArn"],
                        envelope,
                        raw=True,
                        raw_message=envelope,
                        message_attributes={
                            name: {"DataType": "String", "StringValue": value}
                            for name, value in attributes.items()
                        },
                        topic_arn=topic["arn"],
                    )

    # A changed endpoint is a new subscription, made by the name in the module.
    handlers["create"] = provisioners._sns_sub_create = create_and_ask
    sns._http_post_sync = post_in_plain_on_loopback
    sns._deliver_to_http = deliver_or_park


if __name__ == "__main__":
    main()
