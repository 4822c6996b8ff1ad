"""Cutting files into records: the same records however the bytes come, and none lost."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from sparkify.reading import splitter
from sparkify.reading.cutting import Cutter
from sparkify.reading.pieces import MAX_RECORD_BYTES
from sparkify.reading.records import RecordReader
from sparkify.reading.splitter import Splitter
from sparkify.sources.local import LocalSource
from sparkify.sources.objects import LoadFile
from tests.support.builders import examples

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(st.text(max_size=4), values, min_size=1, max_size=3)
written = st.builds(
    lambda item, indent, plain: json.dumps(item, indent=indent, ensure_ascii=plain),
    objects,
    st.sampled_from([None, None, None, 1]),
    st.booleans(),
)
damaged = st.builds(
    lambda item, end: json.dumps(item)[: -1 - end], objects, st.integers(0, 9)
) | st.sampled_from(["x", "}", "{", "[1]", '"{}"', '{"a": 1}}', '{"a": 1},', "{'a': 1}", '{"a": "b'])


def read(folder: Path, *, chunk_bytes: int = 2**22) -> list[tuple[int, int, str]]:
    """(file, line, text) of every record in a folder."""
    store = LocalSource(str(folder))
    files = [LoadFile(number, item) for number, item in enumerate(store.list_objects())]
    reader = RecordReader(store, files, chunk_bytes=chunk_bytes)
    rows = [
        (row["file_id"], row["line"], row["raw"].strip())
        for batch in reader.stream()
        for row in batch.to_pylist()
    ]
    for file in files:
        assert reader.counts[file.file_id] == sum(file_id == file.file_id for file_id, _, _ in rows)
    return sorted(rows)


def without_separators(text: str) -> str:
    return "".join(character for character in text if character not in " \t\r\n,[]\x1e\ufeff")


@pytest.mark.slow
@given(
    contents=st.lists(
        st.tuples(
            st.lists(written | damaged, max_size=6),
            st.sampled_from(["\n", "\n", "\r\n", "", " ", ",", ",\n", "\n\x1e", "\n\ufeff", "]\n["]),
        ).map(lambda parts: parts[1].join(parts[0])),
        min_size=1,
        max_size=4,
    ),
    chunk_bytes=st.integers(1, 200),
)
@settings(max_examples=examples(25, long=500))
def test_records_do_not_depend_on_how_the_bytes_are_read(
    tmp_path_factory: pytest.TempPathFactory, contents: list[str], chunk_bytes: int
) -> None:
    folder = tmp_path_factory.mktemp("data")
    for number, text in enumerate(contents):
        (folder / f"{number}.json").write_text(text, encoding="utf-8", newline="")
    records = read(folder)
    assert read(folder, chunk_bytes=chunk_bytes) == records
    # Nothing is lost: all that does not stand between records is in exactly one of them.
    for number, text in enumerate(contents):
        kept = "".join(raw for file_id, _, raw in records if file_id == number)
        assert sorted(without_separators(kept)) == sorted(without_separators(text))


@pytest.mark.slow
@given(
    items=st.lists(objects, max_size=5),
    between=st.sampled_from(["", " ", "\n", "\n\n", "\r\n", ",", ",\n", "\n\x1e", "\ufeff", "]\n["]),
    ends=st.sampled_from(["", "[]", "\ufeff\n"]),
    indent=st.sampled_from([None, 1]),
    is_large=st.booleans(),
)
@settings(max_examples=examples(25, long=500))
def test_good_objects_are_found_whatever_stands_between_them(
    items: list[object], between: str, ends: str, indent: int | None, is_large: bool
) -> None:
    items = items * (40 if is_large else 1)
    text = ends[:1] + between.join(json.dumps(item, indent=indent) for item in items) + ends[1:]
    data = text.encode()
    pieces = Splitter().split(data, final=True, trusts_lines=False)
    found = [json.loads(data[a:b]) for a, b in zip(pieces.starts.tolist(), pieces.ends.tolist(), strict=True)]
    assert found == items
    assert pieces.rest == len(data)


def test_lines_are_counted_from_one_over_blank_lines_and_chunks(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('\n{"a": 1}\n\n\n{"a": 2}\r\n{\n"a": 3}\nx\n{"a": 4}{"a": 5}')
    for chunk_bytes in (3, 10, 1000):
        assert read(tmp_path, chunk_bytes=chunk_bytes) == [
            (0, 2, '{"a": 1}'),
            (0, 5, '{"a": 2}'),
            (0, 6, '{\n"a": 3}'),
            (0, 8, "x"),
            (0, 9, '{"a": 4}{"a": 5}'),  # which is cut again once it has turned out to be no JSON
        ]


def test_what_turns_out_to_hold_several_objects_is_cut_again(tmp_path: Path) -> None:
    reader = RecordReader(LocalSource(str(tmp_path)), [])
    reader.counts.update({3: 2, 4: 1})
    torn = [(3, 9, '{"a": 4}\n\n{"a": 5} {"a": 6}\n'), (3, 20, '{"a" 7}'), (4, 1, '{"a": 8} x')]
    rows = [
        (row["file_id"], row["line"], row["raw"])
        for batch in reader.cut_again(torn)
        for row in batch.to_pylist()
    ]
    assert rows == [
        (3, 9, '{"a": 4}'),
        (3, 11, '{"a": 5}'),
        (3, 11, '{"a": 6}'),
        (3, 20, '{"a" 7}'),
        (4, 1, '{"a": 8} x'),
    ]
    assert reader.counts == {3: 4, 4: 1}


def test_damage_of_a_file_takes_nothing_from_another_that_is_cut_with_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"a":[\n{"a":[\n' * 3000)
    good = [json.dumps({"a": [{"b": number}]}, indent=1) for number in range(9)]
    (tmp_path / "b.json").write_text("\n".join(good))
    assert [raw for file_id, _, raw in read(tmp_path) if file_id == 1] == good


# --- growth: twice as much input takes twice as much work, whatever it is

GROWING: dict[str, Callable[[int], bytes]] = {
    "objects in objects": lambda size: b'{"a":' * (size // 5),
    "arrays in arrays": lambda size: b'{"a":' + b"[" * size,
    "arrays in arrays that end": lambda size: b'{"a":' + b"[" * (size // 2) + b"]" * (size // 2) + b"}",
    "lines that open an object": lambda size: b"{\n" * (size // 2),
    "objects in arrays in objects": lambda size: b'{"a":[{"a":[' * (size // 12),
    "the same over lines": lambda size: b'{"a":[\n{"a":[\n' * (size // 14),
    "a long text": lambda size: b'{"a": "' + b"x" * size,
    "texts without an end": lambda size: b'{"a": "x\n' * (size // 9),
    "escapes": lambda size: b'{"a": "' + b"\\" * size,
    "a large number": lambda size: b'{"a": ' + b"7" * size,
    "commas": lambda size: b"{}" + b"," * size,
    "marks": lambda size: b"\xef\xbb\xbf" * (size // 3),
    "marks on lines": lambda size: b"\xef\xbb\xbf\n{}\n" * (size // 7),
    "closing braces": lambda size: b"}" * size,
    "elements that are no objects": lambda size: b"{},42,\n" * (size // 7),
    "damage over lines": lambda size: b'{\n"a": 1,\n"b" 2\n},\n' * (size // 20),
    "half an object before good ones": lambda size: b'{"a": [\n' + b'{"a": 1},\n' * (size // 10),
    "half an object before some good ones": lambda size: (b'{"a": "\n' + b'{"a": 1}\n' * 20) * (size // 188),
    "white space": lambda size: (b"{" + b" " * 70 + b"\n") * (size // 72),
}


def work(monkeypatch: pytest.MonkeyPatch, folder: Path, contents: bytes) -> int:
    """How many bytes are gone through, in all steps, to cut a file."""
    folder.mkdir()
    (folder / "a.json").write_bytes(contents)
    done = 0
    cut, split, decode = Cutter.cut, Splitter.split, splitter.decode

    def counting(step: Callable[..., Any], position: int) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            texts = arguments[position]
            done += sum(map(len, texts)) if isinstance(texts, list) else len(texts)
            return step(*arguments, **options)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr(Cutter, "cut", counting(cut, 2))
        patch.setattr(Splitter, "split", counting(split, 1))
        patch.setattr(splitter, "decode", counting(decode, 0))
        read(folder)
    assert done
    return done


@pytest.mark.forms(8)
@pytest.mark.parametrize("kind", GROWING)
@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "in many members of gzip"])
def test_the_work_grows_as_the_file_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, is_packed: bool
) -> None:
    def made(size: int) -> bytes:
        text = GROWING[kind](size)
        if not is_packed:
            return text
        return b"".join(gzip.compress(text[start : start + 300]) for start in range(0, len(text), 300))

    size = 15_000 if is_packed else 75_000
    once = work(monkeypatch, tmp_path / "once", made(size))
    twice = work(monkeypatch, tmp_path / "twice", made(2 * size))
    assert twice <= 2.5 * once
    # Looking ahead may cost a small file as much as a record may be long.
    assert twice <= 20 * 2 * size + MAX_RECORD_BYTES


def test_a_run_that_reads_nothing_does_not_wait_for_arrow() -> None:
    imports = (
        "import sparkify.cli.etl, sparkify.warehouse.duckdb.engine, sys; print('pyarrow' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", imports], text=True) == "False\n"
