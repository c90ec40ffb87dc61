"""The exported ledger and the command that the defence runs over it: standard library only."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ledger_cases import Stored, ledger

import trackway.ledger
from trackway.ledger import export, tree, verify
from trackway.ledger.checkpoint import Checkpoint

STORED = ledger(12, erase=3)


def write(path: Path, stored: Stored = STORED) -> Path:
    path.write_text("".join(export.write_ledger(stored.rows, stored.nodes, stored.head)), encoding="utf-8")
    return path


def nodes(level: int, i: int) -> bytes:
    if level == 0:
        return STORED.rows[i].leaf
    return {(at, index): hashed for at, index, hashed in STORED.nodes}[level, i]


def write_disclosed(path: Path, numbers: list[int]) -> Path:
    proved = [(STORED.rows[no - 1], tree.inclusion_proof(no - 1, 12, nodes)) for no in numbers]
    path.write_text("".join(export.write_disclosed(proved)), encoding="utf-8")
    return path


def found(path: Path, checkpoint: Checkpoint | None = None) -> bool:
    try:
        return not export.verify_file(path, checkpoint).ok
    except ValueError:
        return True


def test_every_changed_byte_of_the_file_is_found(tmp_path: Path) -> None:
    path = write(tmp_path / "ledger.jsonl", small := ledger(4, erase=2))
    assert not found(path, small.checkpoint())
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in (0x01, 0x20):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            assert found(path), place


@pytest.mark.parametrize("line", range(1, 24))
def test_every_removed_line_is_found(line: int, tmp_path: Path) -> None:
    path = write(tmp_path / "ledger.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 1 + 12 + 10
    path.write_bytes(b"".join(lines[: line - 1] + lines[line:]))
    assert found(path)


def test_disclosed_entries_prove_themselves_against_the_checkpoint(tmp_path: Path) -> None:
    path = write_disclosed(tmp_path / "disclosed.jsonl", [2, 3, 12])
    verdict = export.verify_file(path, STORED.checkpoint())
    assert (verdict.ok, verdict.size, verdict.covered) == (True, 3, 3)
    assert found(path, ledger(12).checkpoint())
    with pytest.raises(ValueError, match="only against a checkpoint"):
        export.verify_file(path, None)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert found(path, STORED.checkpoint()), place


def test_an_entry_disclosed_twice_is_found(tmp_path: Path) -> None:
    assert found(write_disclosed(tmp_path / "disclosed.jsonl", [2, 2]), STORED.checkpoint())


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "ledger.jsonl")
    (kept := tmp_path / "kept.txt").write_text(Checkpoint(12, STORED.tree.root(), "case 7").text(), encoding="utf-8")
    assert verify.main([str(path), str(kept)]) == 0
    assert "Covered by the checkpoint: 12; above it: 0." in capsys.readouterr().out
    assert verify.main([str(path), "--json"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["ledger"] == {
        "size": 12,
        "head": STORED.tree.root().hex(),
        "covered": 0,
        "uncovered": 12,
    }
    kept.write_text(printed, encoding="utf-8")
    assert verify.main([str(write(path, ledger(9))), str(kept)]) == 1
    assert "only 9 are there" in capsys.readouterr().out
    kept.write_text("nonsense", encoding="utf-8")
    assert verify.main([str(path), str(kept)]) == 2
    assert "three lines" in capsys.readouterr().err
    assert verify.main([str(tmp_path / "absent"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "refused"


def test_it_runs_without_any_installed_package_and_without_warnings(tmp_path: Path) -> None:
    copy = tmp_path / "trackway" / "ledger"
    copy.mkdir(parents=True)
    (copy.parent / "__init__.py").touch()
    for module in Path(trackway.ledger.__file__).parent.glob("*.py"):
        (copy / module.name).write_bytes(module.read_bytes())
    path = write(tmp_path / "ledger.jsonl")
    command = [sys.executable, "-I", "-S", "-W", "error", "-c"]
    program = f"import sys, runpy; sys.path.insert(0, {str(tmp_path)!r}); sys.argv[1:] = [{str(path)!r}]; "
    ran = subprocess.run(
        [*command, program + "runpy.run_module('trackway.ledger.verify', run_name='__main__')"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "12 entries; whole." in ran.stdout
