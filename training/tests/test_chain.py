"""The commands of the model card from the first shard to a bundle and the ablation's table, each with a handful of samples: they fit together and end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from data.catalogue import CACHE, PACKAGES
from evaluation.subjects import art_is_there
from kosmosg.pipeline import KosmosGPipeline

TRAINING = Path(__file__).parent.parent
ART = ("art", "entities.json", "entities.npy")


@pytest.mark.skipif(not (art_is_there() and PACKAGES.exists()), reason="python -m data.entities draws the art")
def test_from_shards_to_bundle_and_ablation(tmp_path: Path) -> None:
    cache, out = tmp_path / "cache", tmp_path / "figures"
    cache.mkdir()
    for name in ART:
        (cache / name).symlink_to(CACHE / name)
    few, few_attributes = tmp_path / "data.json", tmp_path / "data-attributes.json"
    size = {"subjects": 12, "scenes": 48, "wordings": 2}
    few.write_text(json.dumps(size))
    few_attributes.write_text(json.dumps(size | json.loads((TRAINING / "configs/data-attributes.json").read_text())))

    def run(*command: str | Path) -> str:
        environment = {**os.environ, "TRAINING_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
        done = subprocess.run([sys.executable, *map(str, command)], cwd=TRAINING, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    run("-m", "data.encode", "train", "0", "1", "--config", few)
    run("-m", "data.encode", "held_out", "0", "1", "--config", few)
    run("train_decoder.py", "--until-samples", "64", "--curve", out / "decoder-curve.csv")
    run("train_decoder.py", "--freeze-conditioner", "--until-samples", "96", "--curve", out / "decoder-curve.csv")
    assert "held out" in run("train_mllm.py", "--cpu", "--samples", "48")
    assert "held out" in run("train_align.py", "--cpu", "--samples", "48")
    for shard in (cache / "shards").glob("train-*"):
        shard.unlink()
    run("-m", "data.encode", "train", "0", "1", "--config", few_attributes)
    run("train_decoder.py", "--freeze-conditioner", "--decay-from", "96", "--until-samples", "128", "--curve", out / "decoder-curve.csv")
    assert "held out" in run("train_instruct.py", "--cpu", "--samples", "24")
    run("plot_stages.py", out / "curves.png")
    run("export_bundle.py", "--align", cache / "instruct/last.pt", "--out", tmp_path / "mini")
    assert KosmosGPipeline(tmp_path / "mini").bundle["defaults"]["width"] == 96
    assert "diffusion_loss" in json.loads(run("-m", "evaluation.condition", "--bundle", tmp_path / "mini"))

    run("ablate.py", "--minutes", "0.001", "--timed-steps", "2", "--subjects", "1", "--held-out-batches", "1", "--out", out,
        "--mllm", cache / "mllm/last.pt", "--decoder", cache / "decoder", "--unet", cache / "decoder")  # fmt: skip
    ways = json.loads((out / "ablation.json").read_text())["ways"]
    assert len(ways) == 6 and all(way["samples"] and way["diffusion_loss"] > 0 for way in ways)
    assert len((out / "ablation.md").read_text().splitlines()) == 2 + 6 + 1
