"""Lies here so that pytest puts this folder, which holds the packages `data` and `kosmosg`, on the import path."""

import torch

# networks this small gain nothing from threads, and on a busy machine threads wait for each other
torch.set_num_threads(1)
