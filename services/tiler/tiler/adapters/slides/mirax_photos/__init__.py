"""MRXS slides put together from their photographs by ourselves, where that is proven on the very slide to show what OpenSlide shows.

What is known of the format is what OpenSlide's page on it tells (openslide.org/formats/mirax).
"""
