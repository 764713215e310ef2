"""A program that overwrites objects in a folder store until it is killed: `blob_writer ROOT`."""

import sys
from itertools import count
from pathlib import Path

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner

BUCKET = "torn"
KEYS = ("one", "two", "folder/three")
PART_BYTES = 5 << 20


def open_store(root: Path) -> FolderBlobStore:
    signer = LinkSigner(b"a secret nobody needs here")
    return FolderBlobStore(root, bucket=BUCKET, signer=signer, public_url="http://unused.test")


def content(turn: int) -> bytes:
    return bytes([turn % 251]) * PART_BYTES


def main(root: str) -> None:
    store = open_store(Path(root))
    for turn in count():
        key = KEYS[turn % len(KEYS)]
        if turn % 2:
            store.put(key, content(turn))
        else:
            upload = store.begin_upload(key)
            etags = [store.put_part(key, upload, number, content(turn)) for number in (1, 2)]
            store.finish_upload(key, upload, list(enumerate(etags, start=1)))
        print(turn, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
