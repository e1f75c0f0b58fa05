"""Small torch checkpoints of every kind, and hostile ones, for the tests of the page's own readers (test/fixtures/12_checkpoints).

    python checkpoint_fixtures.py

`expected.json` says what torch itself has in each. Nothing of the hostile files is run here: their pickles are put together by hand.
"""

import argparse
import io
import json
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch

OUT = Path(__file__).parent.parent / "test" / "fixtures" / "12_checkpoints"
DTYPES = {
    torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL", torch.uint16: "U16",
    torch.float8_e4m3fn: "F8_E4M3",
}  # fmt: skip
expected: dict[str, dict[str, dict]] = {}


def numbers(*shape: int, dtype: torch.dtype = torch.float32, start: float = 0.0) -> torch.Tensor:
    """0, 0.5, 1, ... : exact in every floating type here."""
    count = torch.Size(shape).numel()
    return ((torch.arange(count, dtype=torch.float32) % 64) / 2 + start).reshape(shape).to(dtype)


def flatten(value: object, prefix: str = "") -> dict[str, torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return {prefix: value}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    found = {}
    for key, item in items:
        found |= flatten(item, f"{prefix}.{key}" if prefix else str(key))
    return found


def save(name: str, value: object, state_dict: object, legacy: bool = False, protocol: int = 2) -> None:
    torch.save(value, OUT / name, pickle_protocol=protocol, _use_new_zipfile_serialization=not legacy)
    expected[name] = {
        key: {
            "dtype": DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "strided": not tensor.is_contiguous(),
            "bytes": tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes().hex(),
        }
        for key, tensor in flatten(state_dict).items()
    }


def foreign_class(module: str, name: str) -> type:
    """A class of a package that is not there when the file is read."""
    parts = module.split(".")
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    made = type(name, (), {"__module__": module})
    setattr(sys.modules[module], name, made)
    return made


def every_kind() -> OrderedDict:
    table = numbers(6, 4)
    state = OrderedDict()
    state["f32"] = numbers(3, 5)
    state["f16"] = numbers(2, 3, dtype=torch.float16)
    state["bf16"] = numbers(7, dtype=torch.bfloat16)
    state["f64"] = torch.tensor([0.1, 1e-300], dtype=torch.float64)
    state["i64"] = torch.tensor([1, -2, 2**40])
    state["i32"] = torch.tensor([[1], [-2]], dtype=torch.int32)
    state["u8"] = torch.tensor([0, 255], dtype=torch.uint8)
    state["bool"] = torch.tensor([True, False, True])
    state["scalar"] = torch.tensor(2.5)
    state["empty"] = torch.zeros(0, 4)
    state["embed.weight"] = table
    state["output.weight"] = table  # tied
    state["rows"] = table[2:4]
    state["column"] = table[:, 1]
    state["transposed"] = numbers(2, 3, 4).permute(2, 0, 1)
    state["expanded"] = numbers(3).expand(2, 3)
    state["parameter"] = torch.nn.Parameter(numbers(3, 2, start=1).t())
    state["slice_parameter"] = torch.nn.Parameter(numbers(5, dtype=torch.float16)[1:4])
    state._metadata = OrderedDict(version=1)
    return state


def write_good() -> None:
    kinds = every_kind()
    save("kinds_zip.pt", kinds, kinds)
    save("kinds_legacy.pt", kinds, kinds, legacy=True)
    save("kinds_protocol4.pt", kinds, kinds, protocol=4)
    save("kinds_legacy_protocol4.pt", kinds, kinds, legacy=True, protocol=4)
    new = {"u16": torch.tensor([1, 65535], dtype=torch.int32).to(torch.uint16), "f8": numbers(4).to(torch.float8_e4m3fn)}
    save("new_types.pt", new, new)
    nested = {"unet": {"conv": {"weight": numbers(2, 2), "steps": [numbers(1), 3, numbers(1, start=4)]}}, "epoch": 3, 7: numbers(1)}
    save("nested_zip.pt", nested, nested)

    # fairseq before hydra: argparse's namespace, and the optimizer beside the weights.
    weight = torch.nn.Linear(4, 3)
    optimizer = torch.optim.Adam(weight.parameters())
    weight(numbers(1, 4)).sum().backward()
    optimizer.step()
    model = OrderedDict((f"decoder.{k}", v) for k, v in weight.half().state_dict().items())
    fairseq = {
        "args": argparse.Namespace(arch="kosmosg", layers=2, betas=(0.9, 0.98), drop=None, device=torch.device("cpu")),
        "cfg": None,
        "model": model,
        "optimizer_history": [{"num_updates": 10, "lr_scheduler_state": {"best": None}, "big": 2**70, "raw": b"\x00\xffraw", "some": {1, 2}}],
        "extra_state": {"metrics": [("default", [])], "epoch": 1},
        "last_optimizer_state": optimizer.state_dict(),
    }
    save("fairseq_legacy.pt", fairseq, model, legacy=True)

    # Lightning: objects of packages that are not there.
    node = foreign_class("omegaconf.nodes", "AnyNode")()
    node.__dict__.update(_val="kosmos", _parent=None)
    config = foreign_class("omegaconf.dictconfig", "DictConfig")()
    config.__dict__.update(_content={"name": node}, _parent=None)
    node.__dict__["_parent"] = config
    callback = foreign_class("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint")
    state = {"model.diffusion_model.conv.weight": numbers(2, 1, 3, 3), "cond_stage_model.ids": torch.arange(4)}
    lightning = {
        "epoch": 2,
        "global_step": 1000,
        "pytorch-lightning_version": "1.4.2",
        "state_dict": state,
        "callbacks": {callback: {"best_model_score": torch.tensor(0.5), "dirpath": "/checkpoints"}},
        "optimizer_states": [optimizer.state_dict()],
        "hyper_parameters": config,
        "rng_state": torch.arange(9, dtype=torch.uint8),
    }
    save("lightning_zip.ckpt", lightning, state)
    save("lightning_protocol1.ckpt", lightning, state, protocol=1)


REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"


def tensor_ops(count: int = 4, shape: bytes = b"K\x04\x85", strides: bytes = b"K\x01\x85", offset: bytes = b"K\x00", kind: bytes = b"FloatStorage") -> bytes:
    """Instructions that leave a tensor of storage 0 on the stack."""
    storage = b"((X\x07\x00\x00\x00storagectorch\n" + kind + b"\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ" + struct.pack("<i", count) + b"tQ"
    return REBUILD + storage + offset + shape + strides + b"\x89ccollections\nOrderedDict\n)RtR"


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def state_dict(value: bytes) -> bytes:
    return b"\x80\x02}" + text("weight") + value + b"s."


def zipped(data: bytes, storage: bytes = bytes(16), compress: bool = False, **more: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        def add(name: str, raw: bytes, method: int = zipfile.ZIP_STORED) -> None:
            archive.writestr(zipfile.ZipInfo(f"archive/{name}"), raw, method)

        add("data.pkl", data, zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED)
        for name, raw in more.items():
            add(name, raw)
        add("data/0", storage)
        add("version", b"3\n")
    return file.getvalue()


def overlapping() -> bytes:
    """Two entries of the directory on the same bytes."""
    raw = bytearray(zipped(state_dict(tensor_ops())))
    at = raw.rindex(b"PK\x01\x02")
    first = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 1)
    raw[at + 42 : at + 46] = raw[first + 42 : first + 46]
    return bytes(raw)


def write_hostile() -> None:
    ran = "touch ran_by_checkpoint"

    def call(name: str, argument: str = ran) -> bytes:
        return b"c" + name.replace(".", "\n").encode() + b"\n" + text(argument) + b"\x85R"

    # Each dict holds the one before twice: 2^40 paths.
    memo_bomb = b"\x80\x02}q\x000"
    for i in range(40):
        below = b"h" + bytes([i])
        memo_bomb += b"}q" + bytes([i + 1]) + b"(" + text("a") + below + text("b") + below + b"u0"
    memo_bomb += b"h\x28."
    files = {
        "os_system.pt": zipped(state_dict(call("os.system"))),
        "posix_system.pt": zipped(state_dict(call("posix.system"))),
        "eval.pt": zipped(state_dict(call("__builtin__.eval", "open('ran_by_checkpoint', 'w')"))),
        "import.pt": zipped(state_dict(call("builtins.__import__", "ran_by_checkpoint"))),
        "unknown_function.pt": zipped(state_dict(call("helpers.run_this"))),
        "stack_global.pt": zipped(b"\x80\x04}" + text("weight") + text("subprocess") + text("Popen") + b"\x93" + text(ran) + b"\x85Rs."),
        "dotted.pt": zipped(b"\x80\x04}" + text("weight") + text("fairseq.utils") + text("os.system") + b"\x93" + text(ran) + b"\x85Rs."),
        "inst.pt": zipped(b"\x80\x02}" + text("weight") + b"(" + text(ran) + b"ios\nsystem\ns."),
        "obj.pt": zipped(b"\x80\x02}" + text("weight") + b"(cos\nsystem\n" + text(ran) + b"os."),
        "setstate.pt": zipped(b"\x80\x02}" + text("weight") + b"cfairseq.tasks\nTask\n)\x81}" + text("__setstate__") + b"cos\nsystem\nsb" + text(ran) + b"bs."),
        "torch_load.pt": zipped(state_dict(b"ctorch.storage\n_load_from_bytes\n" + text(ran) + b"\x85R")),
        "ext.pt": zipped(b"\x80\x02}" + text("weight") + b"\x82\x01s."),
        "memo_bomb.pt": zipped(memo_bomb),
        "huge_int.pt": zipped(b"\x80\x02\x8b\xff\xff\xff\x7f" + b"\x01" * 40),
        "huge_text.pt": zipped(b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"a"),
        "shape_lie.pt": zipped(state_dict(tensor_ops(shape=b"J\xff\xff\xff\x7f\x85"))),
        "stride_lie.pt": zipped(state_dict(tensor_ops(strides=b"J\xff\xff\xff\x7f\x85"))),
        "offset_lie.pt": zipped(state_dict(tensor_ops(offset=b"K\x01"))),
        "negative_offset.pt": zipped(state_dict(tensor_ops(offset=b"J\xff\xff\xff\xff"))),
        "short_storage.pt": zipped(state_dict(tensor_ops()), storage=bytes(8)),
        "storage_kind.pt": zipped(state_dict(tensor_ops(kind=b"hub"))),
        "big_endian.pt": zipped(state_dict(tensor_ops()), byteorder=b"big"),
        "deflated.pt": zipped(state_dict(tensor_ops()), compress=True),
        "overlapping.pt": overlapping(),
        "eval_legacy.pt": b"".join(pickle.dumps(x, 2) for x in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})) + state_dict(call("__builtin__.eval")),
        "plain.pkl": state_dict(call("os.system")),
    }
    (OUT / "hostile").mkdir(exist_ok=True)
    for name, raw in files.items():
        (OUT / "hostile" / name).write_bytes(raw)


if __name__ == "__main__":
    torch.manual_seed(0)
    OUT.mkdir(parents=True, exist_ok=True)
    write_good()
    write_hostile()
    (OUT / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
