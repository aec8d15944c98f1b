"""The cursor that everybody tries first: "everything with an id above the last I saw", on ids that writers make up."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bson import ObjectId
from pymongo import MongoClient

from tests.faults.bench.town import Town
from tests.faults.bench.verdict import Verdict, judge

WRITERS = 3
READERS = 4


class ObjectIds:
    """As a driver makes them: the second, what is random per process, a count."""

    def __init__(self, source: random.Random) -> None:
        self._process = source.randbytes(5)
        self._count = source.randrange(1 << 23)

    def next(self) -> ObjectId:
        self._count += 1
        return ObjectId(int(time.time()).to_bytes(4) + self._process + self._count.to_bytes(3))


def read_by_objectid(town: Town, events: int) -> Verdict:
    """Three writer processes' worth of inserts, and readers that poll `_id > last`."""
    lock, done = threading.Lock(), threading.Event()
    with MongoClient(town.mongo.uri, w="majority", journal=True) as client, town.oracle() as oracle:
        log = client["faults_objectid"][f"log{town.seed}"]
        for reader in range(READERS):
            oracle.reader(f"reader {reader}", WRITERS + 1)

        def write(writer: int) -> None:
            ids = ObjectIds(random.Random(town.seed + writer))
            for seq in range(1, events // WRITERS + 1):
                client_id = f"{writer}-{seq}"
                with lock:
                    oracle.intend(client_id, writer, WRITERS + 1, client_id)
                message = {"_id": ids.next(), "w": writer, "n": seq}
                log.insert_one(message)
                with lock:
                    oracle.acknowledge(client_id, 201, fact(message), 1)

        def read(reader: int) -> None:
            last, pause = ObjectId(bytes(12)), random.Random(town.seed - reader)
            final = False
            while not final:
                final = done.is_set()
                for message in log.find({"_id": {"$gt": last}}).sort("_id", 1):
                    with lock:
                        oracle.deliver(f"reader {reader}", fact(message))
                    last = message["_id"]
                time.sleep(pause.uniform(0, 0.01))

        with ThreadPoolExecutor(WRITERS + READERS) as pool:
            readers = [pool.submit(read, number) for number in range(READERS)]
            for writer in [pool.submit(write, number) for number in range(1, WRITERS + 1)]:
                writer.result()
            done.set()
            for reading in readers:
                reading.result()
        for message in log.find():
            oracle.store(fact(message))
        verdict = judge(oracle.records())
    town.row.add(verdict)
    town.say(f"by ObjectId: {verdict}")
    return verdict


def fact(message: dict[str, Any]) -> dict[str, Any]:
    """Each writer is a conversation of its own, so that its own numbers say what is missing."""
    text = f"{message['w']}-{message['n']}"
    return {
        "id": message["w"] << 23 | message["n"],
        "conversation_id": message["w"],
        "seq": message["n"],
        "sender_id": message["w"],
        "client_id": text,
        "message": text,
    }
