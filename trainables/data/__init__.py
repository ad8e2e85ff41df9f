"""Data sets, prepared once per machine into memory-mapped uint8 arrays.

raw files -> Source (digits, idx, cifar, folder, npz) -> checksums -> Transform -> prepared cache -> DataSet ->
Batches on the device. Nothing here imports torch or torchvision until raw files are decoded or batches are made.
"""
