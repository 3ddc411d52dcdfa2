"""Training of one architecture after another: images, network, loop, shards. Needs torch.

>>> from nasforge.training.loop import train_network
"""
