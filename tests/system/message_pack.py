"""message_pack.py: MessagePack, both ways, from its specification: a witness that shares no code with the programs."""

import struct


def pack(value):
    if value is None:
        return b"\xc0"
    if value is True or value is False:
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        if 0 <= value < 128:
            return bytes([value])
        return b"\xd3" + struct.pack(">q", value) if value < 2**63 else b"\xcf" + struct.pack(">Q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode()
        return (bytes([0xA0 | len(data)]) if len(data) < 32 else b"\xdb" + struct.pack(">I", len(data))) + data
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, (list, tuple)):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        return b"\xdf" + struct.pack(">I", len(value)) + b"".join(pack(k) + pack(v) for k, v in value.items())
    raise TypeError(type(value))


_FIXED = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS = {0xCA: "f", 0xCB: "d", 0xCC: "B", 0xCD: "H", 0xCE: "I", 0xCF: "Q", 0xD0: "b", 0xD1: "h", 0xD2: "i", 0xD3: "q"}
_LENGTHS = {0xC4: ("bin", "B"), 0xC5: ("bin", "H"), 0xC6: ("bin", "I"), 0xD9: ("str", "B"), 0xDA: ("str", "H"), 0xDB: ("str", "I"),
            0xDC: ("array", "H"), 0xDD: ("array", "I"), 0xDE: ("map", "H"), 0xDF: ("map", "I")}


def unpack(data):
    """The one value that `data` is; ValueError when it is not exactly one."""
    value, at = _value(data, 0)
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes after the value")
    return value


def values(file):
    """The values of a stream, each as soon as it is there; `file` is a raw one, whose read() returns what there is."""
    data, at = b"", 0
    while chunk := file.read(65536):
        data, at = data[at:] + chunk, 0
        while at < len(data):
            try:
                value, at = _value(data, at)
            except ValueError:  # the rest of it is still to come
                break
            yield value


def _number(data, at, code):
    size = struct.calcsize(code)
    if at + size > len(data):
        raise ValueError("truncated")
    return struct.unpack_from(">" + code, data, at)[0], at + size


def _value(data, at):
    first, at = _number(data, at, "B")
    if first < 0x80:
        return first, at
    if first >= 0xE0:
        return first - 256, at
    if first in _FIXED:
        return _FIXED[first], at
    if first in _NUMBERS:
        return _number(data, at, _NUMBERS[first])
    if first in _LENGTHS:
        kind, code = _LENGTHS[first]
        length, at = _number(data, at, code)
    elif first < 0xC0:
        kind, length = ("map", first & 15) if first < 0x90 else ("array", first & 15) if first < 0xA0 else ("str", first & 31)
    else:
        raise ValueError(f"byte 0x{first:02x} is not supported")
    return _sized(data, at, kind, length)


def _sized(data, at, kind, length):
    if kind in ("str", "bin"):
        if at + length > len(data):
            raise ValueError("truncated")
        raw = data[at:at + length]
        return (raw.decode() if kind == "str" else raw), at + length
    items = []
    for _ in range(length * (2 if kind == "map" else 1)):
        item, at = _value(data, at)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if kind == "map" else items), at
