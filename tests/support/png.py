"""Pictures of tests: a PNG of eight bits a channel as grey pixels, for a reader of QR codes."""

import struct
import zlib


def grey(png: bytes) -> memoryview:
    """Rows of pixels, by their first channel."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, header = 8, b"", b""
    while at < len(png):
        (size,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + size]
        header, data = (body, data) if kind == b"IHDR" else (header, data + body if kind == b"IDAT" else data)
        at += size + 12
    width, height, depth, colour = struct.unpack(">IIBB", header[:10])
    channels = {0: 1, 2: 3, 6: 4}[colour]
    assert depth == 8
    raw, stride = zlib.decompress(data), width * channels
    row, found = bytearray(stride), bytearray()
    for line in range(height):
        start = line * (stride + 1)
        row = _unfiltered(raw[start], raw[start + 1 : start + 1 + stride], row, channels)
        found += row[::channels]
    return memoryview(bytes(found)).cast("B", shape=[height, width])


def _unfiltered(kind: int, line: bytes, above: bytearray, channels: int) -> bytearray:
    made = bytearray(line)
    for at in range(len(line)):
        left = made[at - channels] if at >= channels else 0
        corner = above[at - channels] if at >= channels else 0
        up = above[at]
        nearest = min(
            (abs(up - corner), 0, left), (abs(left - corner), 1, up), (abs(left + up - 2 * corner), 2, corner)
        )
        made[at] = line[at] + (0, left, up, (left + up) // 2, nearest[2])[kind] & 0xFF
    return made
