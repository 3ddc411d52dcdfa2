"""The compiled CPU engine: the training step of one thread in C++, built on first use.

>>> from nasforge.training.native.trainer import NativeTrainer
"""
