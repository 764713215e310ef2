"""What tiles, levels and pyramids are, without any library.

Values that are needed to copy a slide are `NamedTuple`s, here and in the adapters. A process that copies one runs for a third of
a second; data classes, with `dataclasses` itself and the functions they compile, would take a tenth of a second of its start.
"""
