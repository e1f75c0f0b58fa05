"""Cuts the subjects out of the twelve DreamBooth photos: `evaluation/photos/*.png`, 160 px at most. Run once; the cut-outs are kept in git.

Rough outlines by hand, in pixels of the 768 px photos, sharpened by GrabCut in a band around them.

    pip install opencv-python-headless && python -m evaluation.cut_photos FOLDER_OF_PHOTOS
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent / "photos"
LONGEST = 160
"""Pixels; the renderer draws a subject from 112."""

OUTLINES: dict[str, list[tuple[int, int]]] = {
    "backpack": [(405, 45), (475, 35), (560, 45), (620, 95), (660, 230), (690, 390), (690, 480), (712, 500), (690, 545), (680, 680), (250, 700), (150, 705), (140, 650), (175, 560),
                 (240, 460), (240, 350), (290, 180), (330, 90)],
    "berry_bowl": [(157, 337), (187, 274), (227, 220), (294, 180), (361, 153), (462, 130), (562, 120), (629, 119), (696, 128), (743, 147), (766, 180), (768, 224), (757, 287), (743, 361),
                   (726, 495), (706, 576), (683, 602), (616, 629), (529, 655), (468, 664), (421, 661), (388, 649), (354, 626), (321, 582), (281, 529), (234, 458), (193, 391), (163, 355)],
    "can": [(262, 130), (490, 130), (515, 190), (515, 600), (480, 640), (420, 650), (300, 645), (232, 610), (235, 190)],
    "candle": [(308, 285), (330, 275), (420, 278), (450, 290), (455, 330), (452, 400), (430, 416), (340, 415), (308, 400), (305, 330)],
    "cat": [(196, 62), (260, 110), (360, 115), (440, 125), (560, 45), (572, 110), (545, 240), (548, 330), (490, 420), (530, 560), (585, 700), (590, 768), (150, 768), (138, 600), (175, 460), (195, 330),
            (190, 200)],
    "clock": [(256, 345), (275, 305), (310, 295), (350, 298), (395, 320), (400, 400), (390, 460), (340, 482), (280, 470), (250, 420)],
    "colorful_sneaker": [(95, 430), (110, 360), (135, 345), (190, 340), (270, 350), (360, 360), (420, 405), (475, 420), (490, 450), (485, 525), (440, 545), (120, 540), (95, 515), (98, 470)],
    "dog": [(215, 145), (300, 185), (420, 195), (500, 170), (510, 240), (500, 340), (640, 420), (740, 480), (768, 540), (768, 690), (740, 702), (290, 705), (255, 690), (200, 560), (165, 440), (180, 330), (215, 250)],
    "duck_toy": [(260, 185), (330, 165), (400, 180), (450, 235), (465, 290), (500, 250), (560, 265), (598, 330), (585, 440), (520, 530), (380, 560), (280, 550), (215, 500), (205, 420), (250, 350), (210, 320), (205, 265), (245, 240)],
    "fancy_boot": [(95, 95), (450, 110), (430, 300), (415, 440), (445, 510), (530, 570), (525, 620), (430, 655), (360, 662), (330, 610), (290, 650), (190, 655), (120, 635), (125, 400), (105, 230)],
    "teapot": [(310, 275), (330, 265), (345, 285), (400, 330), (440, 335), (462, 335), (455, 360), (430, 420), (400, 470), (370, 487), (270, 485), (225, 450), (165, 435), (155, 385), (175, 345), (220, 345), (260, 310)],
    "vase": [(186, 212), (215, 205), (256, 207), (243, 240), (239, 273), (245, 323), (264, 385), (282, 444), (295, 497), (299, 532), (298, 585), (267, 626), (265, 656), (285, 691), (286, 697),
             (161, 696), (151, 685), (149, 591), (152, 532), (161, 456), (179, 391), (194, 338), (204, 279), (199, 238)],
}  # fmt: skip
BANDS = {"berry_bowl": 0, "vase": 0}
"""Pixels around the outline that GrabCut decides on, 22 if not named. White on white and dark on dark are left to the hand."""
HOLES: dict[str, list[tuple[int, int]]] = {"teapot": [(182, 362), (205, 360), (218, 368), (212, 400), (205, 420), (182, 412), (170, 385)]}


def cut(photo: Image.Image, outline: list[tuple[int, int]], hole: list[tuple[int, int]], band: int = 22) -> Image.Image:
    """RGBA, cropped to the subject. GrabCut decides within `band` pixels of the outline."""
    import cv2  # only here: nothing else needs it

    pixels = np.asarray(photo.convert("RGB"))
    inside = Image.new("L", photo.size)
    ImageDraw.Draw(inside).polygon(outline, fill=255)
    if hole:
        ImageDraw.Draw(inside).polygon(hole, fill=0)
    inside = np.asarray(inside)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band + 1,) * 2)
    mask = np.full(inside.shape, cv2.GC_BGD, np.uint8)
    mask[cv2.dilate(inside, kernel) > 0] = cv2.GC_PR_BGD
    mask[inside > 0] = cv2.GC_PR_FGD
    framed = cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_REPLICATE)  # the picture's edge is no outline
    mask[cv2.erode(framed, kernel)[1:-1, 1:-1] > 0] = cv2.GC_FGD
    if band:
        cv2.setRNGSeed(0)
        cv2.grabCut(np.ascontiguousarray(pixels[..., ::-1]), mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 6, cv2.GC_INIT_WITH_MASK)
    kept = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    kept = cv2.morphologyEx(kept, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    _, labels, areas, _ = cv2.connectedComponentsWithStats(kept)
    kept = (labels == 1 + areas[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)
    kept = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    alpha = cv2.GaussianBlur(kept * 255, (5, 5), 0)
    return Image.fromarray(np.dstack([pixels, alpha])).crop(Image.fromarray(alpha).getbbox())


def main() -> None:
    photos = Path(sys.argv[1])
    FOLDER.mkdir(exist_ok=True)
    for name, outline in OUTLINES.items():
        picture = cut(Image.open(photos / f"{name}.jpg"), outline, HOLES.get(name, []), BANDS.get(name, 22))
        picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        pixels = np.array(picture)
        pixels[pixels[..., 3] == 0] = 0  # smaller files
        Image.fromarray(pixels).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
