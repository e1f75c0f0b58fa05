"""Pictures by a bundle, each with its own noise, kept on disk so that judging again costs nothing."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from data.catalogue import CACHE
from kosmosg.pipeline import KosmosGPipeline, make_scheduler, sample_latents, to_uint8

DRAWN = CACHE / "evaluation"


@dataclass(frozen=True)
class Request:
    prompt: str
    references: tuple[np.ndarray, ...]
    """uint8 [S, S, 3], one for each `<i>`"""
    noise: str
    """What its noise is drawn from, besides the seed: the case's name, so that no other case moves it."""


def digest_of(bundle: dict) -> str:
    """Of all in a model.json that can move a pixel."""
    return hashlib.sha256(json.dumps([bundle[key] for key in ("files", "components", "defaults")], sort_keys=True).encode()).hexdigest()


class Painter:
    """Draws requests with a bundle's defaults. The noise of a picture is a function of its request and the seed alone."""

    def __init__(self, bundle: Path, seed: int = 0, steps: int | None = None, batch: int = 16, cache: Path | None = DRAWN) -> None:
        self.pipeline = KosmosGPipeline(bundle)
        self.digest = digest_of(self.pipeline.bundle)
        defaults = self.pipeline.bundle["defaults"]
        self.scheduler, self.guidance = defaults["scheduler"], defaults["guidance_scale"]
        self.seed, self.steps, self.batch = seed, steps or defaults["steps"], batch
        self.folder = cache / self.digest[:16] if cache is not None else None
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # prompts are read on the CPU, a small share of the time: only the denoiser and the decoder move
        self.pipeline.unet.to(self.device)
        self.pipeline.decoder.to(self.device)
        self.pipeline.latents_mean, self.pipeline.latents_std = (t.to(self.device) for t in (self.pipeline.latents_mean, self.pipeline.latents_std))
        self.drawn, self.seconds = 0, 0.0

    def key(self, request: Request) -> str:
        about = [request.prompt, request.noise, self.seed, self.steps, self.scheduler, self.guidance]
        digest = hashlib.sha256(json.dumps(about).encode())
        for reference in request.references:
            digest.update(reference.tobytes())
        return digest.hexdigest()[:24]

    def noise(self, request: Request) -> torch.Tensor:
        """[1, C, h, w]"""
        config = self.pipeline.bundle["components"]["unet"]["config"]
        seed = int.from_bytes(hashlib.sha256(f"{self.seed} {request.noise}".encode()).digest()[:6])
        generator = torch.Generator().manual_seed(seed)
        return torch.randn((1, config["in_channels"], config["sample_size"], config["sample_size"]), generator=generator)

    def draw(self, requests: list[Request]) -> np.ndarray:
        """uint8 [N, S, S, 3]"""
        pictures: dict[int, np.ndarray] = {}
        missing = []
        for index, request in enumerate(requests):
            path = self.folder / f"{self.key(request)}.png" if self.folder is not None else None
            if path is not None and path.exists():
                pictures[index] = np.asarray(Image.open(path).convert("RGB"))
            else:
                missing.append(index)
        for start in range(0, len(missing), self.batch):
            part = missing[start : start + self.batch]
            for index, picture in zip(part, self._draw([requests[index] for index in part]), strict=True):
                pictures[index] = picture
                if self.folder is not None:
                    self.folder.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(picture).save(self.folder / f"{self.key(requests[index])}.png")
        return np.stack([pictures[index] for index in range(len(requests))])

    @torch.no_grad()
    def _draw(self, requests: list[Request]) -> np.ndarray:
        start = time.time()
        pairs = [self.pipeline.encode(request.prompt, [Image.fromarray(picture) for picture in request.references]) for request in requests]
        condition, unconditional = (torch.cat([pair[side] for pair in pairs]).to(self.device) for side in (0, 1))
        noise = torch.cat([self.noise(request) for request in requests]).to(self.device)
        solver = make_scheduler(self.scheduler, self.pipeline.bundle["components"]["scheduler"])
        predict = lambda x, t, states: self.pipeline.unet(x, t, states, return_dict=False)[0]  # noqa: E731
        latents = sample_latents(predict, condition, unconditional, noise, solver, self.steps, self.guidance).latents[-1]
        pictures = to_uint8(self.pipeline.decode(latents).cpu())
        self.drawn, self.seconds = self.drawn + len(requests), self.seconds + time.time() - start
        return pictures
