"""Pictures made ready for recognition: grey, dark on light, straight, with letters of a size that Tesseract reads well.

Measured: letters read best at 150 to 300 dots per inch; a skew of 5 degrees mixes two columns, 7 lose the page; the
speckles of a fax vanish when it is blurred by a pixel (0.967 to 0.995 of characters right).
"""

import math

from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat

WHITE, BLACK = 255, 0
_MOST_PIXELS = 8_700_000
"""A page of A4 at 300 dots per inch; more brings nothing but time."""
_LARGEST_FACTOR = 3
_WANTED_PIXELS = 4_000_000
"""A page of A4 at 200 dots per inch."""
_LEAST_CONTRAST = 24
_LEAST_SIDE = 8
_MIDDLE = 128
_CONTINUOUS = {"L", "LA", "RGB", "RGBA", "CMYK"}
_SKEW_DEGREES = 16
_SKEW_STEPS = 4
_SKEW_SIDE = 600
_NEGLIGIBLE_SKEW = 0.4
_CLEARER = 1.05
_LINE_MARGIN = 10
_SAMPLE_BANDS, _SAMPLE_SHARE, _SAMPLE_LEAST_HEIGHT = 48, 10, 240


def extremes(grey: Image.Image) -> tuple[float, float]:
    """Give the darkest and the lightest value of a picture of one channel."""
    low, high = grey.getextrema()
    if isinstance(low, tuple) or isinstance(high, tuple):
        raise TypeError(grey.mode)
    return low, high


def is_blank(picture: Image.Image) -> bool:
    """Whether nothing can be written here: hardly any contrast, or too few pixels for a letter."""
    low, high = extremes(picture)
    return min(picture.size) < _LEAST_SIDE or high - low < _LEAST_CONTRAST


def to_grey(image: Image.Image) -> Image.Image:
    """Give a picture of any mode in 8 bits of grey, transparent parts white, or black where the writing is white."""
    if image.mode.startswith(("I", "F")):
        return _from_deep(image)
    image = _reduced(image)
    if image.has_transparency_data:
        layered = image.convert("LA")
        flat = _flattened(layered, WHITE)
        return _flattened(layered, BLACK) if is_blank(flat) else flat
    return image.convert("L") if image.mode in {"1", "L", "P", "RGB"} else image.convert("RGB").convert("L")


def prepare(grey: Image.Image, dpi: int | None) -> Image.Image:
    """Bring a grey picture to dark on light, a good size and straight lines."""
    if ImageStat.Stat(grey).median[0] < _MIDDLE:
        grey = ImageOps.invert(grey)
    grey = _resized(grey, dpi)
    skew = _skew(grey)
    return grey if abs(skew) < _NEGLIGIBLE_SKEW else _turned(grey, skew)


def smoothed(picture: Image.Image, radius: float) -> Image.Image:
    """Take away speckles and ragged edges of about this many pixels; 2 blur what 1 makes readable (0.99 to 0.83)."""
    return picture.filter(ImageFilter.GaussianBlur(radius))


def turned(picture: Image.Image, degrees: int) -> Image.Image:
    """Turn anticlockwise by a multiple of 90 degrees."""
    return picture.rotate(degrees, expand=True)


def cut_out(picture: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """Cut a line out, with the margin that Tesseract wants."""
    return ImageOps.expand(picture.crop(box), _LINE_MARGIN, fill=WHITE)


def sample(picture: Image.Image) -> Image.Image:
    """Cut out the band across the picture that has most edges: likely writing, and enough of it to judge."""
    height = max(picture.height // _SAMPLE_SHARE, _SAMPLE_LEAST_HEIGHT)
    if picture.height <= 2 * height:
        return picture
    edges = ImageChops.difference(picture, ImageChops.offset(picture, 2, 0)).resize(
        (1, _SAMPLE_BANDS), Image.Resampling.BOX
    )
    bands = edges.tobytes()
    many = math.ceil(height * _SAMPLE_BANDS / picture.height)
    first = max(range(_SAMPLE_BANDS - many + 1), key=lambda index: sum(bands[index : index + many]))
    top = first * picture.height // _SAMPLE_BANDS
    return picture.crop((0, top, picture.width, min(top + height, picture.height)))


def _reduced(image: Image.Image) -> Image.Image:
    """Shrink what is far too large before any copy of it is made."""
    factor = math.isqrt(image.width * image.height // _MOST_PIXELS)
    return image.reduce(factor) if factor > 1 and image.mode in _CONTINUOUS else image


def _from_deep(image: Image.Image) -> Image.Image:
    """Spread 16 or 32 bits, of which scanners may use a part, over 8."""
    deep = image.convert("F")
    low, high = extremes(deep)
    scale = WHITE / (high - low) if high > low else 0.0
    return deep.point(lambda value: value * scale - low * scale).convert("L")


def _flattened(layered: Image.Image, background: int) -> Image.Image:
    base = Image.new("L", layered.size, background)
    base.paste(layered.getchannel("L"), mask=layered.getchannel("A"))
    return base


def _resized(grey: Image.Image, dpi: int | None) -> Image.Image:
    """Enlarge what is small by a whole factor, shrink what is large."""
    pixels = grey.width * grey.height
    if pixels > _MOST_PIXELS:
        factor = math.sqrt(_MOST_PIXELS / pixels)
        size = (round(grey.width * factor), round(grey.height * factor))
        return grey.resize(size, Image.Resampling.BOX, reducing_gap=2)
    factor = min(_LARGEST_FACTOR, round(200 / dpi) if dpi else round(math.sqrt(_WANTED_PIXELS / pixels)))
    if factor <= 1 or pixels * factor**2 > _MOST_PIXELS:
        return grey
    return grey.resize((grey.width * factor, grey.height * factor), Image.Resampling.BICUBIC)


def _skew(picture: Image.Image) -> float:
    """Find the angle (degrees anticlockwise) that straightens the lines, whether they run across or down.

    Straight lines make neighbours in the picture's profile, the sum of every row or column, differ most.
    """
    small = picture.copy()
    small.thumbnail((_SKEW_SIDE, _SKEW_SIDE), Image.Resampling.BOX)
    paper = _paper(small)

    def clarity(angle: float) -> float:
        straight = small.rotate(angle, Image.Resampling.BILINEAR, fillcolor=paper)
        across = straight.resize((1, small.height), Image.Resampling.BOX)
        down = straight.resize((small.width, 1), Image.Resampling.BOX).transpose(Image.Transpose.ROTATE_90)
        return max(_unevenness(across) * small.width**2, _unevenness(down) * small.height**2)

    coarse = max(range(-_SKEW_DEGREES, _SKEW_DEGREES + 1), key=clarity)
    fine = max((coarse + step / _SKEW_STEPS for step in range(-_SKEW_STEPS, _SKEW_STEPS + 1)), key=clarity)
    return fine if clarity(fine) > _CLEARER * clarity(0) else 0.0


def _unevenness(profile: Image.Image) -> float:
    return ImageStat.Stat(ImageChops.difference(profile, ImageChops.offset(profile, 0, 1))).sum2[0]


def _paper(picture: Image.Image) -> int:
    """Give the most frequent of the lighter greys."""
    return max(range(_MIDDLE, WHITE + 1), key=picture.histogram().__getitem__)


def _turned(picture: Image.Image, angle: float) -> Image.Image:
    return picture.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=_paper(picture))
