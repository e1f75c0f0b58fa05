"""The reference model in PyTorch, with the tensor names of the published state dict."""
