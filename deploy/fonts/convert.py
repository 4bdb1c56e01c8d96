"""Converts the fonts of papers to TrueType, which is what a PDF embeds most simply.

Usage: convert.py FANDOL_FOLDER NOTO_COLLECTION OUT_FOLDER

fang.ttf      FandolFang, all of it: the body of papers (仿宋).
title.ttf     FandolSong Bold, the characters of GB 2312: titles.
fallback.ttf  Noto Serif CJK SC Light, the Han characters, symbols and forms that FandolFang lacks: rare names and places.
"""

import sys

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont

# How far, in thousandths of the em, a quadratic curve may stray from the cubic one it stands for: a fiftieth of a point at
# the size of body text, less than any printer shows.
MAX_ERROR = 1.0

# Blocks of Unicode whose characters the fallback takes over: symbols, compatibility forms and all Han.
FALLBACK = [(0x2000, 0x33FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF), (0x20000, 0x3FFFF)]

# Characters whose glyph in Fandol is wrong: the full-width yuan sign is drawn as a dollar.
WRONG = {0xFFE5}

# The moment that stands in the fonts, so that they are the same whenever they are made (seconds since 1904).
MOMENT = 3_800_000_000


def convert(source, chars, family, note, path):
    """Writes the glyphs of some characters of an OpenType font as TrueType."""
    cmap, glyphs, metrics = source.getBestCmap(), source.getGlyphSet(), source["hmtx"].metrics
    order, names, outlines, widths = [".notdef"], {}, {}, {}
    chars = sorted(c for c in chars if c in cmap)
    for name in [".notdef"] + [cmap[c] for c in chars]:
        if name not in names:
            names[name] = ".notdef" if name == ".notdef" else f"g{len(order)}"
            if name != ".notdef":
                order.append(names[name])
            pen = TTGlyphPen(None)
            glyphs[name].draw(Cu2QuPen(pen, MAX_ERROR, reverse_direction=True))
            outlines[names[name]] = pen.glyph()
            widths[names[name]] = metrics[name][0]

    head, hhea, os2 = source["head"], source["hhea"], source["OS/2"]
    builder = FontBuilder(head.unitsPerEm, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap({c: names[cmap[c]] for c in chars})
    builder.setupGlyf(outlines)
    table = builder.font["glyf"]
    builder.setupHorizontalMetrics({n: (widths[n], getattr(table[n], "xMin", 0)) for n in order})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWeightClass=os2.usWeightClass, sCapHeight=700, fsType=0)
    builder.setupNameTable({
        "familyName": family, "styleName": "Regular", "psName": family.replace(" ", ""),
        "copyright": note, "version": "Version 1.0; converted to TrueType for Fieldwarden",
    })
    builder.setupPost(keepGlyphNames=False)
    font = builder.font
    font.recalcTimestamp = False
    font["head"].created = font["head"].modified = MOMENT
    font.save(path)
    print(f"{path}: {len(chars)} characters, {len(order)} glyphs")


def usable(source):
    """The characters of a Fandol font but those for control, for private use, and those that are drawn wrongly."""
    return {c for c in source.getBestCmap() if c >= 0x20 and c != 0xA0 and not 0xE000 <= c <= 0xF8FF} - WRONG


def gb2312():
    """The characters of GB 2312, and ASCII."""
    chars = set(range(0x20, 0x7F))
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                chars.update(map(ord, bytes((high, low)).decode("gb2312")))
            except UnicodeDecodeError:
                pass
    return chars


def main(fandol, noto, out):
    fang = TTFont(f"{fandol}/FandolFang-Regular.otf")
    song = TTFont(f"{fandol}/FandolSong-Bold.otf")
    fandol_note = "(c) Fandol team (Clerk Ma, Jie Su); GPL-3 with font exception, which this modified version extends; " \
        "outlines converted"
    convert(fang, usable(fang), "Fieldwarden Fang", fandol_note, f"{out}/fang.ttf")
    convert(song, gb2312() & usable(song), "Fieldwarden Title", fandol_note, f"{out}/title.ttf")

    serif = next(f for f in TTCollection(noto).fonts if f["name"].getDebugName(1) == "Noto Serif CJK SC Light")
    lacking = {c for a, z in FALLBACK for c in range(a, z + 1)} - usable(fang)
    convert(serif, lacking, "Fieldwarden Fallback", serif["name"].getDebugName(0) + "; OFL 1.1; outlines converted",
            f"{out}/fallback.ttf")


main(*sys.argv[1:])
