"""The wire contract without our code: pika alone. Another language does the same with its AMQP 0-9-1 library."""

import json
import os

import pika

QUEUE = "plain.events"
ARGUMENTS = {"x-queue-type": "quorum", "x-dead-letter-exchange": "archive.dead", "x-delivery-limit": 20}

connection = pika.BlockingConnection(pika.URLParameters(os.environ["ARCHIVE_BUS_URL"]))
channel = connection.channel()
channel.queue_declare(QUEUE, durable=True, arguments=ARGUMENTS)
channel.queue_bind(QUEUE, exchange="archive.events", routing_key="archive.item.created.v1")
channel.basic_qos(prefetch_count=10)
for method, properties, body in channel.consume(QUEUE):
    event = {name: properties.headers[f"ce-{name}"] for name in ("id", "type", "subject", "sequence")}
    print(*event.values(), json.loads(body)["title"])
    channel.basic_ack(method.delivery_tag)
