"""After ``warm_up`` the containers read everything without opening a path or loading a module, in little memory."""

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from held_source import Held, tree
from hostile_samples import SAMPLES

CHILD = """
import base64, hashlib, json, resource, sys
sys.path.insert(0, sys.argv[1])
from held_source import Held, tree
from trackway.sources import registry
for module in registry.modules():
    getattr(module, "warm_up", lambda: None)()
containers = {one.name: one for one in registry.containers()}
samples = json.load(sys.stdin)
if sys.argv[2] == "cold":
    import lzma, zlib
    for name in ("encodings.utf_16", "encodings.utf_16_le", "encodings.cp437"):
        sys.modules.pop(name, None)
    import encodings
    encodings._cache.clear()

def locked(event, arguments):
    if event in ("open", "import", "os.listdir", "os.scandir", "socket.__new__", "subprocess.Popen"):
        raise PermissionError(f"{event} {arguments[0]}")

resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
resource.setrlimit(resource.RLIMIT_AS, (768 << 20, 768 << 20))
sys.addaudithook(locked)
try:
    open("/etc/hostname")
    raise SystemExit("the lock does not hold")
except PermissionError:
    pass
found = {}
for name, (kind, content) in samples.items():
    source = Held(name, base64.b64decode(content))
    claimed = next((one.name for one in containers.values() if one.claims(source)), None)
    read = tree(containers[kind], source)
    found[name] = [claimed, {path: hashlib.md5(bytes(held)).hexdigest() if isinstance(held, bytes) else str(held)
                             for path, held in read.items()}]
sys.stdout.write(json.dumps(found))
"""


def locked_reading(mode: str) -> subprocess.CompletedProcess[str]:
    samples = {
        name: (container.name, base64.b64encode(content).decode()) for name, (container, content) in SAMPLES.items()
    }
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", CHILD, here, mode]
    return subprocess.run(command, input=json.dumps(samples), capture_output=True, text=True, timeout=120)


def test_a_warm_worker_reads_all_samples_behind_the_lock() -> None:
    done = locked_reading("warm")
    assert done.returncode == 0, done.stderr
    for name, (claimed, found) in json.loads(done.stdout).items():
        container, content = SAMPLES[name]
        expected = tree(container, Held(name, content))
        assert claimed == container.name
        assert found == {
            path: hashlib.md5(held).hexdigest() for path, held in expected.items() if isinstance(held, bytes)
        }


def test_without_the_codecs_warm_the_lock_is_felt() -> None:
    """Control: the same reading fails where a codec of names is not loaded beforehand."""
    done = locked_reading("cold")
    warm = json.loads(locked_reading("warm").stdout)
    assert done.returncode != 0 or json.loads(done.stdout) != warm


@pytest.mark.parametrize("name", ["expanding", "disk"])
def test_warm_up_may_be_called_twice(name: str) -> None:
    module = __import__(f"trackway.sources.{name}", fromlist=["warm_up"])
    module.warm_up()
    module.warm_up()
