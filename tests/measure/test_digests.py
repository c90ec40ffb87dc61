import hashlib
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from trackway.measure.digests import EMPTY_DIGESTS, digest_stream


@given(st.binary(max_size=5000))
def test_one_pass_gives_the_three_digests_and_the_size(content: bytes) -> None:
    digests, size = digest_stream(BytesIO(content))

    assert size == len(content)
    assert digests.md5 == hashlib.md5(content).hexdigest()
    assert digests.sha1 == hashlib.sha1(content).hexdigest()
    assert digests.sha256 == hashlib.sha256(content).hexdigest()


def test_the_empty_file_is_known_by_its_digest() -> None:
    digests, size = digest_stream(BytesIO())

    assert size == 0
    assert {digests.md5, digests.sha1, digests.sha256} == EMPTY_DIGESTS


def test_streams_that_give_little_at_a_time_are_read_to_their_end() -> None:
    class Slow(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 1, 7))

    assert digest_stream(Slow(b"a trail" * 100)) == digest_stream(BytesIO(b"a trail" * 100))
