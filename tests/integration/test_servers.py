"""The servers behind the fixtures are real: they confirm, compare, and refuse as our adapters expect of them."""

import multiprocessing
from typing import Any

import pika
import pymongo
import pytest
from minio import Minio
from minio.error import S3Error
from pika.exceptions import ProbableAuthenticationError, UnroutableError
from selenium.webdriver import Chrome

from tests.support.rabbitmq import RabbitMQServer
from tests.support.servers import MinioServer, MongoServer

# --- RabbitMQ ------------------------------------------------------------------------------------------------------


def test_broker_confirms_a_message_and_delivers_it(rabbitmq_server: RabbitMQServer) -> None:
    with pika.BlockingConnection(pika.URLParameters(rabbitmq_server.vhost())) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("letters", durable=True, arguments={"x-queue-type": "quorum"})

        channel.basic_publish("", "letters", b"hello", mandatory=True)

        _, _, body = channel.basic_get("letters", auto_ack=True)
        assert body == b"hello"


def test_broker_returns_a_message_for_which_there_is_no_queue(rabbitmq_server: RabbitMQServer) -> None:
    with pika.BlockingConnection(pika.URLParameters(rabbitmq_server.vhost())) as connection:
        channel = connection.channel()
        channel.confirm_delivery()

        with pytest.raises(UnroutableError):
            channel.basic_publish("", "nowhere", b"lost", mandatory=True)


def test_broker_refuses_the_user_that_everybody_knows(rabbitmq_server: RabbitMQServer) -> None:
    guest = pika.ConnectionParameters(
        "127.0.0.1", rabbitmq_server.port, credentials=pika.PlainCredentials("guest", "guest")
    )

    with pytest.raises(ProbableAuthenticationError):
        pika.BlockingConnection(guest)


def test_every_vhost_is_a_fresh_one(rabbitmq_server: RabbitMQServer) -> None:
    urls = {rabbitmq_server.vhost() for _ in range(10)}

    names = rabbitmq_server.rabbitmqctl("list_vhosts", "name").split()
    assert len(urls) == 10
    assert {url.rpartition("/")[2] for url in urls} <= set(names)


# --- MongoDB -------------------------------------------------------------------------------------------------------

PROCESSES = 4
STEPS = 100


def count_up(url: str, database: str) -> None:
    """Add 1 to the counter STEPS times; each step counts only when nobody else wrote since we read."""
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        counters = client[database]["counters"]
        done = 0
        while done < STEPS:
            seen = counters.find_one({"_id": "counter"})
            assert seen is not None
            mine = {"_id": "counter", "rev": seen["rev"] + 1, "value": seen["value"] + 1}
            done += counters.replace_one({"_id": "counter", "rev": seen["rev"]}, mine).matched_count


def test_racing_processes_lose_no_compare_and_set(mongo_server: MongoServer) -> None:
    database = mongo_server.database_name()
    with pymongo.MongoClient[dict[str, Any]](mongo_server.url) as client:
        client[database]["counters"].insert_one({"_id": "counter", "rev": 0, "value": 0})

        context = multiprocessing.get_context("spawn")
        racers = [
            context.Process(target=count_up, args=(mongo_server.url, database)) for _ in range(PROCESSES)
        ]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()

        assert [racer.exitcode for racer in racers] == [0] * PROCESSES
        counter = client[database]["counters"].find_one({"_id": "counter"})
        assert counter == {"_id": "counter", "rev": PROCESSES * STEPS, "value": PROCESSES * STEPS}


def test_unique_index_holds_on_insert_and_on_replace(mongo_server: MongoServer) -> None:
    with pymongo.MongoClient[dict[str, Any]](mongo_server.url) as client:
        people = client[mongo_server.database_name()]["people"]
        people.create_index("name", unique=True)
        people.insert_many([{"_id": 1, "name": "ada"}, {"_id": 2, "name": "grace"}])

        with pytest.raises(pymongo.errors.DuplicateKeyError):
            people.insert_one({"_id": 3, "name": "ada"})
        with pytest.raises(pymongo.errors.DuplicateKeyError):
            people.replace_one({"_id": 2}, {"_id": 2, "name": "ada"})


# --- MinIO ---------------------------------------------------------------------------------------------------------


def test_store_gives_back_what_was_put(minio_server: MinioServer) -> None:
    client = client_of(minio_server, secret_key=minio_server.secret_key)
    client.make_bucket(bucket_name="letters")

    client.fput_object(bucket_name="letters", object_name="a/b.txt", file_path=__file__)

    response = client.get_object(bucket_name="letters", object_name="a/b.txt")
    with response:
        body = response.read()
    assert body.startswith(b'"""The servers')


def test_store_refuses_a_wrong_signature(minio_server: MinioServer) -> None:
    client = client_of(minio_server, secret_key="not-the-secret")

    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        client.list_buckets()


def client_of(server: MinioServer, *, secret_key: str) -> Minio:
    return Minio(server.endpoint, access_key=server.access_key, secret_key=secret_key, secure=False)


# --- Chromium ------------------------------------------------------------------------------------------------------


def test_browser_runs_the_page_s_script(browser: Chrome) -> None:
    browser.get("data:text/html,<title>before</title><script>document.title = 'after'</script>")

    assert browser.title == "after"
