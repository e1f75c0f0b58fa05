"""Fetches the Open Clip Art Library, as Debian packages it (25 MB), into `cache/clipart`: with apt and dpkg, but not as root.

    python -m data.fetch_clipart
"""

import hashlib
import subprocess

from .catalogue import CACHE, CLIP_ART

PACKAGE, VERSION = "openclipart-svg", "1:0.18+dfsg-19"
SHA256 = "989712d90d57dfa3230049f553bb43b76c30ee4d4b8c5f6e106e33f7db5cbdc5"


def main() -> None:
    if CLIP_ART.exists():
        return
    folder = CACHE / "clipart"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", f"{PACKAGE}={VERSION}"], cwd=folder, check=True)
    (archive,) = folder.glob("*.deb")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{archive} is not the package that the training's subjects were picked from")
    subprocess.run(["dpkg-deb", "--extract", archive, folder], check=True)
    archive.unlink()


if __name__ == "__main__":
    main()
